"""Commands are handed on to the HTTP API of a gateway, with the token of whoever asks: this program has none."""

import re
from typing import Final
from urllib.parse import quote

import msgspec
import structlog
from aiohttp import ClientError, ClientSession, ClientTimeout, web
from yarl import URL

from consumers.monitoring.api import reading
from consumers.monitoring.api.asked import LONGEST_WAIT_SECONDS
from service.parameters import REQUEST_ID, json_body, number
from service.problems import CONTENT_TYPE, Refused

SHOWN_IN: Final = "X-Command-Token"
ANSWER_BYTES: Final = 4 * 1024 * 1024
SLACK_SECONDS: Final = 10.0
_TOKEN = re.compile(r"[!-~]{1,1024}")

_log = structlog.get_logger(__name__)


class Commanding:
    """Knows where a gateway's API is, or (None) that there is none. Close it."""

    def __init__(self, address: str | None) -> None:
        self._address = address
        self._http: ClientSession | None = None

    @property
    def is_possible(self) -> bool:
        """Whether commands can be sent at all."""
        return self._address is not None

    async def close(self) -> None:
        """Let go of the connections."""
        if self._http is not None:
            await self._http.close()

    async def send(self, request: web.Request) -> web.Response:
        """`POST /api/v1/stations/{station}/commands`."""
        station = reading.station(request)
        wait_seconds = number(request, "wait", 0, LONGEST_WAIT_SECONDS)
        token = request.headers.get(SHOWN_IN)
        if token is not None and not _TOKEN.fullmatch(token):
            raise Refused(400, "bad-parameter", f"`{SHOWN_IN}` is no token.")
        body = await json_body(request)
        if not isinstance(body, dict):
            raise Refused(422, "no-command", "A command is an object.")
        if self._address is None:
            raise Refused(403, "no-commands", "Set OCPP_MONITORING_COMMAND_API to the API of a gateway.")
        headers = {"Content-Type": "application/json", "X-Request-Id": request[REQUEST_ID]}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        query = {} if wait_seconds is None else {"wait": f"{wait_seconds:g}"}
        waited = LONGEST_WAIT_SECONDS if wait_seconds is None else wait_seconds
        _log.info(
            "command", station=station, command=str(body.get("command"))[:50], request_id=request[REQUEST_ID]
        )
        if self._http is None:
            self._http = ClientSession()
        try:
            async with self._http.post(
                # Encoded as it is: a station may be called `..`, which is no way up.
                URL(f"{self._address}/v1/stations/{quote(station, safe='*=:+@')}/commands", encoded=True),
                params=query,
                data=msgspec.json.encode(body),
                headers=headers,
                allow_redirects=False,
                timeout=ClientTimeout(total=waited + SLACK_SECONDS, sock_connect=5.0),
            ) as answer:
                said = await answer.content.read(ANSWER_BYTES + 1)
                while not answer.content.at_eof() and len(said) <= ANSWER_BYTES:
                    said += await answer.content.read(ANSWER_BYTES)
                return _handed_back(answer.status, answer.content_type, said)
        except (ClientError, OSError) as trouble:  # TimeoutError is an OSError
            raise Refused(
                503,
                "no-gateway",
                f"The gateway does not answer ({type(trouble).__name__}); the command may be carried out all the same.",
                headers={"Retry-After": "1"},
            ) from None


def _handed_back(status: int, content_type: str, said: bytes) -> web.Response:
    if status == 401:
        raise Refused(403, "command-token", f"The gateway asks for its token: send it as {SHOWN_IN}.")
    is_answer = status in {200, 202} and content_type == "application/json"
    is_problem = 400 <= status < 600 and content_type == CONTENT_TYPE
    if len(said) > ANSWER_BYTES or not (is_answer or is_problem):
        raise Refused(502, "odd-gateway", f"The gateway answered {status} {content_type}.")
    return web.Response(status=503 if status >= 500 else status, body=said, content_type=content_type)

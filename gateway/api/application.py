"""The API as an aiohttp application, to be put under `/v1` on the internal port.

What every request has in common stands in one middleware: an id, whether it is let in, its count, and
that whatever goes wrong is a problem document.
"""

import re
import secrets
from collections.abc import Awaitable, Callable
from importlib.metadata import version

import msgspec
import structlog
from aiohttp import web

from contract import openapi
from eventlog.port import EventLog, LogUnavailable, RecordRefused
from gateway.api.access import Access
from gateway.api.asking import CommandRoutes
from gateway.api.commands import Commands, Reused
from gateway.api.listing import StationRoutes
from gateway.api.stations import Stations
from gateway.metrics import GatewayMetrics
from service.parameters import REQUEST_ID
from service.problems import CONTENT_TYPE, Refused

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_HEADER = "X-Request-Id"
_FIT = re.compile(r"[\x21-\x7e]{1,128}")
RETRY_SECONDS = 1

_log = structlog.get_logger(__name__)


class Api:
    """Serves commands and stations. `is_open` says whether the log may be used yet."""

    def __init__(
        self, log: EventLog, access: Access, metrics: GatewayMetrics, is_open: Callable[[], bool]
    ) -> None:
        self._access = access
        self._metrics = metrics
        self._is_open = is_open
        self._commands = Commands(log)
        self._document: bytes | None = None
        commands, stations = CommandRoutes(self._commands), StationRoutes(Stations(log))
        self.application = web.Application(middlewares=[self._around])
        self.application.add_routes(
            [
                web.post("/stations/{station}/commands", commands.send),
                web.get("/commands/{id}", commands.find),
                web.get("/stations", stations.page),
                web.get("/stations/{station}", stations.one),
                web.get("/openapi.json", self._openapi),
            ]
        )

    async def close(self) -> None:
        """Whoever waits for a result is told where it will be; nothing is waited for any more."""
        await self._commands.close()

    async def _openapi(self, _request: web.Request) -> web.StreamResponse:
        if self._document is None:
            self._document = msgspec.json.encode(openapi.document(version("ocpp-gateway")))
        return web.Response(body=self._document, content_type="application/json")

    @web.middleware
    async def _around(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        given = request.headers.get(_HEADER, "")
        request_id = request[REQUEST_ID] = given if _FIT.fullmatch(given) else secrets.token_hex(8)
        try:
            self._access.check(request.headers)
            response = await self._answer(request, handler)
        except Refused as refused:
            response = web.Response(
                status=refused.status,
                body=refused.body(request_id),
                content_type=CONTENT_TYPE,
                headers=refused.headers,
            )
        except Exception:  # noqa: BLE001 - a fault of ours ends one request
            self._metrics.faults.n += 1
            _log.exception("a request failed on our side", request_id=request_id)
            wrong = Refused(500, "failed", "The gateway failed on this request.")
            response = web.Response(status=500, body=wrong.body(request_id), content_type=CONTENT_TYPE)
        response.headers[_HEADER] = request_id
        resource = request.match_info.route.resource
        route = "other" if resource is None else resource.canonical
        self._metrics.http.at(route, request.method, f"{response.status // 100}xx").n += 1
        _log.debug("http", request_id=request_id, method=request.method, route=route, status=response.status)
        return response

    async def _answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """What the handler answers. Raises Refused for whatever has a reason that we know."""
        if request.match_info.http_exception is None and not self._is_open():
            raise _later("The gateway is starting.")
        try:
            return await handler(request)
        except web.HTTPException as error:  # of the router: 404, 405
            headers = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else None
            raise Refused(
                error.status, "no-such-route", f"{request.method} {request.path}", headers=headers
            ) from None
        except Reused:
            raise Refused(409, "reused-id", "This id was given to another command before.") from None
        except LogUnavailable as trouble:
            raise _later(f"The event log: {trouble}") from None
        except RecordRefused as refusal:
            raise _later(f"The event log: {refusal}") from None


def _later(detail: str) -> Refused:
    return Refused(503, "unavailable", detail, headers={"Retry-After": str(RETRY_SECONDS)})

"""The API and the page as an aiohttp application.

What every request has in common stands in one middleware: an id, whether it is let in, its count, and
that whatever goes wrong is a problem document.
"""

import re
import secrets
from collections.abc import Awaitable, Callable
from importlib.metadata import version
from typing import Final

import msgspec
import structlog
from aiohttp import web

from consumers.monitoring.api import answers, pages
from consumers.monitoring.api.access import Access
from consumers.monitoring.api.commanding import Commanding
from consumers.monitoring.api.document import ROOT, document
from consumers.monitoring.api.past import NoStation
from consumers.monitoring.api.questions import Questions, json_answer
from consumers.monitoring.api.streaming import Streaming
from consumers.runtime.transience import is_transient
from contract.checking import fault_of
from service.parameters import REQUEST_ID, json_body
from service.problems import CONTENT_TYPE, Refused

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Counted = Callable[[str, str, int], None]

OPEN: Final = frozenset({f"{ROOT}/possibilities", f"{ROOT}/sign-in"})
"""What needs no token, beside the files of the page."""

_HEADER = "X-Request-Id"
_FIT = re.compile(r"[\x21-\x7e]{1,128}")

_log = structlog.get_logger(__name__)


class Api:
    """Serves questions, the stream, commands and the page. `counted` hears of each answer: route, method, status."""

    def __init__(
        self,
        access: Access,
        questions: Questions,
        streaming: Streaming,
        commanding: Commanding,
        counted: Counted,
    ) -> None:
        self._access = access
        self._commanding = commanding
        self._counted = counted
        self._files = pages.load()
        self._document: bytes | None = None
        self.application = web.Application(middlewares=[self._around])
        self.application.add_routes(
            [
                *questions.routes(),
                web.post(f"{ROOT}/stations/{{station}}/commands", commanding.send),
                web.get(f"{ROOT}/changes", streaming.follow, allow_head=False),
                web.get(f"{ROOT}/possibilities", self._possibilities),
                web.post(f"{ROOT}/sign-in", self._sign_in),
                web.delete(f"{ROOT}/sign-in", self._sign_out),
                web.get(f"{ROOT}/openapi.json", self._openapi),
                web.get("/{path:(?!api/).*}", self._page),
            ]
        )

    async def _possibilities(self, request: web.Request) -> web.Response:
        return json_answer(
            answers.Possibilities(
                token_required=self._access.needs_token,
                signed_in=self._access.is_signed_in(request),
                commands=self._commanding.is_possible,
            )
        )

    async def _sign_in(self, request: web.Request) -> web.Response:
        body = await json_body(request)
        try:
            shown = msgspec.convert(body, answers.SignIn)
        except msgspec.ValidationError as error:
            raise Refused(422, "no-token", "The body has a `token`.", faults=[fault_of(error)]) from None
        response = web.Response(status=204)
        # What the browser speaks: TLS ends before us.
        is_secure = request.headers.get("Origin", "").startswith("https:")
        self._access.sign_in(shown.token, response, is_secure=is_secure)
        return response

    async def _sign_out(self, _request: web.Request) -> web.Response:
        response = web.Response(status=204)
        self._access.sign_out(response)
        return response

    async def _openapi(self, _request: web.Request) -> web.Response:
        if self._document is None:
            self._document = msgspec.json.encode(document(version("ocpp-gateway")))
        return web.Response(body=self._document, content_type="application/json")

    async def _page(self, request: web.Request) -> web.Response:
        file = self._files.get(request.path)
        if file is None:
            raise Refused(404, "no-such-route", f"{request.method} {request.path}")
        return pages.answer(request, file)

    @web.middleware
    async def _around(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        given = request.headers.get(_HEADER, "")
        request_id = request[REQUEST_ID] = given if _FIT.fullmatch(given) else secrets.token_hex(8)
        headers = request[pages.HEADERS] = {_HEADER: request_id, **pages.SECURITY}
        try:
            response = await self._answer(request, handler)
        except Refused as refused:
            response = _problem(refused, request_id)
        except Exception:  # noqa: BLE001 - a fault of ours ends one request
            _log.exception("a request failed on our side", request_id=request_id)
            response = _problem(Refused(500, "failed", "The monitoring failed on this request."), request_id)
        if not response.prepared:
            response.headers.update(headers)
            if request.path.startswith(ROOT):
                response.headers.setdefault("Cache-Control", "no-store")
        resource = request.match_info.route.resource
        route = "other" if resource is None or resource.canonical == "/{path}" else resource.canonical
        self._counted(route, request.method, response.status)
        return response

    async def _answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """What the handler answers. Raises Refused for whatever has a reason that we know."""
        self._access.check_origin(request)
        if request.path.startswith("/api") and request.path not in OPEN:
            self._access.check(request)
        try:
            return await handler(request)
        except web.HTTPException as error:  # of the router: 404, 405
            headers = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else None
            raise Refused(
                error.status, "no-such-route", f"{request.method} {request.path}", headers=headers
            ) from None
        except NoStation:
            raise Refused(404, "no-such-station", "Nothing was ever heard of this station.") from None
        except Refused:
            raise
        except Exception as error:
            if not is_transient(error):
                raise
            detail = "The database does not answer just now."
            raise Refused(503, "unavailable", detail, headers={"Retry-After": "1"}) from None


def _problem(refused: Refused, request_id: str) -> web.Response:
    return web.Response(
        status=refused.status,
        body=refused.body(request_id),
        content_type=CONTENT_TYPE,
        headers=refused.headers,
    )

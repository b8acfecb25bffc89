"""A connection of an HTTP server that the whole world can reach: who says no HTTP, or nothing, costs nothing.

aiohttp logs each unreadable request as an error of ours and waits for ever for the end of the headers.
"""

from collections.abc import Callable
from typing import Any, Literal

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

TurnedAway = Callable[[Literal["bad_request", "timeout"]], None]


class HttpConnection(RequestHandler):
    """What is no HTTP is answered and told of, and is no error of ours; `drop_silent` when it is time."""

    __slots__ = ("_turned_away",)

    def __init__(self, *args: Any, turned_away: TurnedAway, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._turned_away = turned_away

    def drop_silent(self) -> None:
        """Drop the connection if it has not asked for anything yet: to be called at the deadline for that."""
        if self.transport is not None and self._request_count == 0:
            self._turned_away("timeout")
            self.transport.abort()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        if status >= 500:
            return super().handle_error(request, status, exc, message)
        self._turned_away("bad_request")
        response = web.Response(status=status, text="this is no HTTP that can be understood\n")
        response.force_close()
        return response

"""The internal port: `/live`, `/ready` and `/metrics`, for the orchestrator and Prometheus, never for peers.

It starts before everything else and stops last, so that a start that hangs and a drain can be watched.
What else a program serves to those who run it is handed in as parts, each under a prefix of its own.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Final

from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from service.http import HttpConnection

Check = Callable[[], str | None]
"""Asked at each probe: None when all is well, else the reason in words. Must not wait."""

STOP_SECONDS: Final = 1.0
ASK_SECONDS: Final = 10.0
IDLE_SECONDS: Final = 75.0
"""Between two requests of one connection: Prometheus keeps its own open, and asks each minute or oftener."""


class InternalPort:
    """Serves the probes. `ready` and `live` are named checks that may be added to while it runs."""

    def __init__(
        self,
        registry: CollectorRegistry,
        *,
        ready: Mapping[str, Check] | None = None,
        live: Mapping[str, Check] | None = None,
        parts: Mapping[str, web.Application] | None = None,
        ask_seconds: float = ASK_SECONDS,
    ) -> None:
        """Who has not asked within `ask_seconds` of connecting is dropped."""
        self.ready: dict[str, Check] = dict(ready or {})
        self.live: dict[str, Check] = dict(live or {})
        self._registry = registry
        app = web.Application()
        app.router.add_get("/live", self._live)
        app.router.add_get("/ready", self._ready)
        app.router.add_get("/metrics", self._metrics)
        for prefix, part in (parts or {}).items():
            app.add_subapp(prefix, part)
        self._runner = web.AppRunner(app, handle_signals=False, shutdown_timeout=STOP_SECONDS)
        self._ask_seconds = ask_seconds
        self._listening: asyncio.Server | None = None

    async def start(self, host: str, port: int) -> int:
        """Listen; the port that was taken (of interest when 0 was asked for). Raises OSError."""
        await self._runner.setup()
        loop = asyncio.get_running_loop()
        self._listening = await loop.create_server(self._connection, host, port)
        taken: int = self._listening.sockets[0].getsockname()[1]
        return taken

    async def stop(self) -> None:
        """Stop listening. Harmless when it never started, or again."""
        if self._listening is not None:
            self._listening.close()
        await self._runner.cleanup()

    def _connection(self) -> HttpConnection:
        loop = asyncio.get_running_loop()
        connection = HttpConnection(
            self._runner.server,
            loop=loop,
            access_log=None,
            keepalive_timeout=IDLE_SECONDS,
            lingering_time=STOP_SECONDS,
            turned_away=lambda _why: None,  # its peers are few, and known to the operator
        )
        loop.call_later(self._ask_seconds, connection.drop_silent)
        return connection

    async def _live(self, _request: web.Request) -> web.Response:
        return _verdict(self.live)

    async def _ready(self, _request: web.Request) -> web.Response:
        return _verdict(self.ready)

    async def _metrics(self, request: web.Request) -> web.Response:
        try:
            encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        except (TypeError, ValueError):  # a version that is none
            encode, content_type = choose_encoder("")
        return web.Response(body=encode(self._registry), headers={"Content-Type": content_type})


def _verdict(checks: Mapping[str, Check]) -> web.Response:
    reasons = {name: reason for name, check in checks.items() if (reason := check()) is not None}
    return web.json_response({"ok": not reasons, "reasons": reasons}, status=503 if reasons else 200)

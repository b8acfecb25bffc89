"""The internal port: `/live`, `/ready` and `/metrics`, for the orchestrator and Prometheus, never for peers.

It starts before everything else and stops last, so that a start that hangs and a drain can be watched.
What else a program serves to those who run it is handed in as parts, each under a prefix of its own.
"""

from collections.abc import Callable, Mapping
from typing import Final

from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

Check = Callable[[], str | None]
"""Asked at each probe: None when all is well, else the reason in words. Must not wait."""

STOP_SECONDS: Final = 1.0


class InternalPort:
    """Serves the probes. `ready` and `live` are named checks that may be added to while it runs."""

    def __init__(
        self,
        registry: CollectorRegistry,
        *,
        ready: Mapping[str, Check] | None = None,
        live: Mapping[str, Check] | None = None,
        parts: Mapping[str, web.Application] | None = None,
    ) -> None:
        self.ready: dict[str, Check] = dict(ready or {})
        self.live: dict[str, Check] = dict(live or {})
        self._registry = registry
        app = web.Application()
        app.router.add_get("/live", self._live)
        app.router.add_get("/ready", self._ready)
        app.router.add_get("/metrics", self._metrics)
        for prefix, part in (parts or {}).items():
            app.add_subapp(prefix, part)
        self._runner = web.AppRunner(
            app,
            access_log=None,
            handle_signals=False,
            shutdown_timeout=STOP_SECONDS,
            lingering_time=STOP_SECONDS,
        )

    async def start(self, host: str, port: int) -> int:
        """Listen; the port that was taken (of interest when 0 was asked for). Raises OSError."""
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()
        taken: int = self._runner.addresses[0][1]
        return taken

    async def stop(self) -> None:
        """Stop listening. Harmless when it never started, or again."""
        await self._runner.cleanup()

    async def _live(self, _request: web.Request) -> web.Response:
        return _verdict(self.live)

    async def _ready(self, _request: web.Request) -> web.Response:
        return _verdict(self.ready)

    async def _metrics(self, request: web.Request) -> web.Response:
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        return web.Response(body=encode(self._registry), headers={"Content-Type": content_type})


def _verdict(checks: Mapping[str, Check]) -> web.Response:
    reasons = {name: reason for name, check in checks.items() if (reason := check()) is not None}
    return web.json_response({"ok": not reasons, "reasons": reasons}, status=503 if reasons else 200)

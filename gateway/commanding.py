"""What brings commands to the stations and their results back, put together: the inbox, the orders, the router."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from eventlog.port import EventLog
from gateway.beats import Beats
from gateway.inbox import Inbox
from gateway.metrics import GatewayMetrics
from gateway.orders import Orders
from gateway.presence import Announcer
from gateway.routing.living import Living
from gateway.routing.router import Router
from gateway.sessions import Sessions
from gateway.translation.outbound.requests import plan_of

INBOX_SECONDS = 30.0


class Commanding:
    """One gateway's part in it. `name` is unique to this life of the process: it names the inbox and the beats."""

    def __init__(
        self,
        log: EventLog,
        name: str,
        sessions: Sessions,
        metrics: GatewayMetrics,
        *,
        call_timeout_seconds: float,
    ) -> None:
        living = Living(name)
        self.announcer = Announcer(log, name)
        self.orders = Orders(log, plan_of, metrics, answer_seconds=call_timeout_seconds)
        self._inbox = Inbox(log, name, sessions, self.orders, self.announcer)
        self._beats = Beats(log, name, living, lambda: len(sessions))
        self._router = router = Router(log, name, living, metrics)
        metrics.gauge(
            "router_partitions",
            "Partitions whose commands are routed here.",
            lambda: float(router.partitions),
        )
        metrics.gauge(
            "router_open_commands",
            "Commands of these partitions without a result yet.",
            lambda: float(router.open_commands),
        )
        metrics.gauge(
            "router_stations_online",
            "Stations of these partitions that are online, wherever.",
            lambda: float(router.stations_online),
        )
        metrics.gauge(
            "presence_owed",
            "Stations whose presence the log has not taken yet.",
            lambda: float(len(self.announcer)),
        )

    async def check(self) -> None:
        """Raises RecordRefused where the topics do not fit together, LogUnavailable."""
        await self._router.check()

    def tasks(self) -> dict[str, Coroutine[Any, Any, None]]:
        """What has to run while the gateway does, by name."""
        return {
            "inbox": self._inbox.watch(),
            "presence": self.announcer.watch(),
            "beats": self._beats.say(),
            "gateways": self._beats.follow(),
            "router": self._router.run(),
        }

    async def heard(self) -> None:
        """Wait until the inbox is read: before that no station may be announced. Raises TimeoutError."""
        async with asyncio.timeout(INBOX_SECONDS):
            await self._inbox.reading.wait()

    async def finish(self, deadline_seconds: float) -> None:
        """The stations are gone: results and presence are said to the end, then the farewell."""
        await self.orders.stop(deadline_seconds)
        await self.announcer.finish(deadline_seconds)
        await self._beats.leave()

"""This gateway's sign of life on `ocpp.gateways.v1`, and the ear for those of all others."""

import asyncio
import contextlib
from collections.abc import Callable
from datetime import UTC, datetime
from time import monotonic

import msgspec
import structlog

from contract.presence import Beat
from contract.topics import GATEWAYS
from eventlog.port import EventLog, LogUnavailable, Place, Record
from gateway.routing.living import Living
from service.states import LoggedState

BEAT_SECONDS = 2.0
RETRY_SECONDS = 1.0
LAST_WORDS_SECONDS = 2.0

_log = structlog.get_logger(__name__)


class Beats:
    """Says every two seconds that we live, and tells `living` of everybody who does."""

    def __init__(self, log: EventLog, gateway: str, living: Living, connections: Callable[[], int]) -> None:
        self._log = log
        self._state = LoggedState(_log, "the gateways' beats cannot be heard just now")
        self._gateway = gateway
        self._living = living
        self._connections = connections
        self._saying: asyncio.Future[Place] | None = None

    async def say(self) -> None:
        """Beat until cancelled. A beat that is still on its way is not followed by another."""
        while True:
            if self._saying is None or self._saying.done():
                beat = Beat(at=datetime.now(UTC), connections=self._connections())
                self._append(self._gateway, msgspec.json.encode(beat))
            for gateway in self._living.forgettable(monotonic()):
                self._append(gateway, None)
            await asyncio.sleep(BEAT_SECONDS)

    async def follow(self) -> None:
        """Hear until cancelled."""
        while True:
            try:
                await self._follow()
            except LogUnavailable as trouble:
                self._state.failed(trouble)
                await asyncio.sleep(RETRY_SECONDS)

    async def leave(self) -> None:
        """Say that we go in good order: nobody needs to wait for our silence."""
        with contextlib.suppress(LogUnavailable, TimeoutError):
            async with asyncio.timeout(LAST_WORDS_SECONDS):
                await self._log.append(Record(GATEWAYS.name, self._gateway, None))

    async def _follow(self) -> None:
        async with contextlib.aclosing(
            self._log.tail([GATEWAYS.name], from_beginning=True, started=self._state.works)
        ) as records:
            async for stored in records:
                gateway = stored.record.key
                if stored.record.value is None:
                    self._living.forget(gateway)
                else:
                    self._living.hear(gateway, monotonic())

    def _append(self, gateway: str, value: bytes | None) -> None:
        appending = asyncio.ensure_future(self._log.append(Record(GATEWAYS.name, gateway, value)))
        appending.add_done_callback(_looked_at)
        if gateway == self._gateway:
            self._saying = appending


def _looked_at(appending: asyncio.Future[Place]) -> None:
    """The next beat says it anew; the log tells its own trouble."""
    if not appending.cancelled():
        appending.exception()

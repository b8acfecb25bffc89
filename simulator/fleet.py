"""A fleet: many stations in one process, from the first connect to the summary. Read this first."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from simulator.clock import Clock
from simulator.settings import FleetSettings, make_tokens
from simulator.station import Station, Surroundings
from simulator.statistics import Statistics
from simulator.wire import Dial, WebSocketDialer

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulator.journal import Journal, Watcher


class Fleet:
    """Knows its stations and what they counted. `run()` once; `stop()` from anywhere ends it early.

    `dial` replaces the WebSocket (tests connect stations to a central system in memory), `watch` sees each
    exchange when its outcome is known, `monotonic` is the loop's clock where that is not the wall's. None of
    them costs anything when left out.
    """

    def __init__(
        self,
        settings: FleetSettings,
        *,
        dial: Dial | None = None,
        watch: Watcher | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings = settings
        self.statistics = Statistics()
        self.stations: tuple[Station, ...] = ()
        self._dial = dial
        self._watch = watch
        self._monotonic = monotonic
        self._ending = asyncio.Event()

    @property
    def journals(self) -> dict[str, Journal]:
        """What each station said, by station id; empty journals unless the settings keep them."""
        return {station.config.id: station.journal or [] for station in self.stations}

    def stop(self) -> None:
        """Lets every station end its transactions, deliver what it holds, and leave."""
        self._ending.set()

    async def run(self) -> Statistics:
        """Lives for the set time (or until `stop`), closes down, and returns what was counted."""
        if self._dial is not None:
            await self._live(self._dial)
        else:
            async with WebSocketDialer(self.settings) as dialer:
                await self._live(dialer.dial)
        return self.statistics

    async def _live(self, dial: Dial) -> None:
        settings = self.settings
        surroundings = Surroundings(
            settings=settings,
            clock=Clock(
                speed=settings.speed,
                origin=settings.origin,
                monotonic=self._monotonic,
            ),
            dial=dial,
            statistics=self.statistics,
            tokens=settings.tokens or make_tokens(settings.seed),
            watch=self._watch,
        )
        self.stations = tuple(Station(config, surroundings) for config in settings.stations)
        async with asyncio.TaskGroup() as group:
            for station in self.stations:
                group.create_task(station.run(self._ending))
            if settings.seconds is not None:
                await self._end_after(settings.seconds)

    async def _end_after(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._ending.wait()
        except TimeoutError:
            self.stop()

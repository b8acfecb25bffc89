"""The load: a fleet of stations that connects, asks in a closed or in an open loop, and leaves.

- Closed loop, for throughput: each station asks again as soon as it is answered, so that as many
  requests are open as there are stations.
- Open loop, for latency: messages are due at fixed instants whatever the server does, and latency counts
  from that instant; else a stall of the server would hide the requests it kept from being made.
"""

import asyncio
import itertools
import ssl
import time
from array import array
from collections.abc import Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.messages import Script, times
from benchmarks.pacer import pace
from benchmarks.stations import Station, Tally

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

CONNECTING_AT_ONCE = 64
PATIENCE_SECONDS = 20.0


class LoadFailed(Exception):
    """The server did something that makes its figures worthless."""


class Target(NamedTuple):
    """Where stations connect, and whether the server only sends back what it is sent."""

    port: int
    echoes: bool = False
    tls: ssl.SSLContext | None = None


def station_id(serial: int) -> str:
    """The name of the station of this number."""
    return f"BENCH-{serial:05d}"


class Fleet:
    """Stations that are connected to one server. Every method raises LoadFailed at the first fault.

    `make` makes a station; `first` is the number of the first, where other fleets have those before it.
    """

    def __init__(
        self, target: Target, script: Script, *, make: Callable[..., Station] = Station, first: int = 0
    ) -> None:
        self._target, self._script = target, script
        self._make, self._first = make, first
        self._tally = Tally()
        self._stations: list[Station] = []
        self._times = times(datetime.now(UTC))

    @property
    def answered(self) -> int:
        """How many requests have been answered with a result, ever."""
        return self._tally.answered

    async def connect(self, count: int) -> None:
        """Connect so many stations and have each boot."""
        serials = iter(range(self._first, self._first + count))
        try:
            async with asyncio.timeout(2 * PATIENCE_SECONDS), asyncio.TaskGroup() as connecting:
                for _ in range(CONNECTING_AT_ONCE):
                    connecting.create_task(self._connect_each(serials))
        except* (OSError, TimeoutError) as faults:
            raise LoadFailed(f"could not connect: {faults.exceptions[0]!r}") from faults
        await self._each(Station.boot)

    async def _connect_each(self, serials: Iterator[int]) -> None:
        loop = asyncio.get_running_loop()
        for serial in serials:
            station = self._make(serial, self._script, self._tally, self._times, echoed=self._target.echoes)
            await loop.create_connection(
                lambda station=station: station,  # binds it now
                "127.0.0.1",
                self._target.port,
                ssl=self._target.tls,
                server_hostname="localhost" if self._target.tls else None,
            )
            station.handshake(f"127.0.0.1:{self._target.port}", f"/ocpp/{station_id(serial)}")
            await station.opening
            self._stations.append(station)

    async def start_transactions(self) -> None:
        """Start a transaction on each station, tell its status, and spread them evenly over their sessions."""
        await self._each(Station.ask)
        await self._each(Station.ask)
        for number, station in enumerate(self._stations):
            station.skip(number)

    async def _each(self, ask: Callable[[Station], None]) -> None:
        for station in self._stations:
            ask(station)
        await self._quiet()

    @asynccontextmanager
    async def asking(self) -> "AsyncIterator[None]":
        """The closed loop, for as long as the block lasts; then until the last answer."""
        self._tally.running = True
        for station in self._stations:
            station.ask()
        try:
            yield
        finally:
            self._tally.running = False
        await self._quiet()

    async def at_rate(self, per_second: float, seconds: float) -> "array[float]":
        """The open loop; the seconds from when each message was due to its answer."""
        self._tally.seconds = array("d")
        turn = itertools.cycle(self._stations)
        await pace(per_second, seconds, lambda when: next(turn).due(when))
        await self._quiet()
        return self._tally.seconds

    async def _quiet(self) -> None:
        """Until no request is open any more."""
        end = time.monotonic() + PATIENCE_SECONDS
        while waiting := sum(station.waiting for station in self._stations):
            self._check()
            if time.monotonic() > end:
                raise LoadFailed(f"{waiting} requests not answered within {PATIENCE_SECONDS:g} s")
            await asyncio.sleep(0.02)
        self._check()

    def _check(self) -> None:
        if self._tally.faults:
            raise LoadFailed(", ".join(f"{count} x {fault}" for fault, count in self._tally.faults.items()))

    async def leave(self) -> None:
        """Close every connection, and wait until the server has let go of them."""
        for station in self._stations:
            station.close()
        if self._stations:
            _, left = await asyncio.wait(
                [station.closed for station in self._stations], timeout=PATIENCE_SECONDS
            )
            if left:
                raise LoadFailed(
                    f"{len(left)} connections still open {PATIENCE_SECONDS:g} s after their close"
                )
        self._stations.clear()

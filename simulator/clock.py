"""Station time: the wall's time, or a faster one, so that a short demo shows whole sessions.

What a station *does* (drivers, charging, metering) runs in station time. How it *talks* (timeouts, retries,
back-off, heartbeats) runs in wall time, because the system at the other end is not sped up.
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def iso(moment: datetime) -> str:
    """The form of time that every central system reads: milliseconds and a plain Z."""
    return f"{moment.isoformat(timespec='milliseconds')[:23]}Z"


class Clock:
    """Knows the station time.

    `monotonic` is not the event loop's clock, because uvloop's shows whole milliseconds only; a test whose
    loop lives in virtual time passes that loop's.
    """

    def __init__(
        self,
        *,
        speed: float = 1.0,
        origin: datetime | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._monotonic = monotonic
        self._zero_seconds = monotonic()
        self._origin = origin or datetime.now(UTC)
        self.speed = speed
        """Station seconds in a second of the wall."""

    def wall_seconds(self) -> float:
        """Monotonic seconds of the wall; what latencies and deadlines are measured with."""
        return self._monotonic()

    def station_seconds(self) -> float:
        """Station seconds since the run began."""
        return (self._monotonic() - self._zero_seconds) * self.speed

    def now(self) -> datetime:
        return self._origin + timedelta(seconds=self.station_seconds())

    def timestamp(self) -> str:
        return iso(self.now())

    def to_wall(self, station_seconds: float) -> float:
        """How long the wall waits for that much station time."""
        return station_seconds / self.speed

    async def sleep(self, station_seconds: float) -> None:
        await asyncio.sleep(self.to_wall(station_seconds))

"""Station time: the wall's time, or a faster one, so that a short demo shows whole sessions.

What a station *does* (drivers, charging, metering) runs in station time. How it *talks* (timeouts, retries,
back-off, heartbeats) runs in wall time, because the system at the other end is not sped up.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta


def iso(moment: datetime) -> str:
    """The form of time that every central system reads: milliseconds and a plain Z."""
    return f"{moment.isoformat(timespec='milliseconds')[:23]}Z"


class Clock:
    """Knows the station time; driven by the event loop's clock, so a virtual loop makes runs repeatable."""

    def __init__(self, *, speed: float = 1.0, origin: datetime | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        self._zero_seconds = self._loop.time()
        self._origin = origin or datetime.now(UTC)
        self.speed = speed

    def wall_seconds(self) -> float:
        """Monotonic seconds of the wall; what latencies and deadlines are measured with."""
        return self._loop.time()

    def station_seconds(self) -> float:
        """Station seconds since the run began."""
        return (self._loop.time() - self._zero_seconds) * self.speed

    def now(self) -> datetime:
        return self._origin + timedelta(seconds=self.station_seconds())

    def timestamp(self) -> str:
        return iso(self.now())

    def to_wall(self, station_seconds: float) -> float:
        """How long the wall waits for that much station time."""
        return station_seconds / self.speed

    async def sleep(self, station_seconds: float) -> None:
        await asyncio.sleep(self.to_wall(station_seconds))

"""Station time: the wall's time, or a faster one, so that a short demo shows whole sessions.

What a station *does* (drivers, charging, metering) runs in station time. How it *talks* (timeouts, retries,
back-off, heartbeats) runs in wall time, because the system at the other end is not sped up.
"""

from __future__ import annotations

import asyncio
import math
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

    One that `catches_up` runs fast only until it has reached the wall's time, and then with it: the past of a
    fleet in a few minutes, and then its present. `monotonic` is not the event loop's clock, because uvloop's shows whole milliseconds only; a test whose
    loop lives in virtual time passes that loop's.
    """

    def __init__(
        self,
        *,
        speed: float = 1.0,
        origin: datetime | None = None,
        catches_up: bool = False,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._monotonic = monotonic
        self._zero_seconds = monotonic()
        now = datetime.now(UTC)
        self._origin = origin or now
        self._fast = speed
        self._present_seconds = math.inf
        """The station second from which on the wall's time is kept."""
        if catches_up:
            behind_seconds = max(0.0, (now - self._origin).total_seconds())
            self._present_seconds = behind_seconds * speed / (speed - 1) if speed > 1 else 0.0

    @property
    def speed(self) -> float:
        """Station seconds in a second of the wall, now."""
        return self._fast if self.station_seconds() < self._present_seconds else 1.0

    def wall_seconds(self) -> float:
        """Monotonic seconds of the wall; what latencies and deadlines are measured with."""
        return self._monotonic()

    def station_seconds(self) -> float:
        """Station seconds since the run began."""
        passed_seconds = self._monotonic() - self._zero_seconds
        fast_seconds = passed_seconds * self._fast
        if fast_seconds <= self._present_seconds:
            return fast_seconds
        return self._present_seconds + passed_seconds - self._present_seconds / self._fast

    def now(self) -> datetime:
        return self._origin + timedelta(seconds=self.station_seconds())

    def timestamp(self) -> str:
        return iso(self.now())

    def to_wall(self, station_seconds: float) -> float:
        """How long the wall waits, from now on, for that much station time."""
        fast_seconds = min(station_seconds, max(0.0, self._present_seconds - self.station_seconds()))
        return fast_seconds / self._fast + (station_seconds - fast_seconds)

    async def sleep(self, station_seconds: float) -> None:
        await asyncio.sleep(self.to_wall(station_seconds))

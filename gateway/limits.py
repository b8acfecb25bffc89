"""What one station may take, and how a rate is kept."""

import time

import msgspec

BURST_SECONDS = 4.0
"""A station that reconnects empties its queue: so many seconds' worth of its rate may come at once."""


class StationLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What one station may take, and how long it may be silent."""

    inbox_messages: int
    messages_per_second: float
    bad_frames_per_minute: int
    ping_seconds: float
    ping_timeout_seconds: float
    leave_seconds: float = 5.0


class Allowance:
    """A rate that may be saved up for some seconds (a token bucket, kept as one point in time)."""

    __slots__ = ("_cost", "_due", "_saved")

    def __init__(self, per_second: float, saved_seconds: float) -> None:
        self._cost = 1 / per_second
        self._saved = saved_seconds
        self._due = 0.0

    def spend(self) -> float:
        """Take one; the seconds to wait until it was due, 0 or less where it was allowed."""
        now = time.monotonic()
        self._due = max(self._due, now - self._saved) + self._cost
        return self._due - now

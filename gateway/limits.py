"""How much of the gateway one station may use, and how a rate is kept."""

import time
import types
from collections.abc import Coroutine, Generator
from typing import Any, TypeVar

import msgspec

Result = TypeVar("Result")

BURST_SECONDS = 4.0
"""A station that reconnects empties its queue: so many seconds' worth of its rates may come at once."""
LONGEST_PAUSE_SECONDS = 30.0
"""A socket is not read while its station is beyond a rate; a station that would have to wait longer is closed."""
METERED_FROM_BYTES = 2048
"""The processing time of larger messages is measured. A smaller one costs less than a millisecond whatever it holds:
the rate of messages bounds these."""


class StationLimits(msgspec.Struct, frozen=True, kw_only=True):
    """How much of the gateway one station may use, and how long it may be silent."""

    inbox_messages: int
    messages_per_second: float
    bytes_per_second: float
    processing_ms_per_second: float
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

    def spend(self, amount: float = 1.0) -> float:
        """Take an amount; the seconds to wait until it was due, 0 or less where it was allowed."""
        now = time.monotonic()
        self._due = max(self._due, now - self._saved) + self._cost * amount
        return self._due - now

    def wait_seconds(self) -> float:
        """The seconds until all that was taken is due, 0 or less where it was allowed."""
        return self._due - time.monotonic()


class Stopwatch:
    """The processor time that this thread spends on a piece of work, its waits left out.

    Not the time of the wall: a machine that is busy with something else must not be charged to a station.
    """

    __slots__ = ("seconds",)

    def __init__(self) -> None:
        self.seconds = 0.0

    @types.coroutine
    def measure(self, work: Coroutine[Any, Any, Result]) -> Generator[Any, Any, Result]:
        """The result of the work, awaited; each of its steps is measured. Raises as the work does."""
        step, value = work.send, None
        while True:
            started = time.thread_time()
            try:
                awaited = step(value)
            except StopIteration as end:
                result: Result = end.value
                return result
            finally:
                self.seconds += time.thread_time() - started
            try:
                step, value = work.send, (yield awaited)
            except BaseException as fault:  # noqa: BLE001 - the work's to handle, a cancellation too
                step, value = work.throw, fault

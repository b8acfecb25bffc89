"""What an engine has accepted and not yet confirmed: how much it is, and what has waited too long.

Both engines share these rules: beyond `max_in_flight_bytes` an append waits its turn outside the
engine, and whatever has not ended by the publish deadline fails. The deadline is kept by one
periodic sweep over the appends of each past tick, because a timer per message costs more than all
the rest of an append (`loop.call_later` and its cancellation, twice a heap operation).
"""

import asyncio
from collections import deque
from collections.abc import Callable

import msgspec

from eventlog.port import LogUnavailable, Place, Record, RecordRefused

Pending = asyncio.Future[Place]
Take = Callable[[Record, Pending], None]

HEADER_OVERHEAD_BYTES = 4
RECORD_OVERHEAD_BYTES = 64


class Limits(msgspec.Struct, frozen=True):
    """How long an append may take and how much may wait for it."""

    publish_deadline_seconds: float = 10.0
    max_in_flight_bytes: int = 64 * 1024 * 1024
    max_record_bytes: int = 900_000  # below a broker's default `message.max.bytes` of 1,048,588


DEFAULT_LIMITS = Limits()


def measure(record: Record, limits: Limits) -> int:
    """About the bytes that the record takes. Raises RecordRefused when they are too many, or no bytes."""
    try:
        size = RECORD_OVERHEAD_BYTES + len(record.key.encode())
        if record.value is not None:
            size += memoryview(record.value).nbytes
        for name, value in record.headers:
            size += HEADER_OVERHEAD_BYTES + len(name.encode()) + memoryview(value).nbytes
    except (TypeError, ValueError) as error:
        raise RecordRefused(f"the record cannot be encoded: {error}") from error
    if size > limits.max_record_bytes:
        raise RecordRefused(f"the record has {size} bytes, more than {limits.max_record_bytes}")
    return size


class InFlight:
    """The appends whose future is open. The engine adds to `held_bytes` what it holds and releases it."""

    def __init__(self, take: Take, limits: Limits) -> None:
        self._take = take
        self._limits = limits
        self._loop = asyncio.get_running_loop()
        self._tick: list[Pending] = []
        self._tick_began = self._loop.time()
        self._past: deque[tuple[float, list[Pending]]] = deque()
        self._outside: deque[tuple[Record, Pending]] = deque()
        self._closed: str | None = None
        self.held_bytes = 0
        self.sweep_seconds = min(0.25, limits.publish_deadline_seconds / 8)

    @property
    def count(self) -> int:
        """How many appends have not ended. Walks them: for a scrape, not for the message path."""
        return sum(not f.done() for f in self._tick) + sum(not f.done() for _, fs in self._past for f in fs)

    def append(self, record: Record) -> Pending:
        """Hand the record to the engine, or let it wait its turn when the engine is full."""
        future: Pending = self._loop.create_future()
        self._tick.append(future)
        if self._closed is not None:
            future.set_exception(LogUnavailable(self._closed))
        elif self._outside or self.held_bytes >= self._limits.max_in_flight_bytes:
            self._outside.append((record, future))
        else:
            self._take(record, future)
        return future

    def release(self, size_bytes: int) -> None:
        """The engine holds this much less; let in who waits outside."""
        self.held_bytes -= size_bytes
        while self._outside and self.held_bytes < self._limits.max_in_flight_bytes:
            record, future = self._outside.popleft()
            if not future.done():
                self._take(record, future)

    def sweep(self, why: str | None) -> int:
        """Fail what is past the deadline, forget what has ended; how many failed. Call it a few times a second."""
        now = self._loop.time()
        self._past.append((self._tick_began, self._tick))
        self._tick, self._tick_began = [], now
        failed = 0
        while self._past and now - self._past[0][0] >= self._limits.publish_deadline_seconds:
            failed += self._fail(self._past.popleft()[1], why or "the log did not confirm the record")
        # Rebuilt, so that one append that waits does not keep thousands that have ended in memory.
        self._past = deque(
            (at, waiting) for at, futures in self._past if (waiting := [f for f in futures if not f.done()])
        )
        while self._outside and self._outside[0][1].done():
            self._outside.popleft()
        return failed

    def close(self, why: str) -> None:
        """Take nothing any more; `fail_all` ends what is still open."""
        self._closed = why

    def fail_all(self, why: str) -> None:
        """End every open append now."""
        self._outside.clear()
        for _, futures in self._past:
            self._fail(futures, why)
        self._past.clear()
        self._fail(self._tick, why)
        self._tick = []

    async def drained(self, deadline_seconds: float) -> bool:
        """Wait until every append has ended; False when some have not by the deadline."""
        waiting = [f for f in self._tick if not f.done()]
        waiting += [f for _, futures in self._past for f in futures if not f.done()]
        if waiting:
            _, waiting_still = await asyncio.wait(waiting, timeout=deadline_seconds)
            return not waiting_still
        return True

    @staticmethod
    def _fail(futures: list[Pending], why: str) -> int:
        failed = 0
        for future in futures:
            if not future.done():
                future.set_exception(LogUnavailable(why))
                failed += 1
        return failed

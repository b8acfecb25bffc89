"""The embedded engine: the port's methods, and appends written in groups.

What waits while a commit syncs is the next commit: the busier the log, the larger its transactions.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncGenerator, Iterable
from functools import partial
from itertools import islice
from pathlib import Path

from contract.topics import Topic
from eventlog.embedded.file import LogFile
from eventlog.embedded.subscription import EmbeddedSubscription
from eventlog.embedded.threads import RETRY_SECONDS, Threads
from eventlog.embedded.upkeep import tidy
from eventlog.in_flight import DEFAULT_LIMITS, InFlight, Limits, Pending, measure
from eventlog.port import (
    Assigned,
    LogUnavailable,
    Partition,
    Place,
    Record,
    RecordRefused,
    Started,
    Stored,
)

PROBE_SECONDS = 1.0
GROUP_RECORDS = 5_000
READ_RECORDS = 1_000
TAIL_WAIT_SECONDS = 60.0


class EmbeddedLog:
    """An `EventLog` in one SQLite file."""

    def __init__(
        self,
        path: Path,
        limits: Limits = DEFAULT_LIMITS,
        *,
        session_seconds: float = 6.0,
        upkeep_seconds: float = 60.0,
    ) -> None:
        self._path = path
        self._limits = limits
        self._session_seconds = session_seconds
        self._upkeep_seconds = upkeep_seconds
        self._queue: deque[tuple[Record, Pending, int]] = deque()
        self._work = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._subscriptions: set[EmbeddedSubscription] = set()
        self._trouble: str | None = "the log is not open"
        self._fault: str | None = None

    async def open(self) -> None:
        threads = Threads(self._path)
        await threads.open()
        self._threads = threads
        self._in_flight = InFlight(self._take, self._limits)
        self._trouble = None
        for work in (self._write_forever, self._sweep_forever, self._tidy_forever, threads.news.watch):
            task = asyncio.create_task(work(), name=f"eventlog-{work.__qualname__}")
            task.add_done_callback(self._task_ended)
            self._tasks.append(task)

    async def close(self, deadline_seconds: float = 10.0) -> None:
        if not self._tasks:
            return
        self._in_flight.close("the log is closed")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(deadline_seconds):
                for subscription in tuple(self._subscriptions):
                    await subscription.close()
                await self._in_flight.drained(deadline_seconds)
        self._in_flight.fail_all(self._trouble or "the log was closed before it confirmed the record")
        self._trouble = "the log is closed"
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        self._threads.close()

    @property
    def trouble(self) -> str | None:
        return self._fault or self._trouble

    @property
    def in_flight(self) -> int:
        return self._in_flight.count

    @property
    def restarts(self) -> int:
        return 0

    def append(self, record: Record) -> Pending:
        return self._in_flight.append(record)

    async def apply_topics(self, topics: Iterable[Topic], replicas: int = 1) -> dict[str, str]:
        del replicas  # there is one file
        return await self._threads.writing(partial(LogFile.apply_topics, topics=list(topics)))

    async def partitions(self, topic: str) -> int:
        return len(await self._threads.reading(lambda file: file.partition_ids(topic)))

    async def subscribe(
        self,
        topics: Iterable[str],
        group: str,
        on_assigned: Assigned | None = None,
        on_revoked: Assigned | None = None,
    ) -> EmbeddedSubscription:
        subscription = EmbeddedSubscription(
            self._threads,
            topics,
            group,
            session_seconds=self._session_seconds,
            on_assigned=on_assigned,
            on_revoked=on_revoked,
        )
        await subscription.join()
        self._subscriptions.add(subscription)
        return subscription

    async def tail(
        self,
        topics: Iterable[str],
        *,
        from_beginning: bool = False,
        partitions: Iterable[int] | None = None,
        started: Started | None = None,
    ) -> AsyncGenerator[Stored, None]:
        positions: dict[Partition, int] = {}
        wanted = None if partitions is None else frozenset(partitions)
        for topic in topics:
            ends = await self._threads.reading(partial(LogFile.ends, topic=topic))
            positions.update(
                (Partition(topic, number), 0 if from_beginning else end)
                for number, end in enumerate(ends)
                if wanted is None or number in wanted
            )
        if started is not None:
            started()
        while True:
            news = self._threads.news.next()
            found = await self._threads.reading(lambda file: file.read(positions, READ_RECORDS))
            for stored in found:
                topic, number, offset = stored.place
                del positions[Partition(topic, number)]  # to the end of the line
                positions[Partition(topic, number)] = offset + 1
            for stored in found:
                yield stored
            if not found:
                await self._threads.news.wait(news, TAIL_WAIT_SECONDS)

    async def read(
        self, topics: Iterable[str], *, partitions: Iterable[int] | None = None, since_ms: int = 0
    ) -> AsyncGenerator[Stored, None]:
        wanted = None if partitions is None else frozenset(partitions)
        for topic in topics:
            ends = await self._threads.reading(partial(LogFile.ends, topic=topic))
            for number, end in enumerate(ends):
                if wanted is not None and number not in wanted:
                    continue
                partition = Partition(topic, number)
                offset = await self._threads.reading(
                    partial(LogFile.since, partition=partition, since_ms=since_ms)
                )
                while offset < end:
                    found = await self._threads.reading(partial(_from, partition=partition, offset=offset))
                    for stored in found:
                        if stored.place.offset < end:
                            yield stored
                    # None are left: what stood before the end is compacted away.
                    offset = found[-1].place.offset + 1 if found else end

    async def read_table(self, topic: str, partitions: Iterable[int] | None = None) -> dict[str, Stored]:
        numbers = None if partitions is None else list(partitions)
        return await self._threads.reading(lambda file: file.read_table(topic, numbers))

    def _take(self, record: Record, future: Pending) -> None:
        try:
            size = measure(record, self._limits)
        except RecordRefused as refusal:
            future.set_exception(refusal)
            return
        self._in_flight.held_bytes += size
        self._queue.append((record, future, size))
        self._work.set()

    async def _write_forever(self) -> None:
        """Write what is queued, in groups. What the file does not take stays until its deadline."""
        while True:
            await self._work.wait()
            self._drop_expired()
            group = [record for record, _, _ in islice(self._queue, GROUP_RECORDS)]
            if not group:
                self._work.clear()
                continue
            try:
                outcomes = await self._threads.writing(partial(LogFile.append, records=group))
            except LogUnavailable as error:
                self._trouble = str(error)
                await asyncio.sleep(RETRY_SECONDS)
                continue
            self._trouble = None
            self._resolve(outcomes)
            self._threads.news.tell()

    def _drop_expired(self) -> None:
        """Forget what has failed already: it is not written later, unless the attempt under way succeeds."""
        if self._trouble is not None:
            expired = sum(size for _, future, size in self._queue if future.done())
            self._queue = deque(entry for entry in self._queue if not entry[1].done())
            self._in_flight.release(expired)

    def _resolve(self, outcomes: list[Place | RecordRefused]) -> None:
        released = 0
        for outcome in outcomes:
            _, future, size = self._queue.popleft()
            released += size
            if future.done():
                continue
            if isinstance(outcome, Place):
                future.set_result(outcome)
            else:
                future.set_exception(outcome)
        self._in_flight.release(released)

    def _task_ended(self, task: asyncio.Task[None]) -> None:
        """They run until they are cancelled; one that raised is a fault of ours, and readiness shall see it."""
        if not task.cancelled() and task.exception() is not None:
            self._fault = f"{task.get_name()} ended: {task.exception()!r}"

    async def _sweep_forever(self) -> None:
        loop = asyncio.get_running_loop()
        probed_at = loop.time()
        while True:
            await asyncio.sleep(self._in_flight.sweep_seconds)
            self._in_flight.sweep(self._trouble)
            # With nothing to append nobody else would notice that the file is well again.
            if self._trouble and not self._queue and loop.time() - probed_at > PROBE_SECONDS:
                probed_at = loop.time()
                try:
                    await self._threads.writing(LogFile.probe)
                except LogUnavailable as error:
                    self._trouble = str(error)
                else:
                    self._trouble = None

    async def _tidy_forever(self) -> None:
        while True:
            try:
                more = await self._threads.writing(tidy)
            except LogUnavailable:
                more = False  # the appends will say so
            await asyncio.sleep(0.05 if more else self._upkeep_seconds)


def _from(file: LogFile, partition: Partition, offset: int) -> list[Stored]:
    return file.read({partition: offset}, READ_RECORDS)

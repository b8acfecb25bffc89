"""The embedded engine: appends in groups through one writer thread, reads through another.

All state is the event loop's; the threads only run one function at a time on their own connection.
What waits while a commit syncs is the next commit: the busier the log, the larger its transactions.
"""

import asyncio
import contextlib
import sqlite3
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TypeVar

from contract.topics import Topic
from eventlog.embedded.file import LogFile
from eventlog.embedded.news import News
from eventlog.embedded.subscription import EmbeddedSubscription
from eventlog.embedded.upkeep import tidy
from eventlog.in_flight import DEFAULT_LIMITS, InFlight, Limits, Pending, measure
from eventlog.port import Assigned, LogUnavailable, Partition, Place, Record, RecordRefused, Stored

T = TypeVar("T")

OPEN_SECONDS = 5.0
RETRY_SECONDS = 0.2
PROBE_SECONDS = 1.0
GROUP_RECORDS = 5_000
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
        self.news = News(self._version)

    async def open(self) -> None:
        self._in_flight = InFlight(self._take, self._limits)
        self._write_thread = ThreadPoolExecutor(1, thread_name_prefix="eventlog-write")
        self._read_thread = ThreadPoolExecutor(1, thread_name_prefix="eventlog-read")
        loop = asyncio.get_running_loop()
        until = loop.time() + OPEN_SECONDS
        while True:
            try:
                self._write_file = await loop.run_in_executor(self._write_thread, LogFile, self._path)
                await loop.run_in_executor(self._write_thread, self._write_file.prepare)
                self._read_file = await loop.run_in_executor(self._read_thread, LogFile, self._path)
                break
            except (sqlite3.Error, OSError) as error:
                # Another process may be making the same file just now.
                if "locked" not in str(error) or loop.time() > until:
                    self._write_thread.shutdown(wait=False)
                    self._read_thread.shutdown(wait=False)
                    raise LogUnavailable(f"cannot open {self._path}: {error}") from error
                await asyncio.sleep(RETRY_SECONDS)
        self._trouble = None
        for work in (self._write_forever, self._sweep_forever, self._tidy_forever, self.news.watch):
            task = asyncio.create_task(work(), name=f"eventlog-{work.__name__.strip('_')}")
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
        for thread, file in ((self._read_thread, self._read_file), (self._write_thread, self._write_file)):
            # Behind whatever the thread still does; nobody waits for it.
            thread.submit(file.connection.close)
            thread.shutdown(wait=False)

    @property
    def trouble(self) -> str | None:
        return self._trouble

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
        return await self.writing(partial(LogFile.apply_topics, topics=list(topics)))

    async def partitions(self, topic: str) -> int:
        return len(await self.reading(lambda file: file.partition_ids(topic)))

    async def subscribe(
        self,
        topics: Iterable[str],
        group: str,
        on_assigned: Assigned | None = None,
        on_revoked: Assigned | None = None,
    ) -> EmbeddedSubscription:
        subscription = EmbeddedSubscription(
            self,
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
        self, topics: Iterable[str], *, from_beginning: bool = False
    ) -> AsyncGenerator[Stored, None]:
        positions: dict[Partition, int] = {}
        for topic in topics:
            ends = await self.reading(partial(LogFile.ends, topic=topic))
            positions.update(
                (Partition(topic, number), 0 if from_beginning else end) for number, end in enumerate(ends)
            )
        while True:
            news = self.news.next()
            found = await self.reading(lambda file: file.read(positions, 1_000))
            for stored in found:
                topic, number, offset = stored.place
                del positions[Partition(topic, number)]  # to the end of the line
                positions[Partition(topic, number)] = offset + 1
            for stored in found:
                yield stored
            if not found:
                await self.news.wait(news, TAIL_WAIT_SECONDS)

    async def read_table(self, topic: str, partitions: Iterable[int] | None = None) -> dict[str, Stored]:
        numbers = None if partitions is None else list(partitions)
        return await self.reading(lambda file: file.read_table(topic, numbers))

    async def reading(self, work: Callable[[LogFile], T]) -> T:
        """Run this in the reader's thread."""
        return await self._run(self._read_thread, work, self._read_file)

    async def writing(self, work: Callable[[LogFile], T]) -> T:
        """Run this in the writer's thread, between two groups of appends."""
        return await self._run(self._write_thread, work, self._write_file)

    async def _run(self, thread: ThreadPoolExecutor, work: Callable[[LogFile], T], file: LogFile) -> T:
        if not self._tasks:
            raise LogUnavailable(self._trouble)
        try:
            return await asyncio.get_running_loop().run_in_executor(thread, work, file)
        except sqlite3.Error as error:
            raise LogUnavailable(self._words(error)) from error

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
                outcomes = await self.writing(partial(LogFile.append, records=group))
            except LogUnavailable as error:
                self._trouble = str(error)
                await asyncio.sleep(RETRY_SECONDS)
                continue
            self._trouble = None
            self._resolve(outcomes)
            self.news.tell()

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
            self._trouble = f"{task.get_name()} ended: {task.exception()!r}"

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
                    await self.writing(LogFile.probe)
                except LogUnavailable as error:
                    self._trouble = str(error)
                else:
                    self._trouble = None

    async def _tidy_forever(self) -> None:
        while True:
            try:
                more = await self.writing(tidy)
            except LogUnavailable:
                more = False  # the appends will say so
            await asyncio.sleep(0.05 if more else self._upkeep_seconds)

    async def _version(self) -> int | None:
        with contextlib.suppress(LogUnavailable):
            return await self.reading(LogFile.version)
        return None

    def _words(self, error: sqlite3.Error) -> str:
        return f"{self._path}: {error}"

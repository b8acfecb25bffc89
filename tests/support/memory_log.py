"""The in-memory double of the event log: it keeps the port's promises, as far as memory can."""

import asyncio
import itertools
import time
from collections import deque
from collections.abc import AsyncGenerator, Iterable, Mapping

from contract.topics import Topic, partition_of
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


class MemoryStore:
    """What outlives a log: the records, and the groups with their positions and members."""

    def __init__(self) -> None:
        self.topics: dict[str, Topic] = {}
        self.records: dict[Partition, list[Stored]] = {}
        self.begins: dict[Partition, int] = {}
        """Up to where retention has deleted, of what lies in `records`. Tests set this."""
        self.positions: dict[tuple[str, Partition], int] = {}
        self.members: dict[str, list[MemorySubscription]] = {}
        self.changed = asyncio.Condition()
        self.down: str | None = None
        """Why it takes and gives nothing; None when it does. Tests set this."""

    def partitions(self, topic: str) -> list[Partition]:
        if topic not in self.topics:
            raise RecordRefused(f"topic {topic!r} does not exist")
        return [Partition(topic, number) for number in range(self.topics[topic].partitions)]

    def write(self, record: Record, appended_ms: int | None = None) -> Place:
        """Append it, now or as if at another time."""
        partitions = self.partitions(record.topic)
        number = record.partition
        if number is None:
            number = partition_of(record.key, len(partitions))
        elif number >= len(partitions):
            raise RecordRefused(f"topic {record.topic!r} has no partition {number}")
        stored = self.records[partitions[number]]
        place = Place(record.topic, number, len(stored))
        kept = Record(
            record.topic, record.key, record.value, [(name, value) for name, value in record.headers]
        )
        stored.append(Stored(kept, place, appended_ms or time.time_ns() // 1_000_000))
        return place

    def read(self, positions: dict[Partition, int], max_records: int) -> list[Stored]:
        if self.down is not None:
            raise LogUnavailable(self.down)
        found = itertools.chain.from_iterable(
            self.records[p][max(offset, self.begins.get(p, 0)) :] for p, offset in positions.items()
        )
        return list(itertools.islice(found, max_records))

    async def tell(self) -> None:
        async with self.changed:
            self.changed.notify_all()

    async def wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds), self.changed:
                await self.changed.wait()
        except TimeoutError:
            pass


class MemoryLog:
    """An `EventLog` over a store; several logs may share one."""

    def __init__(self, store: MemoryStore | None = None, limits: Limits = DEFAULT_LIMITS) -> None:
        self.store = store or MemoryStore()
        self._limits = limits
        self._queue: deque[tuple[Record, Pending]] = deque()
        self._work = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._subscriptions: set[MemorySubscription] = set()

    async def open(self) -> None:
        if self.store.down is not None:
            raise LogUnavailable(self.store.down)
        self._in_flight = InFlight(self._take, self._limits)
        self._tasks = [asyncio.create_task(self._write_forever()), asyncio.create_task(self._sweep_forever())]

    async def close(self, deadline_seconds: float = 10.0) -> None:
        if not self._tasks:
            return
        self._in_flight.close("the log is closed")
        await self._in_flight.drained(deadline_seconds)
        self._in_flight.fail_all("the log was closed before it confirmed the record")
        for subscription in tuple(self._subscriptions):
            await subscription.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    @property
    def trouble(self) -> str | None:
        return self.store.down if self._tasks else "the log is not open"

    @property
    def in_flight(self) -> int:
        return self._in_flight.count

    @property
    def restarts(self) -> int:
        return 0

    def append(self, record: Record) -> Pending:
        return self._in_flight.append(record)

    async def apply_topics(self, topics: Iterable[Topic], replicas: int = 1) -> dict[str, str]:
        self._up()
        done = {}
        for topic in topics:
            old = self.store.topics.get(topic.name)
            if old is None:
                self.store.topics[topic.name] = topic
                self.store.records |= {
                    Partition(topic.name, number): [] for number in range(topic.partitions)
                }
                done[topic.name] = "created"
                continue
            kept = Topic(topic.name, topic.about, old.partitions, topic.compacted, topic.retention_seconds)
            same = (old.compacted, old.retention_seconds) == (kept.compacted, kept.retention_seconds)
            self.store.topics[topic.name] = kept
            done[topic.name] = "unchanged" if same else "updated"
            if old.partitions != topic.partitions:
                done[topic.name] += (
                    f"; has {old.partitions} partitions, not {topic.partitions}: left as they are"
                )
        return done

    async def partitions(self, topic: str) -> int:
        self._up()
        return len(self.store.partitions(topic))

    async def subscribe(
        self,
        topics: Iterable[str],
        group: str,
        on_assigned: Assigned | None = None,
        on_revoked: Assigned | None = None,
    ) -> "MemorySubscription":
        self._up()
        subscription = MemorySubscription(self.store, tuple(topics), group, on_assigned, on_revoked)
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
        self._up()
        wanted = None if partitions is None else frozenset(partitions)
        positions = {
            partition: 0 if from_beginning else len(self.store.records[partition])
            for topic in topics
            for partition in self.store.partitions(topic)
            if wanted is None or partition.number in wanted
        }
        if started is not None:
            started()
        while True:
            for stored in self.store.read(positions, 1_000):
                positions[Partition(*stored.place[:2])] = stored.place.offset + 1
                yield stored
            await self.store.wait(0.05)

    async def read(
        self, topics: Iterable[str], *, partitions: Iterable[int] | None = None, since_ms: int = 0
    ) -> AsyncGenerator[Stored, None]:
        self._up()
        wanted = None if partitions is None else frozenset(partitions)
        chosen = {
            partition: 0
            for topic in topics
            for partition in self.store.partitions(topic)
            if wanted is None or partition.number in wanted
        }
        for stored in self.store.read(chosen, 10**9):
            if stored.appended_ms >= since_ms:
                yield stored

    async def read_table(self, topic: str, partitions: Iterable[int] | None = None) -> dict[str, Stored]:
        self._up()
        wanted = None if partitions is None else set(partitions)
        chosen = {p: 0 for p in self.store.partitions(topic) if wanted is None or p.number in wanted}
        newest = {stored.record.key: stored for stored in self.store.read(chosen, 10**9)}
        return {key: stored for key, stored in newest.items() if stored.record.value is not None}

    def _up(self) -> None:
        if self.trouble is not None:
            raise LogUnavailable(self.trouble)

    def _take(self, record: Record, future: Pending) -> None:
        try:
            size = measure(record, self._limits)
        except RecordRefused as refusal:
            future.set_exception(refusal)
            return
        self._in_flight.held_bytes += size
        self._queue.append((record, future))
        self._work.set()

    async def _write_forever(self) -> None:
        while True:
            await self._work.wait()
            if self.store.down is not None:
                await asyncio.sleep(0.05)
                continue
            self._work.clear()
            while self._queue:
                record, future = self._queue.popleft()
                self._in_flight.release(measure(record, self._limits))
                if not future.done():
                    try:
                        future.set_result(self.store.write(record))
                    except RecordRefused as refusal:
                        future.set_exception(refusal)
            await self.store.tell()

    async def _sweep_forever(self) -> None:
        while True:
            await asyncio.sleep(self._in_flight.sweep_seconds)
            self._in_flight.sweep(self.store.down)


class MemorySubscription:
    """A member of a group; whoever joins or leaves moves the others' shares at once."""

    def __init__(
        self,
        store: MemoryStore,
        topics: tuple[str, ...],
        group: str,
        on_assigned: Assigned | None,
        on_revoked: Assigned | None,
    ) -> None:
        self._store = store
        self._topics = topics
        self._group = group
        self._on_assigned = on_assigned
        self._on_revoked = on_revoked
        self._positions: dict[Partition, int] = {}
        self._fetchable: set[Partition] = set()

    @property
    def assigned(self) -> frozenset[Partition]:
        return frozenset(self._positions)

    async def join(self) -> None:
        for topic in self._topics:
            self._store.partitions(topic)
        self._store.members.setdefault(self._group, []).append(self)
        await self._rebalance()

    async def fetch(self, max_records: int = 500, wait_seconds: float = 1.0) -> list[Stored]:
        until = time.monotonic() + wait_seconds
        while True:
            if self not in self._store.members[self._group]:
                raise LogUnavailable("the subscription is closed")
            found = self._store.read({p: self._positions[p] for p in self._fetchable}, max_records)
            for stored in found:
                self._positions[Partition(*stored.place[:2])] = stored.place.offset + 1
            left = until - time.monotonic()
            if found or left <= 0:
                return found
            await self._store.wait(min(left, 0.05))

    async def commit(self, positions: Mapping[Partition, int]) -> None:
        if self._store.down is not None:
            raise LogUnavailable(self._store.down)
        self._store.positions |= {(self._group, p): at for p, at in positions.items() if p in self._positions}

    def seek(self, partition: Partition, offset: int) -> None:
        if partition not in self._positions:
            raise ValueError(f"{partition} is not assigned to this member")
        self._positions[partition] = offset

    async def begins(self, partitions: Iterable[Partition]) -> dict[Partition, int]:
        if self._store.down is not None:
            raise LogUnavailable(self._store.down)
        return {partition: self._store.begins.get(partition, 0) for partition in partitions}

    async def ends(self, partitions: Iterable[Partition]) -> dict[Partition, int]:
        if self._store.down is not None:
            raise LogUnavailable(self._store.down)
        return {partition: len(self._store.records[partition]) for partition in partitions}

    async def position(self, partition: Partition) -> int:
        if partition not in self._positions:
            raise ValueError(f"{partition} is not assigned to this member")
        return self._positions[partition]

    async def close(self) -> None:
        members = self._store.members[self._group]
        if self in members:
            members.remove(self)
            await self.give(self.assigned)
            await self._rebalance()

    async def give(self, partitions: frozenset[Partition]) -> None:
        self._fetchable -= partitions
        if partitions and self._on_revoked is not None:
            await self._on_revoked(partitions)
        for partition in partitions:
            del self._positions[partition]

    async def take(self, partitions: frozenset[Partition]) -> None:
        self._positions |= {p: self._store.positions.get((self._group, p), 0) for p in partitions}
        if partitions and self._on_assigned is not None:
            await self._on_assigned(partitions)
        self._fetchable |= partitions

    async def _rebalance(self) -> None:
        members = self._store.members[self._group]
        shares: dict[MemorySubscription, set[Partition]] = {member: set() for member in members}
        for topic in {topic for member in members for topic in member._topics}:
            readers = [member for member in members if topic in member._topics]
            for partition in self._store.partitions(topic):
                shares[readers[partition.number % len(readers)]].add(partition)
        for member, share in shares.items():
            await member.give(member.assigned - share)
        for member, share in shares.items():
            await member.take(frozenset(share) - member.assigned)
        await self._store.tell()

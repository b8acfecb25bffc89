"""The life of a member of the group: join, take what is assigned, and then batch after batch and tick after tick.

All of it is one task, so nothing of one member ever overlaps. What the group says only proposes: which
partitions are ours, and from where they are read, the database decides (`positions`). While the database or the
log is away the batch in hand is tried again and again; the membership lives on meanwhile, for that is
the subscription's own work.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import TypeVar

import structlog

from consumers.runtime.backoff import Backoff
from consumers.runtime.batches import Batches, HandlerBroken
from consumers.runtime.clock import ShardClock
from consumers.runtime.consumer import Consumer
from consumers.runtime.database import Database
from consumers.runtime.decoding import Read, read
from consumers.runtime.metrics import ConsumerMetrics
from consumers.runtime.positions import Fenced, Positions
from consumers.runtime.transaction import HandlerFailed, Transactions
from consumers.runtime.transience import is_transient
from eventlog.port import EventLog, LogUnavailable, Partition, Stored, Subscription

TICK_SECONDS = 1.0
COMMIT_SECONDS = 5.0
"""How often the positions are told to the group, for the tools that show its lag; nobody reads from there."""
FAILED_TICKS = 20
CLOSE_SECONDS = 5.0

Result = TypeVar("Result")

_log = structlog.get_logger(__name__)


class Loop:
    """One member. `run` it as a task; `stop` lets the batch in hand end."""

    def __init__(
        self,
        consumer: Consumer,
        log: EventLog,
        database: Database,
        *,
        positions: Positions,
        transactions: Transactions,
        batches: Batches,
        metrics: ConsumerMetrics,
        now: Callable[[], datetime],
        batch_records: int,
        tick_seconds: float = TICK_SECONDS,
    ) -> None:
        self._consumer = consumer
        self._topics = {topic.name: topic for topic in consumer.topics}
        self._log = log
        self._database = database
        self._positions = positions
        self._transactions = transactions
        self._batches = batches
        self._metrics = metrics
        self._now = now
        self._batch_records = batch_records
        self._tick_seconds = tick_seconds
        self._stopping = asyncio.Event()
        self._clock = ShardClock()
        self._held: set[Partition] = set()
        self._untaken: set[Partition] = set()
        self._ticked: dict[int, datetime] = {}
        self._looked_at = self._committed_at = float("-inf")
        self._failed_ticks = 0
        self.trouble: str | None = "it has not joined its group yet"
        """Why nothing is taken in just now, in words for an operator; None when all is well."""

    @property
    def shards(self) -> frozenset[int]:
        """The shards that are this member's."""
        return frozenset(partition.number for partition in self._held)

    @property
    def caught_up(self) -> bool:
        """Whether all that stood in this member's shards when it last looked is taken in."""
        return not self._untaken and self._looked_at > float("-inf") and not self._clock.behind()

    def stop(self) -> None:
        """End after the batch in hand, or at once where it waits."""
        self._stopping.set()

    async def run(self) -> None:
        """Take part in the group until it is stopped. Raises HandlerBroken, and faults of our own."""
        backoff = Backoff()
        while not self._stopping.is_set():
            try:
                await self._take_part(backoff)
            except Exception as error:
                if not is_transient(error):
                    self.trouble = f"it has stopped: {error}"
                    raise
                self._say(error)
                self._metrics.restarts.n += 1
                await backoff.wait(self._stopping)

    async def _take_part(self, backoff: Backoff) -> None:
        self._release(frozenset(self._held))
        subscription = await self._log.subscribe(
            list(self._topics), self._consumer.name, self._assigned, self._revoked
        )
        try:
            while not self._stopping.is_set():
                await self._turn(subscription)
                backoff.reset()
            await self._tell_group(subscription)
        finally:
            await subscription.close()

    async def _turn(self, subscription: Subscription) -> None:
        try:
            if self._untaken:
                await self._until_done(lambda: self._take(subscription))
            found = await subscription.fetch(self._batch_records, self._tick_seconds / 2)
            if batch := self._batch(found):
                await self._until_done(lambda: self._handle(subscription, batch))
            await self._tick_if_due(subscription)
        except Fenced as fenced:
            # Either the group will soon say so too, or we have been given them back and take them back.
            self._metrics.retried("fenced")
            _log.info("what is in hand is dropped", reason=str(fenced))
            self._untaken |= subscription.assigned
            self._release(subscription.assigned)
            await Backoff(self._tick_seconds).wait(self._stopping)

    async def _until_done(self, work: Callable[[], Awaitable[None]]) -> None:
        """Again and again while what it needs is away. Raises what does not pass by itself."""
        backoff = Backoff()
        while not self._stopping.is_set():
            try:
                await work()
            except Exception as error:
                if not is_transient(error):
                    raise
                self._say(error)
                self._metrics.retried("log" if isinstance(error, LogUnavailable) else "database")
                await backoff.wait(self._stopping)
            else:
                if self.trouble is not None:
                    _log.info("at work", consumer=self._consumer.name, shards=sorted(self.shards))
                    self.trouble = None
                return

    async def _take(self, subscription: Subscription) -> None:
        """Own in the database what the group has assigned, and read each from where the database says."""
        wanted = frozenset(self._untaken)
        begins, ends = await subscription.begins(wanted), await subscription.ends(wanted)
        positions = await self._positions.take(self._database, wanted, self._now())
        starts = {
            partition: self._readable(partition, position, begins[partition], ends[partition])
            for partition, position in positions.items()
        }
        if moved := {partition: at for partition, at in starts.items() if at != positions[partition]}:
            async with self._database.transaction() as connection:
                await self._positions.hold(connection, moved)
                await self._positions.move(connection, moved)
        for partition in wanted & subscription.assigned & self._untaken:
            subscription.seek(partition, starts[partition])
            self._clock.begin(partition, starts[partition])
            self._held.add(partition)
            self._untaken.discard(partition)
        self._untaken &= subscription.assigned
        self._looked_at = float("-inf")
        self._metrics.shards_held = len(self.shards)

    def _readable(self, partition: Partition, position: int, begin: int, end: int) -> int:
        """The position, or the oldest record where the log does not have it (any more)."""
        if begin <= position <= end:
            return position
        if position == 0:
            return begin  # nobody has read it yet: there is nothing that could be missed
        gone = max(0, begin - position)
        self._metrics.missed(partition.topic, gone)
        _log.warning(
            "the log no longer has what is to be read next; going on with its oldest record",
            topic=partition.topic,
            partition=partition.number,
            position=position,
            oldest=begin,
            end=end,
            offsets_lost=gone,
        )
        return begin

    def _batch(self, found: Sequence[Stored]) -> list[Read]:
        """What was found in partitions that we hold, read; by time across the partitions, in order within each."""
        latest: dict[tuple[str, int], int] = {}
        timed: list[tuple[int, Stored]] = []
        for stored in found:
            topic, number, _ = stored.place
            if Partition(topic, number) in self._held:
                at = max(stored.appended_ms, latest.get((topic, number), 0))
                latest[topic, number] = at
                timed.append((at, stored))
        timed.sort(key=lambda entry: entry[0])
        return [read(stored) for _, stored in timed]

    async def _handle(self, subscription: Subscription, batch: Sequence[Read]) -> None:
        began = asyncio.get_running_loop().time()
        await self._look_for_gaps(subscription, batch)
        await self._batches.take(batch)
        self._metrics.batch_seconds.observe(asyncio.get_running_loop().time() - began)
        for one in batch:
            topic, number, offset = one.stored.place
            appended_at = datetime.fromtimestamp(one.stored.appended_ms / 1000, UTC)
            self._clock.advance(Partition(topic, number), offset + 1, appended_at)

    async def _look_for_gaps(self, subscription: Subscription, batch: Sequence[Read]) -> None:
        """A reader that is too slow is overtaken by retention, and the log goes on with what it has."""
        expected = self._clock.positions
        first: dict[Partition, int] = {}
        for one in batch:
            topic, number, offset = one.stored.place
            first.setdefault(Partition(topic, number), offset)
        jumped = {
            partition: offset - expected[partition]
            for partition, offset in first.items()
            if offset > expected.get(partition, offset) and not self._topics[partition.topic].compacted
        }
        if jumped:
            begins = await subscription.begins(jumped)
            for partition in jumped:
                if begins[partition] > expected[partition]:
                    self._readable(partition, expected[partition], begins[partition], first[partition])

    async def _tick_if_due(self, subscription: Subscription) -> None:
        """Once in a while; and while behind, whenever the records' time has moved on as far."""
        loop = asyncio.get_running_loop()
        if loop.time() - self._looked_at >= self._tick_seconds:
            await self._until_done(lambda: self._look(subscription))
            due = True
        else:
            due = False
        now = self._clock.now()
        if not due:
            now = {
                shard: time
                for shard, time in now.items()
                if shard not in self._ticked
                or (time - self._ticked[shard]).total_seconds() >= self._tick_seconds
            }
        if now:
            partitions = [partition for partition in self._held if partition.number in now]
            await self._until_done(lambda: self._tick(now, partitions))
        if loop.time() - self._committed_at >= COMMIT_SECONDS:
            await self._tell_group(subscription)

    async def _look(self, subscription: Subscription) -> None:
        """Where the topics end, as of now."""
        at = self._now()
        held = frozenset(self._held)
        ends = await subscription.ends(held)
        positions = self._clock.positions
        for partition in held & subscription.assigned:
            # Behind the last record there may be gaps (compaction, transactions): they are read over.
            if positions[partition] < ends[partition] <= await subscription.position(partition):
                ends[partition] = positions[partition]
        self._clock.look({partition: end for partition, end in ends.items() if partition in self._held}, at)
        self._looked_at = asyncio.get_running_loop().time()
        behind_records, late = self._clock.behind(), self._clock.late_seconds()
        self._metrics.lag_records = {
            topic: float(sum(n for partition, n in behind_records.items() if partition.topic == topic))
            for topic in self._topics
        }
        self._metrics.lag_seconds = {
            topic: max((s for partition, s in late.items() if partition.topic == topic), default=0.0)
            for topic in self._topics
        }

    async def _tick(self, now: dict[int, datetime], partitions: Sequence[Partition]) -> None:
        began = asyncio.get_running_loop().time()
        try:
            await self._transactions.tick(now, partitions)
        except HandlerFailed as failed:
            self._failed_ticks += 1
            _log.error("a tick failed", exc_info=failed.__cause__)
            if self._failed_ticks >= FAILED_TICKS:
                raise HandlerBroken(f"{FAILED_TICKS} ticks in a row failed: {failed.__cause__!r}") from failed
        else:
            self._failed_ticks = 0
        self._ticked |= now
        self._metrics.tick_seconds.observe(asyncio.get_running_loop().time() - began)

    async def _tell_group(self, subscription: Subscription) -> None:
        self._committed_at = asyncio.get_running_loop().time()
        try:
            await subscription.commit(self._clock.positions)
        except LogUnavailable as error:
            _log.debug("the group does not learn of our positions", reason=str(error))

    async def _assigned(self, partitions: frozenset[Partition]) -> None:
        self._release(partitions)
        self._untaken |= partitions

    async def _revoked(self, partitions: frozenset[Partition]) -> None:
        self._release(partitions)
        self._untaken -= partitions

    def _release(self, partitions: frozenset[Partition]) -> None:
        self._held -= partitions
        self._clock.forget(partitions)
        for shard in {partition.number for partition in partitions} - self.shards:
            self._ticked.pop(shard, None)
        self._metrics.shards_held = len(self.shards)

    def _say(self, error: Exception) -> None:
        if self.trouble is None:
            _log.warning("waiting for what is away", consumer=self._consumer.name, reason=str(error))
        self.trouble = str(error)

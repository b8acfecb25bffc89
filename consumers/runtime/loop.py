"""The life of a member of the group: join, take what is assigned, and then batch after batch and tick after tick.

All of it is one task, so nothing of one member ever overlaps. What the group says only proposes: which
partitions are ours, and from where they are read, the database decides (`positions`). While the database or the
log is away the batch in hand is tried again and again; the membership lives on meanwhile, for that is
the subscription's own work.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

import structlog

from consumers.runtime.backoff import Backoff
from consumers.runtime.batches import Batches, HandlerBroken
from consumers.runtime.clock import ShardClock
from consumers.runtime.consumer import Consumer
from consumers.runtime.database import Database
from consumers.runtime.decoding import Read, read
from consumers.runtime.metrics import ConsumerMetrics
from consumers.runtime.ordering import TimeOrder
from consumers.runtime.positions import Fenced, Positions
from consumers.runtime.share import Share
from consumers.runtime.transaction import HandlerFailed, Transactions
from consumers.runtime.transience import is_transient
from eventlog.port import EventLog, LogUnavailable, Partition, Stored, Subscription

TICK_SECONDS = 1.0
AHEAD_SECONDS = 0.02
"""The wait for more records while some wait for another topic."""

STALLED_SECONDS = 5.0
"""So long the other topics of a shard wait for one that is behind and of which nothing comes."""

COMMIT_SECONDS = 5.0
"""How often the positions are told to the group, for the tools that show its lag; nobody reads from there."""
FAILED_TICKS = 20
STUCK_SECONDS = 300.0

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
        self._topics = [topic.name for topic in consumer.topics]
        self._log = log
        self._transactions = transactions
        self._batches = batches
        self._metrics = metrics
        self._now = now
        self._batch_records = batch_records
        self._tick_seconds = tick_seconds
        self._stopping = asyncio.Event()
        self._clock = ShardClock()
        self._share = Share(consumer.topics, database, positions, metrics, clock=self._clock, now=now)
        self._ticked: dict[int, datetime] = {}
        self._looked_at = self._committed_at = float("-inf")
        self._order = TimeOrder()
        self._waiting_since: dict[Partition, float] = {}
        """Since when nothing came of each partition that is behind."""
        self._failed_ticks = 0
        self._turned_at = asyncio.get_running_loop().time()
        self.trouble: str | None = "it has not joined its group yet"
        """Why nothing is taken in just now, in words for an operator; None when all is well."""

    @property
    def shards(self) -> frozenset[int]:
        """The shards that are this member's."""
        return self._share.shards

    @property
    def caught_up(self) -> bool:
        """Whether all that stood in this member's shards when it last looked is taken in."""
        return not self._share.untaken and self._looked_at > float("-inf") and not self._clock.behind()

    @property
    def stuck(self) -> str | None:
        """Why only a restart helps, in words for an operator: for minutes neither a turn nor an attempt has ended."""
        seconds = asyncio.get_running_loop().time() - self._turned_at
        return f"nothing has ended for {seconds:.0f} s" if seconds > STUCK_SECONDS else None

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
        self._share.release(frozenset(self._share.held))
        subscription = await self._log.subscribe(
            self._topics, self._consumer.name, self._share.assigned, self._share.revoked
        )
        try:
            while not self._stopping.is_set():
                await self._turn(subscription)
                self._turned_at = asyncio.get_running_loop().time()
                backoff.reset()
            await self._tell_group(subscription)
        finally:
            await subscription.close()

    async def _turn(self, subscription: Subscription) -> None:
        try:
            if self._share.untaken:
                await self._until_done(lambda: self._take(subscription))
            # What waits for another topic is not waited for here.
            wait_seconds = AHEAD_SECONDS if len(self._order) else self._tick_seconds / 2
            found = await subscription.fetch(self._batch_records, wait_seconds)
            if batch := self._in_order(subscription, found):
                await self._until_done(lambda: self._handle(subscription, batch))
            await self._tick_if_due(subscription)
        except Fenced as fenced:
            # Either the group will soon say so too, or we have been given them back and take them back.
            self._metrics.retried("fenced")
            _log.info("what is in hand is dropped", reason=str(fenced))
            await self._share.assigned(subscription.assigned)
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
        self._order.clear()
        for partition, position in self._clock.positions.items():
            if partition in subscription.assigned and partition in self._share.held:
                subscription.seek(partition, position)
        await self._share.take(subscription)
        await self._look(subscription)

    def _in_order(self, subscription: Subscription, found: Sequence[Stored]) -> list[Read]:
        """The next records in the order of time, read. What is ahead of other topics is kept for later."""
        now = asyncio.get_running_loop().time()
        reach = self._clock.reach(self._share.held)
        came = {Partition(stored.place.topic, stored.place.partition) for stored in found}
        self._waiting_since = {
            partition: now if partition in came else self._waiting_since.get(partition, now)
            for partition, at in reach.items()
            if at.next_offset < at.end
        }
        stalled = {one for one, since in self._waiting_since.items() if now - since > STALLED_SECONDS}
        for partition, offset in self._order.add(found).items():
            if partition in subscription.assigned:
                subscription.seek(partition, offset)
        return [read(stored) for stored in self._order.take(reach, self._batch_records, stalled)]

    async def _handle(self, subscription: Subscription, batch: Sequence[Read]) -> None:
        began = asyncio.get_running_loop().time()
        await self._share.look_for_gaps(subscription, batch)
        await self._batches.take(batch)
        self._metrics.batch_seconds.observe(asyncio.get_running_loop().time() - began)
        for one in batch:
            topic, number, offset = one.stored.place
            self._clock.advance(Partition(topic, number), offset + 1, one.stored.appended_at)

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
            partitions = [partition for partition in self._share.held if partition.number in now]
            await self._until_done(lambda: self._tick(now, partitions))
        if loop.time() - self._committed_at >= COMMIT_SECONDS:
            await self._tell_group(subscription)

    async def _look(self, subscription: Subscription) -> None:
        """Where the topics end, as of now."""
        at = self._now()
        ends = await subscription.ends(frozenset(self._share.held))
        for partition, position in self._clock.positions.items():
            # Behind the last record there may be gaps (compaction, transactions): they are read over.
            if self._order.holds(partition):
                continue  # what was fetched is not read yet
            if partition in subscription.assigned and position < ends.get(partition, 0):
                read_up_to = await subscription.position(partition)
                ends[partition] = position if read_up_to >= ends[partition] else ends[partition]
        self._clock.look(ends, at)
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
        self._ticked = {shard: at for shard, at in (self._ticked | now).items() if shard in self.shards}
        self._metrics.tick_seconds.observe(asyncio.get_running_loop().time() - began)

    async def _tell_group(self, subscription: Subscription) -> None:
        self._committed_at = asyncio.get_running_loop().time()
        try:
            await subscription.commit(self._clock.positions)
        except LogUnavailable as error:
            _log.debug("the group does not learn of our positions", reason=str(error))

    def _say(self, error: Exception) -> None:
        self._turned_at = asyncio.get_running_loop().time()
        if self.trouble is None:
            _log.warning("waiting for what is away", consumer=self._consumer.name, reason=str(error))
        self.trouble = str(error)

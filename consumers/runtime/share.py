"""A member's share: what the group proposes, what of it is taken in the database, and from where each is read."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

import structlog

from consumers.runtime.clock import ShardClock
from consumers.runtime.database import Database
from consumers.runtime.decoding import Read
from consumers.runtime.metrics import ConsumerMetrics
from consumers.runtime.positions import Positions
from contract.topics import Topic
from eventlog.port import Partition, Subscription

_log = structlog.get_logger(__name__)


class Share:
    """`held` is ours in the database; `untaken` is proposed by the group, and nothing of it may be taken in yet."""

    def __init__(
        self,
        topics: Iterable[Topic],
        database: Database,
        positions: Positions,
        metrics: ConsumerMetrics,
        *,
        clock: ShardClock,
        now: Callable[[], datetime],
    ) -> None:
        self._topics = {topic.name: topic for topic in topics}
        self._database = database
        self._positions = positions
        self._metrics = metrics
        self._clock = clock
        self._now = now
        self.held: set[Partition] = set()
        self.untaken: set[Partition] = set()

    @property
    def shards(self) -> frozenset[int]:
        """The shards of which we hold anything."""
        return frozenset(partition.number for partition in self.held)

    async def assigned(self, partitions: frozenset[Partition]) -> None:
        """The group proposes these, perhaps again: what was known of them no longer counts."""
        self.release(partitions)
        self.untaken |= partitions

    async def revoked(self, partitions: frozenset[Partition]) -> None:
        """The group gives these to others."""
        self.release(partitions)
        self.untaken -= partitions

    def release(self, partitions: frozenset[Partition]) -> None:
        """Take in nothing more of these. Their rows stay ours until somebody takes them."""
        self.held -= partitions
        self._clock.forget(partitions)
        self._metrics.shards_held = len(self.shards)

    async def take(self, subscription: Subscription) -> None:
        """Own in the database what the group has assigned, and read each from where the database says."""
        wanted = frozenset(self.untaken)
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
        for partition in wanted & subscription.assigned & self.untaken:
            subscription.seek(partition, starts[partition])
            self._clock.begin(partition, starts[partition])
            self.held.add(partition)
            self.untaken.discard(partition)
        self.untaken &= subscription.assigned
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

    async def look_for_gaps(self, subscription: Subscription, batch: Sequence[Read]) -> None:
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

"""What time it is in a shard: while it is behind, that of its records; once it has caught up, the clock's. Pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from consumers.runtime.ordering import Reach
from eventlog.port import Partition


class ShardClock:
    """Knows of each partition how far it is read, up to where it reaches, and the time of its last record.

    A shard's time is that of its slowest topic, and never goes back while the shard is ours.
    """

    def __init__(self) -> None:
        self._next: dict[Partition, int] = {}
        self._read_up_to: dict[Partition, datetime] = {}
        self._ends: dict[Partition, int] = {}
        self._told: dict[int, datetime] = {}
        self._looked_at: datetime | None = None

    def begin(self, partition: Partition, next_offset: int) -> None:
        """The partition is ours, and is read from here on."""
        self.forget([partition])
        self._next[partition] = next_offset

    def forget(self, partitions: Iterable[Partition]) -> None:
        """These are no longer ours."""
        for partition in partitions:
            self._next.pop(partition, None)
            self._read_up_to.pop(partition, None)
            self._ends.pop(partition, None)
            if not any(other.number == partition.number for other in self._next):
                self._told.pop(partition.number, None)

    def advance(self, partition: Partition, next_offset: int, appended_at: datetime) -> None:
        """The records before this offset are taken in; the last was appended then."""
        if partition in self._next:
            self._next[partition] = next_offset
            known = self._read_up_to.get(partition)
            self._read_up_to[partition] = appended_at if known is None else max(known, appended_at)

    def look(self, ends: Mapping[Partition, int], at: datetime) -> None:
        """Where the partitions ended at this time."""
        self._ends = {partition: end for partition, end in ends.items() if partition in self._next}
        self._looked_at = at

    @property
    def positions(self) -> dict[Partition, int]:
        """The next offset of each partition that is ours."""
        return dict(self._next)

    def reach(self, partitions: Iterable[Partition]) -> dict[Partition, Reach]:
        """How far each of these is read. One whose end was not seen yet counts as read up to it."""
        return {
            partition: Reach(position, self._ends.get(partition, position), self._read_ms(partition))
            for partition in partitions
            if (position := self._next.get(partition)) is not None
        }

    def _read_ms(self, partition: Partition) -> int | None:
        at = self._read_up_to.get(partition)
        return None if at is None else int(at.timestamp() * 1000)

    def behind(self) -> dict[Partition, int]:
        """By partition, how many offsets lie before the end that was last seen; those that are caught up not."""
        return {
            partition: end - self._next[partition]
            for partition, end in self._ends.items()
            if end > self._next[partition]
        }

    def late_seconds(self) -> dict[Partition, float]:
        """By partition that is behind, how old its last record was when its end was last seen."""
        if self._looked_at is None:
            return {}
        return {
            partition: max(0.0, (self._looked_at - self._read_up_to[partition]).total_seconds())
            for partition in self.behind()
            if partition in self._read_up_to
        }

    def now(self) -> dict[int, datetime]:
        """The time of each shard of which it is known."""
        if self._looked_at is None:
            return {}
        behind = self.behind()
        times: dict[int, datetime | None] = {}
        for partition in self._next:
            if partition not in self._ends:
                time = None
            elif partition in behind:
                # A producer may write any time into a record: one that is to come would run all timers out.
                read_up_to = self._read_up_to.get(partition)
                time = None if read_up_to is None else min(read_up_to, self._looked_at)
            else:
                time = self._looked_at
            earlier = times.get(partition.number, time)
            times[partition.number] = None if time is None or earlier is None else min(time, earlier)
        for shard, time in times.items():
            if time is not None:
                told = self._told.get(shard)
                self._told[shard] = time if told is None else max(told, time)
        return {shard: self._told[shard] for shard, time in times.items() if time is not None}

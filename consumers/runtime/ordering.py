"""The records of a shard's topics, handed over in the order of time. Pure.

The facts of one message stand in several topics. A member that is behind (after an outage, or new) fetches the topics at
different speeds, and would see the end of a session hours before its meter values. As a task of Kafka Streams does,
it takes the earliest record first, and keeps records of topics that are ahead for later.
"""

import heapq
from collections import deque
from collections.abc import Collection, Iterable, Mapping
from typing import Final, NamedTuple

from eventlog.port import Partition, Stored

MOST_AHEAD: Final = 2_000
"""So many records of a partition are kept for later; what is fetched beyond is fetched again."""


class Reach(NamedTuple):
    """How far a partition is read: the next offset, the end that was last seen, the time (ms) of its last record."""

    next_offset: int
    end: int
    read_ms: int | None


class TimeOrder:
    """Holds the records that were fetched and not handed over, by partition, each with its time (ms)."""

    def __init__(self) -> None:
        self._ahead: dict[Partition, deque[tuple[int, Stored]]] = {}

    def __len__(self) -> int:
        """How many records wait."""
        return sum(map(len, self._ahead.values()))

    def holds(self, partition: Partition) -> bool:
        """Whether records of the partition wait."""
        return bool(self._ahead.get(partition))

    def clear(self) -> None:
        """Forget all that waits: it is fetched again."""
        self._ahead.clear()

    def add(self, found: Iterable[Stored]) -> dict[Partition, int]:
        """Take in what was fetched; where to fetch a partition from again of which too much waits."""
        again: dict[Partition, int] = {}
        for stored in found:
            topic, number, offset = stored.place
            partition = Partition(topic, number)
            if partition in again:
                continue
            waiting = self._ahead.setdefault(partition, deque())
            if len(waiting) >= MOST_AHEAD:
                again[partition] = offset
                continue
            # The log's time never goes back within a partition by more than clocks differ.
            at_ms = max(stored.appended_ms, waiting[-1][0]) if waiting else stored.appended_ms
            waiting.append((at_ms, stored))
        return again

    def take(
        self, reach: Mapping[Partition, Reach], most: int, stalled: Collection[Partition] = ()
    ) -> list[Stored]:
        """At most so many records of the partitions in `reach`, in the order of time; those of others are dropped.

        A record is handed over when no topic of its shard can still bring an earlier one: each has been fetched up to
        its end, or past the record's time. Partitions that are `stalled` (nothing came for long) are not waited for.
        """
        for partition in self._ahead.keys() - reach.keys():
            del self._ahead[partition]
        frontiers = self._frontiers(reach, stalled)
        heads = [(waiting[0][0], *partition) for partition, waiting in self._ahead.items() if waiting]
        heapq.heapify(heads)
        ready: list[Stored] = []
        while heads and len(ready) < most:
            at_ms, topic, number = heapq.heappop(heads)
            if at_ms > frontiers.get(number, at_ms):
                continue
            waiting = self._ahead[Partition(topic, number)]
            ready.append(waiting.popleft()[1])
            if waiting:
                heapq.heappush(heads, (waiting[0][0], topic, number))
        return ready

    def _frontiers(self, reach: Mapping[Partition, Reach], stalled: Collection[Partition]) -> dict[int, int]:
        """By shard, the time up to which all of its topics are fetched; none for a shard that is read to its end."""
        frontiers: dict[int, int] = {}
        for partition, (next_offset, end, read_ms) in reach.items():
            waiting = self._ahead.get(partition)
            fetched_to = waiting[-1][1].place.offset + 1 if waiting else next_offset
            if partition in stalled or fetched_to >= end:
                continue
            up_to = waiting[-1][0] if waiting else -1 if read_ms is None else read_ms
            frontiers[partition.number] = min(up_to, frontiers.get(partition.number, up_to))
        return frontiers

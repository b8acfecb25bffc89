"""Which of the fetched records are handled now, so that the topics of a shard are read in the order of time. Pure.

The facts of one message stand in several topics. A member that is behind (after an outage, or new) fetches the topics at
different speeds, and would see the end of a session hours before its meter values. As a task of Kafka Streams does,
it takes the earliest record first, and leaves records of topics that are ahead for a later fetch.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from eventlog.port import Partition, Stored


class Ordered(NamedTuple):
    """The records to be handled now, in the order of time, and where to fetch each partition from again."""

    ready: list[Stored]
    again: dict[Partition, int]


class Reach(NamedTuple):
    """How far a partition is read: the next offset, the end that was last seen, the time (ms) of its last record."""

    next_offset: int
    end: int
    read_ms: int | None


def order(
    found: Iterable[Stored], reach: Mapping[Partition, Reach], stalled: Collection[Partition] = ()
) -> Ordered:
    """Order what was fetched of the partitions in `reach`; records of others are left out.

    A record is ready when no topic of its shard can still bring an earlier one: each has been fetched up to its end,
    or past the record's time. Partitions that are `stalled` (nothing came of them for long) are not waited for.
    """
    timed: list[tuple[int, Stored]] = []
    latest: dict[Partition, int] = {}
    fetched_to: dict[Partition, int] = {}
    for stored in found:
        partition = Partition(stored.place.topic, stored.place.partition)
        if partition not in reach:
            continue
        latest[partition] = max(stored.appended_ms, latest.get(partition, 0))
        fetched_to[partition] = stored.place.offset + 1
        timed.append((latest[partition], stored))
    frontiers: dict[int, int] = {}
    for partition, (next_offset, end, read_ms) in reach.items():
        if partition in stalled or fetched_to.get(partition, next_offset) >= end:
            continue
        up_to = latest.get(partition, -1 if read_ms is None else read_ms)
        frontiers[partition.number] = min(up_to, frontiers.get(partition.number, up_to))
    timed.sort(key=lambda entry: entry[0])
    ready: list[Stored] = []
    again: dict[Partition, int] = {}
    for at_ms, stored in timed:
        topic, number, offset = stored.place
        if at_ms <= frontiers.get(number, at_ms):
            ready.append(stored)
        else:
            again.setdefault(Partition(topic, number), offset)
    return Ordered(ready, again)

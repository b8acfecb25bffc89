"""The port of the event log: what every engine promises, and the words it is said in.

The promises, held by one behaviour suite on every engine:

- `append` is durable when it returns: the record survives the death of this process and of the
  machine's power (Kafka: acks=all; embedded: the WAL is synced);
- records with one key stand in one partition of a topic, in the order of their appends;
- an append ends: it returns or raises `LogUnavailable` within the engine's publish deadline. A
  record whose append failed may still be written later; its deterministic id makes that harmless;
- a group reads every record at least once, from its last committed position.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple, Protocol

import msgspec

from contract.topics import Topic

Headers = Sequence[tuple[str, bytes]]

LATEST_MS = 253_402_300_799_000
"""The end of the year 9999: later than that no moment can be written."""


class LogUnavailable(Exception):
    """The log did not take the record within the publish deadline, or is closed. Worth a retry."""


class RecordRefused(Exception):
    """The log will never take this record: too large, or its topic does not exist. Says which."""


class Record(msgspec.Struct, frozen=True):
    """What is appended. A `value` of None is a tombstone in a compacted topic.

    `partition` is only set where the place is not the key's (deliveries to a gateway's inbox).
    """

    topic: str
    key: str
    value: bytes | None
    headers: Headers = ()
    partition: int | None = None


class Partition(NamedTuple):
    """One partition of one topic."""

    topic: str
    number: int


class Place(NamedTuple):
    """Where a record stands. Offsets rise within a partition and may have gaps.

    An offset below 0: durable, but the log could not say where (Kafka, after some repeated batches).
    """

    topic: str
    partition: int
    offset: int


class Stored(msgspec.Struct, frozen=True):
    """A record as it is read back, with its place and the time (ms since 1970) of its append."""

    record: Record
    place: Place
    appended_ms: int

    @property
    def appended_at(self) -> datetime:
        """The same as a moment, within the years that have a name: the writer's clock may have said anything."""
        return datetime.fromtimestamp(min(max(self.appended_ms, 0), LATEST_MS) / 1000, UTC)


Assigned = Callable[[frozenset[Partition]], Awaitable[None]]
Started = Callable[[], None]


class Subscription(Protocol):
    """A member of a consumer group. Reading starts where the group last committed, else at the beginning.

    It stays a member as long as its event loop turns, however long it does not fetch: who waits for a
    database need not lose its partitions to others that wait for the same.
    """

    @property
    def assigned(self) -> frozenset[Partition]:
        """The partitions that are this member's now."""

    async def fetch(self, max_records: int = 500, wait_seconds: float = 1.0) -> list[Stored]:
        """The next records; empty when none came within `wait_seconds`. Raises LogUnavailable."""

    async def commit(self, positions: Mapping[Partition, int]) -> None:
        """Store the group's positions: each the offset of the *next* record to be read.

        Positions of partitions that are no longer this member's are not stored. Raises LogUnavailable.
        """

    def seek(self, partition: Partition, offset: int) -> None:
        """Read this assigned partition from `offset` on. Raises ValueError when it is not assigned."""

    async def begins(self, partitions: Iterable[Partition]) -> dict[Partition, int]:
        """The offset before which retention has deleted all, of each of these partitions. Raises LogUnavailable.

        What is read from a position before it is missing from there up to it. Compaction moves it not.
        """

    async def ends(self, partitions: Iterable[Partition]) -> dict[Partition, int]:
        """The offset behind the newest record of each of these partitions, as of now. Raises LogUnavailable."""

    async def position(self, partition: Partition) -> int:
        """How far this assigned partition has been read: behind the last record fetched, and past a gap after it.

        So a partition is read up to an end that `ends` gave when its position has reached it, whatever
        retention or compaction have left of it. Raises LogUnavailable, and ValueError when it is not assigned.
        """

    async def close(self) -> None:
        """Leave the group."""


class EventLog(Protocol):
    """An engine. Open it, use it, close it; all of it on one event loop."""

    async def open(self) -> None:
        """Make the log usable. Raises LogUnavailable when it cannot be reached."""

    async def close(self, deadline_seconds: float = 10.0) -> None:
        """Flush what is in flight, at most until the deadline, then let go. Never raises, never hangs."""

    @property
    def trouble(self) -> str | None:
        """Why the log takes no records just now, in words for an operator; None when it does."""

    @property
    def in_flight(self) -> int:
        """How many appends have not ended. It counts them: for a scrape, not for the message path."""

    @property
    def restarts(self) -> int:
        """How often the engine had to replace what it writes with (Kafka: a producer that could not go on)."""

    def append(self, record: Record) -> Awaitable[Place]:
        """Queue the record at once (calls keep their order) and await its durability.

        Raises LogUnavailable, RecordRefused.
        """

    async def apply_topics(self, topics: Iterable[Topic], replicas: int = 1) -> dict[str, str]:
        """Create what is missing and set retention and compaction; what was done, by topic name.

        `replicas` is the replication factor of topics created now (Kafka only). Partitions are never
        changed on a topic that exists: a station would move to another partition and lose its order.
        """

    async def partitions(self, topic: str) -> int:
        """How many partitions the topic has. Raises RecordRefused when it does not exist."""

    async def subscribe(
        self,
        topics: Iterable[str],
        group: str,
        on_assigned: Assigned | None = None,
        on_revoked: Assigned | None = None,
    ) -> Subscription:
        """Join a consumer group, and return with a first share of it (which may be empty).

        The callbacks run before the first fetch of, or after the last from, partitions; those that are
        revoked may still be committed in the callback.
        """

    def tail(
        self,
        topics: Iterable[str],
        *,
        from_beginning: bool = False,
        partitions: Iterable[int] | None = None,
        started: Started | None = None,
    ) -> AsyncGenerator[Stored, None]:
        """Follow topics without a group, from now on or from the oldest record kept. Never ends by itself.

        `partitions` are the numbers to follow of each topic; all where it is None. "Now" is shortly after the
        first record is asked for: `started` is called when whatever is appended from then on will be seen.
        Close it (`contextlib.aclosing`) when done.
        """

    def read(
        self, topics: Iterable[str], *, partitions: Iterable[int] | None = None, since_ms: int = 0
    ) -> AsyncGenerator[Stored, None]:
        """What stands in topics as of now, appended at `since_ms` (since 1970) or later; then it ends.

        Each partition in its order, and of a compacted topic all that compaction has left, tombstones too.
        Where clocks were set back, a few older records may come as well. Close it when done.
        """

    async def read_table(self, topic: str, partitions: Iterable[int] | None = None) -> dict[str, Stored]:
        """The newest record of each key that is no tombstone, as of now: a compacted topic, read as a table."""

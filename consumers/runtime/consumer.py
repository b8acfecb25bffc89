"""The port of the runtime: what a consumer is, and what it is given. Read this to write one.

The runtime reads the topics as a member of the group named for the consumer, and hands over batches. What the
consumer writes through `Work`, what it emits, and the positions of the group become true in one database
transaction or not at all: each effect happens exactly once, whatever is killed when. A batch that was
not committed is handed over again, so a consumer keeps nothing between calls but what its database says.

All topics have the same key (the station's id) and the same number of partitions, and a member is given the
same partition numbers of each: such a number is a *shard*. All that is known of a station is in one
shard, which has one member at a time; a member that lost it can no longer commit.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from contract.events import Event
from contract.model import Value
from contract.topics import Topic
from eventlog.port import Place, Record


class Message(NamedTuple):
    """One record, read once for all.

    `value` is an event of `contract.events`, or what a compacted topic holds (`contract.registry`, None where
    it was a tombstone). `id`, `connection` and `sequence` are the envelope's, where there is one. `appended_at` is
    the log's own time (UTC), which never lies in the order of a partition by more than clocks differ.
    """

    value: Event | Value | None
    station: str
    place: Place
    appended_at: datetime
    id: str | None = None
    connection: str | None = None
    sequence: int | None = None


class Work(Protocol):
    """One database transaction, and what is published once it is committed."""

    @property
    def database(self) -> AsyncConnection:
        """SQLAlchemy's connection, inside the transaction. Never commit it."""

    def emit(self, record: Record) -> None:
        """Publish this record, after and only after the transaction is committed: once or, after a crash, again.

        Give it a deterministic `ce_id`, so that a repetition can be told.
        """


class Consumer(Protocol):
    """What a consumer is. `name` is its group's, its tables' prefix and its metrics'."""

    @property
    def name(self) -> str:
        """One lower-case word."""

    @property
    def topics(self) -> Sequence[Topic]:
        """What it reads; equally partitioned."""

    async def handle(self, messages: Sequence[Message], work: Work) -> None:
        """Take these in, in their order: of several shards, by time across the topics, each partition in its own order.

        An exception undoes the transaction. One that says the database or the log is away is waited out; for any
        other the messages are given again in halves, until the one that fails stands alone and goes to the dead
        letters (`batches`).
        """

    async def tick(self, now: Mapping[int, datetime], work: Work) -> None:
        """Time has passed: by shard, the time (UTC) up to which everything is read.

        While a shard is behind that is the time of its records, so that a replay sees the timers run out in the
        order in which they did; once it has caught up it is the clock's. It never goes back. Called once a second
        or so, in a replay after each batch: a timer that ran out between two messages of one batch is for
        `handle` to see, by their `appended_at`.
        """

"""One batch in one database transaction: the fence, the handler, what it emits, the positions; all or nothing."""

import time
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from consumers.runtime.consumer import Consumer
from consumers.runtime.database import Database
from consumers.runtime.decoding import Read
from consumers.runtime.metrics import ConsumerMetrics
from consumers.runtime.outbox import Outbox
from consumers.runtime.positions import Fenced, Positions
from consumers.runtime.transience import is_transient
from eventlog.dead_letters import dead_letter
from eventlog.in_flight import DEFAULT_LIMITS, measure
from eventlog.port import Partition, Record


class HandlerFailed(Exception):
    """The consumer's own code could not take what it was given. Its cause says why."""


class Writing:
    """The `Work` of one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self.emitted: list[Record] = []

    @property
    def database(self) -> AsyncConnection:
        return self._connection

    def emit(self, record: Record) -> None:
        # Refused here, where it can be undone: in the outbox it would stand for ever.
        measure(record, DEFAULT_LIMITS)
        self.emitted.append(record)


class Transactions:
    """Makes batches and ticks true. All raise Fenced, HandlerFailed, and what `is_transient` judges."""

    def __init__(
        self,
        consumer: Consumer,
        database: Database,
        *,
        positions: Positions,
        outbox: Outbox,
        metrics: ConsumerMetrics,
        shards: int,
    ) -> None:
        self._consumer = consumer
        self._database = database
        self._positions = positions
        self._outbox = outbox
        self._metrics = metrics
        self._shards = shards

    async def handle(self, batch: Sequence[Read]) -> None:
        """Take a batch in. What the database says is taken in already is passed over: a commit may have
        become true although its connection broke.
        """
        held = False
        try:
            async with self._database.transaction() as connection:
                at = await self._positions.hold(connection, behind(batch))
                held = True
                fresh = [one for one in batch if one.stored.place.offset >= at[_partition(one)]]
                work = Writing(connection)
                if messages := [one.message for one in fresh if one.message is not None]:
                    began = time.perf_counter()
                    await self._consumer.handle(messages, work)
                    self._metrics.handling_seconds.observe(time.perf_counter() - began)
                for one in fresh:
                    if one.why is not None:
                        work.emit(dead_letter(one.stored, one.why, self._consumer.name))
                await self._outbox.write(connection, work.emitted, self._shards)
                await self._positions.move(connection, behind(fresh))
        except Exception as error:
            if not held or isinstance(error, Fenced) or is_transient(error):
                raise
            raise HandlerFailed from error
        if work.emitted:
            self._outbox.wake()
        for one in fresh:
            self._metrics.read(one.stored.place.topic, _result(one))

    async def tick(self, now: Mapping[int, datetime], partitions: Sequence[Partition]) -> None:
        """Tell the consumer the time, in a transaction that holds these partitions."""
        held = False
        try:
            async with self._database.transaction() as connection:
                await self._positions.hold(connection, partitions)
                held = True
                work = Writing(connection)
                await self._consumer.tick(now, work)
                await self._outbox.write(connection, work.emitted, self._shards)
        except Exception as error:
            if not held or isinstance(error, Fenced) or is_transient(error):
                raise
            raise HandlerFailed from error
        if work.emitted:
            self._outbox.wake()


def behind(batch: Sequence[Read]) -> dict[Partition, int]:
    """The positions behind these records."""
    return {_partition(one): one.stored.place.offset + 1 for one in batch}


def _partition(one: Read) -> Partition:
    return Partition(one.stored.place.topic, one.stored.place.partition)


def _result(one: Read) -> str:
    if one.message is not None:
        return "handled"
    return "skipped" if one.why is None else "dead_letter"

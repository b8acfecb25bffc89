"""What is yet to be published: written in the transaction that decides it, appended to the log after that.

The member that owns a shard publishes the shard's rows, one key's records one after the other and many keys
at once, and deletes them when the log has them durably. A member that dies in between leaves them to its
successor, which publishes them again: the same records with the same ids, and the first of each in order.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import structlog
from sqlalchemy import Row, bindparam, delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from consumers.runtime.backoff import Backoff
from consumers.runtime.database import Database
from consumers.runtime.metrics import ConsumerMetrics
from consumers.runtime.schema import Schema
from consumers.runtime.transience import is_transient
from contract.topics import partition_of
from eventlog.port import EventLog, Record, RecordRefused

BITE_RECORDS = 500
LOOK_SECONDS = 1.0
"""How often it looks without being woken: another member may have written to our shards, or died."""

_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(list[tuple[str, bytes]]).decode
_log = structlog.get_logger(__name__)


class Outbox:
    """The rows of one consumer. `write` within a transaction; `wake` after it; `relay` publishes."""

    def __init__(self, schema: Schema, database: Database, log: EventLog, metrics: ConsumerMetrics) -> None:
        table = schema.outbox
        self._database = database
        self._log = log
        self._metrics = metrics
        self._insert = insert(table)
        self._oldest = (
            select(table)
            .where(table.c.shard.in_(bindparam("shards", expanding=True)))
            .order_by(table.c.id)
            .limit(BITE_RECORDS)
        )
        self._count = select(func.count()).select_from(table)
        self._delete = delete(table).where(table.c.id.in_(bindparam("ids", expanding=True)))
        self._woken = asyncio.Event()
        self._publishing = asyncio.Lock()
        self.trouble: str | None = None
        """Why nothing is published just now, in words for an operator."""

    async def write(self, connection: AsyncConnection, records: Sequence[Record], shards: int) -> None:
        """Keep these until they are published. A record's shard is its key's, of so many."""
        if records:
            await connection.execute(
                self._insert,
                [
                    {
                        "shard": partition_of(record.key, shards),
                        "topic": record.topic,
                        "key": record.key,
                        "value": record.value,
                        "headers": _pack(record.headers),
                        "partition": record.partition,
                    }
                    for record in records
                ],
            )

    def wake(self) -> None:
        """Something was committed: publish it now."""
        self._woken.set()

    async def relay(self, shards: Callable[[], frozenset[int]]) -> None:
        """Publish what stands in the shards that are ours at each moment. Runs until it is cancelled."""
        backoff = Backoff()
        while True:
            self._woken.clear()
            try:
                published = await self.publish(shards())
                self.trouble = None
                backoff.reset()
            except Exception as error:
                if not (is_transient(error) or isinstance(error, RecordRefused)):
                    raise
                if self.trouble is None:
                    _log.warning("what was emitted cannot be published; it is kept", reason=str(error))
                self.trouble = str(error)
                await backoff.wait()
                continue
            if not published:
                await self._sleep()

    async def publish(self, shards: frozenset[int]) -> int:
        """Publish a bite of what stands in these shards; how many. Raises LogUnavailable, RecordRefused.

        One bite at a time: two at once would publish the same.
        """
        async with self._publishing:
            return await self._publish(shards) if shards else 0

    async def _publish(self, shards: frozenset[int]) -> int:
        async with self._database.reading() as connection:
            rows = (await connection.execute(self._oldest, {"shards": sorted(shards)})).all()
            depth = len(rows)
            if depth == BITE_RECORDS:
                depth = (await connection.execute(self._count)).scalar_one()
        self._metrics.outbox_depth = depth
        if not rows:
            return 0
        by_key: dict[tuple[str, str], list[Row[Any]]] = defaultdict(list)
        for row in rows:
            by_key[row.topic, row.key].append(row)
        done: list[int] = []
        outcomes = await asyncio.gather(
            *(self._in_turn(of_one, done) for of_one in by_key.values()), return_exceptions=True
        )
        if done:
            async with self._database.transaction() as connection:
                await connection.execute(self._delete, {"ids": done})
            self._metrics.published.n += len(done)
            self._metrics.outbox_depth = depth - len(done)
        for fault in outcomes:
            if isinstance(fault, BaseException):
                raise fault
        return len(done)

    async def _in_turn(self, rows: Sequence[Row[Any]], done: list[int]) -> None:
        """One key's records, each after the one before is durable: a failure leaves no gap behind it."""
        for row in rows:
            await self._log.append(Record(row.topic, row.key, row.value, _unpack(row.headers), row.partition))
            done.append(row.id)

    async def _sleep(self) -> None:
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                await self._woken.wait()
        except TimeoutError:
            pass

"""A batch taken in whatever is in it: where the handler fails, the record that it fails on is found and buried.

The batch is undone and halved, again and again, until the one record stands alone: it goes to the dead letters,
with its position in the same transaction, and its shard moves on. A handler that fails on
everything would so bury a whole topic: beyond `BURIALS` in `BURIALS_SECONDS` it is a bug and no poison, and
the consumer stops. The burials are counted in the database, so a restart is no way around that.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy import delete, func, select

from consumers.runtime.database import Database, upsert
from consumers.runtime.decoding import Read
from consumers.runtime.schema import Schema
from consumers.runtime.transaction import HandlerFailed, Transactions

BURIALS = 20
BURIALS_SECONDS = 3_600.0
KEEP_SECONDS = 30 * 86_400.0
"""How long the table remembers a dead letter; as long as their topic keeps it."""
MAX_REASON_CHARACTERS = 1_000

_log = structlog.get_logger(__name__)


class HandlerBroken(Exception):
    """The handler fails on too much: somebody has to look. Nothing of what it failed on is lost."""


class Batches:
    """Takes batches in, and buries what cannot be."""

    def __init__(
        self,
        transactions: Transactions,
        database: Database,
        schema: Schema,
        now: Callable[[], datetime],
    ) -> None:
        self._transactions = transactions
        self._database = database
        self._letters = schema.dead_letters
        self._now = now

    async def take(self, batch: Sequence[Read]) -> None:
        """All of it, in its order. Raises HandlerBroken, Fenced, and what `is_transient` judges."""
        fault = await self._try(batch)
        if fault is None:
            return
        if len(batch) == 1:
            await self._bury(batch[0], fault)
            return
        half = len(batch) // 2
        await self.take(batch[:half])
        await self.take(batch[half:])

    async def _try(self, batch: Sequence[Read]) -> BaseException | None:
        """Take it in; what the handler raised, if it did."""
        try:
            await self._transactions.handle(batch)
        except HandlerFailed as failed:
            return failed.__cause__
        return None

    async def _bury(self, one: Read, fault: BaseException) -> None:
        place = one.stored.place
        if one.message is None:
            raise fault  # no handler saw it: the runtime itself cannot put it away
        why = f"{type(fault).__name__}: {fault}"[:MAX_REASON_CHARACTERS]
        await self._count_in(one, why)
        _log.error(
            "a record cannot be handled and goes to the dead letters",
            topic=place.topic,
            partition=place.partition,
            offset=place.offset,
            exc_info=fault,
        )
        await self._transactions.handle([Read(one.stored, None, why)])

    async def _count_in(self, one: Read, why: str) -> None:
        """Note the burial. Before it and not with it: one that is noted twice has the same row."""
        letters, now = self._letters, self._now()
        recent = select(func.count()).where(letters.c.at > now - timedelta(seconds=BURIALS_SECONDS))
        async with self._database.transaction() as connection:
            if (await connection.execute(recent)).scalar_one() >= BURIALS:
                raise HandlerBroken(
                    f"{BURIALS} records could not be handled within {BURIALS_SECONDS / 60:.0f} minutes, "
                    f"the last of them for {why}"
                )
            topic, shard, offset = one.stored.place
            row = {"topic": topic, "shard": shard, "offset": offset, "at": now, "why": why.replace("\0", "?")}
            await upsert(connection, letters, [row])
            await connection.execute(
                delete(letters).where(letters.c.at < now - timedelta(seconds=KEEP_SECONDS))
            )

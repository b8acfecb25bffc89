"""The queue of a receiver, in the database: what is due, what became of it.

What is about to be sent is marked as told before it is sent: should we die in between, the alert's end is
told for certain. A row that changes while it is sent has another stamp, and is sent again.
"""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from sqlalchemy import and_, bindparam, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from consumers.alerting.outputs.receiver import Telling
from consumers.alerting.tables import NOTIFICATIONS as ROWS

NEVER_MS: Final = 2**62
"""When a row is due that waits for its alert to change."""

FIRST_MS, LONGEST_MS = 1_000, 60_000
"""The waits between tries: twice as long each time, up to a bound."""


class Claimed(NamedTuple):
    """What is to be sent now, and how often it was tried before."""

    telling: Telling
    attempts: int


async def claim(
    database: AsyncConnection, receiver: str, shards: Iterable[int], limit: int, now_ms: int
) -> list[Claimed]:
    """Take what is due, the oldest first; until its next try nobody else does."""
    rows = (
        await database.execute(
            select(ROWS.c.fingerprint, ROWS.c.stamp, ROWS.c.body, ROWS.c.resolved, ROWS.c.attempts)
            .where(
                ROWS.c.receiver == receiver,
                ROWS.c.shard.in_(sorted(shards)),
                ROWS.c.held.is_(False),
                ROWS.c.next_ms <= now_ms,
            )
            .order_by(ROWS.c.next_ms)
            .limit(limit)
        )
    ).all()
    if rows:
        await database.execute(
            update(ROWS)
            .where(ROWS.c.receiver == receiver, ROWS.c.fingerprint == bindparam("of"))
            .values(told=True, attempts=bindparam("tried"), next_ms=bindparam("again_ms")),
            [
                {"of": row.fingerprint, "tried": row.attempts + 1, "again_ms": now_ms + wait_ms(row.attempts)}
                for row in rows
            ],
        )
    return [
        Claimed(Telling(row.fingerprint, row.stamp, row.body, row.resolved), row.attempts) for row in rows
    ]


async def taken(
    database: AsyncConnection, receiver: str, claimed: Sequence[Claimed], again_ms: int | None
) -> None:
    """The receiver has it: an end is done with; what stands is told again then, or when it changes."""
    ends = [_key(one.telling) for one in claimed if one.telling.resolved]
    stands = [_key(one.telling) for one in claimed if not one.telling.resolved]
    same = and_(
        ROWS.c.receiver == receiver,
        ROWS.c.fingerprint == bindparam("of"),
        ROWS.c.stamp == bindparam("of_stamp"),
    )
    if ends:
        await database.execute(delete(ROWS).where(same, ROWS.c.resolved.is_(True)), ends)
    if stands:
        next_ms = NEVER_MS if again_ms is None else again_ms
        await database.execute(
            update(ROWS).where(same, ROWS.c.resolved.is_(False)).values(attempts=0, next_ms=next_ms), stands
        )


async def drop(database: AsyncConnection, shards: Iterable[int], before_ms: int) -> dict[str, int]:
    """Give up ends that could not be told since then; how many, by receiver."""
    old = and_(ROWS.c.resolved.is_(True), ROWS.c.changed_ms < before_ms, ROWS.c.shard.in_(sorted(shards)))
    rows = await database.execute(select(ROWS.c.receiver, func.count()).where(old).group_by(ROWS.c.receiver))
    dropped = {receiver: count for receiver, count in rows}  # noqa: C416 rows are no pairs to mypy
    if dropped:
        await database.execute(delete(ROWS).where(old))
    return dropped


async def forget(database: AsyncConnection, receivers: Sequence[str]) -> None:
    """Remove what was for receivers that are no longer among these."""
    await database.execute(delete(ROWS).where(ROWS.c.receiver.not_in(receivers)))


async def depth(database: AsyncConnection, shards: Iterable[int], now_ms: int) -> dict[str, int]:
    """How many alerts each receiver is yet to be told, or is being told in vain."""
    rows = await database.execute(
        select(ROWS.c.receiver, func.count())
        .where(
            ROWS.c.shard.in_(sorted(shards)),
            ROWS.c.held.is_(False),
            or_(ROWS.c.next_ms <= now_ms, ROWS.c.attempts > 0),
        )
        .group_by(ROWS.c.receiver)
    )
    return {receiver: count for receiver, count in rows}  # noqa: C416 rows are no pairs to mypy


def wait_ms(attempts: int) -> int:
    """How long until the next try, after so many."""
    return int(min(LONGEST_MS, FIRST_MS * 2 ** min(attempts, 16)))


def _key(telling: Telling) -> dict[str, str]:
    return {"of": telling.fingerprint, "of_stamp": telling.stamp}

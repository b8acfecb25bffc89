"""The row that decides: who has a partition, from where it is read, and who can no longer commit."""

import asyncio
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from consumers.runtime.database import Database
from consumers.runtime.migrations import upgrade
from consumers.runtime.positions import Fenced, Positions
from eventlog.port import Partition
from tests.support.counting.app import SCHEMA

AT = datetime(2026, 3, 1, tzinfo=UTC)
BOTH = [Partition("a", 0), Partition("b", 0)]


@pytest.fixture
async def made(database: Database) -> Database:
    await upgrade(database, SCHEMA)
    return database


async def move(
    database: Database, positions: Positions, behind: dict[Partition, int]
) -> dict[Partition, int]:
    async with database.transaction() as connection:
        before = await positions.hold(connection, behind)
        await positions.move(connection, behind)
        return before


async def test_who_takes_reads_on_where_the_last_one_stopped(made: Database) -> None:
    first, second = Positions(SCHEMA, "first"), Positions(SCHEMA, "second")
    assert await first.take(made, BOTH, AT) == dict.fromkeys(BOTH, 0)
    assert await move(made, first, {BOTH[0]: 7}) == {BOTH[0]: 0}
    assert await second.take(made, BOTH, AT) == {BOTH[0]: 7, BOTH[1]: 0}
    assert await second.take(made, [], AT) == {}


async def test_who_was_taken_from_commits_nothing(made: Database) -> None:
    zombie, successor = Positions(SCHEMA, "zombie"), Positions(SCHEMA, "successor")
    await zombie.take(made, BOTH, AT)
    await successor.take(made, BOTH[1:], AT)
    with pytest.raises(Fenced, match="b/0"):
        await move(made, zombie, dict.fromkeys(BOTH, 5))
    assert await move(made, zombie, {BOTH[0]: 5}) == {BOTH[0]: 0}
    async with made.reading() as connection:
        table = SCHEMA.positions
        rows = await connection.execute(select(table.c.topic, table.c.next_offset, table.c.owner))
        assert {tuple(row) for row in rows} == {("a", 5, "zombie"), ("b", 0, "successor")}


async def test_nobody_has_what_was_never_taken(made: Database) -> None:
    with pytest.raises(Fenced):
        await move(made, Positions(SCHEMA, "first"), {BOTH[0]: 1})


async def test_a_taking_waits_for_the_transaction_under_way(made: Database) -> None:
    first, second = Positions(SCHEMA, "first"), Positions(SCHEMA, "second")
    await first.take(made, BOTH, AT)
    async with made.transaction() as connection:
        await first.hold(connection, BOTH)
        taking = asyncio.create_task(second.take(made, BOTH, AT))
        await asyncio.sleep(0.2)
        assert not taking.done()
        await first.move(connection, {BOTH[0]: 9})
    assert await taking == {BOTH[0]: 9, BOTH[1]: 0}


async def test_two_that_take_the_same_do_not_wait_for_each_other(made: Database) -> None:
    many = [Partition(topic, number) for topic in "ab" for number in range(12)]
    members = [Positions(SCHEMA, f"member-{n}") for n in range(4)]
    async with asyncio.timeout(20):
        for _ in range(5):
            await asyncio.gather(*(member.take(made, reversed(many), AT) for member in members))

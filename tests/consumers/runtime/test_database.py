"""Transactions, upserts and column types that mean the same on SQLite and on PostgreSQL."""

import asyncio
import contextlib
import sqlite3
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import Column, Integer, MetaData, Table, Text, func, insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError

from consumers.runtime.columns import Exact, Json, Moment, Words
from consumers.runtime.database import Database, upsert
from consumers.runtime.transience import is_transient
from eventlog.port import LogUnavailable
from tests.support.postgres import Postgres


class Shape(msgspec.Struct, frozen=True):
    sides: int
    name: str | None = None


THINGS = Table(
    "things",
    MetaData(),
    Column("group", Text, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", Moment),
    Column("price", Exact),
    Column("shape", Json(Shape)),
    Column("anything", Json),
    Column("words", Words),
)


@pytest.fixture
async def things(database: Database) -> Database:
    async with database.transaction() as connection:
        await connection.run_sync(THINGS.metadata.create_all)
    return database


async def every(database: Database) -> list[dict[str, Any]]:
    async with database.reading() as connection:
        rows = await connection.execute(select(THINGS).order_by(THINGS.c.group, THINGS.c.number))
        return [dict(row._mapping) for row in rows]


async def test_what_is_written_is_read_back(things: Database) -> None:
    row = {
        "group": "a",
        "number": 1,
        "at": datetime(2026, 3, 29, 2, 30, 0, 123456, tzinfo=timezone(timedelta(hours=2))),
        "price": Decimal("12345678901234567890.10"),
        "shape": Shape(3, "\0"),
        "anything": {"a": [1, 2.5, None, "é"]},
        "words": "ACME\0",
    }
    async with things.transaction() as connection:
        await upsert(connection, THINGS, [row, {**dict.fromkeys(row), "group": "b", "number": 2}])
    [read, empty] = await every(things)
    assert read == {**row, "words": "ACME\N{REPLACEMENT CHARACTER}"}
    assert read["at"].tzinfo is UTC
    assert str(read["price"]) == "12345678901234567890.10"
    assert set(empty.values()) == {"b", 2, None}


async def test_a_moment_without_a_zone_is_refused(things: Database) -> None:
    with pytest.raises(StatementError, match="names no time zone"):
        async with things.transaction() as connection:
            await upsert(connection, THINGS, [{"group": "a", "number": 1, "at": datetime(2026, 3, 1)}])  # noqa: DTZ001


async def test_moments_compare(things: Database) -> None:
    first = datetime(2026, 3, 1, tzinfo=UTC)
    moments = [first, first + timedelta(microseconds=1), first + timedelta(days=1)]
    async with things.transaction() as connection:
        rows = [{"group": "a", "number": n, "at": at} for n, at in enumerate(moments)]
        await upsert(connection, THINGS, rows)
        later = select(func.count()).where(THINGS.c.at > first.astimezone(timezone(timedelta(hours=-7))))
        assert (await connection.execute(later)).scalar_one() == 2


async def test_upsert_sets_what_is_given_and_leaves_the_rest(things: Database) -> None:
    async with things.transaction() as connection:
        await upsert(connection, THINGS, [])
        await upsert(connection, THINGS, [{"group": "a", "number": n, "words": "old"} for n in range(3000)])
        await upsert(
            connection, THINGS, [{"group": "a", "number": n, "price": Decimal(n)} for n in range(1500)]
        )
        await upsert(connection, THINGS, [{"group": "a", "number": 0}])
        twice = [{"group": "a", "number": 7, "words": words} for words in ("first", "second")]
        await upsert(connection, THINGS, twice)
    rows = await every(things)
    assert len(rows) == 3000
    assert [row["price"] for row in rows[1499:1501]] == [Decimal(1499), None]
    assert {row["words"] for row in rows} == {"old", "second"}


async def test_an_exception_undoes_all(things: Database) -> None:
    with contextlib.suppress(RuntimeError):
        async with things.transaction() as connection:
            await upsert(connection, THINGS, [{"group": "a", "number": 1}])
            raise RuntimeError
    assert await every(things) == []


async def test_a_table_that_was_made_is_undone_too(database: Database) -> None:
    """Else a migration that failed half-way could not be run again."""
    with contextlib.suppress(RuntimeError):
        async with database.transaction() as connection:
            await connection.run_sync(THINGS.metadata.create_all)
            raise RuntimeError
    with pytest.raises(DBAPIError) as caught:
        await every(database)
    assert not is_transient(caught.value)


async def test_writers_take_turns_and_lose_nothing(things: Database) -> None:
    async def add() -> None:
        async with things.transaction() as connection:
            await connection.execute(
                text("INSERT INTO things (\"group\", number) SELECT 'a', count(*) FROM things")
            )

    if str(things).startswith("sqlite"):
        await asyncio.gather(*(add() for _ in range(20)))
        assert len(await every(things)) == 20


async def test_who_reads_does_not_wait_for_who_writes(things: Database) -> None:
    async with things.transaction() as connection:
        await upsert(connection, THINGS, [{"group": "a", "number": 1}])
        async with asyncio.timeout(2):
            assert await every(things) == []
    assert len(await every(things)) == 1


async def test_a_file_that_another_process_writes_is_waited_for(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'shared.db'}")
    await database.open()
    async with database.transaction() as connection:
        await connection.run_sync(THINGS.metadata.create_all)
    other = await asyncio.to_thread(
        sqlite3.connect, tmp_path / "shared.db", isolation_level=None, check_same_thread=False
    )
    other.execute("BEGIN IMMEDIATE")

    async def write() -> None:
        async with database.transaction() as connection:
            await upsert(connection, THINGS, [{"group": "a", "number": 1}])

    waiting = asyncio.create_task(write())
    await asyncio.sleep(0.3)
    assert not waiting.done()
    other.execute("COMMIT")
    await waiting
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(DBAPIError) as caught:
        await write()
    assert is_transient(caught.value)
    other.close()
    await database.close()


async def test_faults_of_our_own_are_not_transient(things: Database) -> None:
    async def twice() -> None:
        async with things.transaction() as connection:
            for _ in range(2):
                await connection.execute(insert(THINGS), [{"group": "a", "number": 1}])

    with pytest.raises(IntegrityError) as caught:
        await twice()
    assert not is_transient(caught.value)
    assert not is_transient(ValueError("no"))
    assert is_transient(LogUnavailable("away"))


async def test_a_server_that_is_killed_is_away_and_then_back(postgres: Postgres) -> None:
    database = Database(postgres.new())
    await database.open()
    async with database.transaction() as connection:
        await connection.run_sync(THINGS.metadata.create_all)

    async def work(pause: asyncio.Event, go_on: asyncio.Event) -> None:
        async with database.transaction() as connection:
            await connection.execute(select(THINGS))
            pause.set()
            await go_on.wait()
            await connection.execute(select(THINGS))

    for cut in (postgres.kill, postgres.restart):
        paused, go_on = asyncio.Event(), asyncio.Event()
        working = asyncio.create_task(work(paused, go_on))
        await paused.wait()
        cut()
        go_on.set()
        with pytest.raises(Exception) as caught:
            await working
        assert is_transient(caught.value), repr(caught.value)
        if cut == postgres.kill:
            with pytest.raises(Exception) as caught:
                await every(database)
            assert is_transient(caught.value), repr(caught.value)
            postgres.resurrect()
        assert await every(database) == []
    await database.close()


async def test_a_transaction_that_idles_is_cut_off(postgres: Postgres) -> None:
    """A paused member must not hold its rows for ever; when it goes on, that is no fault of its handler."""
    database = Database(postgres.new())
    await database.open()

    async def idle() -> None:
        async with database.transaction() as connection:
            await connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = '100ms'"))
            await asyncio.sleep(0.5)
            await connection.execute(text("SELECT 1"))

    with pytest.raises(Exception) as caught:
        await idle()
    assert is_transient(caught.value), repr(caught.value)
    await database.close()

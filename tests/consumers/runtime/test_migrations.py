"""Every consumer's migrations make what its tables say, on both databases, and may be run by many at once."""

import asyncio
import importlib
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, Table

import consumers
from consumers.runtime.database import Database
from consumers.runtime.migrations import differences, status, upgrade
from consumers.runtime.schema import Schema
from tests.support.counting.app import SCHEMA as COUNTING

NAMES = sorted(path.parent.name for path in Path(consumers.__path__[0]).glob("*/tables.py"))
SCHEMAS: dict[str, Schema] = {
    COUNTING.name: COUNTING,
    **{name: importlib.import_module(f"consumers.{name}.tables").SCHEMA for name in NAMES},
}


@pytest.mark.parametrize("name", SCHEMAS)
async def test_migrations_make_what_the_tables_say(database: Database, name: str) -> None:
    schema = SCHEMAS[name]
    assert (await upgrade(database, schema)).is_due
    assert await differences(database, schema) == []
    assert not (await status(database, schema)).is_due


@pytest.mark.parametrize("name", SCHEMAS)
def test_tables_are_named_for_their_consumer_and_no_other_has_them(name: str) -> None:
    assert {table.split("_")[0] for table in SCHEMAS[name].metadata.tables} == {name}


async def test_differences_are_seen(database: Database) -> None:
    declared = Schema("counting", COUNTING.migrations)
    Table("counting_new", declared.metadata, Column("id", Integer, primary_key=True))
    await upgrade(database, declared)
    told = {difference[0] for difference in await differences(database, declared)}
    assert told >= {"add_table", "remove_table"}


async def test_consumers_share_a_database(database: Database) -> None:
    for schema in SCHEMAS.values():
        await upgrade(database, schema)
    for schema in SCHEMAS.values():
        assert await differences(database, schema) == []


async def test_members_that_start_at_once_wait_for_each_other(address: str) -> None:
    databases = [Database(address) for _ in range(4)]
    for opened in databases:
        await opened.open()
    before = await asyncio.gather(*(upgrade(opened, COUNTING) for opened in databases))
    assert sorted(found.is_due for found in before) == [False, False, False, True]
    for opened in databases:
        await opened.close()


async def test_a_database_nobody_has_touched_is_looked_at_and_left_so(database: Database) -> None:
    for _ in range(2):
        found = await status(database, COUNTING)
        assert (found.current, found.is_due) == (None, True)

"""The consumer on its database: what a batch writes, and that it makes no difference how events are cut into batches."""

import itertools
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from consumers.monitoring.monitor import Monitor
from consumers.monitoring.settings import MonitoringSettings
from consumers.monitoring.state import STATUSES, unpack
from consumers.monitoring.tables import FACETS, RECENT, SCHEMA, SERIES, SHARDS, STATIONS, TRANSITIONS, TRENDS
from consumers.monitoring.tally import FACETS as FACET_NAMES
from consumers.monitoring.tally import LEVELS
from consumers.runtime.consumer import Message
from consumers.runtime.database import Database
from consumers.runtime.migrations import differences, upgrade
from contract.model import Evse
from contract.registry import RegisteredStation
from contract.topics import PRESENCE, STATIONS_REGISTRY
from eventlog.port import Record
from tests.consumers.monitoring.conftest import Charger, Said, a_day, ago, message, monitoring
from tests.support.memory_log import MemoryLog

TABLES = (STATIONS, SHARDS, TRENDS, FACETS, TRANSITIONS, RECENT, SERIES)


class Transaction:
    """The `Work` of a test."""

    def __init__(self, database: AsyncConnection) -> None:
        self.database = database

    def emit(self, record: Record) -> None:
        raise AssertionError(record)


async def contents(database: Database, *, sequences: bool = True) -> dict[str, list[dict[str, Any]]]:
    """All rows of all tables, without the numbers of the batches where they are not wanted."""
    found = {}
    async with database.reading() as connection:
        for table in TABLES:
            rows = [dict(row) for row in (await connection.execute(select(table))).mappings()]
            for row in rows:
                if not sequences:
                    row.pop("change", None)
                    row.pop("sequence", None)
            found[table.name] = sorted(rows, key=lambda row: str(sorted(row.items(), key=str)))
    return found


async def handled(
    database: Database, messages: list[Message], cuts: list[int]
) -> dict[str, list[dict[str, Any]]]:
    """What stands in the database, empty before, when the messages came in batches that end there."""
    monitor = Monitor(MonitoringSettings.load(monitoring_events=10))
    borders = sorted({0, *(min(cut, len(messages)) for cut in cuts), len(messages)})
    for first, last in itertools.pairwise(borders):
        async with database.transaction() as connection:
            await monitor.handle(messages[first:last], Transaction(connection))
    found = await contents(database, sequences=False)
    # Of a state that lasted no longer than its batch nothing is counted, not even that it is over.
    found[FACETS.name] = [row for row in found[FACETS.name] if row["stations"]]
    async with database.transaction() as connection:
        for table in TABLES:
            await connection.execute(delete(table))
    return found


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    made = Database(f"sqlite+aiosqlite:///{tmp_path / 'cuts.db'}")
    await made.open()
    await upgrade(made, SCHEMA)
    yield made
    await made.close()


async def test_a_day_of_a_station(tmp_path: Path) -> None:
    async with monitoring(tmp_path) as world:
        await a_day(world)
        async with world.database.reading() as connection:
            row = (await connection.execute(select(STATIONS))).mappings().one()
            shard = (await connection.execute(select(SHARDS).where(SHARDS.c.stations == 1))).mappings().one()
            series = (await connection.execute(select(SERIES.c.hour))).scalars().all()
        assert (row["connected"], STATUSES[row["rank"]], row["sessions"]) == (True, "Occupied", 1)
        assert (row["power_w"], row["site"], row["version"]) == (11_500, "Harbour", "1.6")
        assert row["search"] == "cp-1\nharbour 3\nharbour\ns-1\nalfa\nalfa 22"
        kept = unpack(row["state"])
        assert kept.evses[1].session is not None
        assert kept.evses[1].session.energy_wh == 4100
        assert row["change"] == shard["sequence"]
        held = {level: shard[level] for level in LEVELS if shard[level]}
        assert held == {"connected": 1, "occupied": 1, "usable": 1, "sessions": 1, "power_w": 11_500}
        assert len(series) == 1


async def test_facets_and_totals_are_what_counting_would_tell(tmp_path: Path) -> None:
    async with monitoring(tmp_path) as world:
        for number in range(5):
            await a_day(world, f"CP-{number}")
        charger = Charger("CP-3")
        await world.append(charger.status("Faulted", 5), charger.boots(4, firmware_version="2.0.0"))
        await world.append_value(STATIONS_REGISTRY, "CP-3", None)
        await world.append_value(PRESENCE, "CP-4", Charger("CP-4").offline(3))
        await world.caught_up()
        async with world.database.reading() as connection:
            for name in FACET_NAMES:
                column = STATIONS.c.rank if name == "status" else STATIONS.c[name]
                counted = await connection.execute(select(column, func.count()).group_by(column))
                expected = {STATUSES[value] if name == "status" else value: n for value, n in counted}
                told = await connection.execute(
                    select(FACETS.c.value, func.sum(FACETS.c.stations))
                    .where(FACETS.c.facet == name)
                    .group_by(FACETS.c.value)
                )
                assert {value: n for value, n in told if n} == expected, name
            sums = select(
                func.sum(SHARDS.c.stations), func.sum(SHARDS.c.connected), func.sum(SHARDS.c.power_w)
            )
            assert tuple((await connection.execute(sums)).one()) == (5, 4, 57_500)


async def test_the_migrations_make_the_tables_that_are_declared(tmp_path: Path) -> None:
    async with monitoring(tmp_path) as world:
        assert await differences(world.database, SCHEMA) == []


async def test_what_is_old_is_forgotten(tmp_path: Path) -> None:
    async with monitoring(tmp_path, monitoring_series_hours=24, monitoring_timeline_days=1) as world:
        await a_day(world)
        await world.ticked()
        old = await contents(world.database)
        assert old["monitoring_series"]
        assert old["monitoring_transitions"]
        world.clock.at = ago(-60 * 24 * 40)
        for _ in range(15):
            await world.ticked()
        kept = await contents(world.database)
        assert kept["monitoring_series"] == kept["monitoring_transitions"] == []
        assert {row["step_ms"] for row in kept["monitoring_trends"]} == {86_400_000}
        assert kept["monitoring_stations"] == old["monitoring_stations"]


def lives(charger: Charger) -> st.SearchStrategy[list[Said]]:
    """What a station may say, in any order, also twice and late."""
    minutes = st.integers(0, 300)
    told = st.none() | st.integers(0, 300)
    transaction = st.sampled_from(["t-1", "t-2", "t-3"])
    statuses = st.builds(
        lambda status, at, late, evse: charger.status(status, max(at, late or 0), evse, told=late),
        st.sampled_from(STATUSES),
        minutes,
        told,
        st.sampled_from([None, 1, 2]),
    )
    sessions = st.builds(
        lambda name, at, kind: kind(name, at),
        transaction,
        minutes,
        st.sampled_from([charger.starts, charger.ends]),
    )
    samples = st.builds(
        lambda name, at, register, power, evse: charger.samples(at, register, power, None, name, evse=evse),
        st.none() | transaction,
        minutes,
        st.none() | st.integers(0, 90_000),
        st.none() | st.integers(0, 22_000),
        st.sampled_from([Evse(id=1), Evse(id=2), None]),
    )
    presences = st.builds(
        lambda online, at, name: charger.online(at, name) if online else charger.offline(at, name),
        st.booleans(),
        minutes,
        st.sampled_from(["c1", "c2"]),
    )
    registrations = st.sampled_from([RegisteredStation(site="Harbour"), RegisteredStation(name="x"), None])
    boots = st.builds(
        lambda at, firmware: charger.boots(at, firmware_version=firmware), minutes, st.text(max_size=3)
    )
    return st.lists(st.one_of(statuses, sessions, samples, presences, registrations, boots), max_size=25)


@settings(
    max_examples=15,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
async def test_how_events_are_cut_into_batches_changes_nothing(
    database: Database, data: st.DataObject
) -> None:
    messages = [
        message(said, charger.id, f"e-{number}")
        for charger in (Charger("CP-1"), Charger("CP-2"))
        for number, said in enumerate(data.draw(lives(charger)))
    ]
    cuts = data.draw(st.lists(st.integers(0, 50), max_size=6))
    at_once = await handled(database, messages, [])
    assert await handled(database, messages, cuts) == at_once
    assert await handled(database, messages, list(range(len(messages)))) == at_once
    rows, shards = at_once[STATIONS.name], at_once[SHARDS.name]
    for level in ("connected", "sessions", "power_w"):
        assert sum(row[level] for row in shards) == sum(row[level] for row in rows)


async def test_the_same_topics_read_anew_make_the_same_state(tmp_path: Path) -> None:
    (tmp_path / "first").mkdir()
    (tmp_path / "second").mkdir()
    async with monitoring(tmp_path / "first") as world:
        for number in range(4):
            await a_day(world, f"CP-{number}")
        log = world.log
        await world.caught_up()
        first = await contents(world.database, sequences=False)
    log.store.positions.clear()
    async with monitoring(tmp_path / "second", log=MemoryLog(log.store)) as again:
        await again.caught_up()
        assert await contents(again.database, sequences=False) == first

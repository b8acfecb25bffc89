"""A consumer in memory and one SQLite file: what it takes in, what it publishes, what time it is told."""

from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import select

from contract.events import StationHeartbeat
from contract.model import Station
from contract.topics import ALERTS, DEAD_LETTERS, STATIONS
from eventlog.port import Record
from tests.support.consumers import World, consuming
from tests.support.counting.app import SCHEMA, CountingSettings, make, seen


def heartbeat(station: str) -> StationHeartbeat:
    return StationHeartbeat(station=Station(id=station), received_at=datetime(2026, 3, 1, tzinfo=UTC))


async def counts(world: World) -> dict[str, int]:
    async with world.database.reading() as connection:
        rows = await connection.execute(select(seen.c.station, seen.c.count))
        return {station: count for station, count in rows}  # noqa: C416 rows are no pairs to mypy


async def test_everything_is_taken_in_once_and_what_is_emitted_published(tmp_path: Path) -> None:
    async with consuming(tmp_path, SCHEMA, CountingSettings, make) as world:
        await world.append(*[heartbeat(f"CS-{n % 7}") for n in range(70)])
        await world.caught_up()
        assert await counts(world) == {f"CS-{n}": 10 for n in range(7)}
        assert len(world.published(ALERTS)) == 70
        await world.ticked()


async def test_what_nobody_can_read_is_a_dead_letter(tmp_path: Path) -> None:
    async with consuming(tmp_path, SCHEMA, CountingSettings, make) as world:
        await world.append(heartbeat("CS-1"))
        await world.append_record(
            Record(STATIONS.name, "CS-1", b"{", [("ce_type", b"ocpp.station.heartbeat")])
        )
        await world.append(heartbeat("CS-1"))
        await world.caught_up()
        assert await counts(world) == {"CS-1": 2}
        [letter] = world.published(DEAD_LETTERS)
        assert letter.record.value == b"{"

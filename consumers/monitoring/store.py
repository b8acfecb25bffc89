"""What a batch reads from the database, and what it writes there: a few statements, whatever is in it."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, Final, NamedTuple

from sqlalchemy import Table, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.dml import Insert

from consumers.monitoring import series, state
from consumers.monitoring.series import HOUR_MS, Chunk
from consumers.monitoring.state import STATUSES, Kept
from consumers.monitoring.tables import FACETS, RECENT, SERIES, SHARDS, STATIONS, TRANSITIONS, TRENDS
from consumers.monitoring.tally import COUNTS, LEVELS, ShardTally
from consumers.runtime.database import upsert

TOTALS: Final = ("sequence", "stations", *LEVELS)
TREND_SUMS: Final = (*(f"{level}_{part}" for level in LEVELS for part in ("carry", "area")), *COUNTS)


class Hour(NamedTuple):
    """Names an hour of a station's series."""

    station: str
    hour: int


def hour_of(station: str, at_ms: int) -> Hour:
    """The hour in which a point is."""
    return Hour(station, at_ms // HOUR_MS)


async def kept_of(connection: AsyncConnection, stations: Iterable[str]) -> dict[str, Kept]:
    """These stations, as far as they are known."""
    query = select(STATIONS.c.id, STATIONS.c.state).where(STATIONS.c.id.in_(sorted(stations)))
    found = await connection.execute(query)
    return {station: state.unpack(packed) for station, packed in found}


async def chunks_of(connection: AsyncConnection, hours: Iterable[Hour]) -> dict[Hour, Chunk]:
    """These hours, as far as there are any."""
    wanted = set(hours)
    if not wanted:
        return {}
    query = select(SERIES.c.station, SERIES.c.hour, SERIES.c.body).where(
        SERIES.c.station.in_(sorted({one.station for one in wanted})),
        SERIES.c.hour.in_(sorted({one.hour for one in wanted})),
    )
    return {
        hour: series.unpack(row.body)
        for row in await connection.execute(query)
        if (hour := Hour(row.station, row.hour)) in wanted
    }


async def sequences_of(connection: AsyncConnection, shards: Iterable[int]) -> dict[int, int]:
    """How far each of these shards is."""
    query = select(SHARDS.c.shard, SHARDS.c.sequence).where(SHARDS.c.shard.in_(sorted(shards)))
    return {row.shard: row.sequence for row in await connection.execute(query)}


def station_row(kept: Kept, shard: int, change: int) -> dict[str, Any]:
    """A station as a row."""
    searched = (kept.id, kept.name, kept.site, kept.serial, kept.vendor, kept.model)
    return {
        "id": kept.id,
        "shard": shard,
        "change": change,
        "connected": kept.is_connected,
        "rank": STATUSES.index(kept.status),
        "sessions": kept.sessions,
        "power_w": kept.power_w,
        "seen_ms": kept.seen_ms,
        "version": kept.version or "",
        "vendor": kept.vendor or "",
        "model": kept.model or "",
        "firmware": kept.firmware or "",
        "site": kept.site or "",
        "name": kept.name or "",
        "search": "\n".join(text.lower() for text in searched if text),
        "state": state.pack(kept),
    }


async def write_stations(connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    """New stations, or what has changed of them."""
    await upsert(connection, STATIONS, rows)


async def write_shards(connection: AsyncConnection, tallies: Mapping[int, ShardTally]) -> None:
    """Sums are added to what is there, so that nothing is read for them."""
    shards = [
        {"shard": shard, **{name: tally.totals.get(name, 0) for name in TOTALS}}
        for shard, tally in sorted(tallies.items())
    ]
    await _add(connection, SHARDS, shards)
    trends = [
        {
            "shard": shard,
            "step_ms": step_ms,
            "began_ms": began_ms,
            **{name: sums.get(name, 0) for name in TREND_SUMS},
        }
        for shard, tally in sorted(tallies.items())
        for (step_ms, began_ms), sums in sorted(tally.trends.items())
    ]
    await _add(connection, TRENDS, trends)
    facets = [
        {"shard": shard, "facet": facet, "value": value, "stations": number}
        for shard, tally in sorted(tallies.items())
        for (facet, value), number in sorted(tally.facets.items())
        if number
    ]
    await _add(connection, FACETS, facets)


async def write_beside(
    connection: AsyncConnection,
    transitions: Sequence[Mapping[str, Any]],
    recent: Sequence[Mapping[str, Any]],
    chunks: Sequence[Mapping[str, Any]],
) -> None:
    """What grows with time."""
    await upsert(connection, TRANSITIONS, transitions)
    await upsert(connection, RECENT, recent)
    await upsert(connection, SERIES, chunks)


async def _add(connection: AsyncConnection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, or add their numbers to those that are there."""
    if rows:
        await connection.execute(_adding(connection.dialect.name, table), list(rows))


@cache
def _adding(dialect: str, table: Table) -> Insert:
    made = postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
    key = [column.name for column in table.primary_key]
    sums = {column.name: column + made.excluded[column.name] for column in table.c if column.name not in key}
    return made.on_conflict_do_update(index_elements=key, set_=sums)

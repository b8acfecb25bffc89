"""The questions about the fleet, asked of the database: the overview and the trends."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from consumers.monitoring import positions
from consumers.monitoring.api import answers
from consumers.monitoring.moments import moment, ms
from consumers.monitoring.state import STATUSES
from consumers.monitoring.store import TREND_SUMS
from consumers.monitoring.tables import FACETS, SHARDS, TRENDS
from consumers.monitoring.tally import FACETS as FACET_NAMES
from consumers.monitoring.tally import LEVELS
from consumers.monitoring.trends import Step, Window, share, steps
from consumers.runtime.database import Database

MOST_VALUES: Final = 50
HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS
REACH_MS: Final = {60_000: 6 * HOUR_MS, HOUR_MS: 32 * DAY_MS, DAY_MS: 4000 * DAY_MS}
"""How far back the trends go, at most."""
USUAL_MS: Final = {60_000: 3 * HOUR_MS, HOUR_MS: 2 * DAY_MS, DAY_MS: 31 * DAY_MS}

Totals = dict[str, int]


class Fleet:
    """Knows the database; `now` is the clock."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    async def overview(self) -> answers.FleetOverview:
        """The fleet at a glance, all of it of one moment."""
        now_ms = ms(self._now())
        async with self._database.reading() as connection:
            sequences, totals = await totals_of(connection)
            counted = await facets_of(connection)
            day = await _steps(connection, totals, Window(HOUR_MS, now_ms - DAY_MS + HOUR_MS, now_ms, now_ms))
        return answers.FleetOverview(
            at=moment(now_ms),
            position=positions.written(sequences),
            stations=station_totals(totals),
            connectors=connectors(totals),
            sessions=totals["sessions"],
            power_w=totals["power_w"],
            facets=answers.Facets(**{name: _facet(counted.get(name, [])) for name in FACET_NAMES}),
            last_day=_last_day(day, now_ms),
        )

    async def trend(self, step_ms: int, since_ms: int | None, until_ms: int | None) -> answers.FleetTrend:
        """The fleet over time."""
        now_ms = ms(self._now())
        until_ms = now_ms if until_ms is None else min(until_ms, now_ms)
        since_ms = until_ms - USUAL_MS[step_ms] if since_ms is None else since_ms
        since_ms = max(since_ms, now_ms - REACH_MS[step_ms])
        async with self._database.reading() as connection:
            _, totals = await totals_of(connection)
            found = await _steps(connection, totals, Window(step_ms, since_ms, until_ms, now_ms))
        return answers.FleetTrend(step_seconds=step_ms // 1000, points=tuple(map(_point, found)))


async def totals_of(connection: AsyncConnection) -> tuple[dict[int, int], Totals]:
    """How far each shard is, and the sums of all."""
    sequences: dict[int, int] = {}
    totals: Totals = dict.fromkeys(("stations", *LEVELS), 0)
    for row in (await connection.execute(select(SHARDS))).mappings():
        sequences[row["shard"]] = row["sequence"]
        for name in totals:
            totals[name] += row[name]
    return sequences, totals


async def facets_of(connection: AsyncConnection) -> dict[str, list[tuple[str, int]]]:
    """By facet, the values and how many stations have them; the most frequent first."""
    number = func.sum(FACETS.c.stations)
    query = (
        select(FACETS.c.facet, FACETS.c.value, number)
        .group_by(FACETS.c.facet, FACETS.c.value)
        .having(number > 0)
        .order_by(number.desc(), FACETS.c.value)
    )
    found: dict[str, list[tuple[str, int]]] = {}
    for facet, value, stations in await connection.execute(query):
        found.setdefault(facet, []).append((value, int(stations)))
    return found


def station_totals(totals: Totals) -> answers.StationTotals:
    """How many stations there are, and how many of them are connected."""
    known, connected = totals["stations"], totals["connected"]
    return answers.StationTotals(known=known, connected=connected, disconnected=known - connected)


def connectors(totals: Totals) -> dict[str, int]:
    """How many connectors have each status."""
    return {status: totals[status.lower()] for status in STATUSES}


async def _steps(connection: AsyncConnection, totals: Totals, window: Window) -> Sequence[Step]:
    sums = [func.sum(TRENDS.c[name]).label(name) for name in TREND_SUMS]
    query = (
        select(TRENDS.c.began_ms, *sums)
        .where(TRENDS.c.step_ms == window.step_ms, TRENDS.c.began_ms >= window.first_ms)
        .group_by(TRENDS.c.began_ms)
    )
    rows = (await connection.execute(query)).mappings()
    added = {row["began_ms"]: {name: int(row[name]) for name in TREND_SUMS} for row in rows}
    return steps(totals, added, window)


def _last_day(day: Sequence[Step], now_ms: int) -> answers.LastDay:
    lasted = [min(HOUR_MS, max(1, now_ms - step.began_ms)) for step in day]
    whole, usable, used = (
        sum(part * length for part, length in zip(parts, lasted, strict=True))
        for parts in (
            [step.connectors for step in day],
            [step.levels["usable"] for step in day],
            [step.levels["occupied"] for step in day],
        )
    )
    return answers.LastDay(
        energy_wh=sum(step.counts["energy_wh"] for step in day),
        sessions_started=sum(step.counts["sessions_started"] for step in day),
        sessions_ended=sum(step.counts["sessions_ended"] for step in day),
        availability=share(usable, whole),
        utilisation=share(used, whole),
    )


def _point(step: Step) -> answers.FleetPoint:
    return answers.FleetPoint(
        at=moment(step.began_ms),
        connected=step.levels["connected"],
        connectors={status: step.levels[status.lower()] for status in STATUSES},
        sessions=step.levels["sessions"],
        power_w=step.levels["power_w"],
        **step.counts,
        availability=step.availability,
        utilisation=step.utilisation,
    )


def _facet(counted: Sequence[tuple[str, int]]) -> answers.Facet:
    values = tuple(
        answers.FacetCount(value=value, stations=number) for value, number in counted[:MOST_VALUES]
    )
    return answers.Facet(values=values, others=sum(number for _, number in counted[MOST_VALUES:]))

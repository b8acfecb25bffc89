"""The questions about one station, asked of the database: as it is, over time, and what happened of late."""

from collections.abc import Callable
from datetime import datetime
from typing import Final, TypeVar

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from consumers.monitoring import series, state, usage
from consumers.monitoring.api import station_answers as one
from consumers.monitoring.api.showing import whole
from consumers.monitoring.moments import moment, ms
from consumers.monitoring.noting import COMMAND, EVENT
from consumers.monitoring.series import HOUR_MS
from consumers.monitoring.state import Kept
from consumers.monitoring.tables import RECENT, SERIES, STATIONS, TRANSITIONS
from consumers.monitoring.tally import Place
from consumers.monitoring.tracks import Transition
from consumers.monitoring.usage import LINK, Shares, Spell
from consumers.runtime.database import Database

DAY_MS: Final = 24 * HOUR_MS
REACH_MS: Final = 400 * DAY_MS

Shown = TypeVar("Shown", one.RecentEvent, one.RecentCommand)


class NoStation(Exception):
    """There is no such station."""


class Past:
    """Knows the database; `now` is the clock. Everything raises NoStation."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    async def station(self, station: str) -> one.StationState:
        """All that is known of it now."""
        async with self._database.reading() as connection:
            return whole(await _kept(connection, station))

    async def timeline(self, station: str, since_ms: int | None, until_ms: int | None) -> one.Timeline:
        """Link, statuses and charging over time."""
        since_ms, until_ms, now_ms = self._between(since_ms, until_ms, DAY_MS)
        tracks = await self._tracks(station, since_ms, until_ms)
        return one.Timeline(
            since=moment(since_ms),
            until=moment(until_ms),
            tracks=tuple(
                one.Track(
                    kind=place.kind,
                    evse=place.evse or None,
                    connector=place.connector or None,
                    spells=tuple(_spell(spell, until_ms, now_ms) for spell in spells),
                )
                for place, spells in tracks.items()
            ),
        )

    async def usage(
        self, station: str, step_ms: int, since_ms: int | None, until_ms: int | None
    ) -> one.StationUsage:
        """Availability and use, by hour or by day."""
        usual_ms = DAY_MS if step_ms < DAY_MS else 7 * DAY_MS
        since_ms, until_ms, _ = self._between(since_ms, until_ms, usual_ms, most_ms=1000 * step_ms)
        since_ms -= since_ms % step_ms
        tracks = await self._tracks(station, since_ms, until_ms)
        places = [place for place in tracks if place == LINK or (place.kind == "status" and place.connector)]
        found = {
            place: usage.shares(tracks, place, step_ms=step_ms, since_ms=since_ms, until_ms=until_ms)
            for place in places
        }
        return one.StationUsage(
            step_seconds=step_ms // 1000,
            places=tuple(
                one.PlaceUsage(
                    evse=place.evse or None,
                    connector=place.connector or None,
                    steps=tuple(_usage(step, place) for step in steps if step.known),
                )
                for place, steps in found.items()
            ),
        )

    async def series(
        self, station: str, evse: int, since_ms: int | None, until_ms: int | None, most: int
    ) -> one.Series:
        """Power, energy and state of charge of an EVSE."""
        since_ms, until_ms, _ = self._between(since_ms, until_ms, DAY_MS)
        query = select(SERIES.c.hour, SERIES.c.body).where(
            SERIES.c.station == station,
            SERIES.c.hour >= since_ms // HOUR_MS,
            SERIES.c.hour <= until_ms // HOUR_MS,
        )
        async with self._database.reading() as connection:
            await _kept(connection, station)
            chunks = {row.hour: series.unpack(row.body) for row in await connection.execute(query)}
        points = series.points(chunks, evse, since_ms, until_ms)
        return one.Series(
            evse=evse,
            step_seconds=max(1, (until_ms - since_ms) // most // 1000) if len(points) > most else 1,
            points=tuple(
                one.SeriesPoint(
                    at=moment(at_ms),
                    power_w=sampled.power_w,
                    register_wh=sampled.register_wh,
                    soc_percent=sampled.soc_percent,
                )
                for at_ms, sampled in series.thinned(points, most, since_ms, until_ms)
            ),
        )

    async def events(self, station: str, limit: int, before: int | None) -> one.RecentEvents:
        """The latest events."""
        shown = await self._recent(station, EVENT, one.RecentEvent, limit, before)
        more = len(shown) > limit
        events = sorted(shown[:limit], key=lambda event: (event.at, event.number), reverse=True)
        return one.RecentEvents(events=tuple(events), next=shown[limit - 1].number if more else None)

    async def commands(self, station: str, limit: int, before: int | None) -> one.RecentCommands:
        """The latest commands."""
        shown = await self._recent(station, COMMAND, one.RecentCommand, limit, before)
        more = len(shown) > limit
        return one.RecentCommands(
            commands=tuple(shown[:limit]), next=shown[limit - 1].number if more else None
        )

    async def _recent(
        self, station: str, kind: str, shown: type[Shown], limit: int, before: int | None
    ) -> list[Shown]:
        query = select(RECENT.c.body).where(RECENT.c.station == station, RECENT.c.kind == kind)
        if before is not None:
            query = query.where(RECENT.c.number < before)
        query = query.order_by(RECENT.c.number.desc()).limit(limit + 1)
        async with self._database.reading() as connection:
            await _kept(connection, station)
            bodies = (await connection.execute(query)).scalars().all()
        return [msgspec.json.decode(body, type=shown) for body in bodies]

    async def _tracks(self, station: str, since_ms: int, until_ms: int) -> dict[Place, list[Spell]]:
        query = (
            select(TRANSITIONS)
            .where(TRANSITIONS.c.station == station, TRANSITIONS.c.at_ms < until_ms)
            .order_by(TRANSITIONS.c.at_ms)
        )
        async with self._database.reading() as connection:
            kept = await _kept(connection, station)
            rows = (await connection.execute(query)).all()
        turns: dict[Place, list[Transition]] = {}
        for row in rows:
            place = Place(row.kind, row.evse, row.connector)
            turns.setdefault(place, []).append(Transition(row.at_ms, row.state, row.was))
        now = usage.present(kept)
        found = {
            place: usage.spells(turns.get(place, []), now.get(place), since_ms, until_ms)
            for place in {**now, **turns}
        }
        return {place: spells for place, spells in found.items() if spells}

    def _between(
        self, since_ms: int | None, until_ms: int | None, usual_ms: int, most_ms: int = REACH_MS
    ) -> tuple[int, int, int]:
        """The time that is asked for, and now. What is to come is not known."""
        now_ms = ms(self._now())
        until_ms = now_ms if until_ms is None else max(0, min(until_ms, now_ms))
        since_ms = until_ms - usual_ms if since_ms is None else since_ms
        return min(max(since_ms, until_ms - most_ms, 0), until_ms), until_ms, now_ms


async def _kept(connection: AsyncConnection, station: str) -> Kept:
    query = select(STATIONS.c.state).where(STATIONS.c.id == station)
    packed = (await connection.execute(query)).scalar_one_or_none()
    if packed is None:
        raise NoStation(station)
    return state.unpack(packed)


def _spell(spell: Spell, until_ms: int, now_ms: int) -> one.Spell:
    lasts = spell.until_ms == until_ms == now_ms
    return one.Spell(
        state=spell.state,
        since=moment(spell.since_ms),
        until=None if lasts else moment(spell.until_ms),
    )


def _usage(step: Shares, place: Place) -> one.Usage:
    is_connector = place != LINK
    return one.Usage(
        at=moment(step.began_ms),
        known_seconds=step.known / 1000,
        available=step.available / step.known,
        occupied=step.occupied / step.known if is_connector else None,
        charging=step.charging / step.known if is_connector else None,
    )

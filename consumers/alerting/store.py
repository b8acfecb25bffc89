"""Stations in and out of the database: those of a batch in a few statements, and those whose time has come."""

from collections.abc import Collection, Mapping
from typing import Any, Final, NamedTuple

import msgspec
from sqlalchemy import CursorResult, and_, bindparam, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from consumers.alerting.engine import Engine, Member, Members
from consumers.alerting.shard_time import ShardTime
from consumers.alerting.station import Station
from consumers.alerting.tables import MEMBERS, SHARDS, STATIONS, TIMERS
from consumers.runtime.database import upsert

AT_ONCE: Final = 500
"""Stations that one statement names."""

SWEPT_MS: Final = 0
"""The timer of a station that is looked at because the rules are others: what was counted of it may not be written."""

AGAIN_MS: Final = 15_000
"""A timer that ran out while its time stands still is looked at again after so long."""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Station).decode

_LOAD = (
    select(STATIONS.c.station, STATIONS.c.shard, STATIONS.c.state, TIMERS.c.due_ms)
    .select_from(STATIONS.outerjoin(TIMERS, STATIONS.c.station == TIMERS.c.station))
    .where(STATIONS.c.station.in_(bindparam("names", expanding=True)))
)


GROUPED: Final = ("site", "tenant", "vendor", "model", "firmware", "version")
"""What stands in columns of its own."""

_SAVE = update(STATIONS).where(STATIONS.c.station == bindparam("of")).values(state=bindparam("new"))


class Known(NamedTuple):
    """A station as it was loaded: its encoded state, its timer, and what group rules counted of it.

    `grouped` are the values of its columns, None where it has no row yet.
    """

    station: Station
    shard: int
    state: bytes
    due_ms: int | None
    members: Members
    grouped: tuple[str | None, ...] | None


class Store:
    """Loads and saves by the rules of an engine. Keeps nothing between calls."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def load(self, database: AsyncConnection, shards: Mapping[str, int]) -> dict[str, Known]:
        """The stations of these names, those that are not known yet as new ones; `shards` by name."""
        names = sorted(shards)
        found: dict[str, Known] = {}
        for start in range(0, len(names), AT_ONCE):
            rows = await database.execute(_LOAD, {"names": names[start : start + AT_ONCE]})
            found |= self._known(rows)
        for name in names:
            if name not in found:
                found[name] = Known(Station(), shards[name], b"", None, {}, None)
        return found

    async def due(
        self, database: AsyncConnection, times: Mapping[int, ShardTime], limit: int
    ) -> dict[str, Known]:
        """Stations whose timers have run out, by the time of their shard; the oldest first."""
        ran_out = [
            and_(TIMERS.c.shard == shard, TIMERS.c.due_ms <= time.now_ms) for shard, time in times.items()
        ]
        rows = await database.execute(
            select(STATIONS.c.station, STATIONS.c.shard, STATIONS.c.state, TIMERS.c.due_ms)
            .select_from(TIMERS.join(STATIONS, STATIONS.c.station == TIMERS.c.station))
            .where(or_(*ran_out))
            .order_by(TIMERS.c.due_ms)
            .limit(limit)
        )
        return self._known(rows)

    async def save(self, database: AsyncConnection, known: Mapping[str, Known]) -> None:
        """Write what has changed. A timer is only moved to an earlier time."""
        states: dict[str, bytes] = {}
        timers, gone, come = [], [], []
        for name, was in known.items():
            state = _encode(was.station)
            if state == was.state:
                continue
            states[name] = state
            due_ms = was.station.next_ms()
            if due_ms is not None and (was.due_ms is None or due_ms < was.due_ms):
                timers.append({"station": name, "shard": was.shard, "due_ms": due_ms})
            members = self._engine.members(name, was.station)
            if members != was.members:
                gone += _keys(name, was.members.keys() - members.keys())
                come += _members(name, was.shard, members)
        await _save_states(database, known, states)
        await upsert(database, TIMERS, timers)
        await self._save_members(database, gone, come)

    async def save_due(
        self, database: AsyncConnection, known: Mapping[str, Known], times: Mapping[int, ShardTime]
    ) -> None:
        """Write what has changed, and the timers as they are now."""
        states: dict[str, bytes] = {}
        timers, idle, gone, come = [], [], [], []
        for name, was in known.items():
            state = _encode(was.station)
            if state != was.state:
                states[name] = state
            due_ms = was.station.next_ms()
            if due_ms is None:
                idle.append({"name": name})
            else:
                now_ms = times[was.shard].now_ms
                due_ms = due_ms if due_ms > now_ms else now_ms + AGAIN_MS
                timers.append({"station": name, "shard": was.shard, "due_ms": due_ms})
            members = self._engine.members(name, was.station)
            if members != was.members or was.due_ms == SWEPT_MS:
                gone += _keys(name, was.members.keys() - members.keys())
                come += _members(name, was.shard, members)
        await _save_states(database, known, states)
        await upsert(database, TIMERS, timers)
        if idle:
            await database.execute(delete(TIMERS).where(TIMERS.c.station == bindparam("name")), idle)
        await self._save_members(database, gone, come)

    def _known(self, rows: CursorResult[Any]) -> dict[str, Known]:
        found = {}
        for row in rows:
            station = _decode(row.state)
            members = self._engine.members(row.station, station)
            found[row.station] = Known(station, row.shard, row.state, row.due_ms, members, _grouped(station))
        return found

    async def _save_members(
        self, database: AsyncConnection, gone: list[dict[str, str]], come: list[dict[str, object]]
    ) -> None:
        if gone:
            await database.execute(
                delete(MEMBERS).where(
                    MEMBERS.c.rule == bindparam("of_rule"),
                    MEMBERS.c.station == bindparam("of_station"),
                    MEMBERS.c.subject == bindparam("of_subject"),
                ),
                gone,
            )
        await upsert(database, MEMBERS, come)


async def load_times(database: AsyncConnection) -> dict[int, ShardTime]:
    """The time of every shard, whoever has it."""
    columns = [SHARDS.c[name] for name in ShardTime._fields]
    rows = await database.execute(select(SHARDS.c.shard, *columns))
    return {row[0]: ShardTime(*row[1:]) for row in rows}


async def save_times(database: AsyncConnection, times: Mapping[int, ShardTime]) -> None:
    """Write the times of these shards."""
    await upsert(database, SHARDS, [{"shard": shard, **time._asdict()} for shard, time in times.items()])


async def _save_states(
    database: AsyncConnection, known: Mapping[str, Known], states: Mapping[str, bytes]
) -> None:
    """Whole rows only where a column is another: each has an index, which would be written anew."""
    whole, only_states = [], []
    for name, state in states.items():
        was = known[name]
        grouped = _grouped(was.station)
        if grouped == was.grouped:
            only_states.append({"of": name, "new": state})
        else:
            columns = dict(zip(GROUPED, grouped, strict=True))
            whole.append({"station": name, "shard": was.shard, "state": state, **columns})
    await upsert(database, STATIONS, whole)
    if only_states:
        await database.execute(_SAVE, only_states)


def _grouped(station: Station) -> tuple[str | None, ...]:
    return (
        station.site,
        station.tenant,
        station.vendor,
        station.model,
        station.firmware,
        station.version,
    )


def _keys(name: str, members: Collection[Member]) -> list[dict[str, str]]:
    return [{"of_rule": rule, "of_station": name, "of_subject": subject} for rule, subject in members]


def _members(name: str, shard: int, members: Members) -> list[dict[str, object]]:
    return [
        {
            "rule": rule,
            "station": name,
            "subject": subject,
            "shard": shard,
            "group": group,
            "since_ms": since_ms,
        }
        for (rule, subject), (group, since_ms) in members.items()
    ]

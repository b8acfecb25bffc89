"""Stations in and out of the database: those of a batch in a few statements, and those whose time has come."""

from collections.abc import Collection, Mapping
from typing import Any, Final, NamedTuple

import msgspec
from sqlalchemy import CursorResult, and_, bindparam, delete, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from consumers.alerting.engine import Engine, Member, Members
from consumers.alerting.shard_time import ShardTime
from consumers.alerting.station import Station
from consumers.alerting.tables import MEMBERS, SHARDS, STATIONS, TIMERS
from consumers.runtime.database import upsert

AT_ONCE: Final = 500
"""Stations that one statement names."""

AGAIN_MS: Final = 15_000
"""A timer that ran out while its time stands still is looked at again after so long."""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Station).decode

_LOAD = (
    select(STATIONS.c.station, STATIONS.c.shard, STATIONS.c.state, TIMERS.c.due_ms)
    .select_from(STATIONS.outerjoin(TIMERS, STATIONS.c.station == TIMERS.c.station))
    .where(STATIONS.c.station.in_(bindparam("names", expanding=True)))
)


class Known(NamedTuple):
    """A station as it was loaded: its encoded state, its timer, and what group rules counted of it."""

    station: Station
    shard: int
    state: bytes
    due_ms: int | None
    members: Members


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
                found[name] = Known(Station(), shards[name], b"", None, {})
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
        states, timers = [], []
        gone, come = [], []
        for name, was in known.items():
            state = _encode(was.station)
            if state == was.state:
                continue
            states.append(_row(name, was, state))
            due_ms = was.station.next_ms()
            if due_ms is not None and (was.due_ms is None or due_ms < was.due_ms):
                timers.append({"station": name, "shard": was.shard, "due_ms": due_ms})
            members = self._engine.members(name, was.station)
            if members != was.members:
                gone += _keys(name, was.members.keys() - members.keys())
                come += _members(name, was.shard, members)
        await upsert(database, STATIONS, states)
        await upsert(database, TIMERS, timers)
        await self._save_members(database, gone, come)

    async def save_due(
        self, database: AsyncConnection, known: Mapping[str, Known], times: Mapping[int, ShardTime]
    ) -> None:
        """Write what has changed, and the timers as they are now."""
        states, timers, idle = [], [], []
        gone, come = [], []
        for name, was in known.items():
            state = _encode(was.station)
            if state != was.state:
                states.append(_row(name, was, state))
            due_ms = was.station.next_ms()
            if due_ms is None:
                idle.append({"name": name})
            else:
                now_ms = times[was.shard].now_ms
                due_ms = due_ms if due_ms > now_ms else now_ms + AGAIN_MS
                timers.append({"station": name, "shard": was.shard, "due_ms": due_ms})
            members = self._engine.members(name, was.station)
            gone += _keys(name, was.members.keys() - members.keys())
            come += _members(
                name, was.shard, members
            )  # all: the rules may be others than when they were written
        await upsert(database, STATIONS, states)
        await upsert(database, TIMERS, timers)
        if idle:
            await database.execute(delete(TIMERS).where(TIMERS.c.station == bindparam("name")), idle)
        await self._save_members(database, gone, come)

    def _known(self, rows: CursorResult[Any]) -> dict[str, Known]:
        found = {}
        for row in rows:
            station = _decode(row.state)
            members = self._engine.members(row.station, station)
            found[row.station] = Known(station, row.shard, row.state, row.due_ms, members)
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


def _row(name: str, was: Known, state: bytes) -> dict[str, object]:
    station = was.station
    return {
        "station": name,
        "shard": was.shard,
        "site": station.site,
        "tenant": station.tenant,
        "vendor": station.vendor,
        "model": station.model,
        "firmware": station.firmware,
        "version": station.version,
        "state": state,
    }


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

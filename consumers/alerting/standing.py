"""Groups across all shards: which group alerts stand, and what the members of every shard add up to.

Each member writes down what its stations count for (`alerting_members`); one alone adds up, the one that holds
`FIRST_SHARD`, and no further than every shard has been read, so that no group is judged by half of its stations.
"""

from collections.abc import Mapping
from typing import Final

import msgspec
from sqlalchemy import ColumnElement, and_, delete, distinct, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from consumers.alerting.alerts import Alert, Change
from consumers.alerting.engine import Engine, Groups
from consumers.alerting.groups import (
    Counted,
    Standing,
    group_fingerprint,
    is_news,
    is_spoken_for,
    judge_group,
    largest_first,
)
from consumers.alerting.kinds.many import FLEET, Many
from consumers.alerting.rules import Rule
from consumers.alerting.shard_time import ShardTime
from consumers.alerting.tables import ALERTS, GROUPS, MEMBERS, STATIONS
from consumers.runtime.database import upsert

FIRST_SHARD: Final = 0
"""Its holder speaks for groups."""

EXAMPLES: Final = 10
"""So many stations of a group are named."""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Standing).decode

Known = dict[tuple[str, str], Standing]


async def load_groups(database: AsyncConnection) -> Known:
    """The group alerts that stand, by rule and group."""
    rows = await database.execute(select(GROUPS.c.rule, GROUPS.c.group, GROUPS.c.standing))
    return {(rule, group): _decode(standing) for rule, group, standing in rows}


async def judge_groups(
    database: AsyncConnection, engine: Engine, known: Known, times: Mapping[int, ShardTime]
) -> list[Change]:
    """Count, judge, and write down which alerts stand now."""
    now_ms = min(time.now_ms for time in times.values())
    changes: list[Change] = []
    speaking = {name for name, _ in known}
    for rule, asked in largest_first(engine.rules.values()):
        others = [engine.rules[name] for name in speaking & engine.rules.keys()]
        may_begin = not is_spoken_for(asked, others)
        made = await _judge(database, rule, asked, known, now_ms, may_begin=may_begin)
        speaking |= {rule.name for change in made if change.became == "raised"}
        changes += made
    for name, group in known:
        if name not in engine.rules:
            changes += await _remove(database, name, group, now_ms)
    return changes


async def _judge(
    database: AsyncConnection, rule: Rule, asked: Many, known: Known, now_ms: int, *, may_begin: bool
) -> list[Change]:
    standing = {group: alert for (name, group), alert in known.items() if name == rule.name}
    begun = await _begun(database, rule, asked, now_ms) if may_begin else []
    counted = [one for one in begun if one.group not in standing]
    for group, alert in standing.items():
        counted.append(Counted(group, await _left(database, rule, group, alert.began_ms), alert.began_ms))
    changes = [await _become(database, rule, standing.get(one.group), one, now_ms) for one in counted]
    return [change for change in changes if change is not None]


async def _begun(database: AsyncConnection, rule: Rule, asked: Many, now_ms: int) -> list[Counted]:
    """The groups with enough stations whose condition began lately, and has held for as long as the rule wants."""
    stations = func.count(distinct(MEMBERS.c.station))
    rows = await database.execute(
        select(MEMBERS.c.group, stations, func.min(MEMBERS.c.since_ms))
        .where(
            MEMBERS.c.rule == rule.name,
            MEMBERS.c.since_ms > now_ms - max(asked.within, rule.for_ms),
            MEMBERS.c.since_ms <= now_ms - rule.for_ms,
        )
        .group_by(MEMBERS.c.group)
        .having(stations >= asked.at_least)
    )
    return [Counted(group, count, began_ms) for group, count, began_ms in rows]


async def _left(database: AsyncConnection, rule: Rule, group: str, began_ms: int) -> int:
    """How many of the stations are counted that are so since the alert's beginning."""
    stations = select(func.count(distinct(MEMBERS.c.station)))
    return await database.scalar(stations.where(*_of(rule, group, began_ms))) or 0


async def _total(database: AsyncConnection, asked: Many, group: str) -> int:
    """How many stations the group has."""
    stations = select(func.count()).select_from(STATIONS)
    if asked.by != FLEET:
        stations = stations.where(STATIONS.c[asked.by] == group)
    return await database.scalar(stations) or 0


async def _examples(database: AsyncConnection, rule: Rule, group: str, began_ms: int) -> tuple[str, ...]:
    """Some of the stations that are counted."""
    stations = select(MEMBERS.c.station).where(*_of(rule, group, began_ms)).distinct()
    return tuple(await database.scalars(stations.order_by(MEMBERS.c.station).limit(EXAMPLES)))


async def _become(
    database: AsyncConnection, rule: Rule, before: Standing | None, counted: Counted, now_ms: int
) -> Change | None:
    asked = rule.parameters
    assert isinstance(asked, Many)
    if before is None or is_news(asked, before, counted):
        counted = counted._replace(
            total=await _total(database, asked, counted.group),
            examples=await _examples(database, rule, counted.group, counted.began_ms),
        )
    after, change = judge_group(rule, asked, before, counted, now_ms)
    if after is None and before is not None:
        await database.execute(
            delete(GROUPS).where(and_(GROUPS.c.rule == rule.name, GROUPS.c.group == counted.group))
        )
    elif after is not None and after != before:
        await upsert(
            database, GROUPS, [{"rule": rule.name, "group": after.group, "standing": _encode(after)}]
        )
    return change


async def _remove(database: AsyncConnection, name: str, group: str, now_ms: int) -> list[Change]:
    """The rule is gone: so is its alert, and what was counted for it."""
    await database.execute(delete(GROUPS).where(and_(GROUPS.c.rule == name, GROUPS.c.group == group)))
    await database.execute(delete(MEMBERS).where(MEMBERS.c.rule == name))
    found: Alert | None = await database.scalar(
        select(ALERTS.c.body).where(ALERTS.c.fingerprint == group_fingerprint(name, group))
    )
    if found is None:
        return []
    ended = msgspec.structs.replace(found, resolved_ms=now_ms, why="removed", revision=found.revision + 1)
    return [Change("resolved", now_ms, ended)]


def _of(rule: Rule, group: str, began_ms: int) -> tuple[ColumnElement[bool], ...]:
    return MEMBERS.c.rule == rule.name, MEMBERS.c.group == group, MEMBERS.c.since_ms >= began_ms


def active(known: Known) -> Groups:
    """Those that stand, as the engine wants them."""
    return known.keys()

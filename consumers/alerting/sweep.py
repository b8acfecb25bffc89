"""When the rules have changed: every station of a shard that is watched is looked at once more, by the new ones."""

import hashlib
from collections.abc import Mapping

import msgspec
from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from consumers.alerting.engine import Engine
from consumers.alerting.rules import Rules
from consumers.alerting.shard_time import ShardTime
from consumers.alerting.store import SWEPT_MS
from consumers.alerting.tables import ALERTS, MEMBERS, SHARDS, TIMERS
from consumers.runtime.database import upsert


def digest(rules: Rules) -> str:
    """What tells these rules from others."""
    return hashlib.blake2b(msgspec.json.encode(rules), digest_size=12).hexdigest()


async def sweep(database: AsyncConnection, engine: Engine, times: Mapping[int, ShardTime]) -> None:
    """Make the timers of these shards run out, where the rules are others than the shard was last judged by."""
    wanted = digest(tuple(engine.rules.values()))
    rows = await database.execute(
        select(SHARDS.c.shard, SHARDS.c.rules).where(SHARDS.c.shard.in_(sorted(times)))
    )
    last = {shard: rules for shard, rules in rows}  # noqa: C416 rows are no pairs to mypy
    stale = [shard for shard in times if last.get(shard) != wanted]
    if not stale:
        return
    await database.execute(
        delete(MEMBERS).where(MEMBERS.c.shard.in_(stale), MEMBERS.c.rule.not_in(list(engine.rules)))
    )
    await database.execute(update(TIMERS).where(TIMERS.c.shard.in_(stale)).values(due_ms=SWEPT_MS))
    standing = await database.execute(
        select(ALERTS.c.station, ALERTS.c.shard)
        .where(ALERTS.c.shard.in_(stale), ALERTS.c.station.is_not(None))
        .distinct()
    )
    await upsert(
        database,
        TIMERS,
        [{"station": station, "shard": shard, "due_ms": SWEPT_MS} for station, shard in standing],
    )
    await upsert(
        database, SHARDS, [{"shard": shard, **times[shard]._asdict(), "rules": wanted} for shard in stale]
    )

"""Of each station and topic it keeps how many events came and a digest over their ids in their order.

It emits a record for each event, with what the count and the digest were then; so an outcome that is right
in the database and wrong in the topic shows as well.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

from sqlalchemy import Column, Integer, Table, Text, select

from consumers.runtime.columns import Moment
from consumers.runtime.consumer import Message, Work
from consumers.runtime.database import upsert
from consumers.runtime.program import Equipment, Program
from consumers.runtime.schema import Schema
from consumers.runtime.settings import (
    ConsumerSettings,
    DatabaseUrl,
    database_of,
    internal_port_of,
)
from contract.topics import ALERTS, STATIONS, TRANSACTIONS
from eventlog.port import Record
from service.process import Port

SCHEMA = Schema("counting", Path(__file__).parent / "migrations")

seen = Table(
    "counting_seen",
    SCHEMA.metadata,
    Column("station", Text, primary_key=True),
    Column("topic", Text, primary_key=True),
    Column("shard", Integer, nullable=False),
    Column("count", Integer, nullable=False),
    Column("digest", Text, nullable=False),
)
ticks = Table(
    "counting_ticks",
    SCHEMA.metadata,
    Column("shard", Integer, primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
    Column("count", Integer, nullable=False),
)


class CountingSettings(ConsumerSettings):
    name: ClassVar[str] = "counting"

    counting_database: DatabaseUrl = database_of("counting")
    counting_internal_port: Port = internal_port_of("counting", 9199)


class Counting:
    """The consumer."""

    name = "counting"
    topics = (STATIONS, TRANSACTIONS)

    async def handle(self, messages: Sequence[Message], work: Work) -> None:
        wanted = {message.station for message in messages}
        rows = await work.database.execute(select(seen).where(seen.c.station.in_(wanted)))
        state: dict[tuple[str, str], dict[str, Any]] = {
            (row.station, row.topic): dict(row._mapping) for row in rows
        }
        for message in messages:
            key = message.station, message.place.topic
            before = state.get(key, {"count": 0, "digest": ""})
            digest = hashlib.sha256(f"{before['digest']}{message.id}".encode()).hexdigest()
            state[key] = {
                "station": message.station,
                "topic": message.place.topic,
                "shard": message.place.partition,
                "count": before["count"] + 1,
                "digest": digest,
            }
            said = json.dumps([message.place.topic, state[key]["count"], digest]).encode()
            work.emit(
                Record(ALERTS.name, message.station, said, [("ce_id", f"counted-{message.id}".encode())])
            )
        await upsert(work.database, seen, list(state.values()))

    async def tick(self, now: Mapping[int, datetime], work: Work) -> None:
        rows = await work.database.execute(select(ticks.c.shard, ticks.c.count))
        counts = {shard: count for shard, count in rows}  # noqa: C416 rows are no pairs to mypy
        await upsert(
            work.database,
            ticks,
            [{"shard": shard, "at": at, "count": counts.get(shard, 0) + 1} for shard, at in now.items()],
        )


def make(settings: CountingSettings, equipment: Equipment) -> Program:
    del settings, equipment
    return Program(Counting())

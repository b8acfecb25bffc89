"""A counting consumer that fails as a test wants it to."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from sqlalchemy import select, text

from consumers.runtime.consumer import Message, Work
from consumers.runtime.program import Equipment, Program
from contract.events import StationHeartbeat
from contract.model import Station
from tests.support.consumers import World
from tests.support.counting.app import Counting, CountingSettings, seen


class Failing(Counting):
    """Fails on the messages whose ids are poison: with an exception, or with a statement the database refuses."""

    def __init__(self) -> None:
        self.poison: set[str] = set()
        self.breaks_statement = False
        self.everything = False
        self.fault: Exception | None = None
        self.on_ticks = False
        self.batches: list[list[str | None]] = []
        self.ticks: list[dict[int, datetime]] = []
        self.slow_seconds = 0.0

    async def handle(self, messages: Sequence[Message], work: Work) -> None:
        self.batches.append([message.id for message in messages])
        await asyncio.sleep(self.slow_seconds)
        await super().handle(messages, work)
        if self.fault is not None:
            raise self.fault
        if self.everything or self.poison & {message.id for message in messages}:
            if self.breaks_statement:
                await work.database.execute(text("SELECT nothing FROM nowhere"))
            raise ValueError("the handler does not understand")

    async def tick(self, now: Mapping[int, datetime], work: Work) -> None:
        self.ticks.append(dict(now))
        if self.on_ticks:
            raise ValueError("the tick does not understand")
        await super().tick(now, work)

    def make(self, settings: CountingSettings, equipment: Equipment) -> Program:
        del settings, equipment
        return Program(self)


def heartbeat(station: str) -> StationHeartbeat:
    return StationHeartbeat(station=Station(id=station), received_at=datetime(2026, 3, 1, tzinfo=UTC))


def heartbeats(count: int, stations: int = 7) -> list[StationHeartbeat]:
    return [heartbeat(f"CS-{n % stations}") for n in range(count)]


async def counts(world: World) -> dict[str, int]:
    """How many events the consumer has counted of each station."""
    async with world.database.reading() as connection:
        rows = await connection.execute(select(seen.c.station, seen.c.count))
        return {station: count for station, count in rows}  # noqa: C416 rows are no pairs to mypy

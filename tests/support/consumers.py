"""A consumer with all of its runtime in memory and one SQLite file: append events, let it catch up, look.

async with consuming(tmp_path, SCHEMA, BillingSettings, make) as world:
    await world.append(event, other_event)
    await world.caught_up()
    async with world.database.reading() as connection: ...
    world.published(CDRS)
"""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from consumers.runtime.database import Database
from consumers.runtime.process import ConsumerProcess
from consumers.runtime.program import Equipment, Program
from consumers.runtime.schema import Schema
from consumers.runtime.settings import ConsumerSettings
from contract import envelope
from contract.envelope import Envelope
from contract.events import Event
from contract.model import Value
from contract.topics import EVERY_TOPIC, Topic, partition_of
from eventlog.port import Partition, Record, Stored
from tests.support.memory_log import MemoryLog

Given = TypeVar("Given", bound=ConsumerSettings)

TICK_SECONDS = 0.1
SECONDS = 60.0

_encode = msgspec.json.Encoder(decimal_format="number").encode


class Clock:
    """The clock that the consumer sees: the real one, or the moment that a test sets."""

    def __init__(self, at: datetime | None = None) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at or datetime.now(UTC)


class World:
    """A running consumer, its log and its database."""

    def __init__(self, process: ConsumerProcess, log: MemoryLog, clock: Clock) -> None:
        self.process = process
        self.log = log
        self.clock = clock
        self._sequences = itertools.count(1)

    @property
    def database(self) -> Database:
        return self.process.database

    async def append(
        self, *events: Event, at: datetime | None = None, version: str = "1.6", connection: str = "c1"
    ) -> list[str]:
        """Append these as a gateway does, each to its topic, as if at that moment; their ids."""
        ids = []
        for event in events:
            sequence = next(self._sequences)
            ids.append(f"{connection}-{sequence}")
            made = Envelope("test", event.station.id, version, connection)
            headers = made.headers(event, ids[-1], sequence)
            self._write(Record(event.TOPIC.name, event.station.id, envelope.encode(event), headers), at)
        await self.log.store.tell()
        return ids

    async def append_record(self, record: Record, at: datetime | None = None) -> None:
        """Append anything, as if at that moment."""
        self._write(record, at)
        await self.log.store.tell()

    async def append_value(
        self, topic: Topic, station: str, value: Value | None, at: datetime | None = None
    ) -> None:
        """Append to a topic that holds no events: the registry of stations, say. None is a tombstone."""
        await self.append_record(Record(topic.name, station, None if value is None else _encode(value)), at)

    async def caught_up(self, seconds: float = SECONDS) -> None:
        """Wait until all that stands in the topics is taken in, and all that was emitted published."""
        await self.until(self._is_read, seconds)
        async with asyncio.timeout(seconds):
            while await self._is_owed():  # noqa: ASYNC110 it stands in the database
                await asyncio.sleep(0.01)

    async def ticked(self, seconds: float = SECONDS) -> None:
        """Wait until the consumer was told a time that is read after this call."""
        await self.caught_up(seconds)
        ticks = self.process.metrics.tick_seconds
        before = ticks.count
        await self.until(lambda: ticks.count >= before + 2, seconds)
        await self.caught_up(seconds)

    async def until(self, condition: Callable[[], bool], seconds: float = SECONDS) -> None:
        """Wait until a condition holds. Raises what ended the consumer, or TimeoutError."""
        async with asyncio.timeout(seconds):
            while not condition():
                for task in self.process._tasks:
                    if task.done():
                        task.result()
                await asyncio.sleep(0.01)

    def published(self, topic: Topic) -> list[Stored]:
        """What stands in a topic, by partition and in order."""
        return [
            stored
            for partition in self.log.store.partitions(topic.name)
            for stored in self.log.store.records[partition]
        ]

    def _write(self, record: Record, at: datetime | None) -> None:
        self.log.store.write(record, None if at is None else int(at.timestamp() * 1000))

    def _is_read(self) -> bool:
        loop = self.process.loop
        if loop is None:
            return False
        store = self.log.store
        wanted = {p: len(store.records[p]) for topic in loop._topics for p in store.partitions(topic)}
        positions = loop._clock.positions
        return all(positions.get(partition, -1) >= end for partition, end in wanted.items())

    async def _is_owed(self) -> bool:
        async with self.database.reading() as connection:
            return (await connection.execute(self.process.outbox._count)).scalar_one() > 0


@contextlib.asynccontextmanager
async def consuming(
    folder: Path,
    schema: Schema,
    settings: type[Given],
    make: Callable[[Given, Equipment], Program],
    *,
    log: MemoryLog | None = None,
    database: str | None = None,
    clock: Clock | None = None,
    **overrides: Any,
) -> AsyncIterator[World]:
    """The consumer, started; it is stopped at the end. `overrides` are further settings by field."""
    memory, clock = log or MemoryLog(), clock or Clock()
    for topic in EVERY_TOPIC.values():
        if topic.name not in memory.store.topics:
            memory.store.topics[topic.name] = topic
            memory.store.records |= {Partition(topic.name, n): [] for n in range(topic.partitions)}
    given: dict[str, Any] = {
        f"{schema.name}_database": database or f"sqlite+aiosqlite:///{folder / schema.name}.db",
        f"{schema.name}_internal_port": 0,
        "internal_host": "127.0.0.1",
        **overrides,
    }
    process = ConsumerProcess(
        schema, settings(**given), make, log=memory, now=clock, tick_seconds=TICK_SECONDS
    )
    try:
        await process.start()
        yield World(process, memory, clock)
    finally:
        async with asyncio.timeout(30):
            await process.stop()


def shard_of(station: str, topic: Topic) -> int:
    """The shard in which all that concerns a station stands."""
    return partition_of(station, topic.partitions)

"""The engines that the behaviour suite runs on, each with its own way of being opened again and of failing."""

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Protocol

from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from aiokafka.structs import TopicPartition

from eventlog.embedded import EmbeddedLog
from eventlog.embedded.file import LAST_OFFSET, OFFSET_BITS
from eventlog.in_flight import Limits
from eventlog.kafka import KafkaLog
from eventlog.port import EventLog, Partition
from tests.support.kafka import KafkaCluster
from tests.support.memory_log import MemoryLog, MemoryStore

LIMITS = Limits(publish_deadline_seconds=2.0)
SESSION_SECONDS = 2.0
"""The embedded engine's, shortened: who is silent so long is taken for dead."""


class Engine(Protocol):
    """What the suite needs to know of an engine."""

    def log(self, limits: Limits = LIMITS) -> EventLog:
        """A log, not opened, over what this engine keeps; all of them share it."""

    def down(self) -> contextlib.AbstractAsyncContextManager[None]:
        """While inside, no append can become durable."""

    async def forget(self, partition: Partition, before: int) -> None:
        """Delete what stands before this offset, as retention does."""


class MemoryEngine:
    def __init__(self) -> None:
        self._store = MemoryStore()

    def log(self, limits: Limits = LIMITS) -> EventLog:
        return MemoryLog(self._store, limits)

    @contextlib.asynccontextmanager
    async def down(self) -> AsyncIterator[None]:
        self._store.down = "a test took it down"
        yield
        self._store.down = None

    async def forget(self, partition: Partition, before: int) -> None:
        self._store.begins[partition] = before


class KafkaEngine:
    """Real brokers; a silent broker is the worse outage, because connections to it stay open."""

    def __init__(self, cluster: KafkaCluster) -> None:
        self._cluster = cluster

    def log(self, limits: Limits = LIMITS) -> EventLog:
        return KafkaLog(self._cluster.bootstrap, limits)

    @contextlib.asynccontextmanager
    async def down(self) -> AsyncIterator[None]:
        self._cluster.pause(1)
        try:
            yield
        finally:
            self._cluster.resume(1)

    async def forget(self, partition: Partition, before: int) -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=self._cluster.bootstrap)
        await admin.start()
        await admin.delete_records({TopicPartition(*partition): RecordsToDelete(before)})
        await admin.close()


class EmbeddedEngine:
    def __init__(self, folder: Path) -> None:
        self.path = folder / "var" / "events.db"

    def log(self, limits: Limits = LIMITS) -> EventLog:
        return EmbeddedLog(self.path, limits, session_seconds=SESSION_SECONDS)

    @contextlib.asynccontextmanager
    async def down(self) -> AsyncIterator[None]:
        """Another process writes and writes."""
        other = await asyncio.to_thread(
            sqlite3.connect, self.path, isolation_level=None, check_same_thread=False
        )
        await asyncio.to_thread(other.execute, "BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")
        other.close()

    async def forget(self, partition: Partition, before: int) -> None:
        def delete() -> None:
            with contextlib.closing(sqlite3.connect(self.path, isolation_level=None)) as file:
                file.execute(
                    "DELETE FROM records WHERE place IN (SELECT place FROM records JOIN partitions"
                    f" ON place >> {OFFSET_BITS} = id WHERE topic = ? AND number = ?"
                    f" AND place & {LAST_OFFSET} < ?)",
                    (*partition, before),
                )

        await asyncio.to_thread(delete)

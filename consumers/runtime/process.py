"""A consumer as a process: `ocpp-gateway consume NAME`, or `run` of a program of one's own. Read the order in `start`.

log -> database -> migrations -> the consumer and what it brings -> relay -> loop
"""

import asyncio
import contextlib
import sys
import uuid
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from importlib.metadata import version as version_of
from platform import python_version
from typing import Any, TypeVar

import structlog

from consumers.runtime.batches import Batches
from consumers.runtime.database import Database
from consumers.runtime.loop import TICK_SECONDS, Loop
from consumers.runtime.metrics import ConsumerMetrics
from consumers.runtime.migrations import upgrade
from consumers.runtime.outbox import Outbox
from consumers.runtime.positions import Positions
from consumers.runtime.program import Equipment, Program
from consumers.runtime.schema import Schema
from consumers.runtime.settings import ConsumerSettings
from consumers.runtime.transaction import Transactions
from consumers.runtime.transience import is_transient
from contract.topics import DEAD_LETTERS, EVERY_TOPIC
from eventlog.in_flight import Limits
from eventlog.port import EventLog, LogUnavailable, RecordRefused
from eventlog.url import open_log
from service import logging
from service.internal import InternalPort
from service.lag import LoopLag
from service.metrics import LATENCY_SECONDS, Metrics, registry_of
from service.run import Service, run
from service.settings import SettingsFault

Given = TypeVar("Given", bound=ConsumerSettings)
Make = Callable[[Given, Equipment], Program]

USAGE = 2
EXPECTED = (OSError, ValueError, LogUnavailable, RecordRefused)
"""What a start may fail of and an operator can mend."""

_log = structlog.get_logger(__name__)


def utc_now() -> datetime:
    """The clock."""
    return datetime.now(UTC)


class ConsumerProcess:
    """A `service.run.Service`: one consumer with all that it needs. Bounded in time, both ways."""

    def __init__(
        self,
        schema: Schema,
        settings: Given,
        make: Make[Given],
        *,
        log: EventLog | None = None,
        now: Callable[[], datetime] = utc_now,
        tick_seconds: float = TICK_SECONDS,
    ) -> None:
        self._schema = schema
        self._settings = settings
        self.log = log or open_log(
            settings.event_log,
            Limits(publish_deadline_seconds=settings.publish_deadline_seconds),
            settings.kafka_as(f"{schema.name}-{uuid.uuid4().hex[:6]}"),
        )
        self.database = Database(settings.database)
        self._own = Metrics(f"ocpp_{schema.name}")
        self._lag = LoopLag(
            self._own.histogram(
                "event_loop_lag_seconds", "How much later than due the event loop wakes.", LATENCY_SECONDS
            )
        )
        self._now = now
        self._tick_seconds = tick_seconds
        self._program = make(settings, Equipment(self.log, self.database, self._own, now))
        consumer = self._program.consumer
        self.metrics = ConsumerMetrics(schema.name, [topic.name for topic in consumer.topics])
        self._own.info(
            "build_info",
            "The program's version and Python's.",
            {"version": version_of("ocpp-gateway"), "python": python_version()},
        )
        self.outbox = Outbox(schema, self.database, self.log, self.metrics)
        self.loop: Loop | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._running: asyncio.Task[None] | None = None
        self._started: list[Service] = []
        self._starting = True
        self._stopping = False
        self.internal = InternalPort(
            registry_of(self.metrics, self._own),
            ready={
                "starting": lambda: "it has not started yet" if self._starting else None,
                "stopping": lambda: "it is going away" if self._stopping else None,
                "event_log": lambda: self.log.trouble,
                "loop": lambda: self.loop.trouble if self.loop is not None else None,
                "outbox": lambda: self.outbox.trouble,
                **self._program.ready,
            },
            live={
                "tasks": self._dead_task,
                "loop": lambda: self.loop.stuck if self.loop is not None else None,
            },
        )
        self.internal_port = 0

    async def start(self) -> None:
        """Raises what is `EXPECTED`."""
        settings, schema = self._settings, self._schema
        self.internal_port = await self.internal.start(settings.internal_host, settings.internal_port)
        await self.log.open()
        shards = await self._find_topics()
        try:
            await self.database.open()
            before = await upgrade(self.database, schema)
        except Exception as error:
            if is_transient(error):
                raise LogUnavailable(f"the database {self.database} cannot be used: {error}") from error
            raise
        if before.is_due:
            _log.info("migrated", database=str(self.database), was=before.current, now=before.needed)
        positions = Positions(schema, uuid.uuid4().hex)
        transactions = Transactions(
            self._program.consumer,
            self.database,
            positions=positions,
            outbox=self.outbox,
            metrics=self.metrics,
            shards=shards,
        )
        self.loop = loop = Loop(
            self._program.consumer,
            self.log,
            self.database,
            positions=positions,
            transactions=transactions,
            batches=Batches(transactions, self.database, schema, self._now),
            metrics=self.metrics,
            now=self._now,
            batch_records=settings.consumer_batch_records,
            tick_seconds=self._tick_seconds,
        )
        for service in self._program.services:
            self._started.append(service)
            await service.start()
        self._begin("lag", self._lag.watch())
        self._begin("relay", self.outbox.relay(lambda: loop.shards))
        for name, task in self._program.tasks.items():
            self._begin(name, task())
        self._running = self._begin("loop", loop.run())
        self._starting = False
        _log.info(
            "consuming",
            consumer=schema.name,
            event_log=settings.event_log,
            database=str(self.database),
            internal_port=self.internal_port,
        )

    async def stop(self) -> None:
        """The batch in hand ends, what it decided is published, the group is left, all within the deadline."""
        self._stopping = True
        deadline = self._settings.consumer_stop_seconds
        if self.loop is not None and self._running is not None:
            shards = self.loop.shards
            self.loop.stop()
            await asyncio.wait({self._running}, timeout=deadline)
            with contextlib.suppress(Exception):  # it stays in the outbox, and the next member publishes it
                async with asyncio.timeout(deadline):
                    while await self.outbox.publish(shards):
                        pass
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for service in reversed(self._started):
            await service.stop()
        await self.log.close(deadline)
        await self.database.close()
        await self.internal.stop()
        _log.info("stopped", consumer=self._schema.name)

    def _begin(self, name: str, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work, name=name)
        task.add_done_callback(self._task_ended)
        self._tasks.append(task)
        return task

    def _task_ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and not self._stopping:
            _log.error("a task ended", task=task.get_name(), exc_info=task.exception())

    def _dead_task(self) -> str | None:
        """Only a restart, or somebody who looks, brings back what ended by itself."""
        ended = [task.get_name() for task in self._tasks if task.done()]
        return f"ended: {', '.join(ended)}" if ended and not self._stopping else None

    async def _find_topics(self) -> int:
        """How many shards there are. Raises RecordRefused where the topics are missing or do not fit."""
        if self._settings.event_log.startswith("sqlite"):  # an embedded log makes its topics itself
            await self.log.apply_topics(EVERY_TOPIC.values())
        missing: list[str] = []
        counts: dict[str, int] = {}
        for topic in (*self._program.consumer.topics, DEAD_LETTERS):
            try:
                counts[topic.name] = await self.log.partitions(topic.name)
            except RecordRefused:
                missing.append(topic.name)
        if missing:
            raise RecordRefused(f"topics are missing ({', '.join(missing)}): run `ocpp-gateway topics apply`")
        del counts[DEAD_LETTERS.name]
        if len(set(counts.values())) != 1:
            raise RecordRefused(f"the topics must have equally many partitions: {counts}")
        return next(iter(counts.values()))


def consume(schema: Schema, settings: type[Given], make: Make[Given]) -> int:
    """A whole program: its settings from the environment, and the consumer until SIGTERM or ctrl-C; its exit code."""
    try:
        given = settings.load()
    except SettingsFault as fault:
        sys.stderr.write(f"the settings are not valid:\n{fault}\n")
        return USAGE
    logging.configure(given.log_level, given.log_format)
    return run(lambda: ConsumerProcess(schema, given, make), EXPECTED)

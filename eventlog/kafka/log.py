"""The Kafka engine: the port's methods, the deadlines, and what to tell an operator.

Every wait has a deadline of our own: while brokers are down, aiokafka's `send` and `stop` wait for
ever. What is on its way stays there and may still be written after its append has failed; its
deterministic id makes that harmless.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Iterable
from copy import copy

from aiokafka.errors import KafkaError

from contract.topics import Topic
from eventlog.in_flight import DEFAULT_LIMITS, Limits, Pending
from eventlog.kafka import admin, reading
from eventlog.kafka.keeper import Keeper
from eventlog.kafka.publisher import Publisher
from eventlog.kafka.settings import DEFAULT_SETTINGS, KafkaSettings
from eventlog.kafka.subscription import KafkaSubscription
from eventlog.port import Assigned, LogUnavailable, Partition, Record, RecordRefused, Started, Stored

PROBE_SECONDS = 2.0
STUCK_DEADLINES = 6
"""A batch this many publish deadlines on its way: perhaps it is the producer that is stuck. Replace it."""
LOOK_UPS = 3
LOOK_UP_SECONDS = 0.1


class KafkaLog:
    """An `EventLog` on Apache Kafka."""

    def __init__(
        self, bootstrap: str, limits: Limits = DEFAULT_LIMITS, settings: KafkaSettings = DEFAULT_SETTINGS
    ) -> None:
        self._bootstrap = bootstrap
        self._limits = limits
        self._settings = settings
        self._tasks: list[asyncio.Task[None]] = []
        self._looking_up: dict[str, list[tuple[Record, Pending]]] = {}
        self._look_ups: set[asyncio.Task[None]] = set()
        self._subscriptions: set[KafkaSubscription] = set()
        self._trouble: str | None = "the log is not open"
        self._fault: str | None = None

    async def open(self) -> None:
        self._publisher = Publisher(self._look_up, self._limits, self._settings.linger_milliseconds / 1000)
        self._in_flight = self._publisher.in_flight
        self._keeper = Keeper(self._bootstrap, self._settings, self._publisher)
        await self._keeper.start()
        self._trouble = None
        for work in (self._publisher.run, self._keeper.run, self._sweep_forever, self._probe_forever):
            task = asyncio.create_task(work(), name=f"eventlog-{work.__qualname__}")
            task.add_done_callback(self._task_ended)
            self._tasks.append(task)

    async def close(self, deadline_seconds: float = 10.0) -> None:
        if not self._tasks:
            return
        loop = asyncio.get_running_loop()
        until = loop.time() + deadline_seconds
        self._in_flight.close("the log is closed")
        await self._in_flight.drained(deadline_seconds)
        self._in_flight.fail_all(self.trouble or "the log was closed before it confirmed the record")
        self._trouble = "the log is closed"
        ending, self._tasks = [*self._tasks, *self._look_ups], []
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)
        left = max(0.0, until - loop.time())
        await asyncio.gather(
            self._keeper.close(left), *(member.close(left) for member in self._subscriptions)
        )

    @property
    def trouble(self) -> str | None:
        return self._fault or self._trouble or self._keeper.trouble

    @property
    def in_flight(self) -> int:
        return self._in_flight.count

    @property
    def restarts(self) -> int:
        return self._keeper.restarts

    def append(self, record: Record) -> Pending:
        return self._in_flight.append(record)

    async def apply_topics(self, topics: Iterable[Topic], replicas: int = 1) -> dict[str, str]:
        wanted = list(topics)
        try:
            done = await admin.apply_topics(self._settings.connection(self._bootstrap), wanted, replicas)
        except (KafkaError, OSError, TimeoutError) as error:
            raise LogUnavailable(f"the topics could not be applied: {error!r}") from error
        until = asyncio.get_running_loop().time() + self._settings.open_seconds
        for topic in wanted:
            await self._meet(topic.name, until)
        return done

    async def _meet(self, topic: str, until: float) -> None:
        """Wait until the broker that we ask has heard of a topic just made; from then on appends know it."""
        while True:
            try:
                await self.partitions(topic)
            except RecordRefused:
                if asyncio.get_running_loop().time() > until:
                    raise
            else:
                return

    async def partitions(self, topic: str) -> int:
        if not self._tasks:
            raise LogUnavailable(self._trouble)
        for attempt in range(LOOK_UPS):
            if attempt:
                await asyncio.sleep(LOOK_UP_SECONDS)
            count = self._keeper.partitions(topic)
            if count is not None:
                self._publisher.know(topic, count)
                return count
            if not await self._keeper.refresh():
                raise LogUnavailable(f"no broker of {self._bootstrap} answers")
        raise RecordRefused(f"topic {topic!r} does not exist")

    async def subscribe(
        self,
        topics: Iterable[str],
        group: str,
        on_assigned: Assigned | None = None,
        on_revoked: Assigned | None = None,
    ) -> KafkaSubscription:
        names = list(topics)
        for topic in names:
            await self.partitions(topic)
        subscription = KafkaSubscription(names, group, on_assigned, on_revoked)
        await subscription.join(self._settings.connection(self._bootstrap), self._settings.open_seconds)
        self._subscriptions.add(subscription)
        return subscription

    async def tail(
        self,
        topics: Iterable[str],
        *,
        from_beginning: bool = False,
        partitions: Iterable[int] | None = None,
        started: Started | None = None,
    ) -> AsyncGenerator[Stored, None]:
        followed = await self._chosen(topics, partitions)
        connection = self._settings.connection(self._bootstrap)
        async with contextlib.aclosing(
            reading.tail(connection, followed, from_beginning=from_beginning, started=started)
        ) as records:
            async for stored in records:
                yield stored

    async def read(
        self, topics: Iterable[str], *, partitions: Iterable[int] | None = None, since_ms: int = 0
    ) -> AsyncGenerator[Stored, None]:
        chosen = await self._chosen(topics, partitions)
        connection = self._settings.connection(self._bootstrap)
        async with contextlib.aclosing(reading.read(connection, chosen, since_ms)) as records:
            async for stored in records:
                yield stored

    async def read_table(self, topic: str, partitions: Iterable[int] | None = None) -> dict[str, Stored]:
        chosen = await self._chosen([topic], partitions)
        return await reading.read_table(self._settings.connection(self._bootstrap), chosen)

    async def _chosen(self, topics: Iterable[str], partitions: Iterable[int] | None) -> list[Partition]:
        """The partitions of these numbers, or all, of each topic. Raises as `partitions`."""
        wanted = None if partitions is None else frozenset(partitions)
        return [
            Partition(topic, number)
            for topic in topics
            for number in range(await self.partitions(topic))
            if wanted is None or number in wanted
        ]

    async def _sweep_forever(self) -> None:
        """Keep the publish deadline, and judge by what is on its way how the log is."""
        confirmed = 0
        deadline = self._limits.publish_deadline_seconds
        while True:
            await asyncio.sleep(self._in_flight.sweep_seconds)
            waiting = self._publisher.waiting_seconds()
            if waiting > deadline / 2:
                self._trouble = f"Kafka at {self._bootstrap} has not confirmed a batch for {waiting:.0f} s"
            elif self._publisher.confirmed > confirmed:
                self._trouble = None
            confirmed = self._publisher.confirmed
            if waiting > deadline * STUCK_DEADLINES:
                self._publisher.give_up(f"nothing was confirmed for {waiting:.0f} s")
            if self._in_flight.sweep(self.trouble):
                self._publisher.drop_expired()

    async def _probe_forever(self) -> None:
        """Ask the brokers now and then when there is nothing to append, so that readiness knows."""
        while True:
            await asyncio.sleep(PROBE_SECONDS)
            if not self._publisher.waiting_seconds():
                answered = await self._keeper.refresh()
                self._trouble = None if answered else f"no broker of {self._bootstrap} answers"

    def _look_up(self, record: Record, future: Pending) -> None:
        """An append to a topic that we have not met: it waits, in order, until we know."""
        waiting = self._looking_up.get(record.topic)
        if waiting is not None:
            waiting.append((record, future))
            return
        self._looking_up[record.topic] = [(record, future)]
        task = asyncio.create_task(self._find(record.topic), name="eventlog-find_topic")
        self._look_ups.add(task)
        task.add_done_callback(self._look_ups.discard)

    async def _find(self, topic: str) -> None:
        error: Exception | None = None
        try:
            await self.partitions(topic)
        except (RecordRefused, LogUnavailable) as raised:
            error = raised
        finally:
            waiting = self._looking_up.pop(topic)
        for record, future in waiting:
            if future.done():
                continue
            if error is None:
                self._publisher.take(record, future)
            else:
                future.set_exception(copy(error))

    def _task_ended(self, task: asyncio.Task[None]) -> None:
        """They run until they are cancelled; one that raised is a fault of ours, and readiness shall see it."""
        if not task.cancelled() and task.exception() is not None:
            self._fault = f"{task.get_name()} ended: {task.exception()!r}"

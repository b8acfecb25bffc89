"""A member of a consumer group on Kafka.

One client is the member: it has the partitions, commits, and says where they begin and end. It reads nothing,
because a broker answers what comes on one connection in its order, and a fetch waits there for half a second
when there is nothing; reading is done by others (`readers`).

aiokafka takes away and gives partitions in its own task, while `fetch` may be waiting in ours. The port promises
that the callbacks stand around the records: what has been read of a partition that was taken away, or moved by
a `seek`, is forgotten, and will be read again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import CommitFailedError, ConsumerStoppedError, IllegalStateError, KafkaError
from aiokafka.structs import TopicPartition

from eventlog.kafka.ending import end
from eventlog.kafka.readers import Readers
from eventlog.kafka.reading import stored
from eventlog.port import Assigned, LogUnavailable, Partition, Stored

Borders = Callable[[list[TopicPartition]], Awaitable[dict[TopicPartition, int]]]

SESSION_MILLISECONDS = 10_000
HEARTBEAT_MILLISECONDS = 1_000
IDLE_MILLISECONDS = 2**31 - 1
"""How long a member may not fetch: for ever. Whether it lives, its beats say; they stop with its event loop."""
COMMIT_SECONDS = 10.0
LOOK_SECONDS = 10.0
COMMITTED_SECONDS = 5.0
CLOSE_SECONDS = 5.0


class KafkaSubscription(ConsumerRebalanceListener):
    """Knows which partitions are its own; aiokafka knows where it stands in them."""

    def __init__(
        self, topics: list[str], group: str, on_assigned: Assigned | None, on_revoked: Assigned | None
    ) -> None:
        self._topics = topics
        self._group = group
        self._on_assigned = on_assigned
        self._on_revoked = on_revoked
        self._assigned: frozenset[Partition] = frozenset()
        self._settled = asyncio.Event()
        self._failure: Exception | None = None
        self._closed = False

    @property
    def assigned(self) -> frozenset[Partition]:
        return self._assigned

    async def join(self, connection: Mapping[str, Any], deadline_seconds: float) -> None:
        """Enter the group and wait for a share of its partitions. Raises LogUnavailable."""
        self._consumer = AIOKafkaConsumer(
            **connection,
            group_id=self._group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            session_timeout_ms=SESSION_MILLISECONDS,
            heartbeat_interval_ms=HEARTBEAT_MILLISECONDS,
            max_poll_interval_ms=IDLE_MILLISECONDS,
            # Ranges: the same number of every topic goes to the same member, so that equally
            # partitioned topics can be joined.
            partition_assignment_strategy=(RangePartitionAssignor,),
        )
        self._consumer.subscribe(self._topics, listener=self)
        self._readers = Readers(connection, self._topics)
        try:
            async with asyncio.timeout(deadline_seconds):
                await self._readers.start()
                await self._consumer.start()
                await self._settled.wait()
        except (KafkaError, OSError, TimeoutError) as error:
            await self.close(0.0)
            raise LogUnavailable(f"group {self._group!r} could not be joined: {error!r}") from error
        except asyncio.CancelledError:
            await self.close(0.0)  # nobody else knows of its clients yet
            raise

    async def fetch(self, max_records: int = 500, wait_seconds: float = 1.0) -> list[Stored]:
        loop = asyncio.get_running_loop()
        until = loop.time() + wait_seconds
        while True:
            if self._failure is not None:
                raise self._failure
            try:
                async with asyncio.timeout_at(until + 0.001):
                    await self._settled.wait()
            except TimeoutError:
                return []
            await self._wait(max(0.0, until - loop.time()))
            # Not while partitions come and go: what was read of those before is forgotten when that is over.
            taken = self._readers.take(max_records) if self._settled.is_set() else []
            if taken or loop.time() >= until:
                return [stored(record) for record in taken]

    async def commit(self, positions: Mapping[Partition, int]) -> None:
        offsets = {
            TopicPartition(*partition): offset
            for partition, offset in positions.items()
            if partition in self._assigned
        }
        if not offsets:
            return
        try:
            async with asyncio.timeout(COMMIT_SECONDS):
                await self._consumer.commit(offsets)
        except (CommitFailedError, IllegalStateError):
            pass  # the group has moved on; whoever has the partitions now reads from the last position
        except (KafkaError, OSError, TimeoutError) as error:
            raise LogUnavailable(f"the positions could not be committed: {error!r}") from error

    def seek(self, partition: Partition, offset: int) -> None:
        if partition not in self._assigned:
            raise ValueError(f"{partition} is not assigned to this member")
        self._readers.seek(TopicPartition(*partition), offset)

    async def begins(self, partitions: Iterable[Partition]) -> dict[Partition, int]:
        return await self._borders(self._consumer.beginning_offsets, partitions)

    async def ends(self, partitions: Iterable[Partition]) -> dict[Partition, int]:
        return await self._borders(self._consumer.end_offsets, partitions)

    async def position(self, partition: Partition) -> int:
        if partition not in self._assigned:
            raise ValueError(f"{partition} is not assigned to this member")
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                return await self._readers.position(TopicPartition(*partition))
        except (KafkaError, OSError, TimeoutError) as error:  # IllegalStateError: it is gone meanwhile
            raise LogUnavailable(f"the position in {partition} is not known: {error!r}") from error

    async def close(self, deadline_seconds: float = CLOSE_SECONDS) -> None:
        if self._closed:
            return
        self._closed = True
        await self.on_partitions_revoked(set())
        await asyncio.gather(end(self._consumer, deadline_seconds), self._readers.close(deadline_seconds))

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """Called by aiokafka: a rebalance begins, and takes everything."""
        del revoked
        self._settled.clear()
        if self._assigned:
            await self._tell(self._on_revoked, self._assigned)
            self._assigned = frozenset()
        if self._closed:
            self._settled.set()

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        """Called by aiokafka: a rebalance ends, and this is our share."""
        self._consumer.pause(*assigned)
        try:
            # aiokafka lets no heartbeat go out before this returns: it must not outlast the session.
            async with asyncio.timeout(COMMITTED_SECONDS):
                offsets = await asyncio.gather(*(self._consumer.committed(one) for one in assigned))
        except (KafkaError, OSError, TimeoutError) as error:
            self._failure = LogUnavailable(f"where group {self._group!r} stands is not known: {error!r}")
            self._settled.set()
            return
        if self._closed:
            return
        self._readers.assign(dict(zip(assigned, offsets, strict=True)))
        self._assigned = frozenset(Partition(topic, number) for topic, number in assigned)
        await self._tell(self._on_assigned, self._assigned)
        self._settled.set()

    async def _tell(self, callback: Assigned | None, partitions: frozenset[Partition]) -> None:
        """Aiokafka would log what a callback raises and go on; here the next fetch raises it."""
        if callback is not None:
            try:
                await callback(partitions)
            except Exception as error:  # noqa: BLE001 whatever it is, it is raised where the caller sees it
                self._failure = error

    async def _borders(self, ask: Borders, partitions: Iterable[Partition]) -> dict[Partition, int]:
        wanted = [TopicPartition(*partition) for partition in partitions]
        if not wanted:  # a member without a share
            return {}
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                found = await ask(wanted)
        except (KafkaError, OSError, TimeoutError) as error:
            raise LogUnavailable(
                f"the brokers do not say where partitions begin and end: {error!r}"
            ) from error
        return {Partition(*partition): offset for partition, offset in found.items()}

    async def _wait(self, seconds: float) -> None:
        """Until there are records, at most so long; what the group has to complain of is raised here too."""
        try:
            await self._consumer.getmany(timeout_ms=0)
            await self._readers.wait(seconds)
        except ConsumerStoppedError:
            raise LogUnavailable("the subscription is closed") from None
        except KafkaError as error:
            raise LogUnavailable(f"the brokers do not give the records: {error!r}") from error

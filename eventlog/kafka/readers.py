"""Reads the partitions that a member of a group was given, with a client for each topic.

A broker answers a fetch when there is something, and a client has one fetch open: with a client for each topic, one
topic's records do not wait behind another's answer, and each fetch looks through a third of the partitions.
"""

import asyncio
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.structs import ConsumerRecord, TopicPartition

from eventlog.kafka.ending import end
from eventlog.kafka.fetch_sessions import keep_sessions
from eventlog.kafka.reading import reader

PULL_RECORDS = 500
PULL_MILLISECONDS = 1_000

Fetched = ConsumerRecord[bytes | None, bytes | None]


class Readers:
    """Knows what has been read and not yet been taken, and from where on each partition is read."""

    def __init__(self, connection: Mapping[str, Any], topics: Iterable[str]) -> None:
        self._of = {topic: keep_sessions(reader(connection)) for topic in topics}
        self._pulls: dict[str, asyncio.Task[None]] = {}
        self._read: deque[Fetched] = deque()

    async def start(self) -> None:
        """Reach the brokers. Raises KafkaError."""
        await asyncio.gather(*(consumer.start() for consumer in self._of.values()))

    def assign(self, positions: Mapping[TopicPartition, int | None]) -> None:
        """From now on read these partitions, each from its position on; from its beginning where it has none."""
        self._read.clear()
        for topic, consumer in self._of.items():
            mine = [partition for partition in positions if partition.topic == topic]
            consumer.assign(mine)
            for partition in mine:
                offset = positions[partition]
                if offset is not None:
                    consumer.seek(partition, offset)

    def seek(self, partition: TopicPartition, offset: int) -> None:
        """Read this partition from there on; what has been read of it is forgotten."""
        self._read = deque(record for record in self._read if _place(record) != partition)
        self._of[partition.topic].seek(partition, offset)

    async def position(self, partition: TopicPartition) -> int:
        """Behind the last record that was taken, and past a gap. Raises KafkaError."""
        for record in self._read:
            if _place(record) == partition:
                return record.offset
        position: int = await self._of[partition.topic].position(partition)
        return position

    async def wait(self, seconds: float) -> None:
        """Until there is something to take, at most so long. Raises KafkaError.

        It may be cancelled: a pull goes on, and is not begun anew before it has ended.
        """
        for topic, pull in list(self._pulls.items()):
            if pull.done():
                del self._pulls[topic]
                if not pull.cancelled():
                    pull.result()
        if self._read:
            return
        for topic, consumer in self._of.items():
            if topic not in self._pulls:
                self._pulls[topic] = asyncio.create_task(self._pull(consumer))
        await asyncio.wait(self._pulls.values(), timeout=seconds, return_when=asyncio.FIRST_COMPLETED)

    def take(self, max_records: int) -> list[Fetched]:
        """What has been read, the first first."""
        return [self._read.popleft() for _ in range(min(max_records, len(self._read)))]

    async def close(self, deadline_seconds: float) -> None:
        """End all clients. Never raises."""
        for pull in self._pulls.values():
            pull.cancel()
        await asyncio.gather(*self._pulls.values(), return_exceptions=True)
        await asyncio.gather(*(end(consumer, deadline_seconds) for consumer in self._of.values()))

    async def _pull(self, consumer: AIOKafkaConsumer) -> None:
        # Nothing may be awaited between the two: records that were given and not kept would be lost.
        found = await consumer.getmany(timeout_ms=PULL_MILLISECONDS, max_records=PULL_RECORDS)
        for records in found.values():
            self._read.extend(records)


def _place(record: Fetched) -> TopicPartition:
    return TopicPartition(record.topic, record.partition)

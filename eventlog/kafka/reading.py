"""Reading without a group: tails, and compacted topics as tables."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping
from contextlib import aclosing, asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from aiokafka.structs import ConsumerRecord, TopicPartition

from eventlog.kafka.ending import end
from eventlog.kafka.fetch_sessions import keep_sessions
from eventlog.port import LogUnavailable, Partition, Place, Record, Started, Stored

OPEN_SECONDS = 15.0
SILENCE_SECONDS = 15.0
"""What stands there and does not come for this long cannot be read now."""
TAIL_WAIT_MILLISECONDS = 1_000
READ_WAIT_MILLISECONDS = 200
END_SECONDS = 2.0
FETCH_BYTES = 8 * 1024 * 1024


def stored(record: ConsumerRecord[bytes | None, bytes | None]) -> Stored:
    """In the port's words. A key that is no UTF-8 is read with replacements; a header without a value is left out.

    Anybody may write to a topic.
    """
    headers = record.headers
    if any(value is None for _, value in headers):
        headers = tuple((name, value) for name, value in headers if value is not None)
    key = record.key.decode(errors="replace") if record.key is not None else ""
    return Stored(
        Record(record.topic, key, record.value, headers),
        Place(record.topic, record.partition, record.offset),
        record.timestamp,
    )


def reader(connection: Mapping[str, Any], **more: Any) -> AIOKafkaConsumer:
    """A client without a group, that has not started yet."""
    return AIOKafkaConsumer(
        **connection,
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        **more,
    )


async def tail(
    connection: Mapping[str, Any],
    followed: Iterable[Partition],
    *,
    from_beginning: bool,
    started: Started | None,
) -> AsyncGenerator[Stored, None]:
    """Every record of these partitions, in the order in which the brokers give them."""
    partitions = [TopicPartition(*partition) for partition in followed]
    async with _consumer(connection, partitions, is_lasting=True) as consumer:
        if from_beginning:
            found = await consumer.seek_to_beginning(*partitions)
        else:
            found = await consumer.seek_to_end(*partitions)
        if not found:
            raise TimeoutError("no broker says where the partitions begin and end")
        if started is not None:
            started()
        while True:
            for records in (await consumer.getmany(timeout_ms=TAIL_WAIT_MILLISECONDS)).values():
                for record in records:
                    yield stored(record)


async def read(
    connection: Mapping[str, Any], chosen: Iterable[Partition], since_ms: int
) -> AsyncGenerator[Stored, None]:
    """Every record of these partitions of that time or later, up to the ends as they are now."""
    partitions = [TopicPartition(*partition) for partition in chosen]
    async with _consumer(connection, partitions) as consumer:
        ends = await consumer.end_offsets(partitions)
        begins = await consumer.beginning_offsets(partitions)
        if since_ms > 0:
            found = await consumer.offsets_for_times(dict.fromkeys(partitions, since_ms))
            begins = {p: ends[p] if at is None else at.offset for p, at in found.items()}
        unread = {partition for partition in partitions if begins[partition] < ends[partition]}
        consumer.pause(*(partition for partition in partitions if partition not in unread))
        for partition in unread:
            consumer.seek(partition, begins[partition])
        loop = asyncio.get_running_loop()
        heard_at = loop.time()
        while unread:
            fetched = await consumer.getmany(timeout_ms=READ_WAIT_MILLISECONDS)
            for partition, records in fetched.items():
                for record in records:
                    if record.offset < ends[partition]:
                        yield stored(record)
            # The position, not the last record: compaction and transactions leave gaps before the end.
            unread = {p for p in unread if await consumer.position(p) < ends[p]}
            if fetched:
                heard_at = loop.time()
            elif loop.time() - heard_at > SILENCE_SECONDS:
                raise TimeoutError(f"nothing came for {SILENCE_SECONDS:.0f} s")


async def read_table(connection: Mapping[str, Any], chosen: Iterable[Partition]) -> dict[str, Stored]:
    """The newest record of each key that is no tombstone, up to the ends as they are now."""
    table: dict[str, Stored] = {}
    async with aclosing(read(connection, chosen, since_ms=0)) as records:
        async for entry in records:
            if entry.record.value is None:
                table.pop(entry.record.key, None)
            else:
                table[entry.record.key] = entry
    return table


@asynccontextmanager
async def _consumer(
    connection: Mapping[str, Any], partitions: Iterable[TopicPartition], *, is_lasting: bool = False
) -> AsyncIterator[AIOKafkaConsumer]:
    consumer = reader(connection, max_partition_fetch_bytes=FETCH_BYTES)
    if is_lasting:  # a broker keeps a session for minutes after its client has gone, and has not many
        keep_sessions(consumer)
    try:
        async with asyncio.timeout(OPEN_SECONDS):
            await consumer.start()
        consumer.assign(list(partitions))
        yield consumer
    except (KafkaError, OSError, TimeoutError) as error:
        raise LogUnavailable(f"the brokers do not give the records: {error!r}") from error
    finally:
        await end(consumer, END_SECONDS)

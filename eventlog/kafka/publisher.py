"""The hot path: appends gathered into batches, a batch of each partition on its way at a time.

aiokafka's `send()` costs a coroutine, a size estimate and two futures a message, and when a batch is
full every sender that waits is woken and tries again, which is why it collapses when thousands wait.
Its other public way, `create_batch()` and `send_batch()`, leaves the gathering to us: an append is
then one synchronous call that encodes the record into its partition's open batch and returns a
future. What comes while a batch is on its way fills the next one, so batches grow with the load.

aiokafka retries an idempotent batch until it is written, and a batch that fails for good leaves a
hole in the partition's sequence numbers that fails every later one (OutOfOrderSequence): whoever
owns this asks for a new producer whenever `broken` says so.
"""

import asyncio
from collections.abc import Callable
from functools import lru_cache, partial

from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    InvalidTopicError,
    KafkaError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
    TopicAuthorizationFailedError,
)
from aiokafka.structs import RecordMetadata

from contract.topics import partition_of
from eventlog.in_flight import InFlight, Limits, Pending
from eventlog.kafka.lane import Batch, Lane
from eventlog.port import LogUnavailable, Record, RecordRefused

_partition_of = lru_cache(maxsize=100_000)(partition_of)

REFUSED = (
    MessageSizeTooLargeError,
    RecordListTooLargeError,
    InvalidTopicError,
    TopicAuthorizationFailedError,
)
"""The broker's word on this batch alone: the next one may fare better with the same producer."""


class Publisher:
    """Knows every lane. It outlives its producers: whoever owns it sets `producer`, and a new one when `broken`."""

    def __init__(
        self, look_up: Callable[[Record, Pending], None], limits: Limits, linger_seconds: float
    ) -> None:
        self._look_up = look_up
        self._limits = limits
        self._linger_seconds = linger_seconds
        self._loop = asyncio.get_running_loop()
        self._lanes: dict[str, list[Lane]] = {}
        self._ready: dict[Lane, None] = {}
        self._lingering = False
        self._go = asyncio.Event()
        self._producer: AIOKafkaProducer | None = None
        self._paused = False
        self.in_flight = InFlight(self.take, limits)
        self.broken = asyncio.Event()
        self.failure = "no producer"
        self.confirmed = 0
        """Batches that the brokers have confirmed."""

    def pause(self) -> None:
        """Gather, but send nothing until there is a new producer."""
        self._paused = True

    def use(self, producer: AIOKafkaProducer) -> None:
        """From now on send with this one; what the last one had on its way has failed."""
        self._producer = producer
        self._paused = False
        self.broken.clear()
        for lane in self._all_lanes():
            batch, lane.sent = lane.sent, None
            if batch is not None:
                batch.fail(LogUnavailable(f"the producer was replaced: {self.failure}"))
                self.in_flight.release(batch.size_bytes)
            self._ready[lane] = None
        self._go.set()

    def give_up(self, why: str) -> None:
        """This producer cannot go on."""
        self.failure = why
        self.broken.set()

    def know(self, topic: str, partitions: int) -> None:
        """The topic exists and has this many partitions."""
        if topic not in self._lanes:
            self._lanes[topic] = [Lane(topic, number) for number in range(partitions)]

    def take(self, record: Record, future: Pending) -> None:
        """Encode the record into its partition's batch. The order of the calls is the order in the log."""
        lanes = self._lanes.get(record.topic)
        if lanes is None:
            self._look_up(record, future)
            return
        number = record.partition
        if number is not None and not 0 <= number < len(lanes):
            future.set_exception(RecordRefused(f"topic {record.topic!r} has no partition {number}"))
            return
        try:
            lane = lanes[_partition_of(record.key, len(lanes)) if number is None else number]
            batch = lane.filling or self._fill(lane)
            key = record.key.encode()
            headers = record.headers if type(record.headers) is list else list(record.headers)
            written = batch.builder.append(timestamp=None, key=key, value=record.value, headers=headers)
            if written is None:  # full: it goes before a new one
                lane.full.append(batch)
                batch = self._fill(lane)
                written = batch.builder.append(timestamp=None, key=key, value=record.value, headers=headers)
        except (TypeError, ValueError) as error:  # no text, no bytes: this record's fault alone
            future.set_exception(RecordRefused(f"the record cannot be encoded: {error}"))
            return
        size: int = written.size
        if size > self._limits.max_record_bytes:
            # The first record of a batch is taken whatever its size, so it stands alone in there.
            lane.filling = None
            future.set_exception(
                RecordRefused(f"the record has {size} bytes, more than {self._limits.max_record_bytes}")
            )
            return
        batch.futures.append(future)
        batch.size_bytes += size
        self.in_flight.held_bytes += size

    async def run(self) -> None:
        """Send what is ready, until cancelled."""
        while True:
            await self._go.wait()
            self._go.clear()
            self._lingering = False
            if self._producer is None or self._paused:
                continue  # `use` will say when to go on
            ready, self._ready = self._ready, {}
            for lane in ready:
                if (batch := lane.next()) is not None:
                    await self._send(self._producer, lane, batch)

    def waiting_seconds(self) -> float:
        """How long the oldest batch on its way has been."""
        sent = [lane.sent.sent_at for lane in self._all_lanes() if lane.sent is not None]
        return self._loop.time() - min(sent) if sent else 0.0

    def drop_expired(self) -> None:
        """Forget the batches that are not on their way and that nobody waits for: they are never written."""
        for lane in self._all_lanes():
            self.in_flight.release(sum(batch.size_bytes for batch in lane.take_expired()))

    def _all_lanes(self) -> list[Lane]:
        return [lane for lanes in self._lanes.values() for lane in lanes]

    def _fill(self, lane: Lane) -> Batch:
        assert self._producer is not None, "the log is not open"
        batch = lane.filling = Batch(self._producer.create_batch())
        if lane.sent is None:
            self._ready[lane] = None
            if not self._lingering:
                self._lingering = True
                self._loop.call_later(self._linger_seconds, self._go.set)
        return batch

    async def _send(self, producer: AIOKafkaProducer, lane: Lane, batch: Batch) -> None:
        known = producer.client.cluster.partitions_for_topic(lane.topic)
        if known is None or lane.number not in known:
            # Asked here, because `send_batch` would name the topic in a metadata request, and a broker
            # that creates topics by itself would create it.
            batch.fail(LogUnavailable(f"the brokers do not list topic {lane.topic!r} any more"))
            self.in_flight.release(batch.size_bytes)
            producer.client.force_metadata_update()
            return
        lane.sent = batch
        batch.sent_at = self._loop.time()
        try:
            sent = await producer.send_batch(batch.builder, lane.topic, partition=lane.number)
        except Exception as error:  # noqa: BLE001 closed, or what its sender died of: the batch was not taken
            lane.sent = None
            lane.full.appendleft(batch)
            self.give_up(repr(error))
        else:
            sent.add_done_callback(partial(self._sent, lane, batch))

    def _sent(self, lane: Lane, batch: Batch, sent: asyncio.Future[RecordMetadata]) -> None:
        """A batch is written, or given up."""
        error = sent.exception() if not sent.cancelled() else KafkaError("cancelled")
        if lane.sent is not batch:
            return  # of a producer that was replaced: its appends have failed already
        lane.sent = None
        if error is None:
            self.confirmed += 1
            batch.confirm(lane.topic, lane.number, sent.result().offset)
        elif isinstance(error, REFUSED):
            alone = len(batch.futures) == 1
            batch.fail((RecordRefused if alone else LogUnavailable)(f"Kafka refused the batch: {error!r}"))
        else:
            batch.fail(LogUnavailable(f"Kafka did not take the batch: {error!r}"))
            self.give_up(repr(error))
        self.in_flight.release(batch.size_bytes)
        if lane.full or lane.filling is not None:
            self._ready[lane] = None
            self._go.set()

"""Keeps a producer alive: starts it, replaces it when it cannot go on, asks brokers through it, ends it."""

import asyncio

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaConnectionError, KafkaError

from eventlog.kafka.ending import end
from eventlog.kafka.publisher import Publisher
from eventlog.kafka.settings import KafkaSettings
from eventlog.port import LogUnavailable

RETRY_SECONDS = 0.5


class Keeper:
    """Knows the producer of the day, and the old ones that are still ending."""

    def __init__(self, bootstrap: str, settings: KafkaSettings, publisher: Publisher) -> None:
        self._bootstrap = bootstrap
        self._settings = settings
        self._publisher = publisher
        self._producer: AIOKafkaProducer | None = None
        self.trouble: str | None = None
        """Why there is no producer that works; None when there is one."""
        self.restarts = 0

    async def start(self) -> None:
        """Reach the brokers. Raises LogUnavailable."""
        self._producer = await self._start()
        self._publisher.use(self._producer)

    async def run(self) -> None:
        """Replace the producer whenever it is broken, until cancelled."""
        while True:
            await self._publisher.broken.wait()
            self._publisher.pause()
            self.trouble = f"the producer is being replaced: {self._publisher.failure}"
            # Ended before its successor begins: what it has on its way has failed, and written late
            # it would stand behind what its stations have sent since (promise 3).
            if self._producer is not None:
                await end(self._producer, 0.0)
            try:
                await self.start()
            except LogUnavailable as error:
                self.trouble = str(error)
            else:
                self.restarts += 1
                self.trouble = None
            await asyncio.sleep(RETRY_SECONDS)  # whatever breaks it, not faster than this

    async def refresh(self) -> bool:
        """Ask a broker for all topics; whether one answered.

        All: to name one that does not exist would create it where `auto.create.topics.enable` is left on.
        """
        assert self._producer is not None
        try:
            async with asyncio.timeout(self._settings.request_timeout_seconds):
                return bool(await self._producer.client.force_metadata_update())
        except (KafkaError, TimeoutError):
            return False

    def partitions(self, topic: str) -> int | None:
        """How many partitions the topic had when a broker was last asked."""
        assert self._producer is not None
        known = self._producer.client.cluster.partitions_for_topic(topic)
        return len(known) if known is not None else None

    async def close(self, deadline_seconds: float) -> None:
        """End the producer; returns at most about a second after the deadline."""
        if self._producer is not None:
            await end(self._producer, deadline_seconds)

    async def _start(self) -> AIOKafkaProducer:
        settings = self._settings
        producer = AIOKafkaProducer(
            **settings.connection(self._bootstrap),
            enable_idempotence=True,
            acks="all",
            linger_ms=0,  # the publisher lingers
            max_batch_size=settings.max_batch_bytes,
            compression_type=settings.compression,
        )
        started = False
        try:
            async with asyncio.timeout(settings.open_seconds):
                await producer.start()
                # What it has learned so far are the brokers; from now on it knows all topics.
                started = bool(await producer.client.force_metadata_update())
        except (KafkaError, OSError, TimeoutError) as error:
            # (that a connection failed says no more than that, in the library's inner words)
            why = "" if isinstance(error, KafkaConnectionError | TimeoutError) else f": {error}"
            raise LogUnavailable(f"no broker of {self._bootstrap} answers{why}") from error
        finally:
            if not started:
                await end(producer, 0.0)
        if not started:
            raise LogUnavailable(f"no broker of {self._bootstrap} lists its topics")
        return producer

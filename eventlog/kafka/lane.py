"""One partition's way into Kafka: the batch that fills, the full ones before it, and the one on its way."""

from collections import deque
from copy import copy
from typing import TYPE_CHECKING

from aiokafka.producer.message_accumulator import BatchBuilder

from eventlog.port import Place

if TYPE_CHECKING:
    from eventlog.in_flight import Pending


class Batch:
    """Records of one partition, and the futures of their appends in the same order."""

    __slots__ = ("builder", "futures", "sent_at", "size_bytes")

    def __init__(self, builder: BatchBuilder) -> None:
        self.builder = builder
        self.futures: list[Pending] = []
        self.size_bytes = 0
        self.sent_at = 0.0

    def confirm(self, topic: str, number: int, offset: int) -> None:
        """They are durable, the first of them at this offset; below 0 where the broker cannot say."""
        step = 1 if offset >= 0 else 0
        for future in self.futures:
            if not future.done():
                future.set_result(Place(topic, number, offset))
            offset += step

    def fail(self, error: Exception) -> None:
        for future in self.futures:
            if not future.done():
                future.set_exception(copy(error))  # each raises its own, or their tracebacks would add up

    @property
    def over(self) -> bool:
        """Nobody waits for it any more."""
        return all(future.done() for future in self.futures)


class Lane:
    """One partition: the batch that fills, the full ones before it, and the one on its way."""

    __slots__ = ("filling", "full", "number", "sent", "topic")

    def __init__(self, topic: str, number: int) -> None:
        self.topic = topic
        self.number = number
        self.filling: Batch | None = None
        self.full: deque[Batch] = deque()
        self.sent: Batch | None = None

    def next(self) -> Batch | None:
        """Take off the batch that is to be sent now; None when there is none, or one is on its way."""
        if self.sent is not None:
            return None
        if self.full:
            return self.full.popleft()
        batch, self.filling = self.filling, None
        if batch is not None and not batch.futures:
            return None  # its only record could not be encoded
        return batch

    def take_expired(self) -> list[Batch]:
        """Take off the batches that are not on their way and that nobody waits for."""
        expired = [batch for batch in self.full if batch.over]
        if expired:
            self.full = deque(batch for batch in self.full if not batch.over)
        if self.filling is not None and self.filling.over:
            expired.append(self.filling)
            self.filling = None
        return expired

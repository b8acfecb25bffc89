"""Does what the partitions want done: appends it to the log, and insists where it must come to stand there."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from functools import partial

import structlog

from eventlog.port import EventLog, LogUnavailable, Place, Record
from gateway.metrics import GatewayMetrics
from gateway.routing.actions import Action, Insist, Now
from gateway.routing.partition import RoutedPartition

MAX_IN_FLIGHT = 2_000
"""Appends on their way; beyond that nothing more is read until some have ended."""

_log = structlog.get_logger(__name__)

Keeping = Callable[[RoutedPartition], "bool | None"]
"""Whether a partition is at work here; None where it is another's for now, and may come back."""


class Errands:
    """Knows what is on its way to the log, and what the log would not take."""

    def __init__(self, log: EventLog, metrics: GatewayMetrics) -> None:
        self._log = log
        self._metrics = metrics
        self._again: deque[tuple[RoutedPartition, Insist]] = deque()
        self._in_flight = 0
        self._room = asyncio.Event()

    async def room(self) -> None:
        """Wait until few enough are on their way."""
        while self._in_flight > MAX_IN_FLIGHT:
            self._room.clear()
            await self._room.wait()

    def attempt(self, partition: RoutedPartition, step: Callable[[], list[Action]]) -> None:
        """Do what a partition wants done now; a fault of ours with one command stops no other."""
        try:
            self.do(partition, step())
        except Exception:  # noqa: BLE001 - whatever it is
            self._metrics.faults.n += 1
            _log.exception("a command could not be routed", partition=partition.number)

    def do(self, partition: RoutedPartition, actions: list[Action]) -> None:
        """Begin all of them, in their order."""
        for action in actions:
            if isinstance(action, Insist):
                self._append(action.record, partial(self._insisted, partition, action))
            else:
                self._append(action.record, partial(self._proposed, partition, action.record))

    def insist_again(self, now: Now, keeping: Keeping) -> None:
        """Append what the log did not take; what nobody waits for any more is dropped."""
        again, self._again = self._again, deque()
        for partition, action in again:
            if action.until is not None and now.mono >= action.until:
                continue
            kept = keeping(partition)
            if kept:
                self.do(partition, [action])
            elif kept is None:
                self._again.append((partition, action))

    def _append(self, record: Record, ended: Callable[[asyncio.Future[Place]], None]) -> None:
        self._in_flight += 1
        future(self._log.append(record)).add_done_callback(partial(self._landed, ended))

    def _landed(
        self, ended: Callable[[asyncio.Future[Place]], None], appending: asyncio.Future[Place]
    ) -> None:
        self._in_flight -= 1
        self._room.set()
        ended(appending)

    def _proposed(self, partition: RoutedPartition, record: Record, appending: asyncio.Future[Place]) -> None:
        """A proposal that failed is made again by who made it."""
        if not appending.cancelled() and appending.exception() is None:
            self.attempt(partition, partial(partition.written, record, appending.result(), present()))

    def _insisted(self, partition: RoutedPartition, action: Insist, appending: asyncio.Future[Place]) -> None:
        if appending.cancelled():
            return
        fault = appending.exception()
        if isinstance(fault, LogUnavailable):
            self._again.append((partition, action))
            return
        if fault is not None:
            self._metrics.faults.n += 1
            _log.error("the log refuses a record of the router", topic=action.record.topic, why=str(fault))
        if action.asked_ms is not None:
            self._metrics.routing_seconds.observe(max(0.0, time.time() - action.asked_ms / 1000))
        if action.done is not None:
            partition.done(action.done, present())


def present() -> Now:
    """What time it is."""
    return Now(time.monotonic(), time.time_ns() // 1_000_000)


def future(appending: Awaitable[Place]) -> asyncio.Future[Place]:
    """The append as a future; engines give one already."""
    return asyncio.ensure_future(appending)

"""One connection's way into the log: facts become records, and are durable when `publish` returns."""

import asyncio
from collections.abc import Awaitable, Iterable
from time import perf_counter

from contract import envelope
from contract.envelope import Envelope
from eventlog.port import EventLog, LogUnavailable, Place, Record, RecordRefused
from gateway.metrics import GatewayMetrics
from gateway.translation.table import Fact


class Publisher:
    """Knows the envelope of its connection, and counts what it says in it."""

    __slots__ = ("_envelope", "_log", "_metrics", "_sequence", "_station", "connection")

    def __init__(
        self, log: EventLog, metrics: GatewayMetrics, made: Envelope, station: str, connection: str
    ) -> None:
        self._log = log
        self._metrics = metrics
        self._envelope = made
        self._station = station
        self.connection = connection
        self._sequence = 0

    @property
    def trouble(self) -> str | None:
        """Why the log takes no records, None when it does."""
        return self._log.trouble

    def records(self, facts: Iterable[Fact]) -> list[Record]:
        """The records of one message's facts; each takes the connection's next sequence number.

        A fact without an identity of its own takes its id from the connection and the sequence; a
        derived event shares the id of its primary one, with its suffix.
        """
        made = []
        primary = ""
        for event, identity, suffix in facts:
            self._sequence += 1
            if not suffix:
                primary = identity or f"{self.connection}-{self._sequence}"
            headers = self._envelope.headers(event, primary + suffix, self._sequence)
            made.append(Record(event.TOPIC.name, self._station, envelope.encode(event), headers))
        return made

    def publish(self, facts: Iterable[Fact]) -> Awaitable[None]:
        """Append the facts now, in order; await their durability. Raises LogUnavailable, RecordRefused."""
        return self.append(self.records(facts))

    def append(self, records: Iterable[Record]) -> Awaitable[None]:
        """Append records made before; await as `publish`. What is awaited holds neither facts nor records."""
        return self._durable([self._log.append(record) for record in records])

    async def _durable(self, pending: list[Awaitable[Place]]) -> None:
        metrics = self._metrics
        started = perf_counter()
        metrics.appending += len(pending)
        try:
            if len(pending) == 1:
                await pending[0]
            else:
                await _all(pending)
        except (LogUnavailable, RecordRefused):
            metrics.append_failures.n += 1
            raise
        finally:
            metrics.appending -= len(pending)
        metrics.appends.n += len(pending)
        metrics.append_seconds.observe(perf_counter() - started)


async def _all(pending: list[Awaitable[Place]]) -> None:
    """Wait for every append, and raise the first fault; a cancelled wait leaves none behind that nobody awaits."""
    for outcome in await asyncio.gather(*pending, return_exceptions=True):
        if isinstance(outcome, BaseException):
            raise outcome

"""A backend is asked through the log, and its reply comes back to this gateway's own partition.

Whoever reads `ocpp.decision-requests.v1` first may answer; of several replies the first counts. A reply
that nobody waits for is another gateway's (they may share a partition), or came too late.
"""

import asyncio
import contextlib
from uuid import UUID, uuid4

import msgspec
import structlog

from contract.decisions import CORRELATION_ID, REPLY_PARTITION, REPLY_TOPIC, DecisionRequest
from contract.deliveries import inbox_of
from contract.topics import DECISION_REPLIES, DECISION_REQUESTS
from eventlog.port import EventLog, LogUnavailable, Record, Stored
from service.states import LoggedState

RETRY_SECONDS = 0.5

_ENCODER = msgspec.json.Encoder(decimal_format="number")

_log = structlog.get_logger(__name__)


class Silent(Exception):
    """No reply came in time."""


class Backend:
    """Asks, and waits for the reply."""

    def __init__(self, log: EventLog, gateway: str) -> None:
        self._log = log
        self._gateway = gateway
        self._partition: int | None = None
        self._waiting: dict[bytes, asyncio.Future[bytes | None]] = {}
        self._state = LoggedState(_log, "replies of backends cannot be read just now")
        self.hears = asyncio.Event()
        """Replies that come from now on are seen."""

    async def ask(self, station: str, request: DecisionRequest, seconds: float) -> bytes | None:
        """The value of the reply, None for one without a value. Raises Silent, LogUnavailable, RecordRefused."""
        if self._log.trouble is not None:
            raise LogUnavailable(self._log.trouble)
        correlation = uuid4().bytes
        reply: asyncio.Future[bytes | None] = asyncio.get_running_loop().create_future()
        self._waiting[correlation] = reply
        try:
            async with asyncio.timeout(seconds):
                await self.hears.wait()
                await self._log.append(self._record(station, request, correlation))
                return await reply
        except TimeoutError:
            raise Silent from None
        finally:
            del self._waiting[correlation]

    async def watch(self) -> None:
        """Hear the replies until cancelled; a task of its owner."""
        while True:
            try:
                await self._hear()
            except LogUnavailable as trouble:
                self._state.failed(trouble)
            finally:
                self.hears.clear()
            await asyncio.sleep(RETRY_SECONDS)

    async def _hear(self) -> None:
        self._partition = inbox_of(self._gateway, await self._log.partitions(DECISION_REPLIES.name))
        tail = self._log.tail([DECISION_REPLIES.name], partitions=[self._partition], started=self._started)
        async with contextlib.aclosing(tail) as records:
            async for stored in records:
                self._resolve(stored)

    def _started(self) -> None:
        self._state.works()
        self.hears.set()

    def _resolve(self, stored: Stored) -> None:
        said = dict(stored.record.headers).get(CORRELATION_ID, b"")
        waiting = self._waiting.get(said) or self._waiting.get(_from_text(said))
        if waiting is not None and not waiting.done():
            waiting.set_result(stored.record.value)

    def _record(self, station: str, request: DecisionRequest, correlation: bytes) -> Record:
        assert self._partition is not None, "it hears"
        headers = [
            ("content-type", b"application/json"),
            (CORRELATION_ID, correlation),
            (REPLY_TOPIC, DECISION_REPLIES.name.encode()),
            (REPLY_PARTITION, self._partition.to_bytes(4, "big")),
        ]
        return Record(DECISION_REQUESTS.name, station, _ENCODER.encode(request), headers)


def _from_text(said: bytes) -> bytes:
    """The correlation id of a backend that takes it for the text of a UUID; nothing where it is none."""
    try:
        return UUID(said.decode()).bytes
    except ValueError:
        return b""

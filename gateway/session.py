"""One connected station: what it sends is taken in by the reader and served by the worker.

The reader never waits for the world: answers to our calls resolve at once, requests go to a bounded
inbox, and a full inbox pauses the socket. The worker never waits for the station: it serves one
request after the other, in order. So a slow log delays no answer to our calls, and a slow station
delays nobody.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable
from datetime import UTC, datetime
from math import inf
from typing import Any, NamedTuple

import structlog

from contract.events import Event, StationConnected, StationDisconnected
from contract.secrets import is_to_be_searched, redacted
from eventlog.port import LogUnavailable, RecordRefused
from gateway.backlog import Backlog
from gateway.calls import Calls
from gateway.desk import Desk
from gateway.limits import (
    BURST_SECONDS,
    LONGEST_PAUSE_SECONDS,
    METERED_FROM_BYTES,
    Allowance,
    StationLimits,
    Stopwatch,
)
from gateway.metrics import GatewayMetrics
from gateway.ocpp.rpc import Answered, Asked, Garbled, Happening, Rpc, Unmatched
from gateway.presence import Announcer
from gateway.publisher import Publisher
from gateway.pulse import Pulse
from gateway.translation.outbound.plan import Target
from gateway.translation.table import Fact
from gateway.transport import Ended, Transport
from service.wheel import Wheel

_log = structlog.get_logger(__name__)


CLOSE_CODES = {
    "bad_frames": (1008, "too many unreadable frames"),
    "drain": (1001, "this gateway is going away"),
    "error": (1011, "the gateway failed"),
    "takeover": (1008, "a newer connection of this station"),
    "too_costly": (1008, "messages that take too long to process"),
}


class Waiting(NamedTuple):
    """What waits in the inbox, when it came (wall clock, and perf_counter), its size, and of a bad frame its bytes."""

    happening: Asked | Garbled
    data: bytes
    size_bytes: int
    received_at: datetime
    started: float


Late = Callable[["Session", Unmatched], None]
"""Called with an answer that came after its CALL was given up."""


class Session:
    """Serves one connection from its handshake to its end."""

    __slots__ = (
        "__weakref__",
        "_announced",
        "_announcer",
        "_arrival",
        "_backlog",
        "_bad",
        "_calls",
        "_closing",
        "_connected",
        "_ended",
        "_inbox",
        "_late",
        "_left",
        "_limits",
        "_metrics",
        "_processing",
        "_pulse",
        "_rate",
        "_resting",
        "_room",
        "_rpc",
        "_sending",
        "_telling",
        "_transport",
        "_volume",
        "_why",
        "connection",
        "declined",
        "desk",
        "publisher",
        "station",
        "version",
    )

    def __init__(
        self,
        *,
        transport: Transport,
        rpc: Rpc,
        desk: Desk,
        publisher: Publisher,
        backlog: Backlog,
        connected: StationConnected,
        limits: StationLimits,
        metrics: GatewayMetrics,
        wheel: Wheel,
        late: Late | None = None,
        announcer: Announcer | None = None,
    ) -> None:
        self.station = connected.station.id
        self.version = connected.version
        self.connection = publisher.connection
        self.publisher = publisher
        self.desk = desk
        self.declined: frozenset[str] = frozenset()
        """Actions of ours that the station said it does not have."""
        self._ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._transport = transport
        self._rpc = rpc
        self._late = late
        self._announcer = announcer
        self._backlog = backlog
        self._connected = connected
        self._limits = limits
        self._metrics = metrics
        self._pulse = Pulse(transport, limits, wheel, paused=self._is_paused, dead=self._dead)
        self._calls = Calls(self.version, rpc, transport.send, metrics)
        self._inbox: list[Waiting] = []  # short, and a deque would be 700 bytes of each idle station
        self._arrival: asyncio.Future[None] | None = None
        self._room: asyncio.Future[None] | None = None
        self._closing: asyncio.Task[None] | None = None
        self._telling: asyncio.Task[None] | None = None
        self._announced = False
        self._left = False
        self._resting: asyncio.Future[None] | None = None
        self._sending = False
        self._why = ""
        self._rate = Allowance(limits.messages_per_second, BURST_SECONDS)
        self._volume = Allowance(limits.bytes_per_second, BURST_SECONDS)
        self._processing = Allowance(limits.processing_ms_per_second / 1000, BURST_SECONDS)
        self._bad = Allowance(limits.bad_frames_per_minute / 60, 60)

    async def run(self, predecessor: "Session | None" = None) -> None:
        """Serve until the connection ends; its first event comes after the predecessor's last."""
        worker = asyncio.create_task(self._work(predecessor))
        worker.add_done_callback(self._worker_ended)
        try:
            code = await self._read()
            await self._leave(worker, code, predecessor)
        finally:
            self._pulse.stop()
            worker.cancel()
            if self._announcer is not None:
                self._announcer.gone(self.station, self._why or "error")
            if not self._ended.done():
                self._ended.set_result(None)
        for task in (self._telling, self._closing):
            if task is not None:
                await task

    async def until_ended(self) -> None:
        """Until its last event is published, or kept for later: a successor may begin."""
        await asyncio.wait([self._ended])

    async def call(
        self, action: str, payload: dict[str, Any], timeout_seconds: float, answer_seconds: float = inf
    ) -> Any:
        """Send a CALL of ours; the payload of its result. Raises as `Calls.call`."""
        return await self._calls.call(action, payload, timeout_seconds, answer_seconds)

    def tell_again(self) -> None:
        """Publish once more that the station is connected: it was declared not to be."""
        if self._announced and not self._left:
            self._telling = asyncio.create_task(self._announce(self._connected))

    def target(self, command_id: str) -> Target:
        """The station as a command's plan sees it."""
        return Target(
            station=self._connected.station,
            version=self.version,
            command_id=command_id,
            declined=self.declined,
            connectors=len(self.desk.connectors) or None,
        )

    def end(self, reason: str) -> None:
        """Close the connection, once, for one of the reasons of `CLOSE_CODES`."""
        if self._closing is None and not self._left:
            self._why = self._why or reason
            self._closing = asyncio.create_task(self._transport.close(*CLOSE_CODES[reason]))
            if self._resting is not None and not self._resting.done():
                self._resting.set_result(None)

    async def _read(self) -> int | None:
        """The reader: until the transport ends; its close code."""
        receive = self._transport.receive
        try:
            while True:
                # Without a name here, where it would be held until the next comes.
                self._hear(await receive())
                if len(self._inbox) >= self._limits.inbox_messages:
                    self._room = asyncio.get_running_loop().create_future()
                    await self._room
                self._rate.spend()
                while (wait := self._wait_seconds()) > 0 and self._closing is None:
                    await self._rest(wait)
        except Ended as end:
            self._why = self._why or end.reason
            return end.code
        except Exception:  # noqa: BLE001 - a fault of ours ends one session, not the pod
            self._metrics.faults.n += 1
            _log.exception("a session failed", station=self.station)
            self.end("error")
            return None

    def _wait_seconds(self) -> float:
        """How long the socket is not to be read; 0 or less where the station is within all its rates."""
        return max(self._rate.wait_seconds(), self._volume.wait_seconds(), self._processing.wait_seconds())

    async def _rest(self, seconds: float) -> None:
        """Leave the socket unread until the station is within its rates; TCP then holds the station back."""
        self._metrics.paused.n += 1
        self._metrics.paused_seconds.n += seconds
        self._resting = asyncio.get_running_loop().create_future()
        await asyncio.wait([self._resting], timeout=seconds)
        self._resting = None

    def _hear(self, data: bytes | Garbled | None) -> None:
        if isinstance(data, bytes):
            self._metrics.received_bytes.n += len(data)
            self._volume.spend(len(data))
            self._take(self._rpc.receive(data), data)
        elif data is not None:
            self._take(data, b"")

    def _take(self, happening: Happening, data: bytes) -> None:
        metrics = self._metrics
        if isinstance(happening, Asked):
            # Before anything is made of it: no event, log or decision is to show a secret.
            if is_to_be_searched(happening.action, data):
                happening.payload = redacted(happening.payload)
            metrics.received.at("send" if happening.answered else "call", happening.action).n += 1
            self._put(happening, b"", len(data))
        elif isinstance(happening, Garbled):
            metrics.received.at("invalid", "other").n += 1
            metrics.invalid.at(happening.kind).n += 1
            if self._bad.spend() > 0:
                self.end("bad_frames")
            else:
                self._put(happening, data, len(data))
        elif isinstance(happening, Unmatched):
            metrics.received.at(happening.type, "other").n += 1
            metrics.invalid.at(happening.kind).n += 1
            if happening.kind == "late" and self._late is not None:
                self._late(self, happening)
        else:
            metrics.received.at(
                "callresult" if isinstance(happening, Answered) else "callerror", "other"
            ).n += 1
            self._calls.resolve(happening)

    def _put(self, happening: Asked | Garbled, data: bytes, size_bytes: int) -> None:
        self._inbox.append(Waiting(happening, data, size_bytes, datetime.now(UTC), time.perf_counter()))
        if self._arrival is not None and not self._arrival.done():
            self._arrival.set_result(None)

    async def _work(self, predecessor: "Session | None") -> None:
        """The worker: until the reader has left and the inbox is empty."""
        if predecessor is not None:
            await predecessor.until_ended()
        self._announced = True
        if self._announcer is not None:
            connected = self._connected
            self._announcer.online(self.station, self.connection, self.version, connected.received_at)
        await self._announce(self._connected)
        inbox = self._inbox
        while True:
            while not inbox:
                if self._left:
                    return
                self._arrival = asyncio.get_running_loop().create_future()
                await self._arrival
            if self._room is not None and not self._room.done():
                self._room.set_result(None)
            await self._serve(inbox.pop(0))

    async def _serve(self, waiting: Waiting) -> None:
        """Serve one request. On its own, so that an idle station's worker holds no message."""
        happening, data, size_bytes, received_at, started = waiting
        if isinstance(happening, Asked):
            if size_bytes < METERED_FROM_BYTES:
                frame = await self.desk.serve(happening, received_at)
            else:
                frame = await self._serve_metered(happening, received_at)
            action = happening.action
            self._metrics.answer_seconds.at(action).observe(time.perf_counter() - started)
        else:
            frame = await self.desk.reject(happening, data, received_at)
            action = "other"
        if frame is not None:
            await self._reply(frame, action)

    async def _serve_metered(self, asked: Asked, received_at: datetime) -> bytes | None:
        """Serve a large request, and charge its processing time to the station."""
        stopwatch = Stopwatch()
        frame = await stopwatch.measure(self.desk.serve(asked, received_at))
        self._metrics.metered_seconds.n += stopwatch.seconds
        if self._processing.spend(stopwatch.seconds) > LONGEST_PAUSE_SECONDS:
            self.end("too_costly")
        return frame

    async def _reply(self, frame: bytes, action: str) -> None:
        self._metrics.sent.at("callerror" if frame.startswith(b"[4") else "callresult", action).n += 1
        self._metrics.sent_bytes.n += len(frame)
        # A station that is gone asks again when it is back; the reader hears of the end by itself.
        self._sending = True
        with contextlib.suppress(ConnectionError):
            await self._transport.send(frame)
        self._sending = False

    async def _announce(self, event: Event) -> None:
        """Publish an event of the gateway's own; what the log does not take now is published when it does."""
        records = self.publisher.records([Fact(event, None)])
        if self.publisher.trouble is not None or len(self._backlog):  # what is kept there comes first
            self._backlog.add(records)
            return
        try:
            await self.publisher.append(records)
        except LogUnavailable:
            self._backlog.add(records)
        except RecordRefused:
            self._metrics.backlog_dropped.n += 1

    async def _leave(
        self, worker: asyncio.Task[None], code: int | None, predecessor: "Session | None"
    ) -> None:
        self._left = True
        if self._why in CLOSE_CODES:  # it was us, whatever the station's end made of it
            code = CLOSE_CODES[self._why][0]
        self._calls.lose()
        if self._arrival is not None and not self._arrival.done():
            self._arrival.set_result(None)
        _, late = await asyncio.wait({worker}, timeout=self._limits.leave_seconds)
        for task in late:
            task.cancel()
            await asyncio.wait({task})
        self._metrics.closed.at(self._why).n += 1
        if predecessor is not None:
            # Also when there was no time to begin: the successor waits for us.
            await predecessor.until_ended()
        if self._announced:
            now = datetime.now(UTC)
            await self._announce(
                StationDisconnected(
                    station=self._connected.station,
                    received_at=now,
                    version=self.version,
                    reason=self._why,
                    code=code,
                    connected_seconds=round((now - self._connected.received_at).total_seconds(), 3),
                )
            )

    def _worker_ended(self, worker: asyncio.Task[None]) -> None:
        if not worker.cancelled() and (fault := worker.exception()) is not None:
            self._metrics.faults.n += 1
            _log.error("a session failed", station=self.station, exc_info=fault)
            self.end("error")
        if self._room is not None and not self._room.done():
            self._room.set_result(None)

    def _is_paused(self) -> bool:
        """Whether the gateway leaves the socket unread: for a rate, or for the log, and not because the station is slow."""
        if self._resting is not None:
            return True
        return self._room is not None and not self._room.done() and not self._sending

    def _dead(self) -> None:
        self._why = self._why or "ping_timeout"
        self._transport.abort()

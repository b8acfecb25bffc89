"""One connected station of the load generator: an asyncio protocol that speaks just enough WebSocket.

It makes no objects of frames or messages on the fast path: an answer is compared with the bytes it must
begin with, and the next request is one formatting operation.
"""

import asyncio
import collections
import time
from array import array
from typing import Any, cast

import orjson

from benchmarks import frames
from benchmarks.messages import ID, NUMBER, TIME, TRANSACTION, Script, Template, padded

SHORT, EXTENDED = 2, 4  # the length of a server's frame header, for payloads of up to 125 and 65,535 bytes


class Tally:
    """What the stations of one fleet count together."""

    def __init__(self) -> None:
        self.answered = 0
        self.refused = 0  # CALLERROR
        self.faults: collections.Counter[str] = collections.Counter()
        self.seconds = array("d")  # from when a message was to be sent to its answer; open loop only
        self.running = False  # closed loop: an answer is followed by the next request


class Station(asyncio.Protocol):
    """Knows its place in the session, the request that is open, and the requests that are due."""

    __slots__ = (
        "_answer",
        "_due",
        "_expected",
        "_number",
        "_opened",
        "_rest",
        "_step",
        "_times",
        "_values",
        "closed",
        "opening",
        "script",
        "serial",
        "tally",
        "transport",
    )

    def __init__(
        self, serial: int, script: Script, tally: Tally, times: list[bytes], *, echoed: bool
    ) -> None:
        self.script, self.tally = script, tally
        self.transport: asyncio.Transport
        loop = asyncio.get_running_loop()
        self.opening: asyncio.Future[None] = loop.create_future()
        self.closed: asyncio.Future[None] = loop.create_future()
        self.serial, self._number, self._step, self._times = serial, 0, 0, times
        self._answer = b'[2,"' if echoed else b'[3,"'
        self._values = {TRANSACTION: padded(TRANSACTION, b"1"), NUMBER: padded(NUMBER, b"0")}
        self._expected: bytes | None = None  # how the answer to the open request begins
        self._opened: Template | None = None
        self._due: collections.deque[float] = collections.deque()
        self._rest = b""

    # Connecting

    def handshake(self, host: str, path: str) -> None:
        """Ask for the upgrade; `opening` is done when the server agrees (RFC 6455 §4.1)."""
        self.transport.write(
            f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Protocol: {self.script.subprotocol}\r\n\r\n".encode()
        )

    def _upgraded(self, received: bytes) -> None:
        head, end, rest = (self._rest + received).partition(b"\r\n\r\n")
        if not end:
            self._rest = head
            return
        self._rest = b""
        if not head.startswith(b"HTTP/1.1 101"):
            self.opening.set_exception(ConnectionError(head.decode(errors="replace")[:200]))
            return
        self.opening.set_result(None)
        if rest:
            self._slowly(rest)

    def close(self) -> None:
        """Begin the closing handshake with 1000; `closed` is done when the server has let go."""
        self.transport.write(frames.masked((1000).to_bytes(2, "big"), frames.CLOSE))

    # Asking

    def boot(self) -> None:
        self._send(self.script.boot)

    def ask(self) -> None:
        """Send the next message of the session."""
        step = self._step
        self._step = step + 1 if step + 1 < len(self.script.session) else 0
        self._send(self.script.session[step])

    def due(self, when: float) -> None:
        """Send the next message, which was to be sent at `when`; later if a request is still open.

        OCPP allows one open CALL a direction (OCPP-J 1.6 §4.1.1): the wait for it counts as latency.
        """
        self._due.append(when)
        if self._expected is None:
            self.ask()

    @property
    def waiting(self) -> bool:
        return self._expected is not None or bool(self._due)

    def skip(self, steps: int) -> None:
        """Begin elsewhere in the session, so that the fleet's mix is the same at any moment."""
        self._step = steps % len(self.script.session) or 1

    def _send(self, message: Template) -> None:
        number = self._number = self._number + 1
        message_id = b"%08x-0000-4000-8000-%012x" % (self.serial, number)
        values = self._values
        values[ID] = message_id
        values[TIME] = self._times[number % len(self._times)]
        if self.script.subprotocol != "ocpp1.6":
            values[NUMBER] = padded(NUMBER, b"%d" % number)
            if message.opens:
                values[TRANSACTION] = padded(TRANSACTION, b'"%b"' % message_id)
        self._expected = self._answer + message_id
        self._opened = message
        self.transport.write(message.frame % values)

    # Being answered

    def data_received(self, data: bytes) -> None:
        expected = self._expected
        # The fast path: exactly one whole text frame, which is the answer that is awaited.
        if expected is not None and not self._rest and len(data) > EXTENDED and data[0] == 0x81:
            length = data[1]
            if length < 126:
                body = SHORT
            else:
                length, body = int.from_bytes(data[2:4], "big"), EXTENDED
            if len(data) == body + length and data.startswith(expected, body):
                self._answered(data, body)
                return
        if not self.opening.done():
            self._upgraded(data)
        else:
            self._slowly(data)

    def _slowly(self, data: bytes) -> None:
        """Whatever else can come: parts of frames, several of them, control frames, surprises."""
        whole, self._rest = frames.split(self._rest + data)
        for opcode, payload in whole:
            if opcode == frames.PING:
                self.transport.write(frames.masked(payload, frames.PONG))
            elif opcode == frames.CLOSE:
                self.transport.close()
            elif opcode != frames.TEXT:
                self.tally.faults[f"frame of opcode {opcode}"] += 1
            else:
                self._told(payload)

    def _told(self, payload: bytes) -> None:
        if self._expected is not None and payload.startswith(self._expected):
            self._answered(payload, 0)
            return
        kind, message_id, *rest = orjson.loads(payload)
        awaited = self._expected is not None and message_id.encode() == self._expected[len(self._answer) :]
        if awaited and kind == orjson.loads(self._answer[1:2]):
            self._answered(payload, 0)
        elif awaited and kind == 4:
            self.tally.refused += 1
            self.tally.faults[f"CALLERROR {rest[0]}"] += 1
            self._next()
        elif kind == 2:
            self.called(message_id, *rest)
        else:
            self.tally.faults[f"an answer to nothing that is open: type {kind}"] += 1

    def called(self, message_id: str, action: str, payload: Any) -> None:
        """The server asks something of the station, which this one cannot do."""
        del payload
        self.tally.faults[f"CALL {action}"] += 1
        refusal = orjson.dumps([4, message_id, "NotSupported", "", {}])
        self.transport.write(frames.masked(refusal))

    def _answered(self, data: bytes, body: int) -> None:
        self.tally.answered += 1
        if self._opened is not None and self._opened.opens and self._answer == b'[3,"':
            self._started(orjson.loads(data[body:])[2])
        self._next()

    def _started(self, answer: dict[str, object]) -> None:
        """1.6: the CSMS gives the transaction its number (OCPP 1.6 §6.46); in 2.x the station does."""
        if "transactionId" in answer:
            self._values[TRANSACTION] = padded(TRANSACTION, b"%d" % cast("int", answer["transactionId"]))

    def _next(self) -> None:
        self._expected = None
        if self._due:
            self.tally.seconds.append(time.monotonic() - self._due.popleft())
            if self._due:
                self.ask()
        elif self.tally.running:
            self.ask()

    # The transport's own words

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.opening.done():
            self.opening.set_exception(exc or ConnectionError("the server hung up during the handshake"))
        if self._expected is not None:
            self.tally.faults["a connection lost with a request open"] += 1
        if not self.closed.done():
            self.closed.set_result(None)

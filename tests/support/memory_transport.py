"""The in-memory double of a WebSocket: the gateway's end is a `Transport`, the other end is the test's."""

import asyncio
import json
import time
from typing import Any

from gateway.ocpp.rpc import Garbled
from gateway.transport import Ended

HEAR_SECONDS = 5.0


class MemoryTransport:
    """What the station says is received in order; what the gateway sends can be heard."""

    def __init__(self) -> None:
        self.heard_at = time.monotonic()
        self.closed: tuple[int, str] | None = None
        self.aborted = False
        self.pings = 0
        self.answers_pings = True
        self.reads = asyncio.Event()
        """Set while the station takes what is sent; a station that does not makes `send` wait."""
        self.reads.set()
        self.closes = asyncio.Event()
        """Set while a close is answered by the station."""
        self.closes.set()
        self._said: asyncio.Queue[bytes | Garbled | Ended | None] = asyncio.Queue()
        self._sent: asyncio.Queue[bytes] = asyncio.Queue()
        self._ended: Ended | None = None

    # The station's end

    def say(self, frame: Any) -> None:
        """Send a frame: bytes as they are, anything else as JSON."""
        self._said.put_nowait(
            frame if isinstance(frame, bytes | Garbled | None) else json.dumps(frame).encode()
        )

    def call(self, id_: str, action: str, payload: Any = None) -> None:
        self.say([2, id_, action, {} if payload is None else payload])

    async def hear(self, seconds: float = HEAR_SECONDS) -> Any:
        """The next frame from the gateway, read. Raises TimeoutError."""
        return json.loads(await self.hear_frame(seconds))

    async def hear_frame(self, seconds: float = HEAR_SECONDS) -> bytes:
        """The next frame from the gateway, as it is. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            return await self._sent.get()

    async def ask(self, id_: str, action: str, payload: Any = None) -> Any:
        """Call and hear the next frame."""
        self.call(id_, action, payload)
        return await self.hear()

    def hang_up(self, code: int = 1000) -> None:
        self._end(Ended("client", code))

    @property
    def unread(self) -> int:
        """Frames said that the gateway has not taken yet."""
        return self._said.qsize()

    @property
    def unheard(self) -> int:
        """Frames sent by the gateway that the test has not heard."""
        return self._sent.qsize()

    # The gateway's end

    async def receive(self) -> bytes | Garbled | None:
        if self._ended is not None and (self.aborted or self.closed is not None):
            raise self._ended
        said = await self._said.get()
        if isinstance(said, Ended):
            self._said.put_nowait(said)
            raise said
        self.heard_at = time.monotonic()
        return said

    async def send(self, frame: bytes) -> None:
        if not self._is_open():
            raise ConnectionResetError
        while not self.reads.is_set():
            await self.reads.wait()
            if not self._is_open():
                raise ConnectionResetError
        self._sent.put_nowait(frame)

    def ping(self) -> None:
        self.pings += 1
        if self.answers_pings:
            self.say(None)

    async def close(self, code: int, reason: str) -> None:
        if not self._is_open():
            return
        self.closed = (code, reason)
        self._end(Ended("client", code))
        await self.closes.wait()

    def abort(self) -> None:
        self.aborted = True
        self._end(Ended("lost", 1006))

    def _is_open(self) -> bool:
        return self._ended is None

    def _end(self, ended: Ended) -> None:
        if self._ended is None:
            self._ended = ended
            self._said.put_nowait(ended)
        self.reads.set()

"""A WebSocket client on a bare socket, which can say what no lawful client would."""

import asyncio
import base64
import contextlib
import json
import os
import socket
import ssl
import struct
from collections.abc import Sequence
from typing import Any, ClassVar, Self

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
SECONDS = 10.0


class RawStation:
    """One connection; `status`, `headers` and `body` are what its handshake was answered."""

    every: ClassVar[list["RawStation"]] = []
    """All of a test, for `vanish_all`."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.every.append(self)
        self.reader = reader
        self.writer = writer
        self.status = 0
        self.headers: dict[str, str] = {}
        self.body = ""
        self.closed: tuple[int, str] | None = None
        """The close code and reason that the gateway sent."""
        self.pongs: list[bytes] = []

    @classmethod
    async def socket(
        cls, port: int, tls: ssl.SSLContext | None = None, receive_bytes: int | None = None
    ) -> Self:
        """Connected, nothing said; with a receive buffer of so many bytes."""
        plain = socket.socket()
        plain.settimeout(0)
        if receive_bytes:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        async with asyncio.timeout(SECONDS):
            try:
                await asyncio.get_running_loop().sock_connect(plain, ("127.0.0.1", port))
            except OSError:
                plain.close()
                raise
            name = "localhost" if tls else None
            return cls(*await asyncio.open_connection(sock=plain, ssl=tls, server_hostname=name, limit=2**22))

    @classmethod
    async def connect(
        cls,
        port: int,
        station: str = "CS-1",
        subprotocols: Sequence[str] = ("ocpp1.6",),
        *,
        path: str | bytes | None = None,
        changed: dict[str, str | None] | None = None,
        method: str = "GET",
        tls: ssl.SSLContext | None = None,
        receive_bytes: int | None = None,
    ) -> Self:
        """With its handshake answered; `changed` replaces header lines, or with None leaves them out."""
        self = await cls.socket(port, tls, receive_bytes)
        if path is None:
            path = f"/ocpp/{station}"
        raw_path = path.encode() if isinstance(path, str) else path
        headers: dict[str, str | None] = {
            "Host": "gateway",
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
        }
        headers |= changed or {}
        lines = [f"{name}: {value}" for name, value in headers.items() if value is not None]
        lines += [f"Sec-WebSocket-Protocol: {offer}" for offer in subprotocols]
        head = (
            method.encode() + b" " + raw_path + b" HTTP/1.1\r\n" + "\r\n".join(lines).encode() + b"\r\n\r\n"
        )
        self.writer.write(head)
        await self.read_answer(has_body=method != "HEAD")
        return self

    async def read_answer(self, *, has_body: bool = True) -> None:
        """Read an HTTP answer."""
        async with asyncio.timeout(SECONDS):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
            first, *lines = head.strip().split("\r\n")
            self.status = int(first.split()[1])
            self.headers = {
                name.lower(): value for name, _, value in (line.partition(": ") for line in lines)
            }
            if has_body and "content-length" in self.headers:
                self.body = (await self.reader.readexactly(int(self.headers["content-length"]))).decode()

    def send(self, opcode: int, payload: bytes, *, fin: bool = True, reserved: int = 0) -> None:
        """Send one frame, without waiting."""
        first = (fin << 7) | (reserved << 4) | opcode
        if len(payload) < 126:
            head = struct.pack("!BB", first, 0x80 | len(payload))
        elif len(payload) < 65_536:
            head = struct.pack("!BBH", first, 0x80 | 126, len(payload))
        else:
            head = struct.pack("!BBQ", first, 0x80 | 127, len(payload))
        mask = b"\x00\x00\x00\x00"  # lawful, and it leaves the payload as it is
        self.writer.write(head + mask + payload)

    def say(self, frame: Any) -> None:
        """Send a text frame: bytes as they are, anything else as JSON."""
        self.send(TEXT, frame if isinstance(frame, bytes) else json.dumps(frame).encode())

    def call(self, id_: str, action: str, payload: Any = None) -> None:
        self.say([2, id_, action, {} if payload is None else payload])

    async def ask(self, id_: str, action: str, payload: Any = None) -> Any:
        """Call, and hear the next message."""
        self.call(id_, action, payload)
        return await self.hear()

    async def hear(self, seconds: float = SECONDS) -> Any:
        """The next message; pings are answered. Raises TimeoutError, and ConnectionError at the end."""
        async with asyncio.timeout(seconds):
            while True:
                opcode, payload = await self.frame()
                match opcode:
                    case 1:
                        return json.loads(payload)
                    case 8:
                        code = struct.unpack("!H", payload[:2])[0] if payload else 1005
                        self.closed = (code, payload[2:].decode())
                        with contextlib.suppress(ConnectionError):
                            self.send(CLOSE, payload[:2])
                        raise ConnectionAbortedError(str(self.closed))
                    case 9:
                        self.send(PONG, payload)
                    case 10:
                        self.pongs.append(payload)
                    case _:
                        raise AssertionError(opcode)

    async def frame(self) -> tuple[int, bytes]:
        """The next frame as it is. Raises ConnectionError at the end of the stream."""
        try:
            first, length = await self.reader.readexactly(2)
            if length == 126:
                (length,) = struct.unpack("!H", await self.reader.readexactly(2))
            elif length == 127:
                (length,) = struct.unpack("!Q", await self.reader.readexactly(8))
            return first & 0x0F, await self.reader.readexactly(length)
        except asyncio.IncompleteReadError as end:
            raise ConnectionResetError("the stream ended") from end

    async def end(self, seconds: float = SECONDS) -> tuple[int, str] | None:
        """Hear until the connection ends: the gateway's close, None where there was none."""
        with contextlib.suppress(ConnectionError):
            while True:
                await self.hear(seconds)
        return self.closed

    async def hang_up(self, code: int | None = 1000) -> None:
        """Close as one should; without a code where it is None."""
        self.send(CLOSE, b"" if code is None else struct.pack("!H", code))
        await self.end()
        self.vanish()

    @classmethod
    def vanish_all(cls) -> None:
        """At the end of a test."""
        while cls.every:
            cls.every.pop().vanish()

    def vanish(self) -> None:
        """Be gone without a word."""
        self.writer.transport.abort()

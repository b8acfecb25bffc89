"""The only socket code: aiohttp's server, as handshakes for admission and transports for sessions.

Measured facts behind the settings here: compression costs 100 KB a connection, aiohttp's
own heartbeat a fifth of the throughput, and it answers unlimited pings; so pings are counted and
answered here, and `pulse` sends ours.
"""

import asyncio
import contextlib
import logging
import ssl
import time
from collections.abc import Awaitable, Callable

from aiohttp import WebSocketError, WSCloseCode, WSMsgType, web

from gateway.admission import Admitted, Handshake, Refused
from gateway.metrics import GatewayMetrics
from gateway.ocpp.rpc import Garbled
from gateway.transport import Ended, Transport
from service.http import HttpConnection
from service.wheel import Wheel

Admit = Callable[[Handshake], Admitted | Refused]
Serve = Callable[[Admitted, Transport, str | None], Awaitable[None]]

CLOSE_SECONDS = 2.0
"""For the station's side of a close; then the connection is dropped."""
BACKLOG = 2048
_UPGRADE_REQUIRED = 426
_NO_STATUS, _LOST = 1005, 1006  # RFC 6455 §7.4.1: what stands for a code that did not come
_BINARY = Garbled("binary", "OCPP-J is text", None)

# It warns of each handshake without a common subprotocol, which anybody can cause; we count them.
logging.getLogger("aiohttp.websocket").setLevel(logging.ERROR)


class WebSocketTransport:
    """A `Transport` over aiohttp's WebSocket."""

    __slots__ = ("_pinging", "_socket", "_ws", "heard_at")

    def __init__(self, ws: web.WebSocketResponse, socket: asyncio.Transport | None) -> None:
        self._ws = ws
        self._socket = socket
        self._pinging: asyncio.Task[None] | None = None
        self.heard_at = time.monotonic()

    async def receive(self) -> bytes | Garbled | None:
        message = await self._ws.receive()
        self.heard_at = time.monotonic()
        kind = message.type
        if kind is WSMsgType.TEXT:
            data: bytes = message.data
            return data
        if kind is WSMsgType.PING:
            with contextlib.suppress(ConnectionError):
                await self._ws.pong(message.data)
            return None
        if kind is WSMsgType.PONG:
            return None
        if kind is WSMsgType.BINARY:
            return _BINARY
        if kind is WSMsgType.ERROR and isinstance(message.data, WebSocketError):
            code = message.data.code
            raise Ended("too_big" if code == WSCloseCode.MESSAGE_TOO_BIG else "protocol_error", code)
        if kind in (WSMsgType.CLOSED, WSMsgType.ERROR):
            raise Ended("lost", _LOST)
        raise Ended("client", self._ws.close_code or _NO_STATUS)

    async def send(self, frame: bytes) -> None:
        await self._ws.send_frame(frame, WSMsgType.TEXT)

    def ping(self) -> None:
        self._pinging = asyncio.ensure_future(self._ping())

    async def close(self, code: int, reason: str) -> None:
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._ws.close(code=code, message=reason.encode())
        except (TimeoutError, ConnectionError):
            self.abort()

    def abort(self) -> None:
        if self._socket is not None:
            self._socket.abort()

    async def _ping(self) -> None:
        with contextlib.suppress(ConnectionError):
            await self._ws.ping()


class Server:
    """Listens, has each handshake judged by `admit`, and hands the admitted to `serve`."""

    def __init__(
        self,
        *,
        admit: Admit,
        serve: Serve,
        metrics: GatewayMetrics,
        wheel: Wheel,
        max_message_bytes: int,
        handshake_timeout_seconds: float,
    ) -> None:
        self._admit = admit
        self._serve = serve
        self._metrics = metrics
        self._wheel = wheel
        self._max_message_bytes = max_message_bytes
        self._handshake_timeout = handshake_timeout_seconds
        self._web = web.Server(self._handle)
        self._listening: asyncio.Server | None = None

    async def start(self, host: str, port: int, tls: ssl.SSLContext | None) -> int:
        """Listen; the port taken. Raises OSError."""
        loop = asyncio.get_running_loop()
        self._listening = await loop.create_server(
            self._protocol,
            host,
            port,
            ssl=tls,
            backlog=BACKLOG,
            reuse_address=True,
            ssl_handshake_timeout=self._handshake_timeout if tls else None,
        )
        taken: int = self._listening.sockets[0].getsockname()[1]
        return taken

    async def stop(self) -> None:
        """Listen no more and drop what is still connected."""
        if self._listening is not None:
            self._listening.close()
            await self._web.shutdown(CLOSE_SECONDS)

    def _protocol(self) -> HttpConnection:
        connection = HttpConnection(
            self._web,
            loop=asyncio.get_running_loop(),
            access_log=None,
            keepalive_timeout=0.0,  # our own handshake timeout is kept below, and each answer but 101 closes
            lingering_time=0.0,
            turned_away=self._count_turned_away,
        )
        self._wheel.after(self._handshake_timeout, connection.drop_silent)
        return connection

    def _count_turned_away(self, result: str) -> None:
        self._metrics.handshakes.at(result).n += 1

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        header = ",".join(request.headers.getall("Sec-WebSocket-Protocol", ()))
        offered = [name for part in header.split(",") if (name := part.strip())]
        asked = Handshake(
            raw_path=request.raw_path,
            subprotocols=offered,
            is_websocket=request.method == "GET" and self._websocket(offered).can_prepare(request).ok,
        )
        verdict = self._admit(asked)
        if isinstance(verdict, Refused):
            self._metrics.handshakes.at(verdict.result).n += 1
            return await self._refuse(request, verdict)
        ws = self._websocket([verdict.subprotocol] if verdict.subprotocol else [])
        if verdict.subprotocol:  # aiohttp reads only the first line of an offer that stands in several
            ws.headers["Sec-WebSocket-Protocol"] = verdict.subprotocol
        socket = request.transport
        try:
            await ws.prepare(request)
        except ConnectionError:  # it did not wait for the answer
            self._metrics.handshakes.at("lost").n += 1
            return ws
        self._metrics.handshakes.at("accepted").n += 1
        try:
            await self._serve(verdict, WebSocketTransport(ws, socket), request.remote)
        finally:
            # A closed socket waits for ever to be rid of what its peer does not read.
            if socket is not None:
                self._wheel.after(CLOSE_SECONDS, socket.abort)
        return ws

    async def _refuse(self, request: web.BaseRequest, refused: Refused) -> web.StreamResponse:
        if refused.after_upgrade:
            ws = self._websocket([])
            with contextlib.suppress(ConnectionError):
                await ws.prepare(request)
                await WebSocketTransport(ws, request.transport).close(1002, refused.why)
            return ws
        response = web.Response(status=refused.status, text=refused.why + "\n")
        if refused.status == _UPGRADE_REQUIRED:
            response.headers["Upgrade"] = "websocket"
        if refused.retry_after_seconds is not None:
            response.headers["Retry-After"] = str(refused.retry_after_seconds)
        response.force_close()
        return response

    def _websocket(self, subprotocols: list[str]) -> web.WebSocketResponse:
        return web.WebSocketResponse(
            timeout=CLOSE_SECONDS,
            autoping=False,
            compress=False,
            protocols=subprotocols,
            max_msg_size=self._max_message_bytes,
            decode_text=False,
        )


def tls_context(certificate: str, key: str) -> ssl.SSLContext:
    """TLS 1.2 and newer, no compression, no renegotiation (OCPP 2.0.1 Part 2 A00). Raises OSError, ssl.SSLError."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    context.load_cert_chain(certificate, key)
    return context

"""The WebSocket under a station, on aiohttp's client; the only module here that knows a socket."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol, Self
from urllib.parse import quote

import aiohttp
from aiohttp import WSMsgType

from simulator.facts import Version
from simulator.profiles import Offer
from simulator.settings import FleetSettings, StationConfig

MAX_MESSAGE_BYTES = 1024 * 1024
_CONCURRENT_HANDSHAKES = 100


class ConnectFailed(Exception):
    """No connection came about; `status` is the HTTP status when the server refused the handshake."""

    def __init__(self, reason: str, status: int | None = None) -> None:
        super().__init__(reason)
        self.status = status


class Wire(Protocol):
    """One open connection that carries whole texts both ways."""

    async def send(self, text: bytes) -> None:
        """Raises ConnectionError when the connection is gone."""

    async def receive(self) -> bytes | str | None:
        """The next text, or None when the connection has ended."""

    async def close(self) -> None: ...


Dial = Callable[[StationConfig], Awaitable[Wire]]
"""Opens a station's connection, or raises ConnectFailed."""


def offered_subprotocols(config: StationConfig) -> tuple[str, ...]:
    """What a station names in its handshake, most wanted first."""
    own = config.version.subprotocol
    match config.profile.offers:
        case Offer.NONE:
            return ()
        case Offer.SEVERAL:
            return ("ocpp9.9", own, "ocpp1.5")
        case _:
            return (own,)


class WebSocketDialer:
    """Dials for a whole fleet: one connection pool without limits, and a bound on open handshakes."""

    def __init__(self, settings: FleetSettings) -> None:
        self._url = settings.url.rstrip("/")
        self._tls = settings.tls
        self._handshakes = asyncio.Semaphore(_CONCURRENT_HANDSHAKES)
        self._timeout_seconds = settings.call_timeout_seconds
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, force_close=True),
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def dial(self, config: StationConfig) -> Wire:
        headers = {}
        if config.password is not None:
            headers["Authorization"] = aiohttp.encode_basic_auth(config.id, config.password, encoding="utf-8")
        try:
            async with self._handshakes, asyncio.timeout(self._timeout_seconds):
                socket = await self._session.ws_connect(
                    f"{self._url}/{quote(config.id, safe='')}",
                    protocols=offered_subprotocols(config),
                    headers=headers,
                    max_msg_size=MAX_MESSAGE_BYTES,
                    ssl=self._tls if self._tls is not None else True,
                )
        except aiohttp.WSServerHandshakeError as refusal:
            raise ConnectFailed(f"{refusal.status} {refusal.message}", refusal.status) from refusal
        except (aiohttp.ClientError, OSError, TimeoutError) as failure:
            raise ConnectFailed(str(failure) or type(failure).__name__) from failure
        await _insist_on_subprotocol(socket, config)
        return WebSocketWire(socket)


async def _insist_on_subprotocol(socket: aiohttp.ClientWebSocketResponse, config: StationConfig) -> None:
    """A station that named its version talks only to a server that has agreed to it (1.6J §3.2)."""
    if config.profile.offers is Offer.NONE:
        agreed = config.version is Version.V16
    else:
        agreed = socket.protocol == config.version.subprotocol
    if not agreed:
        await socket.close()
        raise ConnectFailed(f"the server chose subprotocol {socket.protocol!r}")


class WebSocketWire:
    """A Wire on an aiohttp client WebSocket."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket

    async def send(self, text: bytes) -> None:
        try:
            await self._socket.send_frame(text, WSMsgType.TEXT)
        except aiohttp.ClientError as gone:
            raise ConnectionError(str(gone)) from gone

    async def receive(self) -> bytes | str | None:
        message = await self._socket.receive()
        if message.type is WSMsgType.TEXT or message.type is WSMsgType.BINARY:
            text: bytes | str = message.data
            return text
        return None

    async def close(self) -> None:
        await self._socket.close()

"""Stations that ask and never read: dropped, their sockets freed, nobody else slowed."""

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, cast

from gateway.app import Gateway
from gateway.server import WebSocketTransport
from gateway.session import Session
from tests.support.in_process import ended, fine, serving
from tests.support.raw_station import RawStation


def generous(folder: Path, **settings: Any) -> AbstractAsyncContextManager[Gateway]:
    """A gateway that takes all a station can send, so that its answers soon fill every buffer."""
    return serving(
        folder,
        messages_per_second=100_000,
        bytes_per_second=1_000_000_000,
        processing_ms_per_second=100_000,
        schema_validation="enforce",  # a refusal waits for no log
        **settings,
    )


async def deaf(gateway: Gateway, is_enough: Callable[[Session], bool]) -> float:
    """Let a station ask and not read until that is so; the slowest answer of another meanwhile."""
    other = await fine(gateway)
    station = await RawStation.connect(gateway.port, "DEAF", receive_bytes=2048)
    cast("asyncio.Transport", station.writer.transport).pause_reading()
    slowest = 0.0
    session = gateway.sessions.get("DEAF")
    assert session is not None
    async with asyncio.timeout(20):
        while not is_enough(session):
            for _ in range(10):
                station.call("😀" * 255, "StatusNotification")
            started = time.monotonic()
            assert (await other.ask("2", "Heartbeat"))[:2] == [3, "2"]
            slowest = max(slowest, time.monotonic() - started)
    return slowest


async def test_a_station_that_never_reads_is_dropped_and_hurts_nobody(tmp_path: Path) -> None:
    async with generous(tmp_path, ping_seconds=1, ping_timeout_seconds=0.5) as gateway:
        slowest = await deaf(gateway, lambda session: session._sending and len(session._inbox) == 16)
        assert slowest < 1
        assert (await ended(gateway, "DEAF")).reason == "ping_timeout"
        await at_most_sockets(gateway, 1)


async def test_a_taken_over_station_that_never_reads_frees_its_socket(tmp_path: Path) -> None:
    """A graceful close waits until what is in its buffer is read: for ever, here."""
    async with generous(tmp_path) as gateway:
        await deaf(gateway, lambda session: unsent_bytes(session) > 0)
        newer = await fine(gateway, "DEAF")
        await at_most_sockets(gateway, 2)
        assert (await newer.ask("2", "Heartbeat"))[:2] == [3, "2"]


def unsent_bytes(session: Session) -> int:
    transport = session._transport
    assert isinstance(transport, WebSocketTransport)
    assert transport._socket is not None
    return transport._socket.get_write_buffer_size()


async def at_most_sockets(gateway: Gateway, count: int) -> None:
    async with asyncio.timeout(8):
        while len(gateway._server._web.connections) > count:  # noqa: ASYNC110 - aiohttp tells nobody
            await asyncio.sleep(0.05)

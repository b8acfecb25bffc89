"""A whole gateway in this process: real sockets, the embedded log, settings as an operator would give them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from contract import envelope
from contract.events import Event, StationDisconnected
from contract.topics import STATIONS
from eventlog.port import Stored
from gateway.app import Gateway
from gateway.settings import GatewaySettings
from tests.support.raw_station import RawStation


@contextlib.asynccontextmanager
async def serving(folder: Path, **settings: Any) -> AsyncIterator[Gateway]:
    """A gateway that has started; it is stopped at the end, if the test did not."""
    gateway = Gateway(made(folder, **settings))
    try:
        await gateway.start()
        yield gateway
    finally:
        async with asyncio.timeout(30):
            await gateway.stop()


def made(folder: Path, **settings: Any) -> GatewaySettings:
    """Settings for a gateway on free ports of the loopback, with a log of its own."""
    given: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": 0,
        "internal_host": "127.0.0.1",
        "internal_port": 0,
        "event_log": f"sqlite:///{folder / 'events.db'}",
        "drain_grace_seconds": 0,
        "drain_seconds": 0,
    }
    return GatewaySettings(**{**given, **settings})


async def stored(gateway: Gateway, count: int, *topics: str) -> list[Stored]:
    """The first so many records of topics, as soon as they are there. Raises TimeoutError."""
    found = []
    async with asyncio.timeout(10):
        async for record in gateway._log.tail(topics or (STATIONS.name,), from_beginning=True):
            found.append(record)
            if len(found) == count:
                break
    return found


async def events(gateway: Gateway, count: int, station: str | None = None) -> list[Event]:
    """The first so many events of the stations' topic, of one station where one is named."""
    found = []
    async with asyncio.timeout(10):
        async for one in gateway._log.tail((STATIONS.name,), from_beginning=True):
            if station is None or one.record.key == station:
                found.append(envelope.decode(list(one.record.headers), one.record.value or b""))
            if len(found) == count:
                break
    return found


async def fine(gateway: Gateway, station: str = "FINE") -> RawStation:
    """A station that is served."""
    connected = await RawStation.connect(gateway.port, station)
    assert connected.status == 101
    assert (await connected.ask("1", "Heartbeat"))[:2] == [3, "1"]
    return connected


async def ended(gateway: Gateway, station: str) -> StationDisconnected:
    """How the only connection of a station ended."""
    async with asyncio.timeout(10):
        for count in range(1, 100):
            last = (await events(gateway, count, station))[-1]
            if isinstance(last, StationDisconnected):
                return last
    raise AssertionError

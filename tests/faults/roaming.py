"""Stations that come back to another gateway each time, and the record of what they were asked."""

import asyncio
import contextlib
import json
from collections import Counter
from dataclasses import replace
from random import Random

from simulator.settings import FleetSettings, StationConfig
from simulator.wire import ConnectFailed, WebSocketDialer, Wire


class HeardWire:
    """A wire that notes each DataTransfer its station is asked for: its `data` names a command."""

    def __init__(self, wire: Wire, heard: Counter[str]) -> None:
        self._wire = wire
        self._heard = heard

    async def send(self, text: bytes) -> None:
        await self._wire.send(text)

    async def receive(self) -> bytes | str | None:
        text = await self._wire.receive()
        if text is not None:
            match json.loads(text):
                case [2, _, "DataTransfer", {"data": str(named)}]:
                    self._heard[named] += 1
        return text

    async def close(self) -> None:
        await self._wire.close()


class Roaming:
    """Dials for a fleet: each time one of the gateways that are up. `heard` counts the commands by their name.

    A gateway that is removed keeps the connections that it has.
    """

    def __init__(self, settings: FleetSettings, seed: int) -> None:
        self._settings = settings
        self._chance = Random(seed)
        self._open = contextlib.AsyncExitStack()
        self._dialers: dict[str, WebSocketDialer] = {}
        self._wires: dict[str, HeardWire] = {}
        self.heard: Counter[str] = Counter()

    async def add(self, url: str) -> None:
        """This gateway is up."""
        dialer = WebSocketDialer(replace(self._settings, url=url))
        self._dialers[url] = await self._open.enter_async_context(dialer)

    def remove(self, url: str) -> None:
        """Nobody shall come to this gateway any more."""
        del self._dialers[url]

    async def dial(self, config: StationConfig) -> Wire:
        if not self._dialers:
            raise ConnectFailed("no gateway is up")
        dialer = self._chance.choice(list(self._dialers.values()))
        wire = HeardWire(await dialer.dial(config), self.heard)
        self._wires[config.id] = wire
        return wire

    async def hang_up(self, stations: int) -> None:
        """So many stations drop their connection, whatever is on it."""
        some = self._chance.sample(sorted(self._wires), min(stations, len(self._wires)))
        await asyncio.gather(*(self._wires[station].close() for station in some))

    async def close(self) -> None:
        await self._open.aclose()

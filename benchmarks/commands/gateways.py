"""Several gateways on one log, and the stations spread evenly over them."""

import asyncio
import time
from functools import partial

from benchmarks.commands.stations import CommandedStation, Reached
from benchmarks.contestants import GATEWAY_KAFKA, Server, Surroundings
from benchmarks.load import Fleet
from benchmarks.messages import V16
from benchmarks.processes import ServerFailed
from contract.topics import COMMANDS

SETTLE_SECONDS = 30.0
LOOK_SECONDS = 0.2


class Gateways:
    """Processes that share one core: what a command costs is the sum of what all of them use."""

    def __init__(self, count: int, surroundings: Surroundings) -> None:
        self.count = count
        names = [f"gateway-{count}-{number}" for number in range(1, count + 1)]
        self._servers = [Server(GATEWAY_KAFKA._replace(name=name), surroundings) for name in names]
        self.fleets: list[Fleet] = []

    async def start(self) -> None:
        """Start them, and wait until the partitions are shared out."""
        await asyncio.gather(*(server.start() for server in self._servers))
        await self._until(COMMANDS.partitions, "router_partitions")

    async def connect(self, stations: int, reached: Reached) -> None:
        """Connect so many stations, evenly, and wait until the routers know where they are."""
        first = 0
        for number, server in enumerate(self._servers):
            share = stations // self.count + (number < stations % self.count)
            fleet = Fleet(server.target, V16, make=partial(CommandedStation, reached), first=first)
            self.fleets.append(fleet)
            await fleet.connect(share)
            await fleet.start_transactions()
            first += share
        await self._until(stations, "router_stations_online")

    async def _until(self, wanted: int, gauge: str) -> None:
        end = time.monotonic() + SETTLE_SECONDS
        while (found := sum([await server.gauge(gauge) for server in self._servers])) != wanted:
            self.check()
            if time.monotonic() > end:
                raise ServerFailed(f"the sum of {gauge} is {found:g}, not {wanted}")
            await asyncio.sleep(LOOK_SECONDS)

    def check(self) -> None:
        """Raise ServerFailed when one of them has ended."""
        for server in self._servers:
            server.program.check()

    def cpu_seconds(self) -> float:
        """The processor time of all of them."""
        return sum(server.program.cpu_seconds() for server in self._servers)

    def resident_mb(self) -> list[float]:
        """The resident set of each."""
        return [server.program.resident_kb() / 1024 for server in self._servers]

    async def leave(self) -> None:
        """Let the stations go."""
        for fleet in self.fleets:
            await fleet.leave()

    def stop(self) -> None:
        """End the processes; it blocks until they have ended."""
        for server in self._servers:
            server.program.terminate()
        for server in self._servers:
            server.program.stop()

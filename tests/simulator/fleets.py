"""Small fleets on virtual time against the central system in memory: what most tests here begin with."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any

from simulator.facts import Version
from simulator.fleet import Fleet
from simulator.journal import Exchange
from simulator.profiles import WELL_BEHAVED, Profile
from simulator.settings import BackOff, FleetSettings, Habits, StationConfig
from simulator.station import Station
from tests.simulator.central_system import CentralSystem
from tests.simulator.virtual_time import run_virtually

ORIGIN = datetime(2026, 1, 1, tzinfo=UTC)
STATION = "SIM-1"
NOBODY = Habits(first_arrival_seconds=(1e6, 1e6))
"""No driver comes by himself."""
SOON = Habits(first_arrival_seconds=(10, 10), idle_seconds=(60, 60), parking_seconds=(1800, 1800))
"""One car at a time, half an hour each."""

HOUR = 3600.0


def config(version: Version, profile: Profile = WELL_BEHAVED, **hardware: Any) -> StationConfig:
    return StationConfig(**{"id": STATION, "seed": "7", **hardware}, version=version, profile=profile)


def settings(*stations: StationConfig, **more: Any) -> FleetSettings:
    defaults: dict[str, Any] = {
        "url": "",
        "origin": ORIGIN,
        "keep_journal": True,
        "ramp_seconds": 0.0,
        "habits": NOBODY,
        "back_off": BackOff(random_range_seconds=0.0),
    }
    return FleetSettings(stations=stations, **(defaults | more))


class Run:
    """A fleet that runs while a scenario plays, with the central system it talks to."""

    def __init__(self, system: CentralSystem, fleet: Fleet) -> None:
        self.system = system
        self.fleet = fleet

    @property
    def station(self) -> Station:
        return self.fleet.stations[0]

    @property
    def journal(self) -> list[Exchange]:
        return self.fleet.journals[STATION]

    @property
    def said(self) -> list[str]:
        return self.system.actions_of(STATION)

    async def online(self) -> None:
        await asyncio.sleep(0)
        await self.station.online.wait()

    async def until(self, condition: Callable[[], object], seconds: float = HOUR) -> None:
        """Lets time pass until the condition holds; fails when it does not within so many seconds."""
        for _ in range(int(seconds * 10)):
            if condition():
                return
            await asyncio.sleep(0.1)
        raise AssertionError(f"not within {seconds} s; said so far: {self.said}")


def live(
    fleet_settings: FleetSettings,
    scenario: Callable[[Run], Coroutine[Any, Any, None]] | None = None,
    system: CentralSystem | None = None,
) -> Run:
    """Runs the fleet on virtual time; with a scenario until that is over, else for the set seconds."""
    central = system or CentralSystem()

    async def play() -> Run:
        now = asyncio.get_running_loop().time
        run = Run(central, Fleet(fleet_settings, dial=central.dial, monotonic=now))
        if scenario is None:
            await run.fleet.run()
            return run
        living = asyncio.create_task(run.fleet.run())
        await asyncio.sleep(0)
        playing = asyncio.create_task(scenario(run))
        await asyncio.wait({living, playing}, return_when=asyncio.FIRST_COMPLETED)
        run.fleet.stop()
        await living
        await playing
        return run

    return run_virtually(play)

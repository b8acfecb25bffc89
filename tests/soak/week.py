"""The days that a fleet lives: stations of every habit, lines that fail, stations that boot in mid-session."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from random import Random
from typing import NamedTuple

import msgspec

from contract.registry import RegisteredStation
from contract.topics import EVERY_TOPIC, STATIONS_REGISTRY
from eventlog.embedded.file import LogFile
from eventlog.port import Record
from simulator.facts import BootReason, Version
from simulator.fleet import Fleet
from simulator.journal import TrueSession
from simulator.profiles import PROFILES
from simulator.settings import FleetSettings, Habits, StationConfig, make_stations
from tests.simulator.virtual_time import run_virtually
from tests.soak.gateway_in_time import GatewayInTime

BEGAN = datetime(2026, 10, 19, tzinfo=UTC)
"""A Monday; summer time ends on the Sunday of this week, in Berlin at 01:00 UTC."""

HABITS = Habits((0, 7200), (3600, 18_000), (1200, 9000), (3, 20), fault_share=0.0)
METER_INTERVAL_SECONDS = 300

OUTAGE_SECONDS = (960, 1440)
"""Long enough for StationOffline (10 minutes), too short for SessionSilent (30 minutes)."""
BETWEEN_OUTAGES_SECONDS = (20_000, 80_000)
WITHOUT_OUTAGES_SECONDS = 3600
"""At the end all lines work, so that each alert has had its time to end."""

SOAKED = (
    "well-behaved",
    "kwh",
    "mislabelled-kwh",
    "phase-registers",
    "phase-to-neutral-registers",
    "neutral-register",
    "session-samples",
    "repeats-begin",
    "stops-zero",
    "stops-minus-one",
    "unchanging-start",
    "never-stops",
    "double-start",
    "late-meter",
    "local-time",
    "counter-ids",
    "boots-on-connect",
    "silent-status",
)
"""The habits of the simulator that a week is lived with."""

BETWEEN_BOOTS_SECONDS = (40_000, 160_000)
WRITTEN_TOGETHER_MS = 60_000


class Outage(NamedTuple):
    """A station without a line."""

    station: str
    began: datetime
    ended: datetime


class Week(NamedTuple):
    """What truly happened, and the records of the gateway with the times (ms since 1970) at which they came."""

    began: datetime
    ended: datetime
    stations: tuple[StationConfig, ...]
    sessions: list[TrueSession]
    outages: list[Outage]
    records: list[tuple[int, Record]]
    faults: float
    """Requests that the gateway could not serve by a fault of its own."""
    queued: int
    """Messages that stations still hold."""


def fleet_of(habits: Sequence[str], per_habit: int) -> tuple[StationConfig, ...]:
    """So many stations of each version for each habit that the version can have."""
    stations = []
    for habit in habits:
        profile = PROFILES[habit]
        versions = tuple(version for version in Version if version in profile.versions)
        made = make_stations(per_habit * len(versions), versions, (profile,), seed=sum(habit.encode()))
        stations += [replace(one, id=f"{habit}-{one.version.tag}-{one.id[-2:]}") for one in made]
    return tuple(stations)


def live(stations: Sequence[StationConfig], days: float) -> Week:
    """Let the stations live so many days."""
    return run_virtually(lambda: _live(tuple(stations), days))


async def _live(stations: tuple[StationConfig, ...], days: float) -> Week:
    loop = asyncio.get_running_loop()
    gateway = GatewayInTime(lambda: BEGAN + timedelta(seconds=loop.time()))
    for station in stations:
        known = RegisteredStation(name=station.id, site="Soak", time_zone="Europe/Berlin")
        await gateway.written.append(Record(STATIONS_REGISTRY.name, station.id, msgspec.json.encode(known)))
    settings = FleetSettings(
        url="",
        stations=stations,
        seconds=days * 86_400,
        origin=BEGAN,
        habits=HABITS,
        meter_interval_seconds=METER_INTERVAL_SECONDS,
        keep_journal=True,
        ramp_seconds=60,
    )
    fleet = Fleet(settings, dial=gateway.dial, monotonic=loop.time)
    outages: list[Outage] = []
    until = days * 86_400 - WITHOUT_OUTAGES_SECONDS
    mishaps = [
        asyncio.create_task(work)
        for station in stations
        for work in (_lose_lines(gateway, station.id, until, outages), _boot(fleet, station.id, until))
    ]
    await fleet.run()
    ended = gateway.now()
    for work in mishaps:
        work.cancel()
    await asyncio.gather(*mishaps, return_exceptions=True)
    return Week(
        BEGAN,
        ended,
        stations,
        [session for station in fleet.stations for session in station.sessions or ()],
        outages,
        gateway.written.records,
        gateway.metrics.faults.n,
        fleet.statistics.total.queued,
    )


async def _lose_lines(gateway: GatewayInTime, station: str, until: float, outages: list[Outage]) -> None:
    chance = Random(f"outages {station}")
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(chance.uniform(*BETWEEN_OUTAGES_SECONDS))
        seconds = chance.uniform(*OUTAGE_SECONDS)
        if loop.time() + seconds > until:
            return
        began = gateway.now()
        await gateway.cut(station)
        await asyncio.sleep(seconds)
        gateway.unreachable.discard(station)
        outages.append(Outage(station, began, gateway.now()))


async def _boot(fleet: Fleet, station_id: str, until: float) -> None:
    """The station boots now and then; its sessions go on, as those of a station with a battery do."""
    chance = Random(f"boots {station_id}")
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(chance.uniform(*BETWEEN_BOOTS_SECONDS))
        if loop.time() > until:
            return
        station = next(one for one in fleet.stations if one.config.id == station_id)
        if station.online.is_set():
            await station.restart(BootReason.POWER_UP)


def write(week: Week, path: Path) -> None:
    """Write the records into a new embedded log, stamped with the end of the minute in which they came."""
    file = LogFile(path)
    try:
        file.prepare()
        file.apply_topics(EVERY_TOPIC.values())
        for minute, together in groupby(week.records, key=lambda one: one[0] // WRITTEN_TOGETHER_MS):
            file.append([record for _, record in together], (minute + 1) * WRITTEN_TOGETHER_MS)
    finally:
        file.connection.close()

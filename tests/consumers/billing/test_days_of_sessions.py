"""Days of sessions of simulated stations, quirks and all: each that ended has one record, true to its meter to the Wh."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from consumers.billing.app import make
from consumers.billing.settings import BillingSettings
from consumers.billing.tables import SCHEMA
from contract.cdrs import CdrIssued
from contract.topics import EVERY_TOPIC, METER_VALUES, STATIONS, TRANSACTIONS
from eventlog.port import Partition
from simulator.facts import Version
from simulator.fleet import Fleet
from simulator.journal import Exchange
from simulator.profiles import PROFILES
from simulator.settings import FleetSettings, Habits, make_stations
from tests.consumers.billing.test_billing import records
from tests.support.consumers import Clock, consuming
from tests.support.in_process import serving
from tests.support.memory_log import MemoryLog

SESSIONS = 60
SPEED = 7_200.0
"""A day in 12 s; on a slow machine it is more days."""
LONGEST_SECONDS = 150.0

UNTOLD = {"never-stops", "null-transaction"}
"""Characters that do not say which session ended: what they charge is a guess, that they charged is not."""

HABITS = Habits(first_arrival_seconds=(0, 3600), idle_seconds=(1800, 14_400), parking_seconds=(1800, 14_400))
SOAKED = {
    "local-time",
    "mislabelled-kwh",
    "neutral-register",
    "phase-registers",
    "phase-to-neutral-registers",
    "repeats-begin",
    "session-samples",
    "stops-minus-one",
    "stops-zero",
    "unchanging-start",
}
"""Their messages do not tell the truth, so this test's oracle cannot read it there: the soak knows it otherwise."""
DRAWN = [profile for name, profile in PROFILES.items() if name not in {*UNTOLD, *SOAKED, "broken-frames"}]


async def test_each_session_has_one_record_that_is_true_to_the_meter(tmp_path: Path) -> None:
    stations = make_stations(45, profiles=DRAWN)
    unique = {station.id: station for station in stations}
    untold = make_stations(2, [Version.V16], [PROFILES[name] for name in sorted(UNTOLD)], seed=9)
    odd = {f"ODD-{number}": station for number, station in enumerate(untold)}
    log, fleet = await _lived(tmp_path, [*unique.values(), *(_named(one, name) for name, one in odd.items())])
    clock = Clock()
    clock.at = datetime.now(UTC) + timedelta(days=30)
    async with consuming(tmp_path, SCHEMA, BillingSettings, make, log=log, clock=clock) as world:
        await world.ticked(60)
        await world.ticked(60)
        found = records(world)
    assert all(isinstance(record, CdrIssued) and record.revision == 1 for record in found)
    issued = Counter(record.station for record in found)
    for station, config in unique.items():
        said = Counter(_energies(fleet.journals[station]))
        billed = Counter(record.energy_wh for record in found if record.station == station)
        assert billed == said, (station, config.profile.name)
    for station in odd:
        assert issued[station] == _starts(fleet.journals[station])
    total = fleet.statistics.total
    assert total.sessions_started == total.sessions_ended == len(found) >= SESSIONS
    metered = sum(record.energy_wh for record in found if record.station not in odd)
    assert abs(float(metered) - total.energy_wh) < total.energy_wh * 0.1


def _named(station: Any, name: str) -> Any:
    return type(station)(**{**{field: getattr(station, field) for field in station.__slots__}, "id": name})


async def _lived(folder: Path, stations: list[Any]) -> tuple[MemoryLog, Fleet]:
    """The fleet's days at a real gateway, and what that published."""
    log = MemoryLog()
    async with serving(folder) as gateway:
        fleet = Fleet(
            FleetSettings(
                url=f"ws://127.0.0.1:{gateway.port}/ocpp",
                stations=stations,
                closing_seconds=60,
                speed=SPEED,
                origin=datetime.now(UTC) - timedelta(seconds=SPEED * (LONGEST_SECONDS + 60)),
                habits=HABITS,
                meter_interval_seconds=900,
                keep_journal=True,
                ramp_seconds=0.5,
            )
        )
        living = asyncio.create_task(fleet.run())
        async with asyncio.timeout(LONGEST_SECONDS):
            while fleet.statistics.total.sessions_ended < SESSIONS:  # noqa: ASYNC110 - it counts, and tells nobody
                await asyncio.sleep(0.2)
        fleet.stop()
        await living
        for topic in EVERY_TOPIC.values():
            log.store.topics[topic.name] = topic
            log.store.records |= {partition: [] for partition in _partitions(topic)}
        async for stored in gateway._log.read([STATIONS.name, TRANSACTIONS.name, METER_VALUES.name]):
            log.store.write(stored.record, stored.appended_ms)
    return log, fleet


def _partitions(topic: Any) -> Iterator[Any]:
    return (Partition(topic.name, number) for number in range(topic.partitions))


def _energies(journal: list[Exchange]) -> Iterator[Decimal]:
    """What the station's own meter says that each transaction took."""
    begun: dict[str, Decimal] = {}
    ended: dict[str, Decimal] = {}
    for exchange in journal:
        payload = exchange.payload
        if exchange.action == "StartTransaction" and exchange.answer:
            begun[str(exchange.answer["transactionId"])] = Decimal(str(payload["meterStart"]))
        elif exchange.action == "StopTransaction":
            ended[str(payload["transactionId"])] = Decimal(str(payload["meterStop"]))
        elif exchange.action == "TransactionEvent" and payload["eventType"] != "Updated":
            borders = begun if payload["eventType"] == "Started" else ended
            borders[payload["transactionInfo"]["transactionId"]] = _register(payload)
    return (wh - begun[transaction] for transaction, wh in ended.items())


def _register(payload: dict[str, Any]) -> Decimal:
    (register,) = [
        sampled
        for sampled in payload["meterValue"][0]["sampledValue"]
        if sampled["measurand"] == "Energy.Active.Import.Register"
    ]
    factor = 1000 if register.get("unitOfMeasure", {}).get("unit") == "kWh" else 1
    return Decimal(str(register["value"])) * factor


def _starts(journal: list[Exchange]) -> int:
    return len({str(one.payload) for one in journal if one.action == "StartTransaction"})

"""The monitoring alone on one core: 100,000 stations of state, and how many events a second it takes in.

    python -m benchmarks.monitoring [--stations 100000] [--seconds 20]

Records as a gateway writes them are decoded, folded and written in transactions of 500, as the runtime does it;
of it only the log is missing. The database is an SQLite file in a temporary folder.
"""

import argparse
import asyncio
import random
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from consumers.monitoring.api.fleet import Fleet
from consumers.monitoring.api.listing import Listing, Wanted
from consumers.monitoring.monitor import Monitor
from consumers.monitoring.settings import MonitoringSettings
from consumers.monitoring.tables import SCHEMA
from consumers.runtime.database import Database
from consumers.runtime.decoding import read
from consumers.runtime.migrations import upgrade
from contract import envelope
from contract.envelope import Envelope
from contract.events import (
    ConnectorStatusChanged,
    Event,
    MeterSampled,
    StationBooted,
    StationHeartbeat,
    TransactionEnded,
    TransactionStarted,
)
from contract.model import Evse, Hardware, IdToken, Meter, Sample, Station, Transaction
from contract.presence import Presence
from contract.topics import PRESENCE, partition_of
from eventlog.port import Place, Record, Stored
from service.run import settle

BATCH = 500
SHARDS = 12
BEGAN = datetime(2026, 3, 1, tzinfo=UTC)
MODELS = (("Alfa", "Alfa 22"), ("Bravo", "DC-150"), ("Charlie", "Duo 11"))


class Work:
    """A transaction of the benchmark; the monitoring publishes nothing."""

    def __init__(self, database: Any) -> None:
        self.database = database

    def emit(self, record: Record) -> None:
        raise AssertionError(record)


class Stations:
    """Makes the records of a fleet in which a fifth charges."""

    def __init__(self, number: int) -> None:
        self._chance = random.Random(1)
        self._names = [f"DE*BEN*E{station:06}" for station in range(number)]
        self._charging = [name for name in self._names if self._chance.random() < 0.2]
        self._registers = dict.fromkeys(self._charging, 1_000_000)
        self._sequence = 0

    def first(self) -> Iterator[Stored]:
        """What all of them say when they come: presence, boot, two connectors, and some a session."""
        charging = set(self._charging)
        for name in self._names:
            vendor, model = self._chance.choice(MODELS)
            presence = Presence(online=True, gateway="g", connection="c", version="1.6", since=BEGAN)
            record = Record(PRESENCE.name, name, msgspec.json.encode(presence))
            yield Stored(record, Place(PRESENCE.name, partition_of(name, SHARDS), 0), 0)
            hardware = Hardware(vendor=vendor, model=model, serial_number=name[-6:], firmware_version="1.4.2")
            yield self._stored(StationBooted, name, BEGAN, hardware=hardware)
            for evse in (1, 2):
                place = Evse(id=evse, connector_id=1)
                status = "Occupied" if evse == 1 and name in charging else "Available"
                yield self._stored(
                    ConnectorStatusChanged, name, BEGAN, status=status, detail=status, evse=place
                )
            if name in charging:
                yield self._start(name, BEGAN)

    def later(self) -> Iterator[Stored]:
        """What they say from then on, in the mix of a day: of ten events seven are meter values."""
        at = BEGAN + timedelta(minutes=1)
        while True:
            at += timedelta(milliseconds=0.5)
            kind = self._chance.random()
            if kind < 0.70:
                yield self._sample(self._chance.choice(self._charging), at)
            elif kind < 0.85:
                yield self._stored(StationHeartbeat, self._chance.choice(self._names), at)
            elif kind < 0.96:
                status = self._chance.choice(("Available", "Occupied", "Unavailable"))
                yield self._stored(
                    ConnectorStatusChanged,
                    self._chance.choice(self._names),
                    at,
                    status=status,
                    detail=status,
                    evse=Evse(id=2, connector_id=1),
                )
            else:
                name = self._chance.choice(self._charging)
                of = {"evse": Evse(id=1, connector_id=1), "transaction": Transaction(id=f"t-{name}")}
                yield self._stored(TransactionEnded, name, at, **of)
                yield self._start(name, at)

    def _start(self, name: str, at: datetime) -> Stored:
        return self._stored(
            TransactionStarted,
            name,
            at,
            evse=Evse(id=1, connector_id=1),
            transaction=Transaction(id=f"t-{name}-{self._sequence}"),
            id_token=IdToken(value="04A2B3C4D5E6F7", type="ISO14443"),
            meter=Meter(start_wh=Decimal(self._registers[name])),
        )

    def _sample(self, name: str, at: datetime) -> Stored:
        self._registers[name] += 180
        read_as = (
            ("Energy.Active.Import.Register", self._registers[name], "Wh", None),
            ("Power.Active.Import", 10_800, "W", None),
            ("Current.Import", 16, "A", "L1"),
            ("Current.Import", 16, "A", "L2"),
            ("Current.Import", 16, "A", "L3"),
            ("Voltage", 230, "V", "L1-N"),
        )
        samples = tuple(
            Sample(measurand=measurand, value=Decimal(value), unit=unit, phase=phase, at=at)
            for measurand, value, unit, phase in read_as
        )
        return self._stored(MeterSampled, name, at, evse=Evse(id=1, connector_id=1), samples=samples)

    def _stored(self, kind: type[Event], name: str, at: datetime, **more: Any) -> Stored:
        self._sequence += 1
        event = kind(station=Station(id=name), received_at=at, occurred_at=at, **more)
        headers = Envelope("g", name, "1.6", "c").headers(event, f"c-{self._sequence}", self._sequence)
        record = Record(event.TOPIC.name, name, envelope.encode(event), headers)
        return Stored(record, Place(event.TOPIC.name, partition_of(name, SHARDS), 0), 0)


def batches(records: Iterator[Stored]) -> Iterator[list[Stored]]:
    batch = []
    for record in records:
        batch.append(record)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


async def take_in(database: Database, monitor: Monitor, batch: list[Stored]) -> None:
    messages = [message for one in batch if (message := read(one).message) is not None]
    async with database.transaction() as connection:
        await monitor.handle(messages, Work(connection))


async def measure(stations: int, seconds: float, folder: Path) -> None:
    path = folder / "monitoring.db"
    database = Database(f"sqlite+aiosqlite:///{path}")
    await database.open()
    await upgrade(database, SCHEMA)
    monitor = Monitor(MonitoringSettings.load())
    fleet = Stations(stations)
    began, events = time.perf_counter(), 0
    for batch in batches(fleet.first()):
        events += len(batch)
        await take_in(database, monitor, batch)
    took = time.perf_counter() - began
    print(
        f"filled   {stations:,} stations, {events:,} events, {events / took:,.0f} events/s with making them"
    )
    settle()  # as every process of ours does when it has started
    filled_bytes = path.stat().st_size
    print(f"state    {filled_bytes / 1e6:,.0f} MB, {filled_bytes / stations:,.0f} bytes a station")
    spent = used = taken = 0.0
    later = batches(fleet.later())
    while spent < seconds:
        batch = next(later)
        wall, cpu = time.perf_counter(), time.process_time()
        await take_in(database, monitor, batch)
        spent, used = spent + time.perf_counter() - wall, used + time.process_time() - cpu
        taken += len(batch)
    print(f"takes in {taken / spent:,.0f} events/s ({taken / used:,.0f} per second of CPU, both threads)")
    now = BEGAN + timedelta(minutes=5)
    listing, glance = Listing(database), Fleet(database, lambda: now)
    for name, ask in {
        "first page": lambda: listing.page(Wanted(), 50, None),
        "by last seen": lambda: listing.page(Wanted(sort="seen", is_falling=True), 50, None),
        "filtered": lambda: listing.page(
            Wanted(statuses=("Unavailable",), facts={"vendor": ["Bravo"]}), 50, None
        ),
        "searched": lambda: listing.page(Wanted(search="e099"), 50, None),
        "overview": glance.overview,
    }.items():
        times = []
        for _ in range(10):
            wall = time.perf_counter()
            await ask()
            times.append(time.perf_counter() - wall)
        print(f"{name:12} {sorted(times)[5] * 1000:.1f} ms (median of 10)")
    await database.close()


def main() -> None:
    parser = argparse.ArgumentParser(description="The monitoring on one core.")
    parser.add_argument("--stations", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=20)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="monitoring-") as folder:
        asyncio.run(measure(given.stations, given.seconds, Path(folder)))


if __name__ == "__main__":
    main()

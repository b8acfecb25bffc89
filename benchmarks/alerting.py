"""The alerting alone on one core: 100,000 stations under the shipped rules, and how many events a second it takes in.

    python -m benchmarks.alerting [--stations 100000] [--seconds 20]

The fleet is that of `benchmarks.monitoring`: records as a gateway writes them are decoded, judged and written in
transactions of 500, with a tick each second of the records' time. Then half of the stations goes offline at
once, and it is shown what that leads to and how long the longest tick takes. The database is an SQLite file in a temporary folder.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.monitoring import BEGAN, SHARDS, Stations, batches
from consumers.alerting.app import make
from consumers.alerting.settings import AlertingSettings
from consumers.alerting.tables import SCHEMA
from consumers.runtime.database import Database
from consumers.runtime.decoding import read
from consumers.runtime.migrations import upgrade
from consumers.runtime.program import Equipment
from contract import envelope
from contract.envelope import Envelope
from contract.events import StationConnected, StationDisconnected
from contract.model import Station
from contract.topics import PRESENCE, STATIONS, partition_of
from eventlog.port import Place, Record, Stored
from service.metrics import Metrics


class Work:
    """A transaction of the benchmark; what it publishes is counted."""

    published = 0

    def __init__(self, database: Any) -> None:
        self.database = database

    def emit(self, record: Record) -> None:
        del record
        Work.published += 1


class Clock:
    """The time of the records."""

    at = BEGAN

    def __call__(self) -> datetime:
        return self.at


class Run:
    """The consumer, and what it has used so far."""

    def __init__(self, database: Database) -> None:
        self.clock = Clock()
        equipment: Any = Equipment(None, database, Metrics("ocpp_alerting"), self.clock)  # type: ignore[arg-type]
        self._consumer = make(AlertingSettings.load(), equipment).consumer
        self._database = database
        self.spent = self.used = 0.0

    async def take_in(self, batch: list[Stored]) -> None:
        wall, cpu = time.perf_counter(), time.process_time()
        messages = [message for one in batch if (message := read(one).message) is not None]
        async with self._database.transaction() as connection:
            await self._consumer.handle(messages, Work(connection))
        self._count(wall, cpu)

    async def tick(self, at: datetime) -> float:
        """Its wall time in seconds."""
        self.clock.at = at
        wall, cpu = time.perf_counter(), time.process_time()
        async with self._database.transaction() as connection:
            await self._consumer.tick(dict.fromkeys(range(SHARDS), at), Work(connection))
        self._count(wall, cpu)
        return time.perf_counter() - wall

    def _count(self, wall: float, cpu: float) -> None:
        self.spent += time.perf_counter() - wall
        self.used += time.process_time() - cpu


def timed(records: Iterator[Stored]) -> Iterator[Stored]:
    """The records as the log has them at once; presence is none of the alerting's."""
    for stored in records:
        if stored.record.topic != PRESENCE.name:
            headers = dict(stored.record.headers)
            moment = datetime.fromisoformat(headers["ce_time"].decode())
            yield msgspec.structs.replace(stored, appended_ms=int(moment.timestamp() * 1000))


def lines(
    names: list[str], at: datetime, kind: type[StationConnected | StationDisconnected]
) -> Iterator[Stored]:
    """All these stations connect, or lose their connection."""
    for name in names:
        more: dict[str, Any] = (
            {"tls": True} if kind is StationConnected else {"reason": "lost", "connected_seconds": 60.0}
        )
        event = kind(station=Station(id=name), received_at=at, version="1.6", **more)
        headers = Envelope("g", name, "1.6", "c").headers(event, f"{name}-{kind.NAME}", 0)
        record = Record(STATIONS.name, name, envelope.encode(event), headers)
        place = Place(STATIONS.name, partition_of(name, SHARDS), 0)
        yield Stored(record, place, int(at.timestamp() * 1000))


async def measure(stations: int, seconds: float, folder: Path) -> None:
    path = folder / "alerting.db"
    database = Database(f"sqlite+aiosqlite:///{path}")
    await database.open()
    await upgrade(database, SCHEMA)
    run, fleet = Run(database), Stations(stations)
    names = [f"DE*BEN*E{station:06}" for station in range(stations)]
    for records in (lines(names, BEGAN, StationConnected), timed(fleet.first())):
        for batch in batches(records):
            await run.take_in(batch)
    size = path.stat().st_size
    print(f"state    {size / 1e6:,.0f} MB for {stations:,} stations, {size / stations:,.0f} bytes each")
    run.spent, run.used, taken, ticked = 0.0, 0.0, 0, BEGAN
    for batch in batches(timed(fleet.later())):
        await run.take_in(batch)
        taken += len(batch)
        at = datetime.fromtimestamp(batch[-1].appended_ms / 1000, UTC)
        if at - ticked >= timedelta(seconds=1):
            await run.tick(at)
            ticked = at
        if run.spent >= seconds:
            break
    print(
        f"takes in {taken / run.spent:,.0f} events/s ({taken / run.used:,.0f} per second of CPU, both threads)"
    )
    before, at = Work.published, ticked
    for batch in batches(lines(names[: stations // 2], at, StationDisconnected)):
        await run.take_in(batch)
    longest = 0.0
    for passed in range(0, 1200, 5):
        longest = max(longest, await run.tick(at + timedelta(seconds=passed)))
    print(
        f"storm    {stations // 2:,} stations offline at once: {Work.published - before} facts, "
        f"longest tick {longest:.2f} s"
    )
    await database.close()


def main() -> None:
    parser = argparse.ArgumentParser(description="How much the alerting takes in.")
    parser.add_argument("--stations", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=20.0)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="alerting-bench-") as folder:
        asyncio.run(measure(asked.stations, asked.seconds, Path(folder)))


if __name__ == "__main__":
    main()

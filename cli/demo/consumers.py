"""The consumers of the demo: billing, monitoring and alerting as in production, each with a database of this run."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from cli.demo.place import free_port, fresh
from cli.families import consumer, loaded
from consumers.billing import shelf
from consumers.billing.tariffs.book import TariffBook, read
from consumers.runtime.database import Database
from consumers.runtime.migrations import upgrade
from consumers.runtime.process import ConsumerProcess
from contract.registry import Coordinates, RegisteredStation
from contract.topics import STATIONS_REGISTRY
from eventlog.port import EventLog, Record
from gateway.settings import GatewaySettings
from simulator.settings import StationConfig

HERE = Path(__file__).parent
SITES = (
    ("Depot North", "Lagerstraße 12", "Hamburg", Coordinates(latitude=53.55, longitude=9.99)),
    ("Station Road", "Bahnhofstraße 3", "Leipzig", Coordinates(latitude=51.34, longitude=12.37)),
    ("Riverside", "Am Ufer 40", "Köln", Coordinates(latitude=50.94, longitude=6.96)),
)
SETTLE_SECONDS = 2
LOOK_SECONDS = 0.1


class Consumers:
    """All three, on the log of the gateway with these settings; `began` is when its stations' time does."""

    def __init__(self, gateway: GatewaySettings, page_port: int, file: Path, since: datetime) -> None:
        self.page = f"http://127.0.0.1:{page_port}"
        self._since = since
        self._given: dict[str, dict[str, Any]] = {
            "billing": {"billing_settle_seconds": SETTLE_SECONDS},
            "monitoring": {
                "monitoring_port": page_port,
                "monitoring_command_api": f"http://127.0.0.1:{gateway.internal_port}",
            },
            "alerting": {"alerting_rules": HERE / "alerts.yaml", "alerting_page": self.page},
        }
        for number, (name, given) in enumerate(self._given.items()):
            database = file.with_name(f"{file.stem}-{name}.db")
            fresh(database)
            given |= {
                "event_log": gateway.event_log,
                "internal_host": "127.0.0.1",
                f"{name}_internal_port": free_port(9101 + number),
                f"{name}_database": f"sqlite+aiosqlite:///{database}",
            }
        self._processes: dict[str, ConsumerProcess] = {}

    async def start(self) -> None:
        """Start them, the tariffs loaded first."""
        for name, given in self._given.items():
            found = consumer(name)
            settings = loaded(found.settings, **given)
            if name == "billing":
                await self._load_tariffs(settings.database)
            process = self._processes[name] = ConsumerProcess(found.schema(), settings, found.make())
            await process.start()

    async def caught_up(self) -> None:
        """Until all of them have read all that stands in the log."""
        loops = [process.loop for process in self._processes.values()]
        while not all(loop and loop.caught_up for loop in loops):  # noqa: ASYNC110 - they have no event for it
            await asyncio.sleep(LOOK_SECONDS)

    async def stop(self, *names: str) -> None:
        """Stop these, or all that still run."""
        for name in names or list(self._processes):
            await self._processes.pop(name).stop()

    async def _load_tariffs(self, address: str) -> None:
        book = read((HERE / "tariffs.yaml").read_text(encoding="utf-8"))
        assert isinstance(book, TariffBook)
        database = Database(address)
        try:
            await database.open()
            await upgrade(database, consumer("billing").schema())
            async with database.transaction() as connection:
                await shelf.put(
                    connection, book, source="tariffs.yaml", effective_from=self._since, loaded_at=self._since
                )
        finally:
            await database.close()


async def register(log: EventLog, stations: Sequence[StationConfig]) -> None:
    """Tell the registry what no station says: where it is, and that direct current is fast."""
    appends = []
    for number, station in enumerate(stations):
        site, address, city, coordinates = SITES[number % len(SITES)]
        known = RegisteredStation(
            name=f"{site} {number // len(SITES) + 1}",
            site=site,
            groups=() if station.phases else ("fast",),
            time_zone="Europe/Berlin",
            address=address,
            city=city,
            country="DEU",
            coordinates=coordinates,
            country_code="DE",
            party_id="DEM",
        )
        appends.append(log.append(Record(STATIONS_REGISTRY.name, station.id, msgspec.json.encode(known))))
    await asyncio.gather(*appends)

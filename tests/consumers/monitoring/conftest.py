"""Stations that say things, and the monitoring of them in memory and one SQLite file."""

import contextlib
import itertools
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from aiohttp import ClientSession, CookieJar

from consumers.monitoring.api.server import Server
from consumers.monitoring.app import make
from consumers.monitoring.folding import fold
from consumers.monitoring.settings import MonitoringSettings
from consumers.monitoring.state import Kept
from consumers.monitoring.tables import SCHEMA
from consumers.monitoring.tally import ShardTally, StationTally
from consumers.runtime.consumer import Message
from contract.events import (
    ConnectorStatusChanged,
    Event,
    MeterSampled,
    StationBooted,
    TransactionEnded,
    TransactionStarted,
)
from contract.model import Evse, Hardware, IdToken, Meter, Sample, Station, Transaction
from contract.presence import Presence
from contract.registry import RegisteredStation
from contract.topics import PRESENCE, STATIONS_REGISTRY, partition_of
from eventlog.port import Place
from tests.support.consumers import Clock, World, consuming

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


class Charger:
    """Makes the events of one station; times are minutes before NOW, and told at once unless `told` says otherwise."""

    def __init__(self, station: str = "CP-1") -> None:
        self.id = station

    def _of(self, kind: Any, minutes: float, told: float | None = None, **more: Any) -> Any:
        return kind(
            station=Station(id=self.id),
            occurred_at=ago(minutes),
            received_at=ago(minutes if told is None else told),
            **more,
        )

    def boots(self, minutes: float = 100, **hardware: Any) -> StationBooted:
        given = {
            "vendor": "Alfa",
            "model": "Alfa 22",
            "serial_number": "S-1",
            "firmware_version": "1.4.2",
            **hardware,
        }
        made: StationBooted = self._of(StationBooted, minutes, hardware=Hardware(**given), reason="PowerUp")
        return made

    def status(
        self, status: str, minutes: float = 90, evse: int | None = 1, **more: Any
    ) -> ConnectorStatusChanged:
        place = None if evse is None else Evse(id=evse, connector_id=1)
        made: ConnectorStatusChanged = self._of(
            ConnectorStatusChanged, minutes, status=status, evse=place, **more
        )
        return made

    def starts(self, transaction: str = "t-1", minutes: float = 60, **more: Any) -> TransactionStarted:
        given = {
            "evse": Evse(id=1, connector_id=1),
            "id_token": IdToken(value="04A2B3C4D5E6F7", type="ISO14443"),
            "meter": Meter(start_wh=Decimal(1000)),
            **more,
        }
        made: TransactionStarted = self._of(
            TransactionStarted, minutes, transaction=Transaction(id=transaction), **given
        )
        return made

    def ends(
        self, transaction: str = "t-1", minutes: float = 10, stop_wh: int | None = 9000, **more: Any
    ) -> TransactionEnded:
        given = {
            "evse": Evse(id=1),
            "meter": Meter(stop_wh=None if stop_wh is None else Decimal(stop_wh)),
            **more,
        }
        made: TransactionEnded = self._of(
            TransactionEnded,
            minutes,
            transaction=Transaction(id=transaction),
            stopped_reason="Local",
            **given,
        )
        return made

    def samples(
        self,
        minutes: float,
        register_wh: float | None = None,
        power_w: float | None = None,
        soc: float | None = None,
        transaction: str | None = "t-1",
        **more: Any,
    ) -> MeterSampled:
        read = (
            ("Energy.Active.Import.Register", register_wh, "Wh"),
            ("Power.Active.Import", power_w, "W"),
            ("SoC", soc, "Percent"),
        )
        given = {"evse": Evse(id=1), **more}
        made: MeterSampled = self._of(
            MeterSampled,
            minutes,
            transaction=None if transaction is None else Transaction(id=transaction),
            samples=tuple(
                Sample(measurand=name, value=Decimal(str(value)), unit=unit, at=ago(minutes))
                for name, value, unit in read
                if value is not None
            ),
            **given,
        )
        return made

    def online(self, minutes: float = 100, connection: str = "c1", **more: Any) -> Presence:
        return Presence(
            online=True, gateway="gw-1", connection=connection, version="1.6", since=ago(minutes), **more
        )

    def offline(
        self, minutes: float, connection: str = "c1", reason: str = "client", **more: Any
    ) -> Presence:
        return Presence(
            online=False,
            gateway="gw-1",
            connection=connection,
            version="1.6",
            since=ago(minutes),
            reason=reason,
            **more,
        )


Said = Event | Presence | RegisteredStation | None

_ids = itertools.count()


def message(said: Said, station: str = "CP-1", event_id: str | None = None) -> Message:
    """What the runtime makes of a record that says this; a tombstone is the registry's."""
    topic = STATIONS_REGISTRY.name
    if isinstance(said, Event):
        topic, station = said.TOPIC.name, said.station.id
        event_id = event_id or f"e-{next(_ids)}"
    elif isinstance(said, Presence):
        topic = PRESENCE.name
    return Message(said, station, Place(topic, partition_of(station, 12), 0), NOW, event_id)


class Folded:
    """A station as its events make it, and all that they changed beside."""

    def __init__(self, *said: Said) -> None:
        self.kept = Kept("CP-1")
        self.shard = ShardTally()
        self.tally = StationTally(self.shard)
        self.take(*said)

    def take(self, *said: Said) -> "Folded":
        for one in said:
            fold(self.kept, message(one), self.tally)
        return self


@pytest.fixture
def charger() -> Charger:
    return Charger()


@contextlib.asynccontextmanager
async def monitoring(folder: Path, **overrides: Any) -> AsyncIterator[World]:
    """The monitoring, whole, at `NOW`: by the real clock that day is past, and forgotten. Its page is on a free port."""
    given = {"monitoring_port": 0, "clock": Clock(NOW), **overrides}
    async with consuming(folder, SCHEMA, MonitoringSettings, make, **given) as world:
        yield world


class Reply(NamedTuple):
    """What the API answered."""

    status: int
    headers: Mapping[str, str]
    json: Any


class Viewer:
    """Who looks at the fleet over HTTP."""

    def __init__(self, http: ClientSession, world: World) -> None:
        self.http = http
        self.world = world
        server = world.process._program.services[0]
        assert isinstance(server, Server)
        self.server = server
        self.url = f"http://127.0.0.1:{server.port}"

    async def get(self, path: str, **options: Any) -> Reply:
        return await self.ask("GET", f"/api/v1{path}", **options)

    async def ask(self, method: str, path: str, **options: Any) -> Reply:
        async with self.http.request(method, self.url + path, **options) as response:
            body = await response.read()
            assert response.headers["X-Request-Id"]
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            kind = response.content_type
            if response.status >= 400:
                assert kind == "application/problem+json"
            found = msgspec.json.decode(body) if body and kind.endswith("json") else body
            return Reply(response.status, response.headers, found)


@contextlib.asynccontextmanager
async def viewing(folder: Path, **overrides: Any) -> AsyncIterator[Viewer]:
    """The monitoring with its API, and somebody who asks it."""
    async with (
        monitoring(folder, **overrides) as world,
        ClientSession(cookie_jar=CookieJar(unsafe=True)) as http,
    ):
        yield Viewer(http, world)


async def a_day(world: World, station: str = "CP-1") -> None:
    """Everything that a station can say."""
    charger = Charger(station)
    known = RegisteredStation(name="Harbour 3", site="Harbour")
    await world.append_value(STATIONS_REGISTRY, station, known)
    await world.append_value(PRESENCE, station, charger.online())
    await world.append(
        charger.boots(),
        charger.status("Available"),
        charger.status("Occupied", 61, detail="Charging"),
        charger.starts(f"{station}-t"),
        charger.samples(40, 5000, 11_000, 40, f"{station}-t"),
        charger.samples(39.5, 5100, 11_500, 41, f"{station}-t"),
    )
    await world.caught_up()


@pytest.fixture(params=["sqlite", "postgres"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database, of each kind."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path / 'monitoring.db'}"
    return str(request.getfixturevalue("postgres").new())


@pytest.fixture
async def viewer(tmp_path: Path, address: str) -> AsyncIterator[Viewer]:
    async with viewing(tmp_path, database=address) as made:
        yield made

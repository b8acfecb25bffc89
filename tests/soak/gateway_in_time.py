"""The gateway's translation on virtual time: stations dial it in memory, and its records wait to be written to a log."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from contract.envelope import Envelope
from contract.events import Event, StationConnected, StationDisconnected
from contract.model import Station
from contract.presence import Presence
from contract.topics import PRESENCE
from eventlog.port import Place, Record
from gateway.app import TABLES
from gateway.desk import Desk
from gateway.metrics import GatewayMetrics
from gateway.ocpp.rpc import Asked, Rpc
from gateway.ocpp.versions import VERSIONS
from gateway.publisher import Publisher
from gateway.translation.table import Fact, Policy, Speaker
from simulator.settings import StationConfig
from simulator.wire import ConnectFailed, Wire

GATEWAY = "soak"
HEARTBEAT_SECONDS = 3600
LOCAL_TIME = "local-time"
ZONE = ZoneInfo("Europe/Berlin")


class Written:
    """Takes records as an event log does, each with the time (ms since 1970) at which it came."""

    trouble = None

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.records: list[tuple[int, Record]] = []
        self._now = now

    def append(self, record: Record) -> Awaitable[Place]:
        """Keep a record; it is durable at once."""
        self.records.append((int(self._now().timestamp() * 1000), record))
        durable: asyncio.Future[Place] = asyncio.get_running_loop().create_future()
        durable.set_result(Place(record.topic, 0, len(self.records)))
        return durable


class GatewayInTime:
    """Stations connect by `dial`. The stations in `unreachable` have no line to it."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.now = now
        self.written = Written(now)
        self.metrics = GatewayMetrics()
        self.unreachable: set[str] = set()
        self._wires: dict[str, GatewayWire] = {}
        self._connections = 0

    async def dial(self, config: StationConfig) -> Wire:
        """Open a connection. Raises ConnectFailed while the station has no line."""
        if config.id in self.unreachable:
            raise ConnectFailed("no line")
        self._connections += 1
        wire = self._wires[config.id] = GatewayWire(self, config, f"{self._connections:016x}")
        await wire.open()
        return wire

    async def cut(self, station: str) -> None:
        """Take a station's line away until it leaves `unreachable`."""
        self.unreachable.add(station)
        await self._wires[station].end("lost")


class GatewayWire:
    """One connection: the station's end of it, and the desk that serves it."""

    def __init__(self, gateway: GatewayInTime, config: StationConfig, connection: str) -> None:
        self._gateway = gateway
        self._inbox: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._is_open = True
        version = VERSIONS[config.version.value]
        self._station, self._version = Station(id=config.id), version.name
        self._since = gateway.now()
        self._connection = connection
        envelope = Envelope(GATEWAY, config.id, version.name, connection)
        self._publisher = Publisher(gateway.written, gateway.metrics, envelope, config.id, connection)  # type: ignore[arg-type] # of the log it uses `append` and `trouble`
        self._rpc = Rpc(version)
        speaker = Speaker(
            station=self._station,
            version=version.name,
            connected_at=self._since,
            zone=ZONE if config.profile.name == LOCAL_TIME else ZoneInfo("UTC"),
            policy=Policy(heartbeat_seconds=HEARTBEAT_SECONDS),
        )
        self._desk = Desk(
            speaker=speaker,
            table=TABLES[version.name],
            rpc=self._rpc,
            mode="observe",
            publisher=self._publisher,
            metrics=gateway.metrics,
        )

    async def open(self) -> None:
        """Say that the station is connected."""
        connected = StationConnected(
            station=self._station, received_at=self._since, version=self._version, tls=False
        )
        await self._say(connected, self._presence(self._since))

    async def send(self, text: bytes) -> None:
        """A frame of the station: served, and answered at once."""
        if not self._is_open:
            raise ConnectionError("the line is gone")
        now = self._gateway.now()
        happening = self._rpc.receive(text)
        assert isinstance(happening, Asked), f"this fleet only asks: {text!r}"
        answer = await self._desk.serve(happening, now)
        if answer is not None:
            self._inbox.put_nowait(answer)

    async def receive(self) -> bytes | None:
        """The next frame of the gateway; None when the connection has ended."""
        return await self._inbox.get()

    async def close(self) -> None:
        """The station hangs up."""
        await self.end("client")

    async def end(self, reason: str) -> None:
        """End the connection, once, and say so."""
        if not self._is_open:
            return
        self._is_open = False
        self._inbox.put_nowait(None)
        now = self._gateway.now()
        lasted = (now - self._since).total_seconds()
        ended = StationDisconnected(
            station=self._station,
            received_at=now,
            version=self._version,
            reason=reason,
            connected_seconds=lasted,
        )
        await self._say(ended, self._presence(now, reason))

    def _presence(self, since: datetime, reason: str | None = None) -> Presence:
        return Presence(
            online=reason is None,
            gateway=GATEWAY,
            connection=self._connection,
            version=self._version,
            since=since,
            reason=reason,
        )

    async def _say(self, event: Event, presence: Presence) -> None:
        await self._publisher.publish([Fact(event, None)])
        record = Record(PRESENCE.name, self._station.id, msgspec.json.encode(presence))
        await self._gateway.written.append(record)

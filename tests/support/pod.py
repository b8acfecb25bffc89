"""A gateway below its sockets: sessions on memory transports, events in a memory log."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from contract import envelope
from contract.envelope import Envelope
from contract.events import Event, StationConnected
from contract.model import Station
from contract.topics import TOPICS
from eventlog.in_flight import Limits
from eventlog.port import Stored
from gateway.app import TABLES
from gateway.backlog import Backlog
from gateway.decisions import Decisions
from gateway.desk import Desk, Validation
from gateway.limits import StationLimits
from gateway.metrics import GatewayMetrics
from gateway.ocpp.rpc import Rpc
from gateway.ocpp.versions import VERSIONS
from gateway.presence import Announcer
from gateway.publisher import Publisher
from gateway.recovery import Recovery
from gateway.session import Late, Session
from gateway.sessions import Sessions
from gateway.translation.table import Policy, Speaker, Table
from service.wheel import Wheel
from tests.support.memory_log import MemoryLog
from tests.support.memory_transport import MemoryTransport

TICK_SECONDS = 0.01
_Deciding = Decisions | None

LIMITS = StationLimits(
    inbox_messages=4,
    messages_per_second=10_000,
    bytes_per_second=1e9,
    processing_ms_per_second=1e6,
    bad_frames_per_minute=20,
    ping_seconds=60,
    ping_timeout_seconds=20,
    leave_seconds=1.0,
)


class Connection:
    """One station's connection: its transport, and the session that serves it."""

    def __init__(self, session: Session, transport: MemoryTransport, serving: asyncio.Task[None]) -> None:
        self.session = session
        self.transport = transport
        self.serving = serving

    async def ended(self, seconds: float = 5.0) -> None:
        """Wait until the session has ended, its clean-up included. Raises what it raised."""
        await asyncio.wait_for(asyncio.shield(self.serving), seconds)


class Pod:
    """The parts of a gateway that sessions share."""

    def __init__(self, publish_deadline_seconds: float) -> None:
        self.log = MemoryLog(limits=Limits(publish_deadline_seconds=publish_deadline_seconds))
        self.metrics = GatewayMetrics()
        self.sessions = Sessions()
        self.backlog = Backlog(self.metrics)
        self.wheel = Wheel(TICK_SECONDS)
        self.recovery = Recovery(
            self.log,
            self.sessions,
            self.backlog,
            self.metrics,
            call_timeout_seconds=0.5,
            publish_deadline_seconds=publish_deadline_seconds,
        )
        self.connections: list[Connection] = []
        self.decisions: _Deciding = None
        """Of stations that connect from now on."""

    def connect(
        self,
        station: str = "CS-1",
        version: str = "1.6",
        *,
        mode: Validation = "observe",
        limits: StationLimits = LIMITS,
        table: Table | None = None,
        late: Late | None = None,
        announcer: Announcer | None = None,
    ) -> Connection:
        """A station comes in, as `app` lets it in."""
        transport = MemoryTransport()
        who = Station(id=station)
        now = datetime.now(UTC)
        connection = f"connection-{len(self.connections) + 1}"
        made = Envelope("pod", station, version, connection)
        publisher = Publisher(self.log, self.metrics, made, station, connection)
        rpc = Rpc(VERSIONS[version])
        speaker = Speaker(
            station=who, version=version, connected_at=now, zone=ZoneInfo("UTC"), policy=Policy()
        )
        desk = Desk(
            speaker=speaker,
            table=TABLES[version] if table is None else table,
            rpc=rpc,
            mode=mode,
            publisher=publisher,
            metrics=self.metrics,
            decisions=self.decisions,
        )
        session = Session(
            transport=transport,
            rpc=rpc,
            desk=desk,
            publisher=publisher,
            backlog=self.backlog,
            connected=StationConnected(
                station=who, received_at=now, version=version, subprotocol="ocpp", tls=False
            ),
            limits=limits,
            metrics=self.metrics,
            wheel=self.wheel,
            late=late,
            announcer=announcer,
        )
        serving = asyncio.create_task(self.sessions.serve(session))
        made_connection = Connection(session, transport, serving)
        self.connections.append(made_connection)
        return made_connection

    def stored(self, station: str | None = None) -> list[Stored]:
        """What stands in the log, in the order of its appends within a partition."""
        every = [stored for records in self.log.store.records.values() for stored in records]
        return [stored for stored in every if station is None or stored.record.key == station]

    def events(self, station: str | None = None) -> list[Event]:
        """The events in the log."""
        return [
            envelope.decode(list(stored.record.headers), stored.record.value or b"")
            for stored in self.stored(station)
        ]

    def names(self, station: str | None = None) -> list[str]:
        """The names of the events in the log."""
        return [event.NAME for event in self.events(station)]

    async def until(self, condition: Callable[[], bool], seconds: float = 5.0) -> None:
        """Wait until a condition holds. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while not condition():  # noqa: ASYNC110 - a condition of many kinds
                await asyncio.sleep(0.005)

    def down(self, why: str | None = "the log is down") -> None:
        """Let the log take no records, or with None again."""
        self.log.store.down = why


@contextlib.asynccontextmanager
async def pod(publish_deadline_seconds: float = 10.0) -> AsyncIterator[Pod]:
    """A pod whose wheel turns and whose recovery watches; all of it is gone afterwards."""
    made = Pod(publish_deadline_seconds)
    await made.log.open()
    await made.log.apply_topics(TOPICS.values())
    tasks = [asyncio.create_task(made.wheel.turn()), asyncio.create_task(made.recovery.watch())]
    try:
        yield made
    finally:
        made.down(None)
        for connection in made.connections:
            connection.transport.closes.set()
            connection.transport.abort()
        await asyncio.gather(*(connection.serving for connection in made.connections), return_exceptions=True)
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        await made.log.close()
        for fault in ended:
            assert isinstance(fault, asyncio.CancelledError), fault


def limits(**changes: Any) -> StationLimits:
    """The tests' usual limits, with some changed."""
    return msgspec.structs.replace(LIMITS, **changes)

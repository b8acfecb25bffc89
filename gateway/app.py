"""The wiring of a gateway: read this first. Bytes come in at the server and leave as events in the log.

server -> admission -> sessions -> session -> desk (rpc, translation) -> publisher -> log
"""

import asyncio
import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version as version_of
from platform import python_version
from uuid import uuid4
from zoneinfo import ZoneInfo

import structlog

from contract.envelope import Envelope
from contract.events import StationConnected
from contract.model import Station
from contract.topics import EVERY_TOPIC, GATEWAY_TOPICS
from eventlog.in_flight import Limits
from eventlog.port import LogUnavailable, RecordRefused
from eventlog.url import open_log
from gateway.admission import Admitted, Handshake, Refused, Rules, admit, assumed
from gateway.api.access import Access
from gateway.api.application import Api
from gateway.backlog import Backlog
from gateway.commanding import Commanding
from gateway.deciding import Deciding
from gateway.desk import Desk
from gateway.limits import StationLimits
from gateway.metrics import GatewayMetrics
from gateway.ocpp.rpc import Rpc
from gateway.prompting import Prompting
from gateway.publisher import Publisher
from gateway.recorder import Recorder, record
from gateway.recovery import Recovery
from gateway.server import Server, tls_context
from gateway.session import Session
from gateway.sessions import Sessions
from gateway.settings import GatewaySettings
from gateway.translation import v16, v21, v201
from gateway.translation.table import Policy, Speaker, Table
from gateway.transport import Transport
from service.internal import InternalPort
from service.lag import LoopLag
from service.metrics import registry_of
from service.wheel import Wheel

TABLES: dict[str, Table] = {"1.6": v16.TABLE, "2.0.1": v201.TABLE, "2.1": v21.TABLE}

_log = structlog.get_logger(__name__)


class Gateway:
    """One gateway process. `start` it, and `stop` it: the drain; both are bounded in time."""

    def __init__(self, settings: GatewaySettings) -> None:
        self._settings = settings
        limits = Limits(publish_deadline_seconds=settings.publish_deadline_seconds)
        self._log = log = open_log(settings.event_log, limits, settings.kafka())
        self.metrics = GatewayMetrics()
        self.sessions = Sessions()
        self._backlog = Backlog(self.metrics)
        self._wheel = Wheel()
        self._recovery = Recovery(
            log,
            self.sessions,
            self._backlog,
            self.metrics,
            call_timeout_seconds=settings.call_timeout_seconds,
            publish_deadline_seconds=settings.publish_deadline_seconds,
        )
        self._server = Server(
            admit=self._admit,
            serve=self._serve,
            metrics=self.metrics,
            wheel=self._wheel,
            max_message_bytes=settings.max_message_bytes,
            handshake_timeout_seconds=settings.handshake_timeout_seconds,
        )
        self._rules = Rules(
            paths=settings.paths,
            assume=assumed(settings.assume_version),
            max_connections=settings.max_connections,
            max_station_id_characters=settings.max_station_id_characters,
        )
        self._limits = StationLimits(
            inbox_messages=settings.inbox_messages,
            messages_per_second=settings.messages_per_second,
            bytes_per_second=settings.bytes_per_second,
            processing_ms_per_second=settings.processing_ms_per_second,
            bad_frames_per_minute=settings.bad_frames_per_minute,
            ping_seconds=settings.ping_seconds,
            ping_timeout_seconds=settings.ping_timeout_seconds,
        )
        self._policy = Policy(
            heartbeat_seconds=settings.heartbeat_seconds,
            registration=settings.boot_default,
            verdict=settings.authorize_default,
            token_type=settings.default_id_token_type,
        )
        self._prompting = Prompting(
            log,
            self.sessions,
            self._wheel,
            self.metrics,
            status=settings.ask_status_on_connect,
            boot=settings.ask_boot_on_connect,
            call_timeout_seconds=settings.call_timeout_seconds,
        )
        self._deciding = Deciding(settings, log, self.metrics)
        self._commanding = Commanding(
            log,
            settings.name_of_life(),
            self.sessions,
            self.metrics,
            call_timeout_seconds=settings.call_timeout_seconds,
        )
        self._lag = LoopLag(self.metrics.lag_seconds)
        self._starting = True
        self._draining = False
        self._tasks: list[asyncio.Task[None]] = []
        self._declare_gauges()
        token = settings.api_token
        self._api = Api(
            log,
            Access(settings.internal_host, token.get_secret_value() if token else None),
            self.metrics,
            is_open=lambda: not self._starting,
        )
        self.internal = InternalPort(
            registry_of(self.metrics),
            ready={
                "starting": lambda: "the gateway is not listening yet" if self._starting else None,
                "draining": lambda: "the gateway is going away" if self._draining else None,
                "event_log": lambda: self._log.trouble,
                **self._deciding.ready(),
            },
            live={"tasks": self._dead_task},
            parts={"/v1": self._api.application},
            ask_seconds=settings.handshake_timeout_seconds,
        )
        self.port = 0
        self.internal_port = 0

    async def start(self) -> None:
        """Open the log and listen. Raises LogUnavailable, RecordRefused (a topic is missing), OSError."""
        settings = self._settings
        with _named(
            f"OCPP_INTERNAL_HOST={settings.internal_host}, OCPP_INTERNAL_PORT={settings.internal_port}"
        ):
            self.internal_port = await self.internal.start(settings.internal_host, settings.internal_port)
        await self._log.open()
        await self._find_topics()
        await self._commanding.check()
        for name, task in (
            ("wheel", self._wheel.turn()),
            ("lag", self._lag.watch()),
            ("recovery", self._recovery.watch()),
            ("prompting", self._prompting.watch()),
            *self._deciding.tasks().items(),
            *self._commanding.tasks().items(),
        ):
            self._tasks.append(asyncio.create_task(task, name=name))
            self._tasks[-1].add_done_callback(self._task_ended)
        await self._deciding.informed()
        await self._commanding.heard()
        tls = None
        if settings.tls_certificate is not None and settings.tls_key is not None:
            with _named(f"OCPP_TLS_CERTIFICATE={settings.tls_certificate}, OCPP_TLS_KEY={settings.tls_key}"):
                tls = tls_context(str(settings.tls_certificate), str(settings.tls_key))
        with _named(f"OCPP_HOST={settings.host}, OCPP_PORT={settings.port}"):
            self.port = await self._server.start(settings.host, settings.port, tls)
        self._starting = False
        _log.info(
            "listening for stations",
            url=f"{'wss' if tls else 'ws'}://{settings.host}:{self.port}{settings.paths[0]}/<station id>",
            internal_port=self.internal_port,
            event_log=settings.event_log,
            gateway=settings.gateway_id,
        )

    async def stop(self) -> None:
        """Drain: not ready, a grace for load balancers, the stations sent away evenly, the log flushed."""
        self._draining = True
        if self.port:
            if len(self.sessions):
                grace = self._settings.drain_grace_seconds
                _log.info("going away; stations are served for a while yet", grace_seconds=grace)
                await asyncio.sleep(grace)
                await self.sessions.drain(self._settings.drain_seconds)
            await self._server.stop()
            await self._commanding.finish(self._settings.publish_deadline_seconds)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._publish_backlog()
        await self._api.close()
        await self._log.close(self._settings.publish_deadline_seconds)
        await self.internal.stop()
        _log.info("stopped")

    async def _publish_backlog(self) -> None:
        """The last chance of our own events that the log did not take when they happened."""
        if not len(self._backlog):
            return
        with contextlib.suppress(LogUnavailable, TimeoutError):
            if self._log.trouble is None:
                async with asyncio.timeout(self._settings.publish_deadline_seconds):
                    await self._backlog.publish(self._log)
        if len(self._backlog):
            _log.warning("events of our own are lost: the log did not take them", events=len(self._backlog))

    def _task_ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled():
            _log.error("a background task ended", task=task.get_name(), exc_info=task.exception())

    def _dead_task(self) -> str | None:
        """Only a restart brings back what ended by itself: liveness says so."""
        ended = [task.get_name() for task in self._tasks if task.done()]
        return f"ended: {', '.join(ended)}" if ended and not self._draining else None

    async def _find_topics(self) -> None:
        """An embedded log makes its topics itself; on a broker an operator does, knowing partitions and replicas."""
        if self._settings.event_log.startswith("sqlite"):
            await self._log.apply_topics(EVERY_TOPIC.values())
        missing = []
        for topic in GATEWAY_TOPICS:
            try:
                await self._log.partitions(topic)
            except RecordRefused:
                missing.append(topic)
        if missing:
            raise RecordRefused(f"topics are missing ({', '.join(missing)}): run `ocpp-gateway topics apply`")

    def _admit(self, handshake: Handshake) -> Admitted | Refused:
        return admit(handshake, self._rules, len(self.sessions), draining=self._draining)

    async def _serve(self, admitted: Admitted, transport: Transport, remote: str | None) -> None:
        """One connection, from its handshake to its end."""
        settings, metrics = self._settings, self.metrics
        station, version = Station(id=admitted.station), admitted.version.name
        connection = uuid4().hex[:16]
        now = datetime.now(UTC)
        made = Envelope(settings.gateway_id, station.id, version, connection)
        if settings.raw_frames:
            transport = Recorder(
                transport, lambda frame, said: record(self._log, made, station.id, frame, said)
            )
        publisher = Publisher(self._log, metrics, made, station.id, connection)
        rpc = Rpc(admitted.version)
        speaker = Speaker(
            station=station,
            version=version,
            connected_at=now,
            zone=ZoneInfo(settings.station_zone_overrides.get(station.id, settings.station_zone)),
            policy=self._policy,
            keep_raw=settings.raw_payloads,
        )
        desk = Desk(
            speaker=speaker,
            table=TABLES[version],
            rpc=rpc,
            mode=settings.schema_validation_overrides.get(station.id, settings.schema_validation),
            publisher=publisher,
            metrics=metrics,
            decisions=self._deciding.decisions,
        )
        session = Session(
            transport=transport,
            rpc=rpc,
            desk=desk,
            publisher=publisher,
            backlog=self._backlog,
            connected=StationConnected(
                station=station,
                received_at=now,
                version=version,
                remote=remote,
                subprotocol=admitted.subprotocol,
                tls=settings.tls_certificate is not None,
                quirks=admitted.quirks,
            ),
            limits=self._limits,
            metrics=metrics,
            wheel=self._wheel,
            late=self._commanding.orders.late,
            announcer=self._commanding.announcer,
        )
        metrics.opened.at(version).n += 1
        self._prompting.expect(session)
        await self.sessions.serve(session)

    def _declare_gauges(self) -> None:
        metrics = self.metrics
        metrics.gauge("connections", "Connections open now.", self.sessions.by_version, ("version",))
        metrics.gauge(
            "connections_limit", "Connections that may be open.", lambda: self._settings.max_connections
        )
        metrics.gauge("draining", "1 while the gateway is going away.", lambda: float(self._draining))
        metrics.gauge(
            "log_available", "1 while the log takes records.", lambda: float(self._log.trouble is None)
        )
        metrics.gauge(
            "backlog_records", "Own events the log has not taken yet.", lambda: float(len(self._backlog))
        )
        metrics.info(
            "build_info",
            "The gateway's version and Python's.",
            {"version": version_of("ocpp-gateway"), "python": python_version()},
        )


@contextlib.contextmanager
def _named(settings: str) -> Iterator[None]:
    """A fault of the system, with the settings that led to it."""
    try:
        yield
    except OSError as error:
        raise OSError(f"{settings}: {error}") from error

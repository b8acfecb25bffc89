"""The days before the demo as events in its log, so that the page's charts are full at the first look."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from cli.demo.past_sessions import PastSession, past_sessions
from contract import envelope
from contract.envelope import Envelope
from contract.events import (
    ConnectorStatusChanged,
    Event,
    MeterSampled,
    StationBooted,
    StationConnected,
    TransactionEnded,
    TransactionStarted,
)
from contract.model import Decision, Evse, Hardware, IdToken, Meter, Protocol, Sample, Station, Transaction
from contract.presence import Presence
from contract.topics import EVERY_TOPIC, PRESENCE
from eventlog.embedded.file import LogFile
from eventlog.port import Record
from simulator import meter
from simulator.chance import stream
from simulator.facts import Token, Version
from simulator.settings import StationConfig

SAMPLES_EVERY = timedelta(minutes=20)
UNPLUGGED_AFTER = timedelta(minutes=2)
LATENCY = timedelta(milliseconds=40)

MOST_STATIONS = 30
"""Further stations have no past: their sessions would only make the start of the demo slow."""

WRITTEN_TOGETHER_MS = 600_000
"""The records of ten minutes are one transaction of the log, which is stamped with their end."""


class Told(NamedTuple):
    """An event, and the end of its id where it is derived from the event before (as the gateway derives it)."""

    event: Event
    suffix: str = ""


def write_history(
    path: Path, gateway: str, stations: Sequence[StationConfig], tokens: Sequence[Token], *, since: datetime,
    until: datetime,
) -> set[str]:  # fmt: skip
    """Write the time between `since` and `until` (UTC) into a new embedded event log; the ids of its transactions."""
    records: list[tuple[int, Record]] = []
    transactions: set[str] = set()
    for config in stations[:MOST_STATIONS]:
        # The last status of a session is told after its end, and still belongs to the past.
        sessions = past_sessions(config, tokens, since, until - 2 * UNPLUGGED_AFTER)
        transactions |= {session.transaction for session in sessions}
        records += StationHistory(gateway, config).records(since, sessions)
    records.sort(key=lambda one: one[0])
    file = LogFile(path)
    try:
        file.prepare()
        file.apply_topics(EVERY_TOPIC.values())
        for period, together in groupby(records, key=lambda one: one[0] // WRITTEN_TOGETHER_MS):
            file.append([record for _, record in together], (period + 1) * WRITTEN_TOGETHER_MS)
    finally:
        file.connection.close()
    return transactions


class StationHistory:
    """Tells the sessions of one station as the gateway would have published them, on one connection."""

    def __init__(self, gateway: str, config: StationConfig) -> None:
        self._gateway = gateway
        self._config = config
        self._is_v16 = config.version is Version.V16
        self._connection = f"{stream(config.seed, 'past connection').getrandbits(64):016x}"
        self._envelope = Envelope(gateway, config.id, config.version.value, self._connection)
        self._station = Station(id=config.id)

    def records(self, since: datetime, sessions: Iterable[PastSession]) -> Iterator[tuple[int, Record]]:
        """Each record with the time (ms since 1970) at which it was received."""
        presence = Presence(
            gateway=self._gateway,
            connection=self._connection,
            version=self._config.version.value,
            since=since,
            online=True,
        )
        yield _ms(since), Record(PRESENCE.name, self._config.id, msgspec.json.encode(presence))
        told = [*self._connect(since)]
        for session in sessions:
            told += self._session(session)
        primary = 0
        for sequence, (event, suffix) in enumerate(sorted(told, key=lambda one: one.event.received_at), 1):
            primary = primary if suffix else sequence
            headers = self._envelope.headers(event, f"{self._connection}-{primary}{suffix}", sequence)
            record = Record(event.TOPIC.name, self._config.id, envelope.encode(event), headers)
            yield _ms(event.received_at), record

    def _connect(self, at: datetime) -> Iterator[Told]:
        config = self._config
        version = config.version.value
        yield Told(StationConnected(station=self._station, received_at=at, version=version, tls=False))
        hardware = Hardware(vendor=config.vendor, model=config.model)
        said = self._said("BootNotification", at)
        yield Told(StationBooted(**said, hardware=hardware, reason="PowerUp"))
        for number in range(1, config.connectors + 1):
            yield self._status(number, "Available", at + LATENCY)

    def _session(self, session: PastSession) -> Iterator[Told]:
        transaction = Transaction(id=session.transaction, started_at=session.began)
        where: dict[str, Any] = {"evse": Evse(id=session.evse, connector_id=1), "transaction": transaction}
        token = IdToken(value=session.token.value, type=session.token.type)
        yield self._status(session.evse, "Charging", session.began)
        first = _samples(session, session.began, "Transaction.Begin")
        meter_start = Meter(start_wh=_whole(session.start_wh)) if self._is_v16 else None
        started = TransactionStarted(
            **self._said("StartTransaction" if self._is_v16 else "TransactionEvent", session.began),
            **where,
            id_token=token,
            decision=Decision(status="Accepted"),
            trigger_reason="Authorized",
            samples=first,
            meter=meter_start,
        )
        yield from self._with_samples(started)
        at = session.began + SAMPLES_EVERY
        while at < session.ended:
            said = self._said("MeterValues" if self._is_v16 else "TransactionEvent", at)
            yield Told(MeterSampled(**said, **where, samples=_samples(session, at, "Sample.Periodic")))
            at += SAMPLES_EVERY
        meter_stop = Meter(stop_wh=_whole(session.register_wh(session.ended))) if self._is_v16 else None
        ended = TransactionEnded(
            **self._said("StopTransaction" if self._is_v16 else "TransactionEvent", session.ended),
            **where,
            id_token=token,
            trigger_reason="StopAuthorized",
            stopped_reason="Local",
            samples=_samples(session, session.ended, "Transaction.End"),
            meter=meter_stop,
        )
        yield from self._with_samples(ended)
        yield self._status(session.evse, "Available", session.ended + UNPLUGGED_AFTER)

    def _with_samples(self, event: TransactionStarted | TransactionEnded) -> Iterator[Told]:
        """The event, and the copy of its samples in the topic of meter values."""
        yield Told(event)
        copy = MeterSampled(
            station=self._station,
            protocol=event.protocol,
            occurred_at=event.occurred_at,
            received_at=event.received_at,
            evse=event.evse,
            transaction=event.transaction,
            samples=event.samples,
        )
        yield Told(copy, "/meter")

    def _status(self, number: int, detail: str, at: datetime) -> Told:
        said = self._said("StatusNotification", at)
        status = "Available" if detail == "Available" else "Occupied"
        where = Evse(id=number, connector_id=1)
        return Told(ConnectorStatusChanged(**said, evse=where, status=status, detail=detail))

    def _said(self, action: str, at: datetime) -> dict[str, Any]:
        """The fields that each message of the station has."""
        message_id = f"{self._connection}-{_ms(at)}"
        protocol = Protocol(version=self._config.version.value, action=action, message_id=message_id)
        return {
            "station": self._station,
            "protocol": protocol,
            "occurred_at": at,
            "received_at": at + LATENCY,
        }


def _samples(session: PastSession, at: datetime, context: str) -> tuple[Sample, ...]:
    power_w = session.power_w if context == "Sample.Periodic" else 0.0
    told = ((meter.ENERGY, session.register_wh(at), "Wh"), (meter.POWER, power_w, "W"))
    return tuple(
        Sample(measurand=measurand, value=_whole(value), unit=unit, at=at, context=context)
        for measurand, value, unit in told
    )


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _whole(value: float) -> Decimal:
    return Decimal(int(value))

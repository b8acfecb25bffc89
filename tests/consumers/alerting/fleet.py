"""Stations that say things, at minutes after noon, and engines that hear them."""

import itertools
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

from consumers.alerting.engine import Engine
from consumers.alerting.heard import Heard
from consumers.alerting.reading import read_rules
from consumers.alerting.shard_time import ShardTime
from consumers.alerting.station import Station as Remembered
from contract.events import (
    ConnectorStatusChanged,
    Event,
    MeterSampled,
    StationBooted,
    StationConnected,
    StationDisconnected,
    StationHeartbeat,
    TransactionEnded,
    TransactionStarted,
)
from contract.model import Evse, Fault, Hardware, Protocol, Sample, Station, Transaction

if TYPE_CHECKING:
    from consumers.alerting.alerts import Change

Said = TypeVar("Said", bound=Event)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def ms(minutes: float) -> int:
    return int(at(minutes).timestamp() * 1000)


class Charger:
    """Makes the events of one station; times are minutes after noon."""

    def __init__(self, station: str = "A") -> None:
        self.id = station

    def says(self, kind: type[Said], minutes: float, /, **more: Any) -> Said:
        asked = Protocol(version="1.6", action="Test", message_id="1")
        own: dict[str, Any] = {} if kind in (StationConnected, StationDisconnected) else {"protocol": asked}
        return kind(station=Station(id=self.id), received_at=at(minutes), **own, **more)

    def connects(self, minutes: float) -> StationConnected:
        return self.says(StationConnected, minutes, version="1.6", tls=False)

    def leaves(self, minutes: float, reason: str = "lost") -> StationDisconnected:
        return self.says(StationDisconnected, minutes, version="1.6", reason=reason, connected_seconds=1.0)

    def beats(self, minutes: float) -> StationHeartbeat:
        return self.says(StationHeartbeat, minutes)

    def boots(self, minutes: float, **hardware: Any) -> StationBooted:
        return self.says(StationBooted, minutes, hardware=Hardware(**hardware))

    def status(
        self, minutes: float, status: str, *, evse: int = 1, code: str | None = None, **more: Any
    ) -> Any:
        fault = Fault(code=code) if code else None
        where = Evse(id=evse, connector_id=1)
        return self.says(ConnectorStatusChanged, minutes, evse=where, status=status, fault=fault, **more)

    def starts(self, minutes: float, name: str = "T", *, evse: int = 1, **more: Any) -> TransactionStarted:
        return self.says(
            TransactionStarted, minutes, evse=Evse(id=evse), transaction=Transaction(id=name), **more
        )

    def ends(self, minutes: float, name: str = "T", *, evse: int = 1) -> TransactionEnded:
        return self.says(TransactionEnded, minutes, evse=Evse(id=evse), transaction=Transaction(id=name))

    def meters(
        self,
        minutes: float,
        name: str | None = "T",
        *,
        watts: float | None = None,
        wh: float | None = None,
        evse: int = 1,
    ) -> MeterSampled:
        given = (("Power.Active.Import", watts, "W"), ("Energy.Active.Import.Register", wh, "Wh"))
        samples = tuple(
            Sample(measurand=what, value=Decimal(str(value)), unit=unit, at=at(minutes))
            for what, value, unit in given
            if value is not None
        )
        transaction = None if name is None else Transaction(id=name)
        return self.says(MeterSampled, minutes, evse=Evse(id=evse), transaction=transaction, samples=samples)


class Watched:
    """One station under rules: what it says, and what becomes of its alerts."""

    def __init__(self, rules: str | Engine) -> None:
        self.engine = rules if isinstance(rules, Engine) else Engine(read_rules(rules))
        self.station = Remembered()
        self.changes: list[Change] = []
        self.time = ShardTime()
        self._ids = itertools.count()

    def hear(
        self, event: Event, *, appended: float | None = None, connection: str = "c1", name: str | None = None
    ) -> None:
        at_ms = int(event.received_at.timestamp() * 1000)
        appended_ms = at_ms if appended is None else ms(appended)
        self.time = self.time.hear(appended_ms)
        heard = Heard(event, at_ms, appended_ms, name or f"e{next(self._ids)}", connection)
        self.changes += self.engine.hear(event.station.id, self.station, heard, self.time)

    def tick(self, minutes: float) -> None:
        before, self.time = self.time, self.time.until(ms(minutes))
        self.changes += self.engine.pass_time("A", self.station, self.time, before.now_ms or self.time.now_ms)

    def ticks(self, *minutes: float) -> None:
        for minute in minutes:
            self.tick(minute)

    @property
    def told(self) -> list[tuple[str, float]]:
        """What became of alerts, and at which minute."""
        return [(one.became, round((one.at_ms - ms(0)) / 60_000, 2)) for one in self.changes]

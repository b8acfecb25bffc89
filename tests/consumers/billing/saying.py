"""Events as a gateway publishes them, in the fewest words: minutes after noon, registers in Wh."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from consumers.billing.sessions import loose as loose_parts
from consumers.billing.sessions.assembly import Session, assembled
from consumers.billing.sessions.closing import Case, Rules, Sibling, closing
from consumers.billing.sessions.facts import Facts, joined
from consumers.billing.sessions.hearing import heard
from consumers.billing.sessions.loose import Loose
from consumers.billing.sessions.measured import ms
from contract.events import (
    ConnectorStatusChanged,
    Event,
    MeterSampled,
    StationBooted,
    TransactionEnded,
    TransactionStarted,
    TransactionUpdated,
)
from contract.model import Evse, Hardware, IdToken, Meter, Protocol, Sample, Station, Transaction

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
STATION = "CP-1"
REGISTER = "Energy.Active.Import.Register"
RULES = Rules(settle_ms=300_000, silence_ms=86_400_000, largest_power_w=1_000_000)


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def seen(event: Event) -> int:
    return ms(event.received_at)


class Saying:
    """One transaction of one station, as it tells of it."""

    def __init__(self, transaction: str | None = "t1", evse: int | None = 1, station: str = STATION) -> None:
        self.station = station
        self.transaction = transaction
        self.evse = evse

    def started(self, minute: float, wh: int | None = 0, token: str | None = "TOKEN", **more: Any) -> Event:
        return TransactionStarted(
            **self._shared(minute, more),
            id_token=None if token is None else IdToken(value=token, type="ISO14443"),
            meter=None if wh is None else Meter(start_wh=Decimal(wh)),
            **more,
        )

    def updated(self, minute: float, wh: float | None = None, state: str | None = None, **more: Any) -> Event:
        samples = () if wh is None else (register(minute, wh),)
        shared = self._shared(minute, more, charging_state=state)
        trigger = "ChargingStateChanged" if wh is None else "MeterValuePeriodic"
        return TransactionUpdated(**{**shared, "trigger_reason": trigger, "samples": samples, **more})

    def sampled(self, minute: float, *readings: float | Sample, **more: Any) -> Event:
        samples = tuple(one if isinstance(one, Sample) else register(minute, one) for one in readings)
        return MeterSampled(**self._shared(minute, more), samples=samples, **more)

    def ended(self, minute: float, wh: float | None = None, **more: Any) -> Event:
        meter = None if wh is None else Meter(stop_wh=Decimal(str(wh)))
        return TransactionEnded(**self._shared(minute, more), meter=meter, stopped_reason="Local", **more)

    def status(self, minute: float, word: str) -> Event:
        status = "Available" if word == "Available" else "Occupied"
        shared = self._shared(minute, {})
        return ConnectorStatusChanged(**{**shared, "transaction": None}, status=status, detail=word)

    def booted(self, minute: float) -> Event:
        shared = self._shared(minute, {})
        return StationBooted(**{**shared, "transaction": None, "evse": None}, hardware=Hardware())

    def _shared(
        self, minute: float, more: dict[str, Any], charging_state: str | None = None
    ) -> dict[str, Any]:
        return {
            "station": Station(id=self.station),
            "received_at": more.pop("received_at", at(minute)),
            "occurred_at": more.pop("occurred_at", at(minute)),
            "protocol": Protocol(version="1.6", action="Test", message_id="1"),
            "evse": None if self.evse is None else Evse(id=self.evse, connector_id=1),
            "transaction": Transaction(
                id=self.transaction, seq_no=more.pop("seq_no", None), charging_state=charging_state
            ),
        }


def register(minute: float, wh: float, **more: Any) -> Sample:
    return Sample(
        measurand=REGISTER, value=Decimal(str(wh)), unit="Wh", at=more.pop("at", at(minute)), **more
    )


def known(*events: Event) -> tuple[dict[str, Facts], Loose]:
    """What these events tell, by session, and of the station."""
    sessions: dict[str, Facts] = {}
    loose = Loose()
    for event in events:
        told = heard(event, seen(event))
        assert told is not None, event
        if told.loose is not None:
            loose = loose_parts.joined(loose, told.loose)
        if told.session is not None and told.facts is not None:
            sessions[told.session] = joined(sessions.get(told.session, Facts()), told.facts)
    return sessions, loose


def session(*events: Event, name: str = "t1", now: float = 10_000) -> Session:
    """The session that these events make, as it is known `now` minutes after noon."""
    sessions, loose = known(*events)
    facts = sessions.pop(name)
    siblings = [Sibling(*one) for one in sessions.items()]
    case = Case(name, facts, loose, siblings)
    closed = closing(case, ms(at(now)), RULES)
    assert closed is not None, "it goes on"
    return assembled(case, closed, RULES)


def energy_wh(made: Session) -> float:
    return max(float(point.energy_wh) for point in made.metered.points if point.energy_wh is not None)

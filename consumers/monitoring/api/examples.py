"""Examples of the answers, as the document shows them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from consumers.monitoring.api import answers as fleet
from consumers.monitoring.api import station_answers as one
from contract.model import Hardware, Value

_AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
_HOUR = timedelta(hours=1)


def _before(minutes: float) -> datetime:
    return _AT - timedelta(minutes=minutes)


def _facet(*counted: tuple[str, int], others: int = 0) -> fleet.Facet:
    values = tuple(fleet.FacetCount(value=value, stations=stations) for value, stations in counted)
    return fleet.Facet(values=values, others=others)


_CONNECTORS = {
    "Available": 131,
    "Occupied": 84,
    "Reserved": 2,
    "Unavailable": 7,
    "Faulted": 3,
    "Unknown": 1,
}

_OVERVIEW = fleet.FleetOverview(
    at=_AT,
    position="0-4711.1-5120",
    stations=fleet.StationTotals(known=120, connected=113, disconnected=7),
    connectors=_CONNECTORS,
    sessions=81,
    power_w=1_204_300,
    facets=fleet.Facets(
        status=_facet(
            ("Occupied", 61), ("Available", 48), ("Unavailable", 7), ("Faulted", 3), ("Unknown", 1)
        ),
        version=_facet(("1.6", 74), ("2.0.1", 39), ("2.1", 7)),
        vendor=_facet(("Alfa", 64), ("Bravo", 51), ("", 5)),
        model=_facet(("Alfa 22", 64), ("Bravo DC-150", 51), ("", 5)),
        firmware=_facet(("1.4.2", 60), ("7.0.0", 48), others=12),
        site=_facet(("Harbour", 40), ("Station Road", 30), ("", 50)),
    ),
    last_day=fleet.LastDay(
        energy_wh=6_204_118,
        sessions_started=412,
        sessions_ended=405,
        availability=0.9871,
        utilisation=0.2214,
    ),
)

_TREND = fleet.FleetTrend(
    step_seconds=3600,
    points=tuple(
        fleet.FleetPoint(
            at=_AT - ago * _HOUR,
            connected=113.0 - ago / 2,
            connectors={status: float(number) for status, number in _CONNECTORS.items()},
            sessions=79.5 - ago,
            power_w=1_180_210.0 - 9_000 * ago,
            energy_wh=1_180_104,
            sessions_started=41,
            sessions_ended=38,
            faults=1,
            availability=0.981,
            utilisation=0.36,
        )
        for ago in (2, 1)
    ),
)

_SUMMARY = fleet.StationSummary(
    id="DE*ABC*E0042",
    connected=True,
    status="Occupied",
    name="Harbour 3",
    site="Harbour",
    vendor="Bravo",
    model="Bravo DC-150",
    firmware="7.0.0",
    version="2.0.1",
    since=_before(1440),
    seen_at=_before(0.1),
    connectors=(
        fleet.ConnectorSummary(evse=1, connector=1, status="Occupied", detail="Charging"),
        fleet.ConnectorSummary(evse=2, connector=1, status="Available"),
    ),
    sessions=(
        fleet.SessionSummary(
            evse=1,
            started_at=_before(23),
            transaction_id="tx-7b1c",
            power_w=48_200,
            energy_wh=17_340,
            soc_percent=61.0,
        ),
    ),
    power_w=48_200,
)

_STATE = one.StationState(
    **msgspec.structs.asdict(_SUMMARY),
    groups=("fast",),
    address="Quay 1",
    hardware=Hardware(vendor="Bravo", model="Bravo DC-150", serial_number="B-0042", firmware_version="7.0.0"),
    link=one.StationLink(connected=True, since=_before(1440), gateway="gateway-1", version="2.0.1"),
    boot=one.StationBoot(at=_before(1439), reason="PowerUp"),
    evses=(
        one.EvseState(
            id=1,
            connectors=(one.ConnectorState(id=1, status="Occupied", since=_before(24)),),
            session=one.SessionState(
                transaction_id="tx-7b1c",
                native="8a7f-1",
                id_token="04…F7 (ISO14443)",  # noqa: S106 - masked, and no password
                started_at=_before(23),
                charging_state="Charging",
                meter_start_wh=1_204_900.0,
                energy_wh=17_340,
                power_w=48_200,
                soc_percent=61.0,
            ),
            meter=(
                one.MeterReading(
                    measurand="Energy.Active.Import.Register", value=1_222_240.0, unit="Wh", at=_before(0.1)
                ),
                one.MeterReading(measurand="Power.Active.Import", value=48_200.0, unit="W", at=_before(0.1)),
                one.MeterReading(measurand="Voltage", value=231.2, unit="V", phase="L1-N", at=_before(0.1)),
            ),
        ),
        one.EvseState(id=2, connectors=(one.ConnectorState(id=1, status="Available", since=_before(300)),)),
    ),
    firmware_update=one.Progress(status="Installed", at=_before(1441), request_id=17),
    security=one.SecurityState(events=1, last_type="StartupOfTheDevice", last_at=_before(1440)),
)

_TIMELINE = one.Timeline(
    since=_before(1440),
    until=_AT,
    tracks=(
        one.Track(
            kind="link",
            spells=(
                one.Spell(state="connected", since=_before(1440), until=_before(700)),
                one.Spell(state="disconnected", since=_before(700), until=_before(690)),
                one.Spell(state="connected", since=_before(690)),
            ),
        ),
        one.Track(
            kind="status",
            evse=1,
            connector=1,
            spells=(
                one.Spell(state="Available", since=_before(1440), until=_before(24)),
                one.Spell(state="Occupied", since=_before(24)),
            ),
        ),
        one.Track(
            kind="charging",
            evse=1,
            spells=(
                one.Spell(state="no", since=_before(1440), until=_before(23)),
                one.Spell(state="yes", since=_before(23)),
            ),
        ),
    ),
)

_USAGE = one.StationUsage(
    step_seconds=3600,
    places=(
        one.PlaceUsage(steps=(one.Usage(at=_AT - _HOUR, known_seconds=3600.0, available=1.0),)),
        one.PlaceUsage(
            evse=1,
            connector=1,
            steps=(
                one.Usage(at=_AT - _HOUR, known_seconds=3600.0, available=1.0, occupied=0.4, charging=0.3833),
            ),
        ),
    ),
)

_SERIES = one.Series(
    evse=1,
    step_seconds=60,
    points=tuple(
        one.SeriesPoint(
            at=_before(ago),
            power_w=48_000 + 10 * ago,
            register_wh=1_222_240.0 - 800 * ago,
            soc_percent=61.0 - ago,
        )
        for ago in (3, 2, 1)
    ),
)

_EVENTS = one.RecentEvents(
    events=(
        one.RecentEvent(
            number=812,
            name="transaction.started",
            at=_before(23),
            received_at=_before(23),
            evse=1,
            transaction_id="tx-7b1c",
            data={"idToken": "04…F7 (ISO14443)", "triggerReason": "Authorized"},
        ),
        one.RecentEvent(
            number=811,
            name="connector.status_changed",
            at=_before(24),
            received_at=_before(24),
            evse=1,
            connector=1,
            data={"status": "Occupied"},
        ),
    ),
    next=811,
)

_COMMANDS = one.RecentCommands(
    commands=(
        one.RecentCommand(
            number=9,
            id="8f0c2c1e-4d1b-4a57-9f63-6d2a1b7c0e11",
            command="availability.change",
            status="accepted",
            asked_at=_before(60),
            completed_at=_before(59.9),
            arguments={"operationalStatus": "Operative", "evse": {"id": 1}},
            answer="Accepted",
        ),
    )
)

_MADE: tuple[Value, ...] = (
    _OVERVIEW,
    _TREND,
    fleet.StationList(stations=(_SUMMARY,), next="WyIiLCJERSpBQkMqRTAwNDIiXQ"),
    fleet.ChangedStations(stations=(_SUMMARY,)),
    fleet.ChangedOverview(at=_AT, sessions=82, power_w=1_230_100),
    fleet.Possibilities(token_required=True, signed_in=False, commands=True),
    _STATE,
    _TIMELINE,
    _USAGE,
    _SERIES,
    _EVENTS,
    _COMMANDS,
)

ANSWERS: dict[str, Any] = {type(made).__name__: msgspec.to_builtins(made) for made in _MADE}
"""An example of each answer, as JSON has it, by the name of its schema."""

"""What was with a fleet and with a station of it, made up from what is: trends, timelines, series, events, commands."""

import math
import random
from datetime import datetime, timedelta
from typing import Any, Final

from consumers.monitoring.api import answers as fleet
from consumers.monitoring.api import station_answers as one
from consumers.monitoring.api.asked import STATUSES
from contract.model import Hardware

_SPANS: Final = {60: timedelta(hours=3), 3600: timedelta(hours=48), 86_400: timedelta(days=31)}


def trend_of(overview: fleet.FleetOverview, step_seconds: int, since: datetime | None) -> fleet.FleetTrend:
    """A fleet that is busy by day, calm by night, and had a bad hour."""
    until = overview.at
    step = timedelta(seconds=step_seconds)
    first = int((since or until - _SPANS[step_seconds]).timestamp() // step_seconds + 1) * step_seconds
    count = max(0, int((until.timestamp() - first) // step_seconds) + 1)
    chance = random.Random(3)
    points = []
    for number in range(count):
        at = datetime.fromtimestamp(first, until.tzinfo) + number * step
        busy = 0.55 + 0.45 * math.sin((at.hour + at.minute / 60 - 8) / 24 * 2 * math.pi)
        busy *= chance.uniform(0.94, 1.06)
        is_bad = 0.42 < number / max(count, 1) < 0.46
        points.append(
            fleet.FleetPoint(
                at=at,
                connected=overview.stations.connected * (0.86 if is_bad else chance.uniform(0.992, 1.0)),
                connectors={
                    status: overview.connectors[status] * (busy if status == "Occupied" else 1)
                    for status in STATUSES
                },
                sessions=overview.sessions * busy,
                power_w=overview.power_w * busy,
                energy_wh=int(overview.power_w * busy * step_seconds / 3600),
                sessions_started=int(overview.sessions * busy * 0.4),
                sessions_ended=int(overview.sessions * busy * 0.38),
                faults=chance.randint(0, 4),
                availability=0.88 if is_bad else chance.uniform(0.96, 0.985),
                utilisation=0.3 * busy,
            )
        )
    return fleet.FleetTrend(step_seconds=step_seconds, points=tuple(points))


def state_of(station: fleet.StationSummary, now: datetime) -> one.StationState:
    """All that would be known of the station."""
    since = station.since or now
    sessions = {session.evse: session for session in station.sessions}
    shared = {name: getattr(station, name) for name in station.__struct_fields__}
    return one.StationState(
        **shared,
        groups=("public",),
        address="Quay 1, 20457 Hamburg" if station.site == "Harbour" else None,
        hardware=Hardware(
            vendor=station.vendor,
            model=station.model,
            serial_number=f"SN-{sum(map(ord, station.id)):06d}",
            firmware_version=station.firmware,
        ),
        link=one.StationLink(
            connected=station.connected,
            since=since,
            gateway="gateway-1",
            version=station.version or "1.6",
            reason=None if station.connected else "ping_timeout",
        ),
        boot=one.StationBoot(at=since - timedelta(minutes=1), reason="PowerUp"),
        evses=tuple(_evse(connector, sessions.get(connector.evse), now) for connector in station.connectors),
        firmware_update=one.Progress(status="Installed", at=now - timedelta(days=9), request_id=17),
        security=one.SecurityState(
            events=1, last_type="StartupOfTheDevice", last_at=since - timedelta(minutes=1)
        ),
    )


def _evse(
    connector: fleet.ConnectorSummary, session: fleet.SessionSummary | None, now: datetime
) -> one.EvseState:
    since = session.started_at if session else now - timedelta(minutes=47)
    fault = one.ConnectorFault(code=connector.fault, info="as the station says") if connector.fault else None
    return one.EvseState(
        id=connector.evse,
        connectors=(
            one.ConnectorState(
                id=connector.connector,
                status=connector.status,
                detail=connector.detail,
                since=since,
                fault=fault,
            ),
        ),
        session=None
        if session is None
        else one.SessionState(
            started_at=session.started_at,
            transaction_id=session.transaction_id,
            id_token="04…F7 (ISO14443)",
            charging_state="Charging" if session.power_w else "SuspendedEV",
            energy_wh=session.energy_wh,
            power_w=session.power_w,
            soc_percent=session.soc_percent,
        ),
        meter=(one.MeterReading(measurand="Voltage", value=231.2, unit="V", phase="L1-N", at=now),),
    )


def timeline_of(station: fleet.StationSummary, now: datetime) -> one.Timeline:
    """A day with a short loss of the connection and two sessions."""
    begun = now - timedelta(hours=24)

    def spells(*borders: tuple[float, str], last: str) -> tuple[one.Spell, ...]:
        made, since = [], begun
        for hours, state in borders:
            until = begun + timedelta(hours=hours)
            made.append(one.Spell(state=state, since=since, until=until))
            since = until
        return (*made, one.Spell(state=last, since=since))

    charging = {session.evse for session in station.sessions}
    tracks = [
        one.Track(
            kind="link",
            spells=spells(
                (9.2, "connected"),
                (9.9, "disconnected"),
                (21, "connected"),
                last="connected" if station.connected else "disconnected",
            ),
        )
    ]
    for connector in station.connectors:
        shift = connector.evse * 0.8
        last = connector.status
        tracks += (
            one.Track(
                kind="status",
                evse=connector.evse,
                connector=connector.connector,
                spells=spells(
                    (2 + shift, "Available"),
                    (4 + shift, "Occupied"),
                    (13, "Available"),
                    (15 + shift, "Occupied"),
                    (20, "Available"),
                    last=last,
                ),
            ),
            one.Track(
                kind="charging",
                evse=connector.evse,
                spells=spells(
                    (2.1 + shift, "no"),
                    (3.6 + shift, "yes"),
                    (13.1, "no"),
                    (14.4 + shift, "yes"),
                    (20, "no"),
                    last="yes" if connector.evse in charging else "no",
                ),
            ),
        )
    return one.Timeline(since=begun, until=now, tracks=tuple(tracks))


def series_of(station: fleet.StationSummary, evse: int, since: datetime, now: datetime) -> one.Series:
    """Power in the sessions of the day, and the register that rises with it; nothing while it was away."""
    step = max(60, int((now - since).total_seconds() // 300))
    top = next((session.power_w for session in station.sessions if session.evse == evse), 0) or 11_000
    register, points = 1_204_900.0, []
    for number in range(int((now - since).total_seconds() // step)):
        at = since + timedelta(seconds=number * step)
        ago = (now - at).total_seconds() / 3600
        if 14.1 < ago < 14.8:
            continue
        is_on = ago < 1.2 and bool(station.sessions)
        is_on = is_on or 8 < ago < 11 or 19 < ago < 21.5
        power = int(top * (0.93 + 0.07 * math.sin(number / 3))) if is_on else 0
        register += power * step / 3600
        points.append(
            one.SeriesPoint(
                at=at,
                power_w=power,
                register_wh=register,
                soc_percent=40.0 if is_on and top > 50_000 else None,
            )
        )
    return one.Series(evse=evse, step_seconds=step, points=tuple(points))


_STORY: Final[tuple[tuple[float, str, int | None, dict[str, Any]], ...]] = (
    (
        0.4,
        "meter.sampled",
        1,
        {"samples": [{"measurand": "Power.Active.Import", "value": 10940, "unit": "W"}]},
    ),
    (22, "transaction.started", 1, {"idToken": "04…F7 (ISO14443)", "triggerReason": "Authorized"}),
    (23, "authorization.requested", None, {"idToken": "04…F7 (ISO14443)", "decision": "Accepted"}),
    (24, "connector.status_changed", 1, {"status": "Occupied", "detail": "Preparing"}),
    (180, "connector.status_changed", 2, {"status": "Faulted", "fault": {"code": "GroundFailure"}}),
    (300, "firmware.status", None, {"status": "Installed", "requestId": 17}),
    (699, "station.booted", None, {"reason": "PowerUp"}),
    (700, "station.connected", None, {"version": "1.6", "tls": True}),
    (741, "station.disconnected", None, {"reason": "ping_timeout", "connectedSeconds": 33_120.4}),
    (900, "transaction.ended", 1, {"stoppedReason": "EVDisconnected", "energyWh": 18_220}),
    (1100, "security.event", None, {"type": "StartupOfTheDevice"}),
)


def events_of(now: datetime, before: int | None, limit: int) -> one.RecentEvents:
    """Two pages and a bit of what happens to a station."""
    told = [
        one.RecentEvent(
            number=1000 - number,
            name=name,
            at=now - timedelta(minutes=minutes + 1440 * (number // len(_STORY))),
            received_at=now - timedelta(minutes=minutes + 1440 * (number // len(_STORY))),
            evse=evse,
            connector=1 if evse else None,
            data=data,
        )
        for number, (minutes, name, evse, data) in enumerate(_STORY * 10)
    ]
    page = [event for event in told if before is None or event.number < before][:limit]
    is_last = not page or page[-1] is told[-1]
    return one.RecentEvents(events=tuple(page), next=None if is_last else page[-1].number)


def command_of(number: int, command: str, status: str, at: datetime, **more: Any) -> one.RecentCommand:
    """A command that has its result."""
    return one.RecentCommand(
        number=number,
        id=f"command-{number}",
        command=command,
        status=status,
        asked_at=at,
        completed_at=at + timedelta(seconds=1.4),
        **more,
    )

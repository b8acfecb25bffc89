"""How events change what is remembered of a station, after the rules have judged them by what was known before."""

from typing import Final

import msgspec

from consumers.alerting.heard import Heard
from consumers.alerting.station import (
    ENDED_KEPT_MS,
    MAX_RESERVATIONS,
    MAX_SESSIONS,
    Reservation,
    Session,
    Station,
    evse_key,
    is_sign_of_life,
    is_the_newest_connection,
    reading,
    sampled_ms,
    transaction_of,
    usual_break_ms,
)
from consumers.charging.samples import REGISTER
from contract.commands import ReservationCreate
from contract.events import (
    ConnectorStatusChanged,
    MeterSampled,
    StationBooted,
    StationConnected,
    StationDisconnected,
    TransactionEnded,
    TransactionFact,
    TransactionStarted,
)
from contract.model import Evse
from contract.registry import RegisteredStation
from contract.results import CommandCompleted

REMEMBERED: Final = (
    StationConnected,
    StationDisconnected,
    StationBooted,
    ConnectorStatusChanged,
    TransactionFact,
    MeterSampled,
    CommandCompleted,
)
"""What changes what is remembered, whatever the rules are."""


def register(station: Station, said: RegisteredStation | None, at_ms: int) -> None:
    """Take in what a backend knows of the station; None takes it out of the registry at that time."""
    known = said or RegisteredStation()
    station.retired_ms = at_ms if said is None and station.connected_ms <= at_ms else 0
    station.site, station.groups, station.tenant = known.site, known.groups, known.tenant


def hear(station: Station, heard: Heard) -> None:
    """Take in an event, after the rules have judged it by what was known before."""
    event = heard.event
    match event:
        case StationConnected():
            _hear_connected(station, heard, event)
        case StationDisconnected():
            if is_the_newest_connection(station, heard):
                station.connection = heard.connection or station.connection
                station.offline_ms, station.reason = heard.at_ms, event.reason
            return
        case StationBooted(hardware=hardware):
            station.vendor, station.model = hardware.vendor, hardware.model
            station.firmware = hardware.firmware_version
        case ConnectorStatusChanged(evse=Evse(id=number)):
            station.place(str(number)).detail = event.detail or event.status
        case TransactionFact():
            _hear_transaction(station, heard, event)
        case MeterSampled():
            _hear_samples(station, heard, event)
        case CommandCompleted():
            _hear_result(station, event)
    if station.offline_ms is not None and is_sign_of_life(station, heard):
        station.offline_ms = None


def _hear_connected(station: Station, heard: Heard, event: StationConnected) -> None:
    station.version, station.connection, station.offline_ms = event.version, heard.connection, None
    station.connected_ms = max(station.connected_ms, heard.at_ms)
    if event.remote is not None and event.remote != station.remote:
        station.remote, station.other_remote = event.remote, station.remote
    if station.connected_ms > station.retired_ms:
        station.retired_ms = 0


def _hear_transaction(station: Station, heard: Heard, event: TransactionFact) -> None:
    name = transaction_of(station, heard)
    if name is None:
        return
    evse = evse_key(event.evse)
    session = station.sessions.get(name)
    if session is None:
        if isinstance(event, TransactionStarted) and evse:
            _use(station, evse, heard.at_ms)
        session = _begin(station, name, Session(evse, heard.at_ms))
    session.evse = evse or session.evse
    if event.id_token is not None and isinstance(event, TransactionStarted):
        session.token = event.id_token.value
    if event.meter is not None and event.meter.start_wh is not None and session.register_wh is None:
        session.register_wh = float(event.meter.start_wh)
    if event.transaction is not None and event.transaction.charging_state is not None:
        session.charging_state = event.transaction.charging_state
    if isinstance(event, TransactionEnded) and session.ended_ms is None:
        session.ended_ms = heard.at_ms
        if session.evse:
            station.place(session.evse).ended_ms = heard.at_ms


def _use(station: Station, evse: str, at_ms: int) -> None:
    """Another session begins at the EVSE: those before it are over, though their ends were lost."""
    place = station.place(evse)
    place.longest_ms = usual_break_ms(place, at_ms)
    place.sessions += 1
    for other in station.sessions.values():
        if other.evse == evse and other.ended_ms is None and other.began_ms < at_ms:
            other.ended_ms = at_ms


def _begin(station: Station, name: str, session: Session) -> Session:
    """Remember one more session, and forget those that ended long ago or are too many, the ended ones first."""
    for old, other in tuple(station.sessions.items()):
        if other.ended_ms is not None and session.began_ms - other.ended_ms > ENDED_KEPT_MS:
            _forget(station, old)
    while len(station.sessions) >= MAX_SESSIONS:
        ended = (old for old, other in station.sessions.items() if other.ended_ms is not None)
        oldest = next(ended, None)
        if oldest is None:
            station.drop("sessions")
        _forget(station, oldest or next(iter(station.sessions)))
    station.sessions[name] = session
    return session


def _forget(station: Station, name: str) -> None:
    ended_ms = station.sessions.pop(name).ended_ms
    station.over_ms = max(station.over_ms, ended_ms or 0)


def _hear_samples(station: Station, heard: Heard, event: MeterSampled) -> None:
    evse = evse_key(event.evse)
    name = event.transaction.id if event.transaction else None
    register_wh = reading(event.samples, REGISTER)
    if name is not None and station.is_forgotten(name, heard.at_ms):
        return  # a late reading of a session that is over and forgotten
    if name is not None:
        session = station.sessions.get(name) or _begin(station, name, Session(evse, heard.at_ms))
        session.evse = evse or session.evse
        evse = session.evse
        if register_wh is not None:
            session.register_wh, session.is_metered = register_wh, True
    if register_wh is not None:
        at_ms = sampled_ms(heard, event.samples) or heard.at_ms
        place = station.place(evse)
        if at_ms > place.register_ms:
            place.register_wh, place.register_ms = register_wh, at_ms


def _hear_result(station: Station, event: CommandCompleted) -> None:
    request = event.request
    if event.status != "accepted" or not isinstance(request, dict):
        return
    arguments = request.get("arguments")
    if not isinstance(arguments, dict):
        return
    name = str(arguments.get("reservationId"))
    match request.get("command"):
        case "reservation.create":
            made = _reservation(arguments)
            if made is not None:
                while len(station.reservations) >= MAX_RESERVATIONS:
                    station.drop("reservations")
                    del station.reservations[next(iter(station.reservations))]
                station.reservations[name] = made
        case "reservation.cancel":
            station.reservations.pop(name, None)


def _reservation(arguments: dict[str, object]) -> Reservation | None:
    try:
        given = msgspec.convert(arguments, ReservationCreate)
    except msgspec.ValidationError:
        return None
    evse = "" if given.evse_id is None else str(given.evse_id)
    return Reservation(evse, given.id_token.value or "", int(given.expires_at.timestamp() * 1000))

"""What is remembered of one station: as much as the rules need, bounded, and encoded into one row.

Changed in place by `hear` and the engine, which own what they were handed: it was decoded for this batch, and is
written back or thrown away with it. All times are ms since 1970, UTC.
"""

from typing import Final

import msgspec

from consumers.alerting.heard import Heard
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
from contract.model import Evse, Sample
from contract.registry import RegisteredStation
from contract.results import CommandCompleted

REGISTER: Final = "Energy.Active.Import.Register"
POWER: Final = "Power.Active.Import"

MAX_SESSIONS = 32
MAX_EVSES = 64
MAX_RESERVATIONS = 32
MAX_WATCHES = 512
"""A station that makes up connectors, sessions or types of events fills no memory, and makes no storm."""
ENDED_KEPT_MS = 900_000
"""So long an ended session is remembered, so that a reading that comes late does not look like a new one."""

LONGEST_FADES = 0.98
"""Each session takes so much off the longest break that is remembered: what was usual last year fades."""


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


class Watch(msgspec.Struct, array_like=True):
    """How one rule stands towards one subject of the station.

    `since_ms` is since when the condition holds; `due_ms` when something happens by itself: an alert that is
    pending is raised, one that is raised is resolved, marks are forgotten. No tick acts before `hold_ms`. What another
    topic said ends the condition at `closes_ms`, once the rule's own topic has been read so far. `marks` are
    the newest occurrences, by their ids. The alert stands while `raised_ms` is there; `labels` are as they were then.
    """

    since_ms: int | None = None
    due_ms: int | None = None
    hold_ms: int = 0
    closes_ms: int | None = None
    marks: dict[str, int] = {}
    count: int = 0
    detail: dict[str, str] = {}
    raised_ms: int | None = None
    revision: int = 0
    labels: dict[str, str] = {}
    lasting_ms: int = 0

    def next_ms(self) -> int | None:
        """When a tick has to look at it."""
        if self.due_ms is None:
            return self.closes_ms
        due_ms = max(self.due_ms, self.hold_ms)
        return due_ms if self.closes_ms is None else min(due_ms, self.closes_ms)


class Place(msgspec.Struct, array_like=True):
    """An EVSE: its finer status, its energy register, and how it is used.

    `longest_ms` is the longest usual break between two sessions, of which there were `sessions`.
    """

    detail: str | None = None
    register_wh: float | None = None
    register_ms: int = 0
    sessions: int = 0
    ended_ms: int | None = None
    longest_ms: int = 0


class Session(msgspec.Struct, array_like=True):
    """A transaction that runs, or did a moment ago. `charging_state` is in 2.x words."""

    evse: str
    began_ms: int
    charging_state: str | None = None
    ended_ms: int | None = None
    register_wh: float | None = None


class Reservation(msgspec.Struct, array_like=True):
    """A promise to a driver: an EVSE (any where it is empty) for a token, until it expires."""

    evse: str
    token: str
    expires_ms: int


class Station(msgspec.Struct, array_like=True):
    """All that is remembered of a station. `connection` is the newest; offline since `offline_ms` where that is set."""

    site: str | None = None
    groups: tuple[str, ...] = ()
    tenant: str | None = None
    vendor: str | None = None
    model: str | None = None
    firmware: str | None = None
    version: str | None = None
    connection: str | None = None
    offline_ms: int | None = None
    reason: str | None = None
    uploaded_ms: int = 0
    evses: dict[str, Place] = {}
    sessions: dict[str, Session] = {}
    reservations: dict[str, Reservation] = {}
    watches: dict[str, Watch] = {}
    connected_ms: int = 0
    """When it connected last."""
    retired_ms: int = 0
    """When it was taken out of the registry; 0 where it was not, or has connected since. Until then it is nobody's concern."""

    def place(self, evse: str) -> Place:
        """What is remembered of an EVSE; a stranger where there are already more than a station can have."""
        found = self.evses.get(evse)
        if found is None:
            found = Place()
            if len(self.evses) < MAX_EVSES:
                self.evses[evse] = found
        return found

    def next_ms(self) -> int | None:
        """When a tick has to look at the station."""
        times = [at for watch in self.watches.values() if (at := watch.next_ms()) is not None]
        return min(times, default=None)


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


def is_the_newest_connection(station: Station, heard: Heard) -> bool:
    """Whether an end of a connection is news: of an older one, or said again, it is none."""
    if station.offline_ms is not None and station.connection == heard.connection:
        return False
    return station.connection is None or heard.connection is None or station.connection == heard.connection


def is_sign_of_life(station: Station, heard: Heard) -> bool:
    """Whether an event shows that a station which was given up is there: its gateway was slow, not dead."""
    return (
        station.offline_ms is not None
        and heard.connection is not None
        and heard.connection == station.connection
        and heard.at_ms > station.offline_ms
        and heard.event.protocol is not None
    )


def evse_key(evse: Evse | None) -> str:
    """The EVSE's key; empty where the event is about the station as a whole."""
    return "" if evse is None else str(evse.id)


def reading(samples: tuple[Sample, ...], measurand: str) -> float | None:
    """The newest value of a quantity: of all phases, or where only single phases are told, their sum."""
    whole: float | None = None
    phases: dict[str, float] = {}
    for sample in samples:
        if sample.measurand == measurand and sample.value is not None and sample.location == "Outlet":
            if sample.phase is None:
                whole = float(sample.value)
            elif len(sample.phase) == 2 or sample.phase.endswith("-N"):  # L1, L1-N; not L1-L2
                phases[sample.phase[:2]] = float(sample.value)
    if whole is not None or not phases:
        return whole
    return sum(phases.values())


def sampled_ms(heard: Heard, samples: tuple[Sample, ...]) -> int:
    """When the newest of the readings was taken, by the station's clock where it has a usable one."""
    taken = [sample.at for sample in samples if sample.at is not None]
    return int(max(taken).timestamp() * 1000) if taken else heard.at_ms


def usual_break_ms(place: Place, began_ms: int) -> int:
    """The longest usual break between sessions, now that one more ends."""
    if place.ended_ms is None:
        return place.longest_ms
    return max(int(place.longest_ms * LONGEST_FADES), began_ms - place.ended_ms)


def _hear_connected(station: Station, heard: Heard, event: StationConnected) -> None:
    station.version, station.connection, station.offline_ms = event.version, heard.connection, None
    station.connected_ms = max(station.connected_ms, heard.at_ms)
    if station.connected_ms > station.retired_ms:
        station.retired_ms = 0


def _hear_transaction(station: Station, heard: Heard, event: TransactionFact) -> None:
    name = event.transaction.id if event.transaction else None
    if name is None:
        return
    evse = evse_key(event.evse)
    session = station.sessions.get(name)
    if session is None:
        if isinstance(event, TransactionStarted) and evse:
            place = station.place(evse)
            place.longest_ms = usual_break_ms(place, heard.at_ms)
            place.sessions += 1
        session = _begin(station, name, Session(evse, heard.at_ms))
    session.evse = evse or session.evse
    if event.transaction is not None and event.transaction.charging_state is not None:
        session.charging_state = event.transaction.charging_state
    if isinstance(event, TransactionEnded) and session.ended_ms is None:
        session.ended_ms = heard.at_ms
        if session.evse:
            station.place(session.evse).ended_ms = heard.at_ms


def _begin(station: Station, name: str, session: Session) -> Session:
    """Remember one more session, and forget those that ended long ago or are too many."""
    for old, other in tuple(station.sessions.items()):
        if other.ended_ms is not None and session.began_ms - other.ended_ms > ENDED_KEPT_MS:
            del station.sessions[old]
    while len(station.sessions) >= MAX_SESSIONS:
        del station.sessions[next(iter(station.sessions))]
    station.sessions[name] = session
    return session


def _hear_samples(station: Station, heard: Heard, event: MeterSampled) -> None:
    evse = evse_key(event.evse)
    name = event.transaction.id if event.transaction else None
    register_wh = reading(event.samples, REGISTER)
    if name is not None:
        session = station.sessions.get(name) or _begin(station, name, Session(evse, heard.at_ms))
        session.evse = evse or session.evse
        evse = session.evse
        if register_wh is not None:
            session.register_wh = register_wh
    if register_wh is not None:
        at_ms = sampled_ms(heard, event.samples)
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

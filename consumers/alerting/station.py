"""What is remembered of one station: as much as the rules need, bounded, and encoded into one row.

Changed in place by `hear` and the engine, which own what they were handed: it was decoded for this batch, and is
written back or thrown away with it. All times are ms since 1970, UTC.
"""

from decimal import Decimal

import msgspec

from consumers.alerting.heard import Heard
from consumers.charging.matching import NamelessEnd, OpenSession, best_match
from consumers.charging.samples import newest, periodic, total_of
from contract.events import (
    TransactionEnded,
)
from contract.model import Evse, Sample

MAX_SESSIONS = 32
MAX_EVSES = 64
MAX_RESERVATIONS = 32
MAX_WATCHES_OF_RULE = 64
"""Bounds for a station that makes up connectors, sessions or types of events. Each rule has its own share of the
watches, so that a rule with many subjects never keeps another from being judged. Where a bound is reached,
`Station.dropped` counts it."""
ENDED_KEPT_MS = 900_000
"""So long an ended session is remembered. Afterwards `over_ms` tells readings that come late from a new session."""
LARGEST_POWER_W = 1_000_000
"""More than any charger delivers: which session a nameless end belongs to is judged by it."""

LONGEST_FADES = 0.98
"""Each session takes so much off the longest break that is remembered: what was usual last year fades."""


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
    token: str | None = None
    is_metered: bool = False
    """Whether a reading within the session was heard; before, `register_wh` is that of its start."""


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
    over_ms: int = 0
    """The newest end of the sessions that are forgotten: an unknown transaction is over in what was said up to then."""
    remote: str = ""
    """The address of its newest connection."""
    other_remote: str = ""
    """The address of the newest connection that came from another one."""
    dropped: dict[str, int] = {}
    """How often each bound was reached since the last call of `take_dropped`, which the consumer makes before it saves."""

    def place(self, evse: str) -> Place:
        """What is remembered of an EVSE; a stranger where there are already more than a station can have."""
        found = self.evses.get(evse)
        if found is None:
            found = Place()
            if len(self.evses) < MAX_EVSES:
                self.evses[evse] = found
            else:
                self.drop("evses")
        return found

    def drop(self, bound: str) -> None:
        """Count that a bound was reached and something was not remembered."""
        self.dropped = {**self.dropped, bound: self.dropped.get(bound, 0) + 1}

    def take_dropped(self) -> dict[str, int]:
        """How often each bound was reached since the last call."""
        taken, self.dropped = self.dropped, {}
        return taken

    def is_over(self, transaction: str, at_ms: int) -> bool:
        """Whether the session of the transaction had ended at that time. Its end may have been read first."""
        session = self.sessions.get(transaction)
        return session is not None and session.ended_ms is not None and at_ms >= session.ended_ms

    def is_forgotten(self, transaction: str, at_ms: int) -> bool:
        """Whether the transaction, as of that time, is of a session that ended and is no longer remembered."""
        return transaction not in self.sessions and at_ms <= self.over_ms

    def next_ms(self) -> int | None:
        """When a tick has to look at the station."""
        times = [at for watch in self.watches.values() if (at := watch.next_ms()) is not None]
        return min(times, default=None)


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
    """The newest value of a quantity within the session; readings that belong to its start or end do not count."""
    value = total_of(newest(periodic(samples)), measurand)
    return None if value is None else float(value)


def sampled_ms(heard: Heard, samples: tuple[Sample, ...]) -> int | None:
    """When the newest of the readings was taken, by the station's clock; None where it has no usable one."""
    taken = [at for sample in samples if (at := sample.at or heard.event.occurred_at) is not None]
    return int(max(taken).timestamp() * 1000) if taken else None


def usual_break_ms(place: Place, began_ms: int) -> int:
    """The longest usual break between sessions, now that one more ends."""
    if place.ended_ms is None:
        return place.longest_ms
    return max(int(place.longest_ms * LONGEST_FADES), began_ms - place.ended_ms)


def transaction_of(station: Station, heard: Heard) -> str | None:
    """The transaction that the event is about; of an end that names none, the one that it fits best."""
    event = heard.event
    if event.transaction is not None and event.transaction.id is not None:
        return event.transaction.id
    if not isinstance(event, TransactionEnded):
        return None
    running = [
        (
            name,
            OpenSession(session.began_ms, _number(session.evse), _exact(session.register_wh), session.token),
        )
        for name, session in station.sessions.items()
        if session.ended_ms is None
    ]
    token = event.id_token.value if event.id_token else None
    stop_wh = event.meter.stop_wh if event.meter else None
    end = NamelessEnd(heard.at_ms, event.evse.id if event.evse else None, stop_wh, token)
    return best_match(running, end, LARGEST_POWER_W)


def _number(evse: str) -> int | None:
    return int(evse) if evse else None


def _exact(register_wh: float | None) -> Decimal | None:
    return None if register_wh is None else Decimal(register_wh)

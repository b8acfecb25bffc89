"""Sessions: from their own facts, and from what the meter says. Pure.

Transactions and meter values come by different topics, so either may be ahead: a session whose start was not seen
yet is begun with what is known (`inferred`), and corrected when the start comes.
"""

from decimal import Decimal

from consumers.charging.matching import NamelessEnd, OpenSession, best_match
from consumers.charging.samples import BEGIN, END, REGISTER, total_of
from consumers.monitoring.moments import When, believed, when
from consumers.monitoring.registers import LARGEST_W, is_plausible, is_register, stopped
from consumers.monitoring.state import Evse, Kept, Session, Unplaced
from consumers.monitoring.statuses import changed, charge, evse_of
from consumers.monitoring.tally import StationTally
from consumers.monitoring.words import text, token
from contract.events import (
    ConnectorStatusChanged,
    Event,
    TransactionEnded,
    TransactionFact,
    TransactionStarted,
)
from contract.model import Meter, Transaction

UNPLACED_AT_MOST = 8
"""So many transactions without a place are remembered of a station."""
OVER_AT_MOST = 8
"""So many transactions that ended at an EVSE are remembered."""


def said(kept: Kept, event: TransactionFact, tally: StationTally) -> None:
    """One of the facts of a transaction."""
    then = when(event)
    number = place_of(kept, event)
    evse = None if number is None else evse_of(kept, number)
    if number is None or evse is None:
        _keep_start(kept, event, then.at_ms)
        return
    session = session_of(kept, evse, event, then, tally)
    if session is None:
        return
    _learn(session, event, then.at_ms, tally)
    charging = session.charging_state == "Charging"
    if isinstance(event, TransactionEnded):
        session.stopped_reason = text(event.stopped_reason) or session.stopped_reason
        if not session.is_running and not session.by_status:
            return
        end(evse, session, max(then.at_ms, session.started_ms), tally)
        charging = False
        if evse.charging is None:
            return
    elif not session.is_running or session.charging_state is None:
        return
    charge(evse, number, charging, then, tally)


def status_changed(kept: Kept, event: ConnectorStatusChanged, tally: StationTally) -> None:
    """A connector's status; one that becomes available again shows that its session is over, though no end was told."""
    place = None if event.evse is None else event.evse.id
    evse = None if place is None else kept.evses.get(place)
    was = _status_of(evse, event)
    changed(kept, event, tally)
    session = evse.session if evse is not None else None
    if evse is None or session is None or not session.is_running or event.status != "Available":
        return
    at_ms = when(event).at_ms
    if was == "Occupied" and _status_of(evse, event) == "Available" and at_ms > _heard_ms(session):
        end(evse, session, at_ms, tally)
        session.by_status = True


def _status_of(evse: Evse | None, event: ConnectorStatusChanged) -> str | None:
    number = event.evse.connector_id if event.evse is not None else None
    connector = None if evse is None else evse.connectors.get(number or 1)
    return None if connector is None else connector.trace.state


def _heard_ms(session: Session) -> int:
    """When the newest of what is known of the session was."""
    return max(session.started_ms, session.register_ms, session.power_ms)


def place_of(kept: Kept, event: Event) -> int | None:
    """The number of the EVSE that is meant: as the event says, else where its transaction is known to be.

    None where nobody said it: an unknown place is not the station itself (number 0).
    """
    if event.evse is not None:
        return event.evse.id
    if event.transaction is not None and event.transaction.id is not None:
        for number, evse in kept.evses.items():
            if evse.session is not None and evse.session.transaction == event.transaction.id:
                return number
    elif isinstance(event, TransactionEnded):
        return _best_place(kept, event)
    return None


def _best_place(kept: Kept, event: TransactionEnded) -> int | None:
    """Where the session runs that an end without a transaction fits best."""
    running = [
        (str(number), OpenSession(session.started_ms, number, _exact(session.register_wh), session.token))
        for number, evse in kept.evses.items()
        if (session := evse.session) is not None and (session.is_running or session.by_status)
    ]
    stop_wh = event.meter.stop_wh if event.meter else None
    found = best_match(
        running, NamelessEnd(when(event).at_ms, None, stop_wh, token(event.id_token)), LARGEST_W
    )
    return None if found is None else int(found)


def _exact(register_wh: float | None) -> Decimal | None:
    return None if register_wh is None else Decimal(register_wh)


def _keep_start(kept: Kept, event: TransactionFact, at_ms: int) -> None:
    """Remember the start of a transaction whose EVSE is not known yet, until it is."""
    name = text(event.transaction.id) if event.transaction else None
    if not isinstance(event, TransactionStarted) or name is None:
        return
    others = [one for one in kept.unplaced if one.transaction != name]
    start = Unplaced(name, at_ms, _borders(event)[0], token(event.id_token))
    kept.unplaced = [*others, start][-UNPLACED_AT_MOST:]


def session_of(kept: Kept, evse: Evse, event: Event, then: When, tally: StationTally) -> Session | None:
    """The session that an event is about, begun where it is new; None where it is of one that is over."""
    held = evse.session
    said = event.transaction or Transaction()
    if held is not None and held.transaction == said.id and (said.id or held.is_running):
        return held
    if isinstance(event, TransactionEnded) and said.id is None:
        return held if held is not None and (held.is_running or held.by_status) else None
    if said.id in evse.over or (isinstance(event, TransactionEnded) and held is not None and held.is_running):
        return None
    if event.offline and held is not None and held.is_running:
        return None  # told after an outage: the session that runs now began later
    start = next((one for one in kept.unplaced if one.transaction == said.id), None)
    started_ms = min(then.at_ms, believed(said.started_at, then.received_ms))
    if start is not None:
        started_ms = start.started_ms
    if held is not None and started_ms < (held.started_ms if held.ended_ms is None else held.ended_ms):
        return None
    if held is not None and held.is_running:  # its end was lost
        end(evse, held, started_ms, tally)
    native = None if said.native is None else text(str(said.native))
    evse.session = Session(started_ms, text(said.id), native, inferred=True)
    tally.shard.level("sessions", started_ms, 1)
    tally.shard.count("sessions_started", started_ms)
    if start is not None:
        kept.unplaced.remove(start)
        session = evse.session
        session.inferred, session.token = False, start.token
        if start.start_wh is not None:
            session.told_start_wh = session.start_wh = session.register_wh = start.start_wh
            session.register_ms = started_ms
    return evse.session


def end(evse: Evse, session: Session, at_ms: int, tally: StationTally) -> None:
    """It is over, and takes nothing any more. An end that was only inferred is moved to the one that is told."""
    if session.ended_ms is not None:
        tally.shard.level("sessions", session.ended_ms, 1)
        tally.shard.count("sessions_ended", session.ended_ms, -1)
    else:
        powered(session, 0, max(at_ms, session.power_ms), tally)
    session.ended_ms, session.power_w, session.by_status = at_ms, None, False
    tally.shard.level("sessions", at_ms, -1)
    tally.shard.count("sessions_ended", at_ms)
    if session.transaction is not None and session.transaction not in evse.over:
        evse.over = [*evse.over, session.transaction][-OVER_AT_MOST:]


def powered(session: Session, power_w: int, at_ms: int, tally: StationTally) -> None:
    """It takes so much from then on."""
    if session.is_running and at_ms >= session.power_ms:
        tally.shard.level("power_w", at_ms, power_w - (session.power_w or 0))
        session.power_w, session.power_ms = power_w, at_ms


def _learn(session: Session, event: TransactionFact, at_ms: int, tally: StationTally) -> None:
    """What the fact says of its session, whenever it comes."""
    said = event.transaction or Transaction()
    session.charging_state = text(said.charging_state) or session.charging_state
    session.token = session.token or token(event.id_token)
    start_wh, stop_wh = _borders(event)
    if start_wh is None or not is_register(start_wh) or session.told_start_wh is not None:
        start_wh = None  # the first counts: a stop may repeat it by another register
    else:
        session.told_start_wh = start_wh
    if start_wh is not None and session.register_wh is None:
        session.start_wh = session.register_wh = start_wh
        session.register_ms = session.started_ms
    elif start_wh is not None and session.inferred and session.start_wh is not None:
        missed_wh = session.start_wh - start_wh
        if is_plausible(missed_wh, session.register_ms - at_ms):
            tally.shard.count("energy_wh", at_ms, round(missed_wh))
            session.start_wh = start_wh
    if isinstance(event, TransactionStarted):
        if session.inferred and at_ms < session.started_ms:  # it runs for longer than was known
            tally.shard.level("sessions", at_ms, 1)
            tally.shard.level("sessions", session.started_ms, -1)
            tally.shard.count("sessions_started", session.started_ms, -1)
            tally.shard.count("sessions_started", at_ms)
            session.started_ms = at_ms
        session.inferred = False
    if stop_wh is not None and isinstance(event, TransactionEnded):
        stopped(session, stop_wh, at_ms, tally)


def _borders(event: TransactionFact) -> tuple[float | None, float | None]:
    """The registers at start and end: those of the transaction (1.6), else samples of these contexts (2.x)."""
    meter = event.meter or Meter()
    told: list[float | None] = []
    for border_wh, context in ((meter.start_wh, BEGIN), (meter.stop_wh, END)):
        samples = [sample for sample in event.samples if sample.context == context]
        value = border_wh if border_wh is not None else total_of(samples, REGISTER)
        told.append(None if value is None else float(value))
    return told[0], told[1]

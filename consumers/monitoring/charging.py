"""Sessions: from their own facts, and from what the meter says. Pure.

Transactions and meter values come by different topics, so either may be ahead: a session whose start was not seen
yet is begun with what is known (`inferred`), and corrected when the start comes.
"""

from consumers.monitoring.moments import When, believed, when
from consumers.monitoring.state import Evse, Kept, Session
from consumers.monitoring.statuses import charge, evse_of
from consumers.monitoring.tally import StationTally
from consumers.monitoring.words import text, token
from contract.events import Event, TransactionEnded, TransactionFact, TransactionStarted
from contract.model import Meter, Transaction

LARGEST_WH = 1_000_000_000
"""A register that jumps further has not counted that."""
LARGEST_REGISTER_WH = 1e15
"""A register that says more, or no number, says nothing."""


def said(kept: Kept, event: TransactionFact, tally: StationTally) -> None:
    """One of the facts of a transaction."""
    then = when(event)
    number = place_of(kept, event)
    evse = None if number is None else evse_of(kept, number)
    if number is None or evse is None:
        return
    session = session_of(evse, event, then, tally)
    if session is None:
        return
    _learn(session, event, then.at_ms, tally)
    charging = session.charging_state == "Charging"
    if isinstance(event, TransactionEnded):
        session.stopped_reason = text(event.stopped_reason) or session.stopped_reason
        if not session.is_running:
            return
        end(session, max(then.at_ms, session.started_ms), tally)
        charging = False
        if evse.charging is None:
            return
    elif not session.is_running or session.charging_state is None:
        return
    charge(evse, number, charging, then, tally)


def place_of(kept: Kept, event: Event) -> int | None:
    """The number of the EVSE that is meant: as the event says, else where the transaction is known to be."""
    if event.evse is not None:
        return event.evse.id
    if event.transaction is not None and event.transaction.id is not None:
        for number, evse in kept.evses.items():
            if evse.session is not None and evse.session.transaction == event.transaction.id:
                return number
    return None


def session_of(evse: Evse, event: Event, then: When, tally: StationTally) -> Session | None:
    """The session that an event is about, begun where it is new; None where it is of one that is over."""
    held = evse.session
    said = event.transaction or Transaction()
    if held is not None and held.transaction == said.id and (said.id or held.is_running):
        return held
    started_ms = min(then.at_ms, believed(said.started_at, then.received_ms))
    if held is not None and started_ms < (held.started_ms if held.ended_ms is None else held.ended_ms):
        return None
    if held is not None and held.is_running:  # its end was lost
        end(held, started_ms, tally)
    native = None if said.native is None else text(str(said.native))
    evse.session = Session(started_ms, text(said.id), native, inferred=True)
    tally.shard.level("sessions", started_ms, 1)
    tally.shard.count("sessions_started", started_ms)
    return evse.session


def end(session: Session, at_ms: int, tally: StationTally) -> None:
    """It is over, and takes nothing any more."""
    powered(session, 0, max(at_ms, session.power_ms), tally)
    session.ended_ms, session.power_w = at_ms, None
    tally.shard.level("sessions", at_ms, -1)
    tally.shard.count("sessions_ended", at_ms)


def powered(session: Session, power_w: int, at_ms: int, tally: StationTally) -> None:
    """It takes so much from then on."""
    if session.is_running and at_ms >= session.power_ms:
        tally.shard.level("power_w", at_ms, power_w - (session.power_w or 0))
        session.power_w, session.power_ms = power_w, at_ms


def metered(session: Session, register_wh: float, at_ms: int, tally: StationTally) -> int | None:
    """The register stands so; the power (W) that it tells since it was read last, where it tells any."""
    before_wh, before_ms = session.register_wh, session.register_ms
    if not abs(register_wh) <= LARGEST_REGISTER_WH:
        return None
    if before_wh is None:
        session.start_wh = register_wh if session.start_wh is None else session.start_wh
        before_wh, before_ms = session.start_wh, session.started_ms
    elif at_ms < before_ms or (at_ms == before_ms and register_wh <= before_wh):
        return None
    more_wh = register_wh - before_wh
    if more_wh < 0 and session.start_wh is not None:
        session.start_wh += more_wh  # the register began anew: what was charged stays
    elif more_wh > LARGEST_WH:
        session.start_wh = (session.start_wh or 0) + more_wh
    else:
        tally.shard.count("energy_wh", at_ms, round(register_wh) - round(before_wh))
    session.register_wh, session.register_ms = register_wh, at_ms
    if 0 <= more_wh <= LARGEST_WH and at_ms > before_ms:
        return round(more_wh * 3_600_000 / (at_ms - before_ms))
    return None


def _learn(session: Session, event: TransactionFact, at_ms: int, tally: StationTally) -> None:
    """What the fact says of its session, whenever it comes."""
    said = event.transaction or Transaction()
    session.charging_state = text(said.charging_state) or session.charging_state
    session.token = session.token or token(event.id_token)
    meter = event.meter or Meter()
    start_wh = None if meter.start_wh is None else float(meter.start_wh)
    if start_wh is not None and not abs(start_wh) <= LARGEST_REGISTER_WH:
        start_wh = None
    if start_wh is not None and session.register_wh is None:
        session.start_wh = session.register_wh = start_wh
        session.register_ms = session.started_ms
    elif start_wh is not None and session.inferred and session.start_wh is not None:
        missed_wh = round(session.start_wh) - round(start_wh)
        if missed_wh <= LARGEST_WH:
            tally.shard.count("energy_wh", at_ms, max(0, missed_wh))
            session.start_wh = start_wh
    if isinstance(event, TransactionStarted):
        if session.inferred and at_ms < session.started_ms:  # it runs for longer than was known
            tally.shard.level("sessions", at_ms, 1)
            tally.shard.level("sessions", session.started_ms, -1)
            tally.shard.count("sessions_started", session.started_ms, -1)
            tally.shard.count("sessions_started", at_ms)
            session.started_ms = at_ms
        session.inferred = False
    if meter.stop_wh is not None and isinstance(event, TransactionEnded):
        metered(session, float(meter.stop_wh), at_ms, tally)

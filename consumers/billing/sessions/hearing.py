"""From an event to facts: of a session, or of its station where no transaction is named.

The samples of a transaction's message also stand in a `meter.sampled` that is derived from it (ADR 4): that copy
is passed over, so each message is heard once. A time that lies ahead of ours cannot be true.
"""

from decimal import Decimal
from typing import NamedTuple

from consumers.billing.sessions.facts import Bearer, Border, Facts, Mark
from consumers.billing.sessions.loose import Boot, Loose, LooseEnd, Status
from consumers.billing.sessions.measured import Measured, can_be_read, happened, measured, ms
from contract.events import (
    ConnectorStatusChanged,
    Event,
    MeterSampled,
    StationBooted,
    TransactionEnded,
    TransactionFact,
    TransactionStarted,
)

DERIVED = "/meter"
"""Behind the id of the message that a `meter.sampled` is derived from."""

REPEATING = frozenset({"MeterValuePeriodic", "MeterValueClock", "Trigger", "RunningCost"})
"""Trigger reasons of events that repeat the charging state, and do not tell that it changed."""


class Heard(NamedTuple):
    """What an event told: facts of the session, or (with no session) of the station."""

    session: str | None = None
    facts: Facts | None = None
    loose: Loose | None = None


def heard(event: Event, seen_ms: int, event_id: str | None = None) -> Heard | None:
    """The facts in an event that was appended at `seen_ms`; None where it tells nothing of a session."""
    match event:
        case TransactionFact():
            return _transaction(event, seen_ms)
        case MeterSampled() if not (event_id or "").endswith(DERIVED):
            return _samples(event, seen_ms)
        case ConnectorStatusChanged() if event.evse is not None:
            at_ms, _ = happened(event.occurred_at, event)
            status = Status(at_ms, event.evse.id, event.detail or event.status, seen_ms)
            return Heard(loose=Loose(statuses=(status,)))
        case StationBooted() if event.reason != "Triggered":
            return Heard(loose=Loose(boots=(Boot(ms(event.received_at), seen_ms),)))
    return None


def _transaction(event: TransactionFact, seen_ms: int) -> Heard | None:
    named = event.transaction
    session = named.id.replace("\0", "\ufffd") if named and named.id else None
    at_ms, note = happened(event.occurred_at, event)
    found = measured(event.samples, event)
    if session is None and not isinstance(event, TransactionStarted):
        if isinstance(event, TransactionEnded):
            border = _border(event, at_ms, note, seen_ms, event.meter.stop_wh if event.meter else None)
            token = event.id_token.value if event.id_token else None
            end = LooseEnd(border, event.evse.id if event.evse else None, token)
            return Heard(loose=Loose(ends=(end,)))
        return _loose_readings(event, found)
    meter, notes = event.meter, {*found.notes, *((note,) if note else ())}
    start = end_border = None
    match event:
        case TransactionStarted():
            start = _border(event, at_ms, note, seen_ms, meter.start_wh if meter else None)
            if session is None:
                session = f"{event.station.id}/{event.evse.id if event.evse else ''}/{at_ms}"
                notes.add("id_missing")
        case TransactionEnded():
            end_border = _border(event, at_ms, note, seen_ms, meter.stop_wh if meter else None)
    assert session is not None
    state, repeats = named.charging_state if named else None, event.trigger_reason in REPEATING
    marks = (Mark(at_ms, state),) if state else ()
    seq_no = named.seq_no if named else None
    return Heard(
        session,
        Facts(
            evse=event.evse.id if event.evse else None,
            connector=event.evse.connector_id if event.evse else None,
            start=start,
            end=end_border,
            hint_ms=_hint(event),
            begin_wh=found.begin_wh,
            end_wh=found.end_wh,
            bearer=_bearer(event, at_ms),
            token_groups=_groups(event),
            registers=found.registers,
            intervals=found.intervals,
            currents=found.currents,
            marks=() if repeats else marks,
            echoes=marks if repeats else (),
            signed=found.signed,
            numbers=((seq_no, seq_no),) if seq_no is not None else (),
            remote_start_id=named.remote_start_id if named else None,
            was_offline=bool(event.offline) and start is not None,
            version=event.protocol.version if event.protocol else None,
            notes=tuple(sorted(notes)),
            at_ms=at_ms,
            seen_ms=seen_ms,
        ),
    )


def _samples(event: MeterSampled, seen_ms: int) -> Heard | None:
    at_ms, _ = happened(event.occurred_at, event)
    found = measured(event.samples, event)
    if event.transaction is None or event.transaction.id is None:
        return _loose_readings(event, found)
    return Heard(
        event.transaction.id.replace("\0", "\ufffd"),
        Facts(
            evse=event.evse.id if event.evse else None,
            hint_ms=_hint(event),
            begin_wh=found.begin_wh,
            end_wh=found.end_wh,
            registers=found.registers,
            intervals=found.intervals,
            currents=found.currents,
            signed=found.signed,
            version=event.protocol.version if event.protocol else None,
            notes=tuple(sorted(found.notes)),
            at_ms=at_ms,
            seen_ms=seen_ms,
        ),
    )


def _loose_readings(event: Event, found: Measured) -> Heard | None:
    if event.evse is None or not (found.registers or found.currents):
        return None
    evse = event.evse.id
    return Heard(
        loose=Loose(
            registers={evse: found.registers} if found.registers else {},
            currents={evse: found.currents} if found.currents else {},
        )
    )


def _border(event: TransactionFact, at_ms: int, note: str | None, seen_ms: int, wh: Decimal | None) -> Border:
    reason = event.stopped_reason if isinstance(event, TransactionEnded) else None
    return Border(at_ms, seen_ms, note is None, wh if can_be_read(wh) else None, reason)


def _hint(event: Event) -> int | None:
    """The start that the transaction's number tells (1.6)."""
    started_at = event.transaction.started_at if event.transaction else None
    if started_at is None or isinstance(event, TransactionStarted):
        return None
    at_ms, note = happened(started_at, event)
    return None if note else at_ms


def _bearer(event: TransactionFact, at_ms: int) -> Bearer | None:
    token = event.id_token
    if token is None or not token.value:
        return None
    return Bearer(isinstance(event, TransactionEnded), at_ms, token.value, token.type or "")


def _groups(event: TransactionFact) -> tuple[str, ...]:
    """The groups that the token is in, as the station or whoever decided on it says. Who stops may be in others."""
    if isinstance(event, TransactionEnded):
        return ()
    told = {event.group_id_token.value if event.group_id_token else None}
    told.add(event.decision.group_id if event.decision else None)
    return tuple(sorted(group for group in told if group))

"""The whole of a session that is over: its borders, its energy, its activity, and each guess that was made."""

from decimal import Decimal
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from consumers.billing.sessions.activity import Activity, activity
from consumers.billing.sessions.closing import Case, Closing, Rules
from consumers.billing.sessions.energy import LATE_MS, Span, energy
from consumers.billing.sessions.facts import Border, Facts, Mark, Reading, cells
from consumers.billing.sessions.loose import Loose
from consumers.billing.sessions.measured import moment
from consumers.billing.sessions.registers import Curve
from consumers.billing.tariffs.metering import MeteredSession, Point


class Session(NamedTuple):
    """A session, whole. `metered` is all that its price depends on, `flags` are the guesses, in order."""

    session: str
    facts: Facts
    metered: MeteredSession
    energy_wh: Decimal
    flags: tuple[str, ...]
    stop_reason: str | None = None


def assembled(case: Case, closed: Closing, rules: Rules) -> Session:
    """The session that ended so."""
    facts = case.facts
    span, notes = _span(facts, closed.end, case.time_zone)
    made = energy(facts, case.loose, closed.end, span, rules.largest_power_w)
    told = activity(_marks(facts, case.loose, closed.end), made.points, span.start_ms, span.end_ms)
    flags = {*facts.notes, *closed.flags, *notes, *made.flags, *told.flags, *_missing(facts)}
    metered = MeteredSession(
        started_at=moment(span.start_ms),
        ended_at=moment(span.end_ms),
        time_zone=case.time_zone,
        points=_points(made, told, _currents(facts, case.loose, span)),
    )
    return Session(case.session, facts, metered, made.total_wh, tuple(sorted(flags)), closed.end.reason)


HOUR_MS = 3_600_000


def _span(facts: Facts, end: Border, time_zone: str) -> tuple[Span, set[str]]:
    """Start and end, in order; of a station whose clock was set back on the way, as we heard of them."""
    is_trusted = end.is_timed and (facts.start is None or facts.start.is_timed)
    notes = set() if facts.start is not None else {"start_missing"}
    if facts.start is not None:
        start_ms = facts.start.at_ms
    elif facts.hint_ms is not None:
        start_ms = facts.hint_ms
    else:
        readings = (*facts.registers.values(), facts.currents)
        first = [told[0].at_ms for told in readings if told]
        first += [told[0].at_ms for told in (facts.marks, facts.echoes) if told]
        start_ms = min(first, default=end.at_ms)
    if start_ms <= end.at_ms:
        return Span(start_ms, end.at_ms, is_trusted), notes
    if start_ms <= end.at_ms + HOUR_MS and _comes_twice(end.at_ms, time_zone):
        return Span(start_ms, end.at_ms + HOUR_MS, is_trusted), {*notes, "hour_repeated"}
    first_ms = facts.start.seen_ms if facts.start is not None else end.seen_ms
    return Span(min(first_ms, end.seen_ms), end.seen_ms, is_trusted=False), {*notes, "clock_changed"}


def _comes_twice(at_ms: int, time_zone: str) -> bool:
    """Whether the local time comes twice, where summer time ends.

    The station told it without its zone. The gateway read it in the station's zone, where that is set, else as UTC.
    """
    try:
        zone = ZoneInfo(time_zone)
    except (ValueError, ZoneInfoNotFoundError):
        return False
    readings = (moment(at_ms).astimezone(zone), moment(at_ms).replace(tzinfo=zone))
    return any(one.replace(fold=0).utcoffset() != one.replace(fold=1).utcoffset() for one in readings)


def _marks(facts: Facts, loose: Loose, end: Border) -> list[Mark]:
    """The session's own charging states, else the statuses of its connector."""
    return sorted({*facts.marks, *cells(facts.echoes)}) or list(loose.at(facts.evse, end.seen_ms + LATE_MS))


def _currents(facts: Facts, loose: Loose, span: Span) -> list[Reading]:
    told = facts.currents or (loose.currents.get(facts.evse, ()) if facts.evse is not None else ())
    return [current for current in cells(told) if span.holds(current)]


def _missing(facts: Facts) -> set[str]:
    flags = set()
    if len(facts.numbers) > 1 or (facts.numbers and facts.numbers[0][0] > 0):
        flags.add("events_missing")
    if facts.evse is None:
        flags.add("evse_unknown")
    if facts.bearer is None:
        flags.add("token_unknown")
    return flags


def _points(energy: Curve, told: Activity, currents: list[Reading]) -> tuple[Point, ...]:
    """All that is known, moment by moment."""
    known: dict[int, dict[str, Any]] = {}
    for reading in energy.points:
        known.setdefault(reading.at_ms, {})["energy_wh"] = reading.value
    for change in told.changes:
        known.setdefault(change.at_ms, {})["is_charging"] = change.is_charging
    for current in currents:
        known.setdefault(current.at_ms, {})["current_amperes"] = current.value
    return tuple(Point(at=moment(at_ms), **what) for at_ms, what in sorted(known.items()))

"""The samples of one event, sorted by what they prove: registers by place, intervals, currents, signed readings."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple, TypeGuard

from consumers.billing.sessions.facts import Reading, Signed
from consumers.billing.tariffs.metering import is_measurable
from consumers.charging.samples import BEGIN, END, LINES, REGISTER, total_of
from contract.events import Event, TransactionStarted
from contract.model import Sample

INTERVAL = "Energy.Active.Import.Interval"
CURRENT = "Current.Import"
UNITS = {REGISTER: "Wh", INTERVAL: "Wh", CURRENT: "A"}

SUMMED = "/phases"
"""Behind the place of a register that is the sum of those of the phases."""

AHEAD = timedelta(minutes=5)
BEHIND = timedelta(days=366)
"""Nothing waits in a station for longer: its clock was not set. So no session grows over years by its first time."""
_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
_MS = timedelta(milliseconds=1)


class Measured(NamedTuple):
    """`begin_wh` and `end_wh` are registers that say which border they belong to, and not when it was."""

    registers: dict[str, tuple[Reading, ...]]
    intervals: tuple[Reading, ...]
    currents: tuple[Reading, ...]
    signed: tuple[Signed, ...]
    begin_wh: Decimal | None
    end_wh: Decimal | None
    notes: frozenset[str]


def ms(moment: datetime) -> int:
    """Milliseconds since 1970."""
    return (moment - _EPOCH) // _MS


def moment(at_ms: int) -> datetime:
    """The time again, in UTC."""
    return _EPOCH + at_ms * _MS


def happened(said: datetime | None, event: Event) -> tuple[int, str | None]:
    """When it happened, and the flag where that is when we heard of it: a time ahead of ours cannot be true."""
    if said is None or event.received_at - said > BEHIND:
        return ms(event.received_at), "time_missing"
    if said - event.received_at > AHEAD:
        return ms(event.received_at), "clock_ahead"
    return ms(said), None


def can_be_read(value: Decimal | None) -> TypeGuard[Decimal]:
    """Whether a meter showed this. One that shows what none can has shown nothing."""
    return value is not None and is_measurable(value)


def measured(samples: Iterable[Sample], event: Event) -> Measured:
    """What the samples of an event prove."""
    whole: dict[tuple[str, str], set[Reading]] = {}
    phases: dict[tuple[str, str, int], dict[str, Decimal]] = {}
    borders: dict[str, list[Sample]] = {}
    signed: list[Signed] = []
    notes: set[str] = set()
    for sample in samples:
        at_ms, note = happened(sample.at or event.occurred_at, event)
        if sample.signed is not None:
            signed.append(_signed(sample, at_ms))
        value = sample.value
        if not can_be_read(value) or value < 0 or UNITS.get(sample.measurand) != sample.unit:
            continue
        notes |= {note} if note else set()
        if sample.measurand == REGISTER and _is_border(sample, event, is_timed=note is None):
            borders.setdefault(sample.context, []).append(sample)
        elif sample.phase is not None:
            phases.setdefault((sample.measurand, sample.location, at_ms), {})[sample.phase] = value
        else:
            whole.setdefault((sample.measurand, sample.location), set()).add(Reading(at_ms, value))
    for (measurand, place, at_ms), by_phase in phases.items():
        lines = {phase[:2]: value for phase, value in by_phase.items() if phase in LINES}
        if not lines and len(by_phase) > 1:
            continue
        value = sum((lines or by_phase).values(), Decimal())
        is_sum = measurand == REGISTER and lines
        if can_be_read(value):
            where = (measurand, place + SUMMED if is_sum else place)
            whole.setdefault(where, set()).add(Reading(at_ms, value))
    return Measured(
        {place: tuple(sorted(told)) for (measurand, place), told in whole.items() if measurand == REGISTER},
        _all(whole, INTERVAL),
        _all(whole, CURRENT),
        tuple(sorted(signed)),
        total_of(borders.get(BEGIN, ()), REGISTER),
        total_of(borders.get(END, ()), REGISTER),
        frozenset(notes),
    )


def _is_border(sample: Sample, event: Event, *, is_timed: bool) -> bool:
    """Whether a reading belongs to the start or end and not to the time that it carries.

    Some stations repeat the reading of the start in each message, with the time of the message.
    """
    if sample.context == BEGIN:
        return not (is_timed and isinstance(event, TransactionStarted))
    return sample.context == END and not is_timed


def _all(whole: dict[tuple[str, str], set[Reading]], wanted: str) -> tuple[Reading, ...]:
    """Of all places as one: the quantity is not one that is told at several."""
    told = [readings for (measurand, _), readings in whole.items() if measurand == wanted]
    return tuple(sorted(set().union(*told))) if told else ()


def _signed(sample: Sample, at_ms: int) -> Signed:
    its = sample.signed
    assert its is not None
    parts = (its.encoding or "", its.signing or "", its.public_key or "")
    return Signed(at_ms, its.data, sample.context, *parts)

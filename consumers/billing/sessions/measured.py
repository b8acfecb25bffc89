"""The samples of one event, sorted by what they prove: registers by place, intervals, currents, signed readings."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple, TypeGuard

from consumers.billing.sessions.facts import Reading, Signed
from consumers.billing.tariffs.metering import is_measurable
from contract.events import Event
from contract.model import Sample

REGISTER = "Energy.Active.Import.Register"
INTERVAL = "Energy.Active.Import.Interval"
CURRENT = "Current.Import"
UNITS = {REGISTER: "Wh", INTERVAL: "Wh", CURRENT: "A"}

SUMMED = "/phases"
"""Behind the place of a register that is the sum of those of the phases."""

BEGIN, END = "Transaction.Begin", "Transaction.End"

AHEAD = timedelta(minutes=5)
BEHIND = timedelta(days=366)
"""Nothing waits in a station for longer: its clock was not set. So no session grows over years by its first time."""
_PHASES = frozenset({"L1", "L2", "L3", "L1-N", "L2-N", "L3-N"})
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
    borders: dict[str, Decimal] = {}
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
        if sample.phase in _PHASES:
            phases.setdefault((sample.measurand, sample.location, at_ms), {})[sample.phase[:2]] = value
        elif sample.phase is not None:
            continue
        elif note and sample.measurand == REGISTER and sample.context in (BEGIN, END):
            borders[sample.context] = value
        else:
            whole.setdefault((sample.measurand, sample.location), set()).add(Reading(at_ms, value))
    for (measurand, place, at_ms), by_phase in phases.items():
        at_place = place + SUMMED if measurand == REGISTER else place
        value = sum(by_phase.values(), Decimal())
        if can_be_read(value):
            whole.setdefault((measurand, at_place), set()).add(Reading(at_ms, value))
    return Measured(
        {place: tuple(sorted(told)) for (measurand, place), told in whole.items() if measurand == REGISTER},
        _all(whole, INTERVAL),
        _all(whole, CURRENT),
        tuple(sorted(signed)),
        borders.get(BEGIN),
        borders.get(END),
        frozenset(notes),
    )


def _all(whole: dict[tuple[str, str], set[Reading]], wanted: str) -> tuple[Reading, ...]:
    """Of all places as one: the quantity is not one that is told at several."""
    told = [readings for (measurand, _), readings in whole.items() if measurand == wanted]
    return tuple(sorted(set().union(*told))) if told else ()


def _signed(sample: Sample, at_ms: int) -> Signed:
    its = sample.signed
    assert its is not None
    parts = (its.encoding or "", its.signing or "", its.public_key or "")
    return Signed(at_ms, its.data, sample.context, *parts)

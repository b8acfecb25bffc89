"""The energy of a session, from the best of its witnesses: registers at start and stop, series of readings, intervals.

The rules are in docs/billing.md, "Which register is meant".
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from consumers.billing.sessions.alignment import align
from consumers.billing.sessions.facts import Border, Facts, Reading, cells
from consumers.billing.sessions.loose import Loose
from consumers.billing.sessions.measured import SUMMED
from consumers.billing.sessions.registers import Curve, Limits, curve, summed

OUTLET = "Outlet"
PLACES = (OUTLET, OUTLET + SUMMED, "Inlet", "Inlet" + SUMMED, "Body", "Cable", "Upstream", "EV")
"""Where a register is best read; what is delivered to the car is measured at the outlet."""

LATE_MS = 300_000
"""A closing reading may be taken so long after the end."""

DISAGREEMENT = Decimal("0.05")
"""Two witnesses that differ by more than this share disagree."""
FULL_COVER = Decimal("0.8")
"""A series is a witness of the whole session when its readings span so much of it."""

POWER_LOSS = "PowerLoss"


class Span(NamedTuple):
    """From start to end; `is_trusted` unless the times are not those of the station."""

    start_ms: int
    end_ms: int
    is_trusted: bool

    def holds(self, reading: Reading) -> bool:
        return self.start_ms <= reading.at_ms <= self.end_ms


class Borders(NamedTuple):
    """The registers (Wh) at start and stop, as far as the station told them."""

    start_wh: Decimal | None
    stop_wh: Decimal | None


class Series(NamedTuple):
    """Readings of one register, in the order of time, and the flags of where they were taken from."""

    readings: Sequence[Reading]
    flags: frozenset[str] = frozenset()


def energy(facts: Facts, loose: Loose, end: Border, span: Span, largest_power_w: int) -> Curve:
    """The energy (Wh) since the start, at each reading."""
    start_wh = facts.start.wh if facts.start is not None and facts.start.wh is not None else facts.begin_wh
    stop_wh = end.wh if end.wh is not None else facts.end_wh
    limits = Limits(largest_power_w, span.is_trusted, _boots(loose, end, span))
    series = _series(facts, loose, span, any_place=start_wh is None and stop_wh is None)
    inner = [reading for reading in series.readings if span.holds(reading)]
    if start_wh is not None and stop_wh is not None:
        made = _by_borders(start_wh, stop_wh, inner, span, limits)
        if made is not None:
            flags = series.flags if len(made.points) > 2 else series.flags & {"readings_before_start"}
            flags |= series.flags & {"readings_after_end"} | _disagreement(facts, made, span, limits)
            return Curve(made.points, made.flags | flags)
    return _by_series(series, inner, Borders(start_wh, stop_wh), span, limits)


def _by_borders(
    start_wh: Decimal, stop_wh: Decimal, inner: Sequence[Reading], span: Span, limits: Limits
) -> Curve | None:
    """Stop minus start, where that is plausible; the readings that fit shape the profile.

    None where it is not, or where stop equals start and the readings prove energy: then the station did not know.
    """
    total_wh = stop_wh - start_wh
    if not limits.allow(total_wh, span.end_ms - span.start_ms):
        return None
    if total_wh == 0 and curve([Reading(span.start_ms, start_wh), *inner], limits).total_wh > 0:
        return None
    between = [one for one in inner if span.start_ms < one.at_ms < span.end_ms]
    aligned = align(between, start_wh, stop_wh)
    flags: set[str] = set()
    shape: tuple[Reading, ...] = ()
    if aligned is not None:
        shape = aligned.readings
        flags |= {aligned.alignment.flag} if aligned.alignment.flag else set()
        flags |= {"reading_outlier"} if aligned.left_out else set()
    if not shape and span.end_ms > span.start_ms:
        flags |= {"profile_assumed"}
    points = (Reading(span.start_ms, start_wh), *shape, Reading(span.end_ms, stop_wh))
    return Curve(tuple(Reading(one.at_ms, one.value - start_wh) for one in points), frozenset(flags))


def _by_series(
    series: Series,
    inner: Sequence[Reading],
    borders: Borders,
    span: Span,
    limits: Limits,
) -> Curve:
    """The rises of the readings, and of the borders as far as they go with them."""
    start_wh, stop_wh = borders
    flags = set(series.flags)
    if stop_wh is None:
        late = [one.value for one in series.readings if span.end_ms < one.at_ms <= span.end_ms + LATE_MS]
        stop_wh = late[0] if late and "readings_matched" not in flags else None
    if "energy_from_intervals" in flags:
        start_wh = Decimal()
    if not inner and (start_wh is None or stop_wh is None):
        nothing = (Reading(span.start_ms, Decimal()), Reading(span.end_ms, Decimal()))
        return Curve(nothing, frozenset(flags | {"energy_unknown"}))
    if start_wh is not None and stop_wh is None:
        inner, guessed = _in_unit_of(start_wh, inner, span, limits)
        flags |= guessed
    if start_wh is None:
        flags |= {"start_register_missing"}
        start_wh = inner[0].value
    if stop_wh is None:
        flags |= {"stop_register_missing"}
        stop_wh = inner[-1].value
    if not any(span.start_ms < one.at_ms < span.end_ms for one in inner) and span.end_ms > span.start_ms:
        flags |= {"profile_assumed"}
    first_wh = start_wh
    between = [
        one
        for one in inner
        if span.start_ms < one.at_ms < span.end_ms or not limits.allow(one.value - first_wh, 0)
    ]
    made = curve([Reading(span.start_ms, start_wh), *between, Reading(span.end_ms, stop_wh)], limits)
    return Curve(made.points, made.flags | flags)


def _in_unit_of(
    start_wh: Decimal, inner: Sequence[Reading], span: Span, limits: Limits
) -> tuple[Sequence[Reading], set[str]]:
    """The readings in the unit and from the base of the register at the start, if they fit to it in one way only."""
    most_wh = start_wh + limits.largest_power_w * Decimal(span.end_ms - span.start_ms) / 3_600_000
    if not limits.is_timed or not inner or start_wh <= inner[0].value <= most_wh:
        return inner, set()
    aligned = align(inner, start_wh, most_wh)
    if aligned is None or aligned.left_out or aligned.alignment.flag is None:
        return inner, set()
    return aligned.readings, {aligned.alignment.flag}


def _disagreement(facts: Facts, made: Curve, span: Span, limits: Limits) -> frozenset[str]:
    """The flag where another register, read all along the session, shows another energy than the borders."""
    for readings in facts.registers.values():
        own = [reading for reading in cells(readings) if span.holds(reading)]
        if len(own) < 3 or own[-1].at_ms - own[0].at_ms < FULL_COVER * (span.end_ms - span.start_ms):
            continue
        told_wh = curve(own, limits).total_wh
        covered = Decimal(own[-1].at_ms - own[0].at_ms) / (span.end_ms - span.start_ms)
        if not any(_agrees(told_wh * scale, made.total_wh, covered, scale) for scale in (1, 1000)):
            return frozenset({"registers_disagree"})
    return frozenset()


def _agrees(told_wh: Decimal, total_wh: Decimal, covered: Decimal, coarse_wh: int) -> bool:
    """Whether the readings of a share of the session show as much as the whole, up to what may have come outside."""
    outside_wh = (1 - covered) * total_wh
    return abs(told_wh - total_wh) <= DISAGREEMENT * max(told_wh, total_wh) + outside_wh + coarse_wh


def _boots(loose: Loose, end: Border, span: Span) -> tuple[int, ...]:
    """When (ms) the station booted within the session; an end for loss of power is told after a boot."""
    lost = (span.end_ms,) if end.reason == POWER_LOSS else ()
    return (*(boot.at_ms for boot in loose.boots if span.start_ms < boot.at_ms <= span.end_ms), *lost)


def _series(facts: Facts, loose: Loose, span: Span, *, any_place: bool) -> Series:
    """The readings that prove the energy: the session's own, else those that name none, else its intervals."""
    if not span.is_trusted and facts.start is not None and facts.start.is_timed:
        return Series(())  # the clock was changed on the way: they are on neither side of it
    place, told = _of_best_place(facts.registers, any_place=any_place)
    if told:
        return Series(told, _strays(told, span) | _elsewhere(place))
    if facts.evse is not None and facts.evse in loose.registers:
        place, told = _of_best_place(loose.registers[facts.evse], any_place=any_place)
        if any(span.holds(reading) for reading in told):
            return Series(told, frozenset({"readings_matched"}) | _elsewhere(place))
    if facts.intervals and any_place:
        return Series(summed(facts.intervals), frozenset({"energy_from_intervals"}))
    return Series(())


def _of_best_place(
    registers: Mapping[str, tuple[Reading, ...]], *, any_place: bool
) -> tuple[str, tuple[Reading, ...]]:
    """The readings of the best register. One that is not the outlet's does not go with those at the borders."""
    wanted: Iterator[str] = iter((*PLACES, *sorted(registers)) if any_place else PLACES[:2])
    place = next((place for place in wanted if registers.get(place)), OUTLET)
    return place, cells(registers.get(place, ()))


def _elsewhere(place: str) -> frozenset[str]:
    if place == OUTLET:
        return frozenset()
    return frozenset({"register_summed" if place == OUTLET + SUMMED else "register_elsewhere"})


def _strays(told: Sequence[Reading], span: Span) -> frozenset[str]:
    early = {"readings_before_start"} if told[0].at_ms < span.start_ms else set()
    late = {"readings_after_end"} if told[-1].at_ms > span.end_ms + LATE_MS else set()
    return frozenset(early | late)

"""The energy of a session: its registers at start and end, what was read between, and what stands in for them."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from consumers.billing.sessions.facts import Border, Facts, Reading, cells
from consumers.billing.sessions.loose import Loose
from consumers.billing.sessions.measured import SUMMED
from consumers.billing.sessions.registers import Curve, curve, summed

OUTLET = "Outlet"
PLACES = (OUTLET, OUTLET + SUMMED, "Inlet", "Inlet" + SUMMED, "Body", "Cable", "Upstream", "EV")
"""Where a register is best read; what is delivered to the car is measured at the outlet."""

LATE_MS = 300_000
"""A closing reading may be taken so long after the end."""


class Span(NamedTuple):
    """From start to end; `is_trusted` unless the times are not those of the station."""

    start_ms: int
    end_ms: int
    is_trusted: bool

    def holds(self, reading: Reading) -> bool:
        return self.start_ms <= reading.at_ms <= self.end_ms


def energy(facts: Facts, loose: Loose, end: Border, span: Span, largest_power_w: int) -> Curve:
    """The energy since the start, at each reading."""
    start_wh = facts.start.wh if facts.start is not None and facts.start.wh is not None else facts.begin_wh
    stop_wh = end.wh if end.wh is not None else facts.end_wh
    told, flags = _readings(facts, loose, span, any_place=start_wh is None and stop_wh is None)
    if stop_wh is None:
        late = [one.value for one in told if span.end_ms < one.at_ms <= span.end_ms + LATE_MS]
        stop_wh = late[0] if late and "readings_matched" not in flags else None
    inner = [reading for reading in told if span.holds(reading)]
    if "energy_from_intervals" in flags:
        start_wh = Decimal()
    if not inner and (start_wh is None or stop_wh is None):
        nothing = (Reading(span.start_ms, Decimal()), Reading(span.end_ms, Decimal()))
        return Curve(nothing, flags | {"energy_unknown"})
    if start_wh is None:
        flags |= {"start_register_missing"}
        start_wh = inner[0].value
    if stop_wh is None:
        flags |= {"stop_register_missing"}
        stop_wh = inner[-1].value
    between = [one for one in inner if span.start_ms < one.at_ms < span.end_ms]
    if not between and span.end_ms > span.start_ms:
        flags |= {"profile_assumed"}
    row = [Reading(span.start_ms, start_wh), *between, Reading(span.end_ms, stop_wh)]
    made = curve(row, largest_power_w, is_timed=span.is_trusted)
    return Curve(made.points, made.flags | flags)


def _readings(
    facts: Facts, loose: Loose, span: Span, *, any_place: bool
) -> tuple[Sequence[Reading], frozenset[str]]:
    """The readings that prove the energy: the session's own, else those that name none, else its intervals."""
    if not span.is_trusted and facts.start is not None and facts.start.is_timed:
        return (), frozenset()  # the clock was changed on the way: they are on neither side of it
    place, told = _of_best_place(facts.registers, any_place=any_place)
    if told:
        return told, _strays(told, span) | _elsewhere(place)
    if facts.evse is not None and facts.evse in loose.registers:
        place, told = _of_best_place(loose.registers[facts.evse], any_place=any_place)
        if any(span.holds(reading) for reading in told):
            return told, frozenset({"readings_matched"}) | _elsewhere(place)
    if facts.intervals and any_place:
        return summed(facts.intervals), frozenset({"energy_from_intervals"})
    return (), frozenset()


def _of_best_place(
    registers: Mapping[str, tuple[Reading, ...]], *, any_place: bool
) -> tuple[str, tuple[Reading, ...]]:
    """The readings of the best register. One that is not the outlet's does not go with those at the borders."""
    wanted = (*PLACES, *sorted(registers)) if any_place else PLACES[:2]
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

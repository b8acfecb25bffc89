"""How much energy a row of register readings proves: a curve that begins at 0 and never falls.

Registers are reset, replaced and misread. Only a step up that the largest power allows counts; at any
other step the curve stays level, so that a session is never charged for energy that nobody measured.
"""

from collections.abc import Collection, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

from consumers.billing.sessions.facts import Reading
from consumers.billing.tariffs.metering import is_measurable

SHORTEST_STEP_MS = 60_000
"""Clocks are coarse: no step is judged as if it had taken less."""

_W_MS_PER_WH = 3_600_000


class Curve(NamedTuple):
    """The energy since the first reading, at the time of each; and what had to be guessed."""

    points: tuple[Reading, ...]
    flags: frozenset[str]

    @property
    def total_wh(self) -> Decimal:
        return self.points[-1].value if self.points else Decimal()


class Limits(NamedTuple):
    """What a register can do: the largest power (W), whether the times are the station's own, and when it booted."""

    largest_power_w: int
    is_timed: bool = True
    boots_ms: Collection[int] = ()

    def allow(self, energy_wh: Decimal, took_ms: int) -> bool:
        """Whether so much energy can be delivered in that time. Where times are unknown, whether it can be at all."""
        if energy_wh < 0 or not is_measurable(energy_wh):
            return False
        return not self.is_timed or energy_wh * _W_MS_PER_WH <= self.largest_power_w * max(
            took_ms, SHORTEST_STEP_MS
        )

    def booted_between(self, from_ms: int, to_ms: int) -> bool:
        """Whether the station booted between two readings: a register that falls there was reset."""
        return any(from_ms < boot_ms <= to_ms for boot_ms in self.boots_ms)


def curve(readings: Sequence[Reading], limits: Limits) -> Curve:
    """The curve of readings in the order of time."""
    flags: set[str] = set()
    kept = _without_outliers(_without_dips(readings, limits), limits)
    if len(kept) < len(readings):
        flags.add("reading_outlier")
    risen = Decimal()
    points = [Reading(reading.at_ms, risen) for reading in kept[:1]]
    for before, after in pairwise(kept):
        step = after.value - before.value
        if step < 0:
            flags.add("meter_reset")
        elif not limits.allow(step, after.at_ms - before.at_ms) or not is_measurable(risen + step):
            flags.add("meter_jumped")
        else:
            risen += step
        points.append(Reading(after.at_ms, risen))
    return Curve(tuple(points), frozenset(flags))


def _without_dips(readings: Sequence[Reading], limits: Limits) -> list[Reading]:
    """Without readings of a register that fell and then went on where it was before.

    It went on where the reading after the dip is nearer to the reading before it than to the last one in it.
    """
    kept: list[Reading] = []
    place = 0
    while place < len(readings):
        this = readings[place]
        back = None
        if kept and this.value < kept[-1].value:
            back = _after_dip(readings, place, kept[-1], limits)
        if back is None:
            kept.append(this)
            place += 1
        else:
            place = back
    return kept


def _after_dip(readings: Sequence[Reading], place: int, before: Reading, limits: Limits) -> int | None:
    """The place of the reading with which the register goes on after `before`; None where it was reset for good."""
    for later in range(place + 1, len(readings)):
        last, this = readings[later - 1], readings[later]
        if this.value >= before.value:
            goes_on = limits.allow(this.value - before.value, this.at_ms - before.at_ms)
            return later if goes_on and this.value - before.value < this.value - last.value else None
    return None


def _without_outliers(readings: Sequence[Reading], limits: Limits) -> list[Reading]:
    """Without a single reading that neighbours, in order themselves, contradict. The ends are always kept.

    A fall at which the station booted contradicts nothing: its register was reset.
    """
    kept = list(readings[:1])
    for place in range(1, len(readings) - 1):
        before, this, after = kept[-1], readings[place], readings[place + 1]
        is_reset = this.value > after.value and limits.booted_between(this.at_ms, after.at_ms)
        if before.value <= this.value <= after.value or before.value > after.value or is_reset:
            kept.append(this)
    return kept + list(readings[1:][-1:])


def summed(intervals: Sequence[Reading]) -> tuple[Reading, ...]:
    """Energy that was told by the interval as a register that began at 0."""
    total, made = Decimal(), []
    for interval in intervals:
        total += interval.value
        made.append(Reading(interval.at_ms, total))
    return tuple(made)

"""How much energy a row of register readings proves: a curve that begins at 0 and never falls.

Registers are reset, replaced and misread. Only a step up that the largest power allows counts; at any
other step the curve stays level, so that a session is never charged for energy that nobody measured.
"""

from collections.abc import Sequence
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


def curve(readings: Sequence[Reading], largest_power_w: int, *, is_timed: bool = True) -> Curve:
    """The curve of readings in the order of time. Where times are not the station's own, no step is too steep,

    unless nothing could measure all of it together.
    """
    flags: set[str] = set()
    kept = _without_outliers(readings)
    if len(kept) < len(readings):
        flags.add("reading_outlier")
    risen = Decimal()
    points = [Reading(reading.at_ms, risen) for reading in kept[:1]]
    for before, after in pairwise(kept):
        step = after.value - before.value
        took_ms = max(after.at_ms - before.at_ms, SHORTEST_STEP_MS)
        if step < 0:
            flags.add("meter_reset")
        elif (is_timed and step * _W_MS_PER_WH > largest_power_w * took_ms) or not is_measurable(
            risen + step
        ):
            flags.add("meter_jumped")
        else:
            risen += step
        points.append(Reading(after.at_ms, risen))
    return Curve(tuple(points), frozenset(flags))


def _without_outliers(readings: Sequence[Reading]) -> list[Reading]:
    """Without a single reading that neighbours, in order themselves, contradict. The ends are always kept."""
    kept = list(readings[:1])
    for place in range(1, len(readings) - 1):
        before, this, after = kept[-1].value, readings[place].value, readings[place + 1].value
        if before <= this <= after or before > after:
            kept.append(readings[place])
    return kept + list(readings[1:][-1:])


def summed(intervals: Sequence[Reading]) -> tuple[Reading, ...]:
    """Energy that was told by the interval as a register that began at 0."""
    total, made = Decimal(), []
    for interval in intervals:
        total += interval.value
        made.append(Reading(interval.at_ms, total))
    return tuple(made)

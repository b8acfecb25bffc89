"""The fleet over time, from what each step of time added: see `tally` for how that is kept. Pure.

How high a level was is reckoned backwards from how high it is, so that steps which are forgotten change nothing.
"""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from consumers.monitoring.state import STATUSES
from consumers.monitoring.tally import COUNTS, LEVELS

Sums = Mapping[str, int]

_NOTHING: Final[Sums] = {}
_USED: Final = "occupied"


class Window(NamedTuple):
    """A time that is asked for in steps, and the time it is now."""

    step_ms: int
    since_ms: int
    until_ms: int
    now_ms: int

    @property
    def first_ms(self) -> int:
        """Where the first step begins."""
        return self.since_ms - self.since_ms % self.step_ms


class Step(NamedTuple):
    """One step of time, as far as it is over: averages of the levels, and the counts."""

    began_ms: int
    levels: dict[str, float]
    counts: dict[str, int]

    @property
    def connectors(self) -> float:
        """How many there were, on average."""
        return sum(self.levels[status.lower()] for status in STATUSES)

    @property
    def availability(self) -> float | None:
        """The share of the connectors' time in which they could be used."""
        return share(self.levels["usable"], self.connectors)

    @property
    def utilisation(self) -> float | None:
        """The share in which they were occupied."""
        return share(self.levels[_USED], self.connectors)


def share(part: float, whole: float) -> float | None:
    """A part of a whole, from 0 to 1; None where there is none."""
    return min(1.0, max(0.0, part / whole)) if whole > 0 else None


def steps(totals: Sums, added: Mapping[int, Sums], window: Window) -> list[Step]:
    """The steps that touch the window, oldest first.

    `totals` is how high the levels are once all of `added` (by the beginning of the step) is in; `added` must
    reach from the first step asked for to the latest there is.
    """
    found = list(_backwards(totals, added, window))
    return [step for step in reversed(found) if step.began_ms < window.until_ms]


def _backwards(totals: Sums, added: Mapping[int, Sums], window: Window) -> Iterator[Step]:
    step_ms, now_ms = window.step_ms, window.now_ms
    heights = {level: totals.get(level, 0) for level in LEVELS}
    began_ms = now_ms - now_ms % step_ms
    for later_ms, sums in added.items():  # by a gateway whose clock is ahead
        if later_ms > began_ms:
            heights = {level: height - sums.get(f"{level}_carry", 0) for level, height in heights.items()}
    while began_ms >= window.first_ms:
        sums = added.get(began_ms, _NOTHING)
        over_ms = min(max(now_ms - began_ms, 1), step_ms)
        levels = {}
        for level, height in heights.items():
            before = height - sums.get(f"{level}_carry", 0)
            area = before * step_ms + sums.get(f"{level}_area", 0)
            levels[level] = (area - height * (step_ms - over_ms)) / over_ms  # the rest of the step is to come
            heights[level] = before
        yield Step(began_ms, levels, {name: sums.get(name, 0) for name in COUNTS})
        began_ms -= step_ms

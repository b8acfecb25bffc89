"""When the car charged, and when it only parked.

2.x says it as chargingState, 1.6 as the connector's status; where neither does, a register that stands still is
parking. A pause that the station makes (SuspendedEVSE, smart charging) is not the driver's: it counts as charging.
"""

from collections.abc import Sequence
from itertools import groupby, pairwise
from typing import NamedTuple

from consumers.billing.sessions.facts import Mark, Reading

CHARGING = frozenset({"Charging", "SuspendedEVSE"})
PARKING = frozenset(
    {"Available", "EVConnected", "Faulted", "Finishing", "Idle", "Preparing", "SuspendedEV", "Unavailable"}
)
"""Other words (Occupied, Reserved, Unknown) tell nothing."""


class Change(NamedTuple):
    """From then on the car charges, or does not."""

    at_ms: int
    is_charging: bool


class Activity(NamedTuple):
    """What held from the start on, each change in order, and what had to be guessed."""

    changes: tuple[Change, ...]
    flags: frozenset[str]


def activity(marks: Sequence[Mark], curve: Sequence[Reading], start_ms: int, end_ms: int) -> Activity:
    """The activity between start and end. `marks` are in order; `curve` is the energy that rose."""
    telling = [mark for mark in marks if mark.word in CHARGING or mark.word in PARKING]
    within = [mark for mark in telling if start_ms <= mark.at_ms < end_ms]
    before = [mark for mark in telling if mark.at_ms < start_ms][-1:]
    has_risen = bool(curve) and curve[-1].value > 0
    if any(mark.word in CHARGING for mark in (*before, *within)) or (telling and not has_risen):
        told = [Change(max(mark.at_ms, start_ms), mark.word in CHARGING) for mark in (*before, *within)]
        return Activity(_changes(told), frozenset())
    steps = [(a, b) for a, b in pairwise(curve) if b.at_ms > a.at_ms]
    if len(steps) > 1:
        told = [Change(max(a.at_ms, start_ms), b.value > a.value) for a, b in steps]
        return Activity(_changes(told), frozenset({"activity_from_meter"}))
    return Activity((), frozenset({"activity_assumed"} if end_ms > start_ms else ()))


def _changes(told: Sequence[Change]) -> tuple[Change, ...]:
    """Only what changes; of several at one moment the last."""
    latest = {change.at_ms: change for change in told}
    return tuple(next(run) for _, run in groupby(latest.values(), lambda change: change.is_charging))

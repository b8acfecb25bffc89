"""What is known of one session: facts that add up to the same whole in whatever order and however often they come.

Two sets of facts are joined by `joined`, which is commutative, associative and idempotent: late, repeated and
reordered events need no thought anywhere else. Times are milliseconds since 1970 (UTC); energy is in Wh.
What is kept of a session does not grow with how often its meter is read: of each cell of time the
first and the last reading stay, which the borders of any tariff at a multiple of five minutes do not notice.
"""

from collections.abc import Iterable
from decimal import Decimal
from itertools import groupby
from typing import Any, TypeVar

import msgspec

CELL_MS = 300_000
FEW = 48
"""Up to so many are not worth a look at their cells."""


class Reading(msgspec.Struct, frozen=True, array_like=True, order=True):
    """What a meter showed."""

    at_ms: int
    value: Decimal


class Mark(msgspec.Struct, frozen=True, array_like=True, order=True):
    """From when on a word (a chargingState of 2.x, a status of 1.6) held."""

    at_ms: int
    word: str


class Border(msgspec.Struct, frozen=True, array_like=True):
    """Where a session starts or ends. `seen_ms` is when we heard of it; `is_timed` is false where `at_ms` is that too."""

    at_ms: int
    seen_ms: int
    is_timed: bool
    wh: Decimal | None = None
    reason: str | None = None

    @property
    def rank(self) -> tuple[bool, int, bool, Decimal, int, str]:
        """Of several the least holds: one that has a time, the earliest, one that has a register."""
        return (
            not self.is_timed,
            self.at_ms,
            self.wh is None,
            self.wh or Decimal(),
            self.seen_ms,
            self.reason or "",
        )


class Bearer(msgspec.Struct, frozen=True, array_like=True, order=True):
    """Who charges. `by_end` where only the end says it: that is who stopped, and perhaps somebody else."""

    by_end: bool
    at_ms: int
    value: str
    type: str = ""


class Signed(msgspec.Struct, frozen=True, array_like=True, order=True):
    """A signed reading, untouched."""

    at_ms: int
    data: str
    context: str
    encoding: str = ""
    signing: str = ""
    public_key: str = ""


class Facts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Of one session. `registers` are by the place of the meter, `numbers` the ranges of seqNo that were seen.

    `begin_wh` and `end_wh` are registers that say which border they belong to, and not when it was. `hint_ms` is the
    start that a 1.6 transaction's number tells. `seen_ms` is when we last heard of the session, `at_ms` when
    that last happened. `token_groups` are those of the idToken. `marks` are changes of its state, `echoes` what only repeats it. `notes` are flags.
    """

    evse: int | None = None
    connector: int | None = None
    start: Border | None = None
    end: Border | None = None
    hint_ms: int | None = None
    begin_wh: Decimal | None = None
    end_wh: Decimal | None = None
    bearer: Bearer | None = None
    token_groups: tuple[str, ...] = ()
    registers: dict[str, tuple[Reading, ...]] = {}
    intervals: tuple[Reading, ...] = ()
    currents: tuple[Reading, ...] = ()
    marks: tuple[Mark, ...] = ()
    echoes: tuple[Mark, ...] = ()
    signed: tuple[Signed, ...] = ()
    numbers: tuple[tuple[int, int], ...] = ()
    remote_start_id: int | None = None
    was_offline: bool = False
    version: str | None = None
    notes: tuple[str, ...] = ()
    at_ms: int = 0
    seen_ms: int = 0


def joined(one: Facts, other: Facts) -> Facts:
    """Both, as one."""
    return Facts(
        evse=_least(one.evse, other.evse),
        connector=_least(one.connector, other.connector),
        start=first_of(one.start, other.start),
        end=first_of(one.end, other.end),
        hint_ms=_least(one.hint_ms, other.hint_ms),
        begin_wh=_least(one.begin_wh, other.begin_wh),
        end_wh=_most(one.end_wh, other.end_wh),
        bearer=_least(one.bearer, other.bearer),
        token_groups=_both(one.token_groups, other.token_groups),
        registers=registers_of(one.registers, other.registers),
        intervals=_both(one.intervals, other.intervals),
        currents=thinned(_both(one.currents, other.currents)),
        marks=_both(one.marks, other.marks),
        echoes=thinned(_both(one.echoes, other.echoes)),
        signed=_outermost(_both(one.signed, other.signed)),
        numbers=_ranges(one.numbers, other.numbers),
        remote_start_id=_least(one.remote_start_id, other.remote_start_id),
        was_offline=one.was_offline or other.was_offline,
        version=_least(one.version, other.version),
        notes=_both(one.notes, other.notes),
        at_ms=max(one.at_ms, other.at_ms),
        seen_ms=max(one.seen_ms, other.seen_ms),
    )


def registers_of(
    one: dict[str, tuple[Reading, ...]], other: dict[str, tuple[Reading, ...]]
) -> dict[str, tuple[Reading, ...]]:
    """The readings of both, by the place of the meter."""
    if not other:
        return one
    if not one:
        return {place: thinned(readings) for place, readings in other.items()}
    return {
        place: thinned(_both(one.get(place, ()), other.get(place, ())))
        for place in sorted(one.keys() | other.keys())
    }


Timed = TypeVar("Timed", bound=Reading | Mark)


def thinned(told: tuple[Timed, ...]) -> tuple[Timed, ...]:
    """Of each cell of time the first and the last; all where there are few."""
    return told if len(told) <= FEW else cells(told)


def cells(told: tuple[Timed, ...]) -> tuple[Timed, ...]:
    """Of each cell of time the first and the last. Whoever uses them calls this: then it tells nothing when it was thinned."""
    kept: list[Timed] = []
    for _, cell in groupby(told, lambda one: one.at_ms // CELL_MS):
        first, *rest = cell
        kept.append(first)
        kept += rest[-1:]
    return tuple(kept)


def first_of(one: Border | None, other: Border | None) -> Border | None:
    """Of a border that is told twice the one that holds: a transaction starts once and ends once."""
    if one is None or other is None:
        return one or other
    return one if one.rank <= other.rank else other


Part = TypeVar("Part", bound=Any)
Ordered = TypeVar("Ordered", int, str, Decimal, Bearer)


def _both(one: tuple[Part, ...], other: tuple[Part, ...]) -> tuple[Part, ...]:
    """The union, in order."""
    if not other or one == other:
        return one
    if not one:
        return tuple(sorted(set(other))) if len(other) > 1 else other
    if len(other) == 1 and one[-1] < other[0]:  # nearly always
        return (*one, other[0])
    return tuple(sorted({*one, *other}))


def _least(one: Ordered | None, other: Ordered | None) -> Ordered | None:
    if one is None or other is None:
        return other if one is None else one
    return min(one, other)


def _most(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    if one is None or other is None:
        return other if one is None else one
    return max(one, other)


def _outermost(signed: tuple[Signed, ...]) -> tuple[Signed, ...]:
    """The first and the last prove the energy; those between are large."""
    return signed if len(signed) <= 2 else (signed[0], signed[-1])


def _ranges(
    one: Iterable[tuple[int, int]], other: tuple[tuple[int, int], ...]
) -> tuple[tuple[int, int], ...]:
    if not other:
        return tuple(one)
    ranges: list[tuple[int, int]] = []
    for low, high in sorted((*one, *other)):
        if ranges and low <= ranges[-1][1] + 1:
            ranges[-1] = (ranges[-1][0], max(high, ranges[-1][1]))
        else:
            ranges.append((low, high))
    return tuple(ranges)

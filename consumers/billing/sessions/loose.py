"""What a station said that names no transaction, and yet tells of its sessions: statuses, readings, ends, boots.

Sessions take from it what is theirs when they are settled, by EVSE and time. Like the facts of a session it
adds up in any order. `seen_ms` says when we heard of a thing, so that a settlement looks at nothing that it could
not have known.
"""

from decimal import Decimal

import msgspec

from consumers.billing.sessions.facts import Border, Mark, Reading, registers_of, thinned


class Status(msgspec.Struct, frozen=True, array_like=True, order=True):
    """What a connector of an EVSE showed; in the finer words of 1.6 where it has them."""

    at_ms: int
    evse: int
    word: str
    seen_ms: int


class LooseEnd(msgspec.Struct, frozen=True, array_like=True):
    """An end that names no transaction, at an EVSE and by a token if the station says so."""

    border: Border
    evse: int | None = None
    token: str | None = None


class Boot(msgspec.Struct, frozen=True, array_like=True, order=True):
    """The station started."""

    at_ms: int
    seen_ms: int


class Loose(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Of one station. `registers` are by EVSE, and then by the place of the meter."""

    statuses: tuple[Status, ...] = ()
    registers: dict[int, dict[str, tuple[Reading, ...]]] = {}
    currents: dict[int, tuple[Reading, ...]] = {}
    ends: tuple[LooseEnd, ...] = ()
    boots: tuple[Boot, ...] = ()

    def at(self, evse: int | None, before_ms: int) -> tuple[Mark, ...]:
        """The statuses of an EVSE that were heard until then."""
        return tuple(
            Mark(status.at_ms, status.word)
            for status in self.statuses
            if status.evse == evse and status.seen_ms <= before_ms
        )


NOTHING = Loose()


def joined(one: Loose, other: Loose) -> Loose:
    """Both, as one."""
    return Loose(
        statuses=tuple(sorted({*one.statuses, *other.statuses})),
        registers={
            evse: registers_of(one.registers.get(evse, {}), other.registers.get(evse, {}))
            for evse in sorted(one.registers.keys() | other.registers.keys())
        },
        currents={
            evse: thinned(tuple(sorted({*one.currents.get(evse, ()), *other.currents.get(evse, ())})))
            for evse in sorted(one.currents.keys() | other.currents.keys())
        },
        ends=tuple(sorted({*one.ends, *other.ends}, key=_rank_of_end)),
        boots=tuple(sorted({*one.boots, *other.boots})),
    )


def pruned(loose: Loose, keep_from_ms: int) -> Loose:
    """Without what happened, and was heard, before then: no session needs it any more.

    Of each EVSE's statuses the last before then stays, for it still holds.
    """
    latest = {status.evse: status for status in loose.statuses if status.at_ms < keep_from_ms}
    return Loose(
        statuses=tuple(
            status
            for status in loose.statuses
            if max(status.at_ms, status.seen_ms) >= keep_from_ms or status is latest.get(status.evse)
        ),
        registers={
            evse: kept
            for evse, places in loose.registers.items()
            if (
                kept := {
                    place: since for place, told in places.items() if (since := _since(told, keep_from_ms))
                }
            )
        },
        currents={
            evse: since for evse, told in loose.currents.items() if (since := _since(told, keep_from_ms))
        },
        ends=tuple(end for end in loose.ends if end.border.seen_ms >= keep_from_ms),
        boots=tuple(boot for boot in loose.boots if boot.seen_ms >= keep_from_ms),
    )


def about(loose: Loose, evse: int | None, from_ms: int, to_ms: int) -> Loose:
    """What of it concerns a session at this EVSE, between these moments."""
    here = [status for status in loose.statuses if status.evse == evse and status.at_ms <= to_ms]
    earlier = [status for status in here if status.at_ms < from_ms]
    places = loose.registers.get(evse, {}) if evse is not None else {}
    registers = {place: within for place, told in places.items() if (within := _within(told, from_ms, to_ms))}
    currents = _within(loose.currents.get(evse, ()) if evse is not None else (), from_ms, to_ms)
    return Loose(
        statuses=(*earlier[-1:], *here[len(earlier) :]),
        registers={evse: registers} if evse is not None and registers else {},
        currents={evse: currents} if evse is not None and currents else {},
        ends=tuple(end for end in loose.ends if from_ms <= end.border.at_ms <= to_ms),
        boots=tuple(boot for boot in loose.boots if from_ms <= boot.at_ms <= to_ms),
    )


def _within(told: tuple[Reading, ...], from_ms: int, to_ms: int) -> tuple[Reading, ...]:
    return tuple(reading for reading in told if from_ms <= reading.at_ms <= to_ms)


def _since(told: tuple[Reading, ...], from_ms: int) -> tuple[Reading, ...]:
    return tuple(reading for reading in told if reading.at_ms >= from_ms)


def _rank_of_end(end: LooseEnd) -> tuple[int, int, Decimal, str]:
    evse = -1 if end.evse is None else end.evse
    return end.border.at_ms, evse, end.border.wh or Decimal(), end.token or ""

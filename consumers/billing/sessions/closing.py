"""When a session ended: as the station said, or where it never did, as everything else it said tells."""

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from consumers.billing.sessions.facts import Border, Facts
from consumers.billing.sessions.loose import NOTHING, Loose, LooseEnd
from consumers.charging.matching import Distance, NamelessEnd, OpenSession, distance

OVER = frozenset({"Available", "Finishing"})
"""Statuses that a connector does not show while a transaction goes on."""


class Rules(NamedTuple):
    """What is set: how long to wait for late events after an end, and for a session of which nothing is heard;

    and the largest power (W) that any station can deliver.
    """

    settle_ms: int
    silence_ms: int
    largest_power_w: int

    @property
    def loose_ms(self) -> int:
        """How long what names no session is kept where none is open that may need it: longer than any topic lags."""
        return self.settle_ms + 3_600_000


class Sibling(NamedTuple):
    """Another session of the station, as far as it concerns this one.

    `ends` are the ends without a name that may be its own: of one that has its record those that this was made of,
    of one that is open (None) all.
    """

    session: str
    facts: Facts
    ends: Collection[LooseEnd] | None = None


class Case(NamedTuple):
    """A session, and what else is known that concerns it. `time_zone` (IANA) is the station's."""

    session: str
    facts: Facts
    loose: Loose = NOTHING
    siblings: Sequence[Sibling] = ()
    time_zone: str = "UTC"


class Closing(NamedTuple):
    """The end, and the flags of how it was found."""

    end: Border
    flags: frozenset[str]


def closing(case: Case, now_ms: int, rules: Rules) -> Closing | None:
    """The end of a session as it is known at `now_ms`; None while it may still go on."""
    session, facts, loose, siblings, _ = case
    if facts.end is not None:
        return Closing(facts.end, frozenset())
    heard_ms = now_ms - rules.settle_ms
    matched = _matching(Sibling(session, facts), loose.ends, siblings, heard_ms, rules)
    if matched is not None:
        return Closing(matched, frozenset({"end_matched"}))
    last_ms = facts.at_ms
    status_ms = _over_by_status(facts, loose, heard_ms)
    next_ms, next_seen_ms = _next_start(facts, siblings)
    evidence = (
        ("end_by_status", status_ms, status_ms),
        (
            "end_by_next_start",
            next_ms if next_seen_ms is not None and next_seen_ms <= heard_ms else None,
            last_ms,
        ),
        ("end_by_reboot", _reboot(facts, loose, heard_ms), last_ms),
    )
    found = [(at_ms, end_ms, flag) for flag, at_ms, end_ms in evidence if at_ms is not None]
    if found:
        at_ms, end_ms, flag = min(found, key=lambda one: one[0])
        assert end_ms is not None
        return Closing(Border(min(at_ms, end_ms), facts.seen_ms, is_timed=True), frozenset({flag}))
    if facts.seen_ms + rules.silence_ms <= now_ms:
        return Closing(Border(last_ms, facts.seen_ms, is_timed=True), frozenset({"end_by_timeout"}))
    return None


def start_ms(facts: Facts) -> int | None:
    """When it began, as far as that was told."""
    return facts.start.at_ms if facts.start else facts.hint_ms


def _over_by_status(facts: Facts, loose: Loose, heard_ms: int) -> int | None:
    """The first status after the last that was heard of the session which says that it is over."""
    marks = loose.at(facts.evse, heard_ms)
    return next((mark.at_ms for mark in marks if mark.at_ms > facts.at_ms and mark.word in OVER), None)


def _next_start(facts: Facts, siblings: Iterable[Sibling]) -> tuple[int | None, int | None]:
    began_ms = start_ms(facts)
    if facts.evse is None:
        return None, None
    later = [
        (sibling.facts.start.at_ms, sibling.facts.start.seen_ms)
        for sibling in siblings
        if sibling.facts.start is not None
        and sibling.facts.evse == facts.evse
        and sibling.facts.start.at_ms > (facts.at_ms if began_ms is None else began_ms)
    ]
    return min(later, default=(None, None))


def _reboot(facts: Facts, loose: Loose, heard_ms: int) -> int | None:
    """A boot after all that was heard of the session."""
    return next(
        (
            boot.at_ms
            for boot in loose.boots
            if facts.seen_ms < boot.seen_ms <= heard_ms and boot.at_ms > facts.at_ms
        ),
        None,
    )


def _matching(
    own: Sibling, ends: Sequence[LooseEnd], siblings: Sequence[Sibling], heard_ms: int, rules: Rules
) -> Border | None:
    """The end without a name that is this session's: one after the other they go to whom they fit best."""
    waiting = [own, *siblings]
    for end in ends:
        if end.border.seen_ms > heard_ms:
            continue
        fits = [
            (far, sibling.session, sibling)
            for sibling in waiting
            if (sibling.ends is None or end in sibling.ends)
            and (far := _distance(sibling.facts, end, rules)) is not None
        ]
        if not fits:
            continue
        *_, best = min(fits, key=lambda fit: fit[:2])
        if best is own:
            return end.border
        waiting = [one for one in waiting if one is not best]
    return None


def _distance(facts: Facts, end: LooseEnd, rules: Rules) -> Distance | None:
    """How far the end is from what is known of a session; None where it cannot be its end."""
    if facts.end is not None:
        return None
    last_wh = max((told[-1].value for told in facts.registers.values()), default=None)
    if last_wh is None and facts.start is not None:
        last_wh = facts.start.wh
    session = OpenSession(start_ms(facts), facts.evse, last_wh, facts.bearer.value if facts.bearer else None)
    nameless = NamelessEnd(end.border.at_ms, end.evse, end.border.wh, end.token)
    return distance(session, nameless, rules.largest_power_w)

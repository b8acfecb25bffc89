"""How far a session is: what of it was settled, what waits for its time to be, and when that is.

What is heard up to a moment is looked at together, once no more is expected: an end waits for late events for
the time that is set, and what comes later still is a correction, which waits as long. So what a record is
made of depends on what was said and when, and not on how quickly we were at it: a replay makes the same.
"""

import msgspec
from msgspec.structs import replace

from consumers.billing.sessions.assembly import Session, assembled
from consumers.billing.sessions.closing import Case, Rules, closing, start_ms
from consumers.billing.sessions.facts import Border, Facts, first_of, joined
from consumers.billing.sessions.loose import NOTHING, Loose, about
from consumers.billing.sessions.loose import joined as joined_loose
from consumers.billing.sessions.measured import ms


class Pending(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is looked at together at `due_ms`.

    `evidence_ms` is when something else of the station first asks for a look, `last_evidence_ms` when the newest such thing
    does: what came after the first look is looked at again.
    """

    due_ms: int
    facts: Facts
    evidence_ms: int | None = None
    last_evidence_ms: int | None = None


class Progress(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Of one session. `around` is what its record used that names no session. `revision` is the number of its last record, 0 while there is none; `shown_ms` is when the
    driver was last shown the cost.
    """

    settled: Facts = Facts()
    pending: tuple[Pending, ...] = ()
    around: Loose = NOTHING
    revision: int = 0
    shown_ms: int = 0

    @property
    def _parts(self) -> tuple[Facts, ...]:
        """What is settled, and what waits, one after the other."""
        return (self.settled, *(pending.facts for pending in self.pending))

    @property
    def known(self) -> Facts:
        """All that is known, settled or not."""
        facts = self.settled
        for pending in self.pending:
            facts = joined(facts, pending.facts)
        return facts

    @property
    def start(self) -> Border | None:
        """Where it started, if that was told."""
        start = self.settled.start
        for pending in self.pending:
            start = first_of(start, pending.facts.start)
        return start

    @property
    def began_ms(self) -> int:
        """The earliest that any look at it may take for its start."""
        told = [facts for facts in self._parts if facts.seen_ms]
        starts = [start for facts in told if (start := start_ms(facts)) is not None]
        return min([*starts, *(facts.at_ms for facts in told)], default=0)

    @property
    def evse(self) -> int | None:
        """Where at the station, if that was told."""
        return min((facts.evse for facts in self._parts if facts.evse is not None), default=None)

    @property
    def is_ended(self) -> bool:
        """Whether the station told the end."""
        return any(facts.end for facts in self._parts)

    @property
    def due_ms(self) -> int | None:
        """When the session is to be looked at next."""
        return self.pending[0].due_ms if self.pending else None


def taken(progress: Progress, facts: Facts, rules: Rules) -> Progress:
    """With more facts, in the order of their `seen_ms`."""
    waiting = list(progress.pending)
    last = waiting.pop() if waiting and facts.seen_ms <= waiting[-1].due_ms else None
    ended = progress.settled.end
    for pending in waiting:
        ended = first_of(ended, pending.facts.end)
    part = facts if last is None else joined(last.facts, facts)
    evidence_ms = None if last is None else last.evidence_ms
    last_evidence_ms = None if last is None else last.last_evidence_ms
    silent_ms = part.seen_ms + rules.silence_ms
    if ended is not None:  # a correction waits from its first fact on
        due_ms = facts.seen_ms + rules.settle_ms if last is None else last.due_ms
    elif part.end is not None:
        due_ms = part.end.seen_ms + rules.settle_ms
    else:
        due_ms = silent_ms if evidence_ms is None else min(silent_ms, evidence_ms)
    pending = Pending(due_ms=due_ms, facts=part, evidence_ms=evidence_ms, last_evidence_ms=last_evidence_ms)
    return _waiting(progress, [*waiting, pending])


def hinted(progress: Progress, seen_ms: int, rules: Rules) -> Progress:
    """After something at the station which may mean that an open session is over: it is looked at soon."""
    if not progress.pending or progress.is_ended or seen_ms > progress.pending[-1].due_ms:
        return progress
    *before, last = progress.pending
    newest_ms = evidence_ms = seen_ms + rules.settle_ms
    if last.evidence_ms is not None:
        evidence_ms = min(evidence_ms, last.evidence_ms)
    if last.last_evidence_ms is not None:
        newest_ms = max(newest_ms, last.last_evidence_ms)
    due_ms = min(last.due_ms, evidence_ms)
    hint = replace(last, evidence_ms=evidence_ms, last_evidence_ms=newest_ms, due_ms=due_ms)
    return _waiting(progress, [*before, hint])


def looked_at(progress: Progress, case: Case, rules: Rules) -> tuple[Progress, Session | None]:
    """What is due, looked at as of the moment when it was: the session, if it is over. The case has no facts yet."""
    first = progress.pending[0]
    loose = joined_loose(progress.around, case.loose)
    case = case._replace(facts=joined(progress.settled, first.facts), loose=loose)
    closed = closing(case, first.due_ms, rules)
    moved = settled(progress, rules, is_over=closed is not None)
    if closed is None:
        return moved, None
    session = assembled(case, closed, rules)
    began_ms, latest_ms = ms(session.metered.started_at), first.due_ms
    return replace(moved, around=about(loose, case.facts.evse, began_ms, latest_ms)), session


def settled(progress: Progress, rules: Rules, *, is_over: bool) -> Progress:
    """After the first pending part was looked at. A session that is not over stays to be looked at."""
    first, *rest = progress.pending
    whole = joined(progress.settled, first.facts)
    if not is_over and not rest:
        due_ms, again_ms = whole.seen_ms + rules.silence_ms, first.last_evidence_ms
        if again_ms is not None and again_ms <= first.due_ms:
            again_ms = None
        due_ms = due_ms if again_ms is None else min(due_ms, again_ms)
        rest = [Pending(due_ms=due_ms, facts=Facts(), evidence_ms=again_ms, last_evidence_ms=again_ms)]
    return replace(progress, settled=whole, pending=tuple(rest))


def _waiting(progress: Progress, pending: list[Pending]) -> Progress:
    return replace(progress, pending=tuple(pending))

"""The engine: what a station says, or the time that passes, changes what the rules think of it. Pure.

Time is the event's. Before an event is judged, what fell due before it happens; a tick makes happen what falls due
where nothing more is said. So the outcome does not depend on how events are batched or when ticks come: an alert
is raised, and resolved, at the time at which it would have been had somebody watched.
"""

from collections import defaultdict
from collections.abc import Callable, Collection
from typing import Final, NamedTuple

from consumers.alerting.alerts import Alert, Became, Change, Why, station_alert, station_labels
from consumers.alerting.heard import Heard
from consumers.alerting.kinds.kind import Ended, Holds, Judged, Kind, Occurred, Parameters, Verdict
from consumers.alerting.kinds.many import Many
from consumers.alerting.kinds.table import KINDS
from consumers.alerting.remembering import REMEMBERED, hear
from consumers.alerting.rules import SEVERITIES, Rule, Rules, attribute, counting, means
from consumers.alerting.shard_time import JUMP_MS, LATE_MS, ShardTime
from consumers.alerting.station import MAX_WATCHES_OF_RULE, Station, Watch
from contract.events import Event

AGAIN_MS: Final = 120_000
"""An alert that waits behind a group's is looked at again after so long."""

Groups = Collection[tuple[str, str]]
"""The group alerts that stand: the group rule's name, and which group."""

Member = tuple[str, str]
"""A group rule's name, and the subject that it counts."""

Members = dict[Member, tuple[str, int]]
"""What a station is counted for: in which group, and since when."""


class Engine:
    """The rules, arranged by what they listen to. Keeps nothing of any station."""

    def __init__(self, rules: Rules) -> None:
        self.rules = {rule.name: rule for rule in rules}
        self.counted = counting(rules)
        self._hearing: dict[type[Event], list[tuple[Rule, Kind]]] = defaultdict(list)
        for rule in rules:
            if (kind := KINDS.get(rule.kind)) is not None:
                for event in kind.hears:
                    self._hearing[event].append((rule, kind))

    def hears(self, event: Event) -> bool:
        """Whether any rule, or what is remembered of stations, cares for such an event."""
        return type(event) in self._hearing or isinstance(event, REMEMBERED)

    def hear(
        self, name: str, station: Station, heard: Heard, time: ShardTime, groups: Groups = ()
    ) -> list[Change]:
        """Take in one event of the station, which is changed in place."""
        turn = _Turn(self, name, station, groups, heard.at_ms)
        turn.time = time
        feed = heard.event.TOPIC
        for key, watch in tuple(station.watches.items()):
            rule = self.rules.get(_split(key)[0])
            if rule is not None and KINDS[rule.kind].feed is feed:
                turn.pass_time(key, rule, watch, _Span(heard.at_ms, time, watch_due))
        for rule, kind in self._hearing.get(type(heard.event), ()):
            for verdict in kind.judge(Judged(rule.parameters, rule.for_ms, name, station, heard)):
                turn.apply(rule, kind, verdict, heard)
        hear(station, heard)
        return turn.changes

    def pass_time(
        self, name: str, station: Station, time: ShardTime, before_ms: int, groups: Groups = ()
    ) -> list[Change]:
        """All topics of the shard are read up to `time.now_ms`, and were up to `before_ms` when last asked."""
        turn = _Turn(self, name, station, groups, time.now_ms)
        for key, watch in tuple(station.watches.items()):
            rule = self.rules.get(_split(key)[0])
            if rule is None:
                turn.drop(key, watch)
                continue
            if watch.raised_ms is None and _fell_due_unseen(watch, before_ms, time.now_ms):
                watch.hold_ms = max(watch.hold_ms, time.now_ms + JUMP_MS)
            silence = KINDS[rule.kind].is_silence and watch.raised_ms is None
            until_ms = time.silence_ms if silence else time.now_ms
            turn.pass_time(key, rule, watch, _Span(until_ms, time, Watch.next_ms))
        return turn.changes

    def retire(self, name: str, station: Station, at_ms: int) -> list[Change]:
        """The station is out of the registry since then: nobody waits for it any more, and its alerts are over.

        One that has connected since has only those of before to end: the registry may be read late.
        """
        turn = _Turn(self, name, station, (), at_ms)
        is_back = station.connected_ms > at_ms
        for key, watch in tuple(station.watches.items()):
            if is_back and _began_ms(watch) > station.connected_ms:
                continue
            rule = self.rules.get(_split(key)[0])
            if rule is None:
                turn.drop(key, watch)
            else:
                turn.end(key, rule, watch, at_ms, "removed")
        return turn.changes

    def members(self, name: str, station: Station) -> Members:
        """What group rules count of a station as it is now."""
        found: Members = {}
        for key, watch in station.watches.items():
            rule, subject = _split(key)
            for group, asked in self.counted.get(rule, ()):
                value = attribute(station, name, asked.by)
                if value and watch.since_ms is not None and counts(asked, watch):
                    found[group.name, subject] = (value, watch.since_ms)
        return found


def watch_due(watch: Watch) -> int | None:
    """When the next thing happens to a watch, by the time of its events."""
    times = [at for at in (watch.due_ms, watch.closes_ms) if at is not None]
    return min(times, default=None)


class _Span(NamedTuple):
    """Time that passes for a watch: until when, the shard's time, and when something is next."""

    until_ms: int
    time: ShardTime
    next_ms: Callable[[Watch], int | None]


class _Turn:
    """One event or tick at one station: what is changed on the way."""

    def __init__(self, engine: Engine, name: str, station: Station, groups: Groups, now_ms: int) -> None:
        self.changes: list[Change] = []
        self.time = ShardTime()
        self._engine = engine
        self._name = name
        self._station = station
        self._groups = groups
        self._now_ms = now_ms

    def pass_time(
        self,
        key: str,
        rule: Rule,
        watch: Watch,
        span: "_Span",
    ) -> None:
        """Let happen to a watch what falls due until then, in its order."""
        while (at_ms := span.next_ms(watch)) is not None and at_ms <= span.until_ms:
            if watch.closes_ms is not None and (watch.due_ms is None or watch.closes_ms <= watch.due_ms):
                self.end(key, rule, watch, watch.closes_ms, "ended")
                return
            assert watch.due_ms is not None
            if watch.raised_ms is not None:
                self.end(key, rule, watch, watch.due_ms, "expired")
                return
            if watch.since_ms is None:
                del self._station.watches[key]
                return
            if KINDS[rule.kind].is_silence:
                due_ms = span.time.silence_due_ms(watch.since_ms, watch.due_ms, watch.lasting_ms)
                if due_ms > watch.due_ms:
                    watch.due_ms = due_ms
                    continue
            if self._is_spoken_for(rule, watch):
                watch.due_ms = self._now_ms + AGAIN_MS
                return
            self._raise(key, rule, watch, watch.due_ms)

    def apply(self, rule: Rule, kind: Kind, verdict: Verdict, heard: Heard) -> None:
        """What a rule thinks of an event, done."""
        key = _join(rule.name, verdict.subject)
        watch = self._station.watches.get(key)
        if isinstance(verdict, Ended):
            if watch is None or (watch.raised_ms is None and watch.since_ms is None):
                return
            if heard.event.TOPIC is kind.feed:
                self.end(key, rule, watch, heard.at_ms, "ended")
            else:  # the rule's own topic may not have been read so far
                watch.closes_ms = min(heard.at_ms, watch.closes_ms or heard.at_ms)
            return
        if not means(rule, self._name, self._station) or self._station.retired_ms:
            return
        watch = self._watch_of(key, rule, verdict, heard.at_ms)
        if watch is None:
            return
        if heard.appended_ms - heard.at_ms > LATE_MS:
            watch.hold_ms = heard.appended_ms + JUMP_MS
        if isinstance(verdict, Holds):
            self._holds(key, rule, watch, verdict, heard)
        else:
            self._occurred(key, rule, watch, verdict, heard)

    def _watch_of(self, key: str, rule: Rule, verdict: Holds | Occurred, at_ms: int) -> Watch | None:
        """The watch of a subject, begun where it is new; None where there is none to begin, or the rule has too many."""
        watch = self._station.watches.get(key)
        if watch is not None and watch.closes_ms is not None and watch.closes_ms <= at_ms:
            # What was watched is over, and begins again.
            self.pass_time(key, rule, watch, _Span(watch.closes_ms, self.time, watch_due))
            watch = self._station.watches.get(key)
        if watch is not None:
            return watch
        if isinstance(verdict, Holds) and verdict.only_renews:
            return None
        others = sum(other.startswith(f"{rule.name}\n") for other in self._station.watches)
        if others >= MAX_WATCHES_OF_RULE:
            self._station.drop(f"watches of {rule.name}")
            return None
        watch = self._station.watches[key] = Watch()
        return watch

    def end(self, key: str, rule: Rule, watch: Watch, at_ms: int, why: Why) -> None:
        """What it watched is over; so is its alert."""
        del self._station.watches[key]
        if watch.raised_ms is not None:
            watch.revision += 1
            self._say("resolved", at_ms, self._alert(key, rule, watch, (at_ms, why)))

    def drop(self, key: str, watch: Watch) -> None:
        """The rule is gone: so is its alert."""
        self.end(key, _gone(_split(key)[0], watch), watch, self._now_ms, "removed")

    def _holds(self, key: str, rule: Rule, watch: Watch, verdict: Holds, heard: Heard) -> None:
        if verdict.anew and watch.raised_ms is not None:
            self.end(key, rule, watch, heard.at_ms, "ended")
            watch = self._station.watches[key] = Watch()
        if verdict.closes_ms is not None:
            watch.closes_ms = min(verdict.closes_ms, watch.closes_ms or verdict.closes_ms)
        if watch.raised_ms is not None:
            self._update(key, rule, watch, verdict.detail, heard.at_ms)
            return
        watch.detail = verdict.detail
        if watch.since_ms is None or verdict.anew:
            watch.since_ms = verdict.since_ms
            watch.lasting_ms = rule.for_ms if verdict.after_ms is None else verdict.after_ms
            watch.due_ms = verdict.since_ms + watch.lasting_ms
        if watch.closes_ms is not None:
            return  # it is over: whether it was raised before shows when the rule's own topic is read so far
        if watch.due_ms is not None and watch.due_ms <= heard.at_ms and not self._is_spoken_for(rule, watch):
            self._raise(key, rule, watch, heard.at_ms)

    def _occurred(self, key: str, rule: Rule, watch: Watch, verdict: Occurred, heard: Heard) -> None:
        if verdict.key in watch.marks:
            return
        at_ms = heard.at_ms
        kept = [(mark, at) for mark, at in watch.marks.items() if at_ms - at < max(verdict.within_ms, 1)]
        watch.marks = dict([*kept, (verdict.key, at_ms)][-verdict.times :])
        lasting_ms = verdict.within_ms if rule.resolve_after_ms is None else rule.resolve_after_ms
        if watch.raised_ms is not None:
            watch.count += 1
            watch.due_ms = at_ms + lasting_ms
            if watch.count.bit_count() == 1:  # doubled: often enough to be told, seldom enough to be read
                self._update(key, rule, watch, verdict.detail, at_ms)
            return
        watch.detail = verdict.detail
        watch.count = len(watch.marks)
        watch.due_ms = at_ms + verdict.within_ms
        if watch.count >= verdict.times:
            self._raise(key, rule, watch, at_ms)
            watch.due_ms = at_ms + lasting_ms

    def _raise(self, key: str, rule: Rule, watch: Watch, at_ms: int) -> None:
        watch.raised_ms, watch.revision = at_ms, 0
        watch.due_ms = None if rule.resolve_after_ms is None else at_ms + rule.resolve_after_ms
        watch.labels = station_labels(rule, self._name, self._station, watch.detail)
        self._say("raised", at_ms, self._alert(key, rule, watch))

    def _update(self, key: str, rule: Rule, watch: Watch, detail: dict[str, str], at_ms: int) -> None:
        if detail == watch.detail and not watch.marks:
            return
        watch.detail = detail
        watch.revision += 1
        self._say("updated", at_ms, self._alert(key, rule, watch))

    def _say(self, became: Became, at_ms: int, alert: Alert) -> None:
        self.changes.append(Change(became, at_ms, alert))

    def _alert(self, key: str, rule: Rule, watch: Watch, resolved: tuple[int, Why] | None = None) -> Alert:
        return station_alert(rule, self._name, _split(key)[1], watch, resolved=resolved)

    def _is_spoken_for(self, rule: Rule, watch: Watch) -> bool:
        """Whether a group's alert stands that says the same of many."""
        return bool(self._groups) and any(
            asked.suppress
            and counts(asked, watch)
            and (group.name, attribute(self._station, self._name, asked.by)) in self._groups
            for group, asked in self._engine.counted.get(rule.name, ())
        )


def counts(asked: Many, watch: Watch) -> bool:
    """Whether a group rule counts this watch."""
    return watch.since_ms is not None and asked.because in ("any", watch.detail.get("because"))


def _began_ms(watch: Watch) -> int:
    """When the newest of what is watched began."""
    return max(watch.since_ms or 0, watch.raised_ms or 0, *watch.marks.values(), 0)


def _gone(name: str, watch: Watch) -> Rule:
    """What is left of a rule that is no longer in the file: enough to word the end of its alert."""
    severity = watch.labels.get("severity")
    return Rule(
        name=name,
        kind="removed",
        severity=severity if severity in SEVERITIES else "info",
        for_ms=0,
        resolve_after_ms=None,
        parameters=Parameters(),
        labels={},
        summary="The rule {rule} is gone",
        annotations={},
        only={},
        never={},
    )


def _fell_due_unseen(watch: Watch, before_ms: int, now_ms: int) -> bool:
    """Whether it fell due while nobody looked; what ended it may be on its way."""
    return now_ms - before_ms > JUMP_MS and watch.due_ms is not None and before_ms < watch.due_ms <= now_ms


def _join(rule: str, subject: str) -> str:
    return f"{rule}\n{subject}"


def _split(key: str) -> tuple[str, str]:
    rule, _, subject = key.partition("\n")
    return rule, subject

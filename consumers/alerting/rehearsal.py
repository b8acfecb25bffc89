"""Rules tried out: a fleet in memory, to which things happen, and the alerts that stand then. Pure.

Time jumps from one thing to the next that happens, be it an event or a timer. The log is taken to be alive.
"""

from collections.abc import Mapping

from consumers.alerting.alerts import Alert, Change
from consumers.alerting.engine import Engine
from consumers.alerting.groups import Counted, Standing, is_spoken_for, judge_group, largest_first
from consumers.alerting.heard import Heard
from consumers.alerting.kinds.many import MANY, Many
from consumers.alerting.remembering import register
from consumers.alerting.rules import Rule, Rules, attribute
from consumers.alerting.shard_time import ShardTime
from consumers.alerting.station import Station
from contract.registry import RegisteredStation


class Rehearsal:
    """A fleet under rules. `changes` are all that were made, in their order; `alerts` those that stand."""

    def __init__(self, rules: Rules) -> None:
        self._engine = Engine(rules)
        self._stations: dict[str, Station] = {}
        self._standing: dict[tuple[str, str], Standing] = {}
        self._now_ms = 0
        self.alerts: dict[str, Alert] = {}
        self.changes: list[Change] = []

    def register(self, name: str, known: RegisteredStation) -> None:
        """A backend says what it knows of a station."""
        register(self._station(name), known, self._now_ms)

    def hear(self, name: str, heard: Heard) -> None:
        """A station says something, no earlier than what was heard before."""
        if heard.at_ms - 1 > self._now_ms:
            self.pass_time(heard.at_ms - 1)
        time = ShardTime(heard.at_ms, heard.at_ms)
        self._take(self._engine.hear(name, self._station(name), heard, time, self._standing))

    def pass_time(self, until_ms: int) -> None:
        """Time passes, and what falls due happens."""
        while (next_ms := self._next_ms()) is not None and next_ms <= until_ms:
            self._tick(next_ms)
        if until_ms > self._now_ms:
            self._tick(until_ms)

    def _tick(self, now_ms: int) -> None:
        self._now_ms = max(self._now_ms, now_ms)
        time = ShardTime(self._now_ms, self._now_ms)
        for name, station in self._stations.items():
            self._take(self._engine.pass_time(name, station, time, self._now_ms - 1, self._standing))
        for rule, asked in largest_first(self._engine.rules.values()):
            self._judge(rule, asked)

    def _judge(self, rule: Rule, asked: Many) -> None:
        others = [self._engine.rules[name] for name, _ in self._standing]
        may_begin = not is_spoken_for(asked, others)
        members = self._members(rule)
        for group in {group for group, _ in members.values()}.union(
            group for name, group in self._standing if name == rule.name
        ):
            standing = self._standing.get((rule.name, group))
            if standing is None and not may_begin:
                continue
            within = self._now_ms - max(asked.within, rule.for_ms)
            since = [
                (since_ms, name)
                for name, (its_group, since_ms) in members.items()
                if its_group == group
                and (
                    since_ms >= standing.began_ms
                    if standing is not None
                    else within < since_ms <= self._now_ms - rule.for_ms
                )
            ]
            total = sum(attribute(one, name, asked.by) == group for name, one in self._stations.items())
            began_ms = min(since, default=(self._now_ms, ""))[0]
            names = tuple(sorted(name for _, name in since))
            counted = Counted(group, len(names), began_ms, total, names[:10])
            after, change = judge_group(rule, asked, standing, counted, self._now_ms)
            self._standing.pop((rule.name, group), None)
            if after is not None:
                self._standing[rule.name, group] = after
            self._take([] if change is None else [change])

    def _members(self, rule: Rule) -> Mapping[str, tuple[str, int]]:
        """The stations that a group rule counts, with their group and since when."""
        found: dict[str, tuple[str, int]] = {}
        for name, station in self._stations.items():
            for (of, _), (group, since_ms) in self._engine.members(name, station).items():
                if of == rule.name and since_ms <= found.get(name, (group, since_ms))[1]:
                    found[name] = group, since_ms
        return found

    def _next_ms(self) -> int | None:
        """When something is next: a timer, or a station that a group counts from then on."""
        times = [at for station in self._stations.values() if (at := station.next_ms()) is not None]
        for rule in self._engine.rules.values():
            if rule.kind == MANY:
                times += [since_ms + rule.for_ms for _, since_ms in self._members(rule).values()]
        return min((at for at in times if at > self._now_ms), default=None)

    def _take(self, changes: list[Change]) -> None:
        self.changes += changes
        for change in changes:
            if change.became == "resolved":
                self.alerts.pop(change.alert.fingerprint, None)
            else:
                self.alerts[change.alert.fingerprint] = change.alert

    def _station(self, name: str) -> Station:
        return self._stations.setdefault(name, Station())

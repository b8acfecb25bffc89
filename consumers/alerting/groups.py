"""Many stations at once: whether a group's alert stands, by how many of its stations are counted. Pure."""

from collections.abc import Iterable
from typing import Final, NamedTuple

import msgspec

from consumers.alerting.alerts import Alert, Became, Change, fingerprint, worded
from consumers.alerting.durations import minute_text
from consumers.alerting.kinds.many import FLEET, Many
from consumers.alerting.rules import Rule

FEWER: Final = 0.5
"""The alert ends when less than so much of what raised it is left, so that it does not come and go at the edge."""


class Standing(msgspec.Struct, frozen=True):
    """A group's alert that was raised. `told` is how many stations were said last."""

    group: str
    began_ms: int
    raised_ms: int
    told: int
    revision: int = 0


class Counted(NamedTuple):
    """How many stations of a group are counted: whose condition began lately, or since the alert's beginning.

    `total` are all stations of the group, `examples` some of those that are counted.
    """

    group: str
    stations: int
    began_ms: int
    total: int = 0
    examples: tuple[str, ...] = ()


def judge_group(
    rule: Rule, asked: Many, standing: Standing | None, counted: Counted, now_ms: int
) -> tuple[Standing | None, Change | None]:
    """What becomes of a group's alert."""
    if standing is None:
        if counted.stations < asked.at_least or counted.stations < asked.share * counted.total:
            return None, None
        made = Standing(counted.group, counted.began_ms, now_ms, counted.stations)
        return made, _change("raised", rule, made, counted, now_ms)
    if not is_news(asked, standing, counted):
        return standing, None
    last = msgspec.structs.replace(standing, revision=standing.revision + 1, told=counted.stations)
    if _is_over(asked, counted):
        return None, _change("resolved", rule, last, counted, now_ms)
    return last, _change("updated", rule, last, counted, now_ms)


def largest_first(rules: Iterable[Rule]) -> list[tuple[Rule, Many]]:
    """The group rules in the order in which they are judged: those of the whole fleet before those of a part."""
    found = [(rule, rule.parameters) for rule in rules if isinstance(rule.parameters, Many)]
    return sorted(found, key=lambda one: one[1].by != FLEET)


def is_spoken_for(asked: Many, standing: Iterable[Rule]) -> bool:
    """Whether an alert of the whole fleet stands that says the same: a site's adds nothing to it."""
    return asked.by != FLEET and any(
        isinstance(other.parameters, Many)
        and (other.parameters.by, other.parameters.of) == (FLEET, asked.of)
        and other.parameters.suppress
        and other.parameters.because in ("any", asked.because)
        for other in standing
    )


def is_news(asked: Many, standing: Standing, counted: Counted) -> bool:
    """Whether there is more to say of an alert that stands: it is over, or about twice as many, or half."""
    told, stations = standing.told, counted.stations
    return _is_over(asked, counted) or stations >= 2 * told or 2 * stations <= told


def _is_over(asked: Many, counted: Counted) -> bool:
    return counted.stations < max(1.0, asked.at_least * FEWER)


def group_fingerprint(rule: str, group: str) -> str:
    """The id of a group's alert."""
    return fingerprint(rule, "group", group)


def _change(became: Became, rule: Rule, standing: Standing, counted: Counted, now_ms: int) -> Change:
    asked = rule.parameters
    assert isinstance(asked, Many)
    labels = {"alertname": rule.name, "severity": rule.severity}
    if asked.by != FLEET:
        labels[asked.by] = counted.group
    words = {
        "count": str(counted.stations),
        "total": str(counted.total),
        "by": asked.by,
        "group": "" if asked.by == FLEET else counted.group,
        "of": asked.of,
        "stations": ", ".join(counted.examples),
        "since": minute_text(standing.began_ms),
        "rule": rule.name,
    }
    resolved = became == "resolved"
    alert = Alert(
        fingerprint=group_fingerprint(rule.name, counted.group),
        rule=rule.name,
        kind=rule.kind,
        severity=rule.severity,
        group=f"{asked.by}:{counted.group}",
        labels=labels | rule.labels,
        annotations=worded(rule, words),
        since_ms=standing.began_ms,
        raised_ms=standing.raised_ms,
        resolved_ms=now_ms if resolved else None,
        why="ended" if resolved else None,
        revision=standing.revision,
    )
    return Change(became, now_ms, alert)

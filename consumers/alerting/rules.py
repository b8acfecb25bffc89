"""What a rules file says, once it is found valid."""

from fnmatch import fnmatchcase
from typing import Final, Literal

import msgspec

from consumers.alerting.kinds.kind import Parameters
from consumers.alerting.kinds.many import MANY, Many
from consumers.alerting.station import Station

Severity = Literal["info", "warning", "critical"]
SEVERITIES: Final[tuple[Severity, ...]] = ("info", "warning", "critical")

SELECTABLE: Final = ("station", "site", "group", "tenant", "vendor", "model", "firmware", "version")
"""What a rule can choose stations by."""


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One rule. `only` and `never` are globs by what they choose by; a station is meant that all of `only`, and
    none of `never`, match. `resolve_after_ms` of None: it resolves when its condition ends, and not by itself.
    """

    name: str
    kind: str
    severity: Severity
    for_ms: int
    resolve_after_ms: int | None
    parameters: Parameters
    labels: dict[str, str]
    summary: str
    annotations: dict[str, str]
    only: dict[str, tuple[str, ...]]
    never: dict[str, tuple[str, ...]]
    log_upload: bool = False


Rules = tuple[Rule, ...]


def means(rule: Rule, name: str, station: Station) -> bool:
    """Whether the rule is about this station."""
    return all(_matches(station, name, by, globs) for by, globs in rule.only.items()) and not any(
        _matches(station, name, by, globs) for by, globs in rule.never.items()
    )


def attribute(station: Station, name: str, by: str) -> str | None:
    """What the station is, by one of the words that group rules share stations by."""
    if by == "fleet":
        return "all"
    value: str | None = name if by == "station" else getattr(station, by)
    return value


def counting(rules: Rules) -> dict[str, tuple[tuple[Rule, Many], ...]]:
    """The group rules by the rule that they count."""
    found: dict[str, tuple[tuple[Rule, Many], ...]] = {}
    for rule in rules:
        if rule.kind == MANY and isinstance(rule.parameters, Many):
            of = rule.parameters.of
            found[of] = (*found.get(of, ()), (rule, rule.parameters))
    return found


def _matches(station: Station, name: str, by: str, globs: tuple[str, ...]) -> bool:
    values = station.groups if by == "group" else (attribute(station, name, by),)
    return any(value is not None and fnmatchcase(value, glob) for value in values for glob in globs)

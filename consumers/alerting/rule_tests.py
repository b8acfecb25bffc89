"""Tests of rules, as YAML: what happens to stations when, and which alerts stand then. In the manner of promtool's."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from consumers.alerting import readers
from consumers.alerting.alerts import Alert
from consumers.alerting.durations import duration_text, moment
from consumers.alerting.heard import Heard
from consumers.alerting.readers import read
from consumers.alerting.reading import default_rules, read_rules
from consumers.alerting.rehearsal import Rehearsal
from consumers.alerting.rules import Rules
from consumers.alerting.yaml_nodes import Faults, Node, Wrong, compose, guess
from contract.events import Event
from contract.registry import RegisteredStation
from contract.vocabulary import EVENTS

BEGIN_MS: Final = 1_767_225_600_000
"""2026-01-01T00:00:00Z, when every test begins."""

UNSAID: Final[dict[str, dict[str, Any]]] = {
    "station.connected": {"version": "1.6", "tls": False},
    "station.disconnected": {"version": "1.6", "connectedSeconds": 0.0},
    "command.completed": {"commandId": "", "request": {}, "timings": {"askedAt": "2026-01-01T00:00:00Z"}},
}
"""What a test need not say of an event though the event has it."""

_MANY = re.compile(r"(.*)\{(\d+)\.\.(\d+)\}(.*)")
MOST_EVENTS = 100_000
"""The events of one test, those that `every` repeats included: a test takes seconds."""

MAX_STATIONS: Final = 10_000


class Said(NamedTuple):
    """An event of a test: when, by whom, what, and over which connection where that is told."""

    at_ms: int
    station: str
    event: Event
    id: str
    connection: str | None


class Expected(NamedTuple):
    """The alerts that are to stand at a time, each as what is to be true of it; where it is said in the file."""

    at_ms: int
    alerts: tuple[dict[str, Any], ...]
    line: int


class RuleTest(NamedTuple):
    """One test."""

    name: str
    stations: dict[str, RegisteredStation]
    said: tuple[Said, ...]
    expected: tuple[Expected, ...]


def read_tests(text: str, folder: Path) -> tuple[Rules, tuple[RuleTest, ...]]:
    """The rules that a file of tests is about, and its tests. Raises Faults; OSError where the rules are not there."""
    root = compose(text)
    fields = root.fields(("rules", "defaults", "tests"))
    rules = default_rules()
    if "rules" in fields:
        path = folder / read(fields["rules"], readers.text, "")
        rules = read_rules(path.read_text(encoding="utf-8"))
    elif "defaults" not in fields or not read(fields["defaults"], readers.flag, default=True):
        root.fault("does not say what it tests; write rules: and a path, or defaults: true")
    known = {rule.name for rule in rules}
    tests = [_test(node, known) for node in fields["tests"].items()] if "tests" in fields else []
    if not tests and not root.faults:
        root.fault("has no tests")
    if root.faults:
        raise Faults(root.faults)
    return rules, tuple(tests)


def failures(rules: Rules, test: RuleTest) -> Iterator[str]:
    """What is otherwise than expected, in words."""
    rehearsal = Rehearsal(rules)
    for name, known in test.stations.items():
        rehearsal.register(name, known)
    said = list(test.said)
    for expected in test.expected:
        while said and said[0].at_ms <= expected.at_ms:
            _say(rehearsal, said.pop(0))
        rehearsal.pass_time(BEGIN_MS + expected.at_ms)
        standing = list(rehearsal.alerts.values())
        at = f"line {expected.line}: at {duration_text(expected.at_ms)}"
        for wanted in expected.alerts:
            found = next((alert for alert in standing if _is(alert, wanted)), None)
            if found is None:
                yield f"{at}: there is no alert {_shown(wanted)}"
            else:
                standing.remove(found)
        for alert in standing:
            yield f"{at}: there is an alert that is not expected: {_shown(_facts(alert))}"


def _say(rehearsal: Rehearsal, said: Said) -> None:
    at_ms = BEGIN_MS + said.at_ms
    rehearsal.hear(said.station, Heard(said.event, at_ms, at_ms, said.id, said.connection))


def _test(node: Node, rules: set[str]) -> RuleTest:
    fields = node.fields(("name", "stations", "events", "expect"))
    stations: dict[str, RegisteredStation] = {}
    for name, value in (fields["stations"].fields() if "stations" in fields else {}).items():
        known = read(value, _registered, RegisteredStation())
        stations |= dict.fromkeys(_names(name, value), known)
    connections: dict[str, int] = {}
    said: list[Said] = []
    for item in fields["events"].items() if "events" in fields else []:
        said += _said(item, connections, len(said))
    expected = [_expected(item, rules) for item in fields["expect"].items()] if "expect" in fields else []
    if not expected:
        node.fault("expects nothing; write expect: with the alerts that are to stand, and when")
    return RuleTest(
        read(fields["name"], readers.text, "") if "name" in fields else node.path,
        stations,
        tuple(sorted(said, key=lambda one: one.at_ms)),
        tuple(sorted(expected, key=lambda one: one.at_ms)),
    )


def _said(node: Node, connections: dict[str, int], number: int) -> Iterator[Said]:
    fields = node.fields(("at", "every", "until", "station", "event", "data", "id", "connection"))
    for name in ("at", "station", "event"):
        if name not in fields:
            node.fault(f"has no {name}")
            return
    kind = read(fields["event"], readers.one_of(*EVENTS))
    stations = list(_names(read(fields["station"], readers.text, ""), fields["station"]))
    data = read(fields["data"], _mapping, {}) if "data" in fields else {}
    at_ms = read(fields["at"], readers.duration, 0)
    every_ms = read(fields["every"], readers.positive_duration, 0) if "every" in fields else 0
    until_ms = read(fields["until"], readers.duration, at_ms) if "until" in fields else at_ms
    if kind is None or node.faults:
        return
    moments = range(at_ms, until_ms + 1, every_ms or max(until_ms - at_ms, 0) + 1)
    if number + len(stations) * len(moments) > MOST_EVENTS:
        node.fault(f"makes more than {MOST_EVENTS:,} events of this test; let it be shorter, or rarer")
        return
    for station in stations:
        if kind == "station.connected":
            connections[station] = connections.get(station, 0) + 1
        given = read(fields["connection"], readers.text) if "connection" in fields else None
        connection = given or f"{station}-{connections.get(station, 1)}"
        for at in moments:
            named = read(fields["id"], readers.text) if "id" in fields else f"{number}-{station}-{at}"
            try:
                yield Said(at, station, _event(kind, station, at, data), named, connection)
            except msgspec.ValidationError as error:
                (fields.get("data") or node).fault(f"is no {kind}: {error}")
                return


def _event(kind: str, station: str, at_ms: int, data: dict[str, Any]) -> Event:
    heard = kind not in ("station.connected", "station.disconnected")
    protocol = {"protocol": {"version": "1.6", "action": "Test", "messageId": "1"}} if heard else {}
    whole = {
        "station": {"id": station},
        "receivedAt": moment(BEGIN_MS + at_ms).isoformat(),
        **({"occurredAt": moment(BEGIN_MS + at_ms).isoformat()} if heard else {}),
        **protocol,
        **UNSAID.get(kind, {}),
        **data,
    }
    return msgspec.json.decode(msgspec.json.encode(whole), type=EVENTS[kind])


def _expected(node: Node, rules: set[str]) -> Expected:
    fields = node.fields(("at", "alerts"))
    if "at" not in fields:
        node.fault("has no at")
    alerts = []
    for item in fields["alerts"].items() if "alerts" in fields else []:
        wanted = {}
        for name, value in item.fields(
            ("rule", "station", "group", "severity", "evse", "transaction", "summary", "labels")
        ).items():
            wanted[name] = read(value, _mapping if name == "labels" else _text_of)
        if wanted.get("rule") not in rules:
            item.fault(f"there is no rule {wanted.get('rule')}{guess(str(wanted.get('rule')), rules)}")
        alerts.append(wanted)
    return Expected(
        read(fields["at"], readers.duration, 0) if "at" in fields else 0, tuple(alerts), node.line
    )


def _facts(alert: Alert) -> dict[str, Any]:
    facts = {
        "rule": alert.rule,
        "station": alert.station,
        "group": alert.group,
        "severity": alert.severity,
        "evse": alert.evse,
        "transaction": alert.transaction,
        "summary": alert.annotations["summary"],
        "labels": alert.labels,
    }
    return {name: value for name, value in facts.items() if value is not None}


def _is(alert: Alert, wanted: dict[str, Any]) -> bool:
    facts = _facts(alert)
    labels = wanted.get("labels", {}).items() <= alert.labels.items()
    return labels and all(facts.get(name) == value for name, value in wanted.items() if name != "labels")


def _shown(facts: dict[str, Any]) -> str:
    return ", ".join(f"{name}: {value}" for name, value in facts.items() if name != "labels" or value)


def _names(name: str, node: Node) -> Iterator[str]:
    """The stations that a name means: S-{1..50} is fifty."""
    found = _MANY.fullmatch(name)
    if found is None:
        yield name
        return
    first, last = int(found[2]), int(found[3])
    if not first <= last < first + MAX_STATIONS:
        node.fault(f"{name} is no range; write S-{{1..50}}, of at most {MAX_STATIONS} stations")
        return
    yield from (f"{found[1]}{number}{found[4]}" for number in range(first, last + 1))


def _mapping(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Wrong("is no mapping of names to values")
    return value


def _registered(value: object) -> RegisteredStation:
    try:
        return msgspec.convert(value, RegisteredStation)
    except msgspec.ValidationError as error:
        raise Wrong(f"is not what a backend can know of a station: {error}") from None


def _text_of(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise Wrong(f"{value!r} is no text")
    return str(value)

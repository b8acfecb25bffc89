"""Every fault of a rules file is told with its line and what would be right; what is valid means what it says."""

import pytest

from consumers.alerting.durations import duration_text, parse_duration
from consumers.alerting.kinds.connections import Flapping
from consumers.alerting.kinds.many import Many
from consumers.alerting.reading import default_rules, read_rules
from consumers.alerting.yaml_nodes import Faults

OFFLINE = "rules:\n- name: Gone\n  kind: station_offline\n"

FAULTS = {
    "no YAML": ("rules: [", ["line 1: is no YAML: "]),
    "nothing": ("", ["line 1: is empty"]),
    "a list": ("- a", ["line 1: is no mapping of names to values"]),
    "no rules": ("rules: []", ["line 1: has no rules"]),
    "another word at the top": ("rulez: []", ["line 1: rulez: is not known here; did you mean rules?"]),
    "no rule": ("rules: [x]", ["line 1: rules[0]: is no rule; write name: and kind:"]),
    "no kind": ("rules:\n- name: A", ["line 2: rules[0]: has no kind; kinds are station_offline, "]),
    "no such kind": (
        "rules:\n- name: A\n  kind: ofline",
        ["line 3: rules[0].kind: 'ofline' is none of ", "did you mean station_offline?"],
    ),
    "no name": ("rules:\n- kind: station_offline", ["line 2: rules[0]: has no name"]),
    "a name that is none": (
        "rules:\n- {name: a b, kind: station_offline}",
        ["rules[0].name: 'a b' is no name; letters, digits and _, with a letter first"],
    ),
    "what YAML takes for another thing": (
        "rules:\n- name: Off\n  kind: station_offline",
        ["line 2: rules[0].name: False is no text; write it in quotes"],
    ),
    "twice the same": (
        OFFLINE + "- name: Gone\n  kind: station_offline",
        ["line 4: rules[1]: a rule Gone stands there already, in line 2"],
    ),
    "a field twice": (OFFLINE + "  for: 1m\n  for: 2m", ["line 5: rules[0].for: stands there twice"]),
    "no duration": (
        OFFLINE + "  for: 10",
        ["line 4: rules[0].for: '10' is no duration; write it as 90s, 10m"],
    ),
    "a parameter of another kind": (
        OFFLINE + "  disconnects: 3",
        ["rules[0].disconnects: is not known here"],
    ),
    "a typing error": (OFFLINE + "  serverity: info", ["rules[0].serverity: ", "did you mean severity?"]),
    "no severity": (
        OFFLINE + "  severity: warn",
        ["'warn' is none of info, warning, critical; did you mean warning?"],
    ),
    "no number": (
        "rules:\n- {name: A, kind: station_flapping, disconnects: 0, within: 0s}",
        ["0 is no whole number from 1 to 1000000"],
    ),
    "true is no number": (
        "rules:\n- {name: A, kind: energy_jump, above_watts: true}",
        ["True is no number from 0 on"],
    ),
    "no flag": ("rules:\n- {name: A, kind: energy_jump, backwards: 1}", ["1 is neither true nor false"]),
    "a word in a text": (
        OFFLINE + "  summary: '{statio} is gone'",
        ["rules[0].summary: {statio} is not known; did you mean station?; known are station, "],
    ),
    "a brace": (OFFLINE + "  summary: '{station is gone'", ["a brace that is meant is written twice"]),
    "the inside of a value": (OFFLINE + "  summary: '{station.x}'", ["{station.x} is not known"]),
    "an annotation": (OFFLINE + "  annotations: {run-book: x}", ["'run-book' is no label"]),
    "a label that is taken": (
        OFFLINE + "  labels: {station: x}",
        ["station is a label that every alert has"],
    ),
    "what cannot be chosen by": (
        OFFLINE + "  only: {sites: x}",
        ["rules[0].only.sites: ", "did you mean site?"],
    ),
    "no pattern": (
        OFFLINE + "  only: {site: {a: b}}",
        ['is no pattern and no list of patterns; write "AC-*"'],
    ),
    "a log of who is away": (
        OFFLINE + "  log_upload: true",
        ["log_upload makes no sense for station_offline"],
    ),
    "many of nothing": ("rules:\n- {name: A, kind: many}", ["has no of"]),
    "many of whom there is not": (
        OFFLINE + "- {name: M, kind: many, of: Gon}",
        ["there is no rule Gon that could be counted; did you mean Gone?"],
    ),
    "many of many": (
        OFFLINE + "- {name: M, kind: many, of: Gone}\n- {name: M2, kind: many, of: M}",
        ["there is no rule M that could be counted"],
    ),
    "many by what there is not": (
        OFFLINE + "- {name: M, kind: many, of: Gone, by: sit}",
        ["M: by: 'sit' is none of fleet, site, ", "did you mean site?"],
    ),
    "many that come too late": (
        OFFLINE + "- {name: M, kind: many, of: Gone, for: 10m}",
        ["speaks too late to speak for Gone, which has 10m; write at most 9m, or suppress: false"],
    ),
    "many that choose": (
        OFFLINE + "- {name: M, kind: many, of: Gone, only: {site: x}}",
        ["only, never and log_upload belong to the rule that is counted, Gone"],
    ),
    "a default that there is not": (
        "defaults: true\nwithout: [StationOfline]",
        ["line 2: without[0]: there is no default rule StationOfline; did you mean StationOffline?"],
    ),
}


@pytest.mark.parametrize("case", FAULTS)
def test_a_fault_is_told_with_its_place_and_what_would_be_right(case: str) -> None:
    text, words = FAULTS[case]
    with pytest.raises(Faults) as raised:
        read_rules(text)
    told = str(raised.value)
    assert all(word in told for word in words), told


def test_all_faults_are_told_at_once_in_the_order_of_the_file() -> None:
    with pytest.raises(Faults) as raised:
        read_rules(OFFLINE + "  for: x\n  severity: y\n- name: B\n  kind: z\n")
    assert [fault.line for fault in raised.value.faults] == [4, 5, 7]


def test_what_a_rule_says_and_what_holds_where_it_says_nothing() -> None:
    one, other = read_rules(
        "rules:\n"
        "- {name: A, kind: station_flapping}\n"
        "- name: B\n"
        "  kind: station_flapping\n"
        "  disconnects: 3\n"
        "  within: 1h30m\n"
        "  severity: critical\n"
        "  only: {site: 'Ber*', firmware: [1.0, '2.?']}\n"
        "  labels: {team: field}\n"
    )
    assert (one.severity, one.for_ms, one.parameters) == ("warning", 0, Flapping())
    assert other.parameters == Flapping(disconnects=3, within=5_400_000)
    assert other.only == {"site": ("Ber*",), "firmware": ("1.0", "2.?")}
    assert other.labels == {"team": "field"}


def test_a_file_can_build_on_the_shipped_rules() -> None:
    rules = {
        rule.name: rule
        for rule in read_rules(
            "defaults: true\n"
            "without: [EnergyJump]\n"
            "rules:\n- {name: StationOffline, kind: station_offline, for: 20m}\n"
        )
    }
    assert rules.keys() == {rule.name for rule in default_rules()} - {"EnergyJump"}
    assert rules["StationOffline"].for_ms == 1_200_000
    assert isinstance(rules["SiteOffline"].parameters, Many)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0s", 0), ("90s", 90), ("10m", 600), ("1h30m", 5400), ("14d", 1_209_600), ("1w", 604_800)],
)
def test_durations(text: str, seconds: int) -> None:
    assert parse_duration(text) == seconds * 1000
    assert parse_duration(duration_text(seconds * 1000)) == seconds * 1000


@pytest.mark.parametrize("text", ["", "10", "10 m", "-1m", "1.5h", "m", "10min"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="is no duration"):
        parse_duration(text)

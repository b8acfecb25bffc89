"""The rules that are shipped pass their own tests, and those tests can fail."""

from pathlib import Path

import pytest

from consumers.alerting import reading
from consumers.alerting.kinds.many import MANY
from consumers.alerting.kinds.table import KINDS
from consumers.alerting.reading import default_rules
from consumers.alerting.rule_tests import RuleTest, failures, read_tests
from consumers.alerting.yaml_nodes import Faults

FOLDER = Path(reading.__file__).parent
RULES, TESTS = read_tests((FOLDER / "defaults_test.yaml").read_text(), FOLDER)


@pytest.mark.parametrize("test", TESTS, ids=[test.name for test in TESTS])
def test_the_shipped_rules_pass(test: RuleTest) -> None:
    assert list(failures(RULES, test)) == []


@pytest.mark.parametrize("test", TESTS, ids=[test.name for test in TESTS])
def test_each_test_fails_where_what_it_expects_is_left_out_or_more_is_expected(test: RuleTest) -> None:
    for number, expected in enumerate(test.expected):
        other = expected._replace(
            alerts=expected.alerts[1:] or ({"rule": "StationOffline", "station": "no"},)
        )
        changed = (*test.expected[:number], other, *test.expected[number + 1 :])
        assert list(failures(RULES, test._replace(expected=changed)))


def test_every_kind_is_shipped_and_every_shipped_rule_has_a_test() -> None:
    assert {rule.kind for rule in default_rules()} == {*KINDS, MANY}
    tested = {alert["rule"] for test in TESTS for expected in test.expected for alert in expected.alerts}
    # What is learnt from many sessions, and what needs a real certificate, is tested with the engine.
    untested = {"ConnectorQuiet", "CertificateExpiring"}
    assert tested == {rule.name for rule in default_rules()} - untested


def test_a_test_of_more_events_than_take_seconds_is_refused_with_its_line() -> None:
    text = """
defaults: true
tests:
  - name: years
    events:
      - {at: 0s, every: 1s, until: 3000d, station: "S-{1..1000}", event: station.heartbeat}
    expect:
      - {at: 1h, alerts: []}
"""
    with pytest.raises(Faults, match=r"line 6: .*more than 100,000 events"):
        read_tests(text, FOLDER)

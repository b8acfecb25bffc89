"""`ocpp-gateway alerts`: what it prints and how it ends."""

import asyncio
import json
import time
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from cli.alerts import alerts
from contract import envelope
from contract.alerts import AlertFact, AlertRaised, AlertResolved, headers_of, key_of
from contract.envelope import Envelope
from contract.events import ConnectorStatusChanged
from contract.model import Evse, Fault, Station
from contract.topics import ALERTS, EVERY_TOPIC
from eventlog.port import Record
from eventlog.url import open_log
from tests.cli.conftest import Ran, Started

RULES = "rules:\n- {name: Gone, kind: station_offline, for: 5m}\n"
TESTS = """
rules: rules.yaml
tests:
- name: away
  events:
  - {at: 0s, station: A, event: station.connected}
  - {at: 1m, station: A, event: station.disconnected, data: {reason: lost}}
  expect:
  - {at: 5m, alerts: []}
  - {at: WHEN, alerts: [{rule: Gone, station: A}]}
"""
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def ran(*words: str | Path) -> tuple[int, str, str]:
    done = CliRunner().invoke(alerts, [str(word) for word in words])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stdout, done.stderr


def test_a_file_is_checked(tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text(RULES)
    assert ran("check", file) == (0, f"{file}: 1 rules\n", "")
    file.write_text(RULES + "- {name: Gone, kind: station_ofline, for: x}\n")
    code, _, told = ran("check", file)
    assert code == 1
    assert f"{file}: line 3: rules[1].kind: 'station_ofline' is none of" in told
    assert ran("check", tmp_path / "none.yaml")[0] == 2


@pytest.mark.parametrize(("when", "code", "word"), [("6m", 0, "passed  away"), ("5m30s", 1, "failed  away")])
def test_rules_are_tested(tmp_path: Path, when: str, code: int, word: str) -> None:
    (tmp_path / "rules.yaml").write_text(RULES)
    file = tmp_path / "tests.yaml"
    file.write_text(TESTS.replace("WHEN", when))
    ended, told, _ = ran("test", file)
    assert (ended, word in told) == (code, True)
    assert ("line 10: at 5m30s: there is no alert rule: Gone, station: A" in told) == (code == 1)


def test_the_faults_of_a_test_are_told_with_their_lines(tmp_path: Path) -> None:
    file = tmp_path / "tests.yaml"
    file.write_text(
        "defaults: true\ntests:\n- name: x\n  events:\n"
        "  - {at: 0s, station: A, event: station.conected}\n"
        "  - {at: 1m, station: A, event: station.disconnected, data: {reason: 5}}\n"
        "  expect:\n  - {at: 1m, alerts: [{rule: StationOfline}]}\n"
    )
    code, _, told = ran("test", file)
    assert code == 2
    assert "line 5: tests[0].events[0].event: 'station.conected' is none of" in told
    assert (
        "line 8: tests[0].expect[0].alerts[0]: there is no rule StationOfline; did you mean StationOffline?"
        in told
    )
    file.write_text("rules: none.yaml\ntests: []")
    assert "the rules cannot be read" in ran("test", file)[2]


def fact(kind: type[AlertFact], name: str, severity: str, revision: int = 0, **more: object) -> AlertFact:
    said = {
        "alert": name,
        "rule": "Rule",
        "kind": "station_offline",
        "severity": severity,
        "station": name,
        "labels": {"alertname": "Rule"},
        "annotations": {"summary": f"{name} is away"},
        "sinceAt": AT,
        "raisedAt": AT,
        "revision": revision,
        **more,
    }
    return msgspec.convert(said, kind)


async def write(address: str) -> None:
    log = open_log(address)
    await log.open()
    await log.apply_topics(EVERY_TOPIC.values())
    for one in (
        fact(AlertRaised, "A", "info"),
        fact(AlertRaised, "B", "critical"),
        fact(AlertRaised, "C", "warning"),
        fact(AlertResolved, "C", "warning", 1, resolvedAt=AT, why="ended"),
    ):
        await log.append(Record(ALERTS.name, key_of(one), msgspec.json.encode(one), headers_of(one, AT)))
    await log.close()


def test_the_alerts_that_stand_are_listed_from_the_log(run: Ran, tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path / 'events.db'}"
    asyncio.run(write(address))
    done = run("alerts", "list", "--from-log", "--event-log", address)
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.split()[2:] for line in done.stdout.splitlines()] == [
        ["critical", "Rule", "B", "is", "away"],
        ["info", "Rule", "A", "is", "away"],
    ]
    lines = run("alerts", "list", "--from-log", "--json", "--event-log", address).stdout.splitlines()
    assert [json.loads(line)["station"] for line in lines] == ["B", "A"]


def test_a_database_that_is_not_there_is_told(run: Ran, tmp_path: Path) -> None:
    done = run("alerts", "list")
    assert done.returncode == 1
    assert "start `ocpp-gateway consume alerting` first" in done.stderr
    assert not (tmp_path / "var").exists()


async def tell(address: str) -> None:
    """A station is faulted, as of now."""
    now = datetime.now(UTC)
    event = ConnectorStatusChanged(
        station=Station(id="A"),
        received_at=now,
        evse=Evse(id=1, connector_id=1),
        status="Faulted",
        fault=Fault(code="GroundFailure"),
    )
    headers = Envelope("g", "A", "1.6", "c").headers(event, "c-1", 1)
    log = open_log(address)
    await log.open()
    await log.apply_topics(EVERY_TOPIC.values())
    await log.append(Record(event.TOPIC.name, "A", envelope.encode(event), headers))
    await log.close()


def test_the_program_raises_an_alert_and_lists_it(start: Started, run: Ran, tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text("rules:\n- {name: Faulted, kind: connector_faulted, for: 0s}\n")
    address = f"sqlite:///{tmp_path / 'events.db'}"
    asyncio.run(tell(address))
    program = start(
        *("consume", "alerting"),
        OCPP_EVENT_LOG=address,
        OCPP_ALERTING_RULES=str(rules),
        OCPP_ALERTING_INTERNAL_PORT="0",
        OCPP_INTERNAL_HOST="127.0.0.1",
    )
    try:
        told, until = "", time.monotonic() + 40
        while "GroundFailure" not in told and time.monotonic() < until:
            told = run("alerts", "list").stdout
    finally:
        program.terminate()
        program.communicate(timeout=30)
    assert "warning   Faulted                   A EVSE 1 connector 1 is faulted: GroundFailure" in told
    assert program.returncode == 0
    lines = run("alerts", "list", "--from-log", "--json", "--event-log", address).stdout.splitlines()
    assert [json.loads(line)["rule"] for line in lines] == ["Faulted"]


def test_rules_that_are_not_valid_end_the_start_with_every_fault(run: Ran, tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text("rules:\n- {name: A, kind: connector_faulted, for: x}\n- {kind: y}\n")
    done = run(*("consume", "alerting"), OCPP_ALERTING_RULES=str(rules), OCPP_ALERTING_INTERNAL_PORT="0")
    assert done.returncode != 0
    assert "line 2: rules[0].for: 'x' is no duration" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr

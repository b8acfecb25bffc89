"""`tail` shows what stands in the log, as one would want to read it or to pipe it, and leaves quietly."""

import asyncio
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import PROGRAM, UNREADABLE, Ran, Started, opened_with_topics, records_of

DAY = [
    "station.booted",
    "authorization.requested",
    "transaction.started",
    "transaction.ended",
    "station.heartbeat",
]


def events(output: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in output.splitlines()]


def test_json_is_one_structured_cloud_event_a_line(run: Ran, filled: str) -> None:
    done = run(
        "tail", "--from-beginning", "--json", "--count", "5", "--station", "CP-001", "--event-log", filled
    )
    assert done.returncode == 0
    assert done.stderr == ""
    seen = events(done.stdout)
    assert sorted(str(event["type"]) for event in seen) == sorted(f"ocpp.{name}" for name in DAY)
    (started,) = [event for event in seen if event["type"] == "ocpp.transaction.started"]
    assert started["specversion"] == "1.0"
    assert started["subject"] == "CP-001"
    assert started["ocppversion"] == "1.6"
    assert started["id"] == "CP-001-3"
    assert started["data"] == {
        "station": {"id": "CP-001"},
        "receivedAt": "2026-03-01T12:00:00Z",
        "evse": {"id": 1, "connectorId": 1},
        "transaction": {"id": "CP-001-t1"},
        "idToken": {"value": "04A2", "type": "ISO14443"},
        "meter": {"startWh": 1000},
    }


def test_events_of_one_station_and_topic_come_in_their_order(run: Ran, filled: str) -> None:
    done = run(
        *("tail", "--from-beginning", "--json", "--count", "3"),
        *("--station", "DE*", "--topic", "ocpp.stations.v1", "--event-log", filled),
    )
    assert [(event["subject"], event["sequence"]) for event in events(done.stdout)] == [
        ("DE*ABC*2", "0000000001"),
        ("DE*ABC*2", "0000000002"),
        ("DE*ABC*2", "0000000005"),
    ]


@pytest.mark.parametrize("pattern", ["ocpp.transaction.*", "transaction.*"])
def test_types_are_chosen_by_pattern(run: Ran, filled: str, pattern: str) -> None:
    done = run("tail", "--from-beginning", "--json", "--count", "4", "--type", pattern, "--event-log", filled)
    assert sorted(str(event["type"]) for event in events(done.stdout)) == [
        *["ocpp.transaction.ended"] * 2,
        *["ocpp.transaction.started"] * 2,
    ]


def test_several_stations_and_types_may_be_named(run: Ran, filled: str) -> None:
    done = run(
        *("tail", "--from-beginning", "--json", "--count", "3", "--event-log", filled),
        *("--station", "CP-001", "--station", "DE*", "--type", "*.booted", "--type", "*.ended"),
    )
    assert {event["type"] for event in events(done.stdout)} == {
        "ocpp.station.booted",
        "ocpp.transaction.ended",
    }


def test_people_get_one_aligned_line_an_event_with_what_matters(run: Ran, filled: str) -> None:
    done = run(
        *("tail", "--from-beginning", "--count", "3", "--event-log", filled),
        *("--topic", "ocpp.stations.v1", "--station", "CP-*"),
    )
    assert done.stdout.splitlines() == [
        '2026-03-01 12:00:00  CP-001        station.booted            vendor=Kurbel model="Wallbox 22"',
        "2026-03-01 12:00:00  CP-001        authorization.requested   token=04A2 decision=Accepted",
        "2026-03-01 12:00:00  CP-001        station.heartbeat",
    ]


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_what_is_no_event_is_shown_as_such(run: Ran, filled: str, form: list[str]) -> None:
    done = run(
        *("tail", "--from-beginning", "--topic", "ocpp.dead-letters.v1", "--event-log", filled),
        *("--count", str(len(UNREADABLE)), *form),
    )
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert len(lines) == len(UNREADABLE)
    if form:
        assert [event["key"] for event in events(done.stdout)] == ["CP-X"] * len(UNREADABLE)
        assert all(event["problem"] for event in events(done.stdout))
    else:
        assert all("no event" in line and "ocpp.dead-letters.v1[" in line for line in lines)
        assert all(line.isprintable() for line in lines)


async def test_events_are_shown_as_they_come(start: Started, tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path}/events.db"
    log = await opened_with_topics(address)
    following = start("tail", "--json", "--count", "1", OCPP_EVENT_LOG=address)
    ended = asyncio.create_task(asyncio.to_thread(following.communicate, timeout=60))
    appended = 0
    while not ended.done():  # when it follows cannot be seen from outside
        await log.append(records_of("CP-007", "2.0.1")[0])
        appended += 1
        await asyncio.wait({ended}, timeout=0.1)
    output, errors = await ended
    await log.close()
    assert (following.returncode, errors) == (0, "")
    assert [event["subject"] for event in events(output)] == ["CP-007"]
    assert appended > 1  # what was there before it came is not shown


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_leaves_quietly_when_asked(start: Started, filled: str, number: signal.Signals) -> None:
    following = start("tail", "--from-beginning", "--event-log", filled)
    assert following.stdout
    assert following.stdout.readline()
    following.send_signal(number)
    _, errors = following.communicate(timeout=10)
    assert (following.returncode, errors) == (0, "")


def test_it_leaves_quietly_when_its_reader_has_left(filled: str) -> None:
    piped = f"'{PROGRAM}' tail --from-beginning --event-log '{filled}' | '{sys.executable}' -c 'input()'"
    done = subprocess.run(
        ["/bin/bash", "-o", "pipefail", "-c", piped], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--event-log", "sqlite:///nowhere.db"], 1, "there is no event log at sqlite:///nowhere.db yet"),
        (["--event-log", "mysql://x"], 2, "'mysql://x' is no event log"),
        (["--event-log", "sqlite:///."], 1, "cannot reach the event log sqlite:///."),
    ],
)
def test_a_log_that_cannot_be_read_is_told_in_a_line(
    run: Ran, arguments: list[str], code: int, words: str
) -> None:
    done = run("tail", *arguments)
    assert done.returncode == code
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_missing_topic_is_told_with_what_to_do(run: Ran, filled: str) -> None:
    done = run("tail", "--topic", "ocpp.routes.v1", "--event-log", filled)
    assert done.returncode == 1
    assert "ocpp.routes.v1" in done.stderr
    assert "ocpp-gateway topics apply" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_topic_that_does_not_exist_is_refused_with_those_that_do(run: Ran) -> None:
    done = run("tail", "--topic", "nosuch")
    assert done.returncode == 2
    assert "no such topic: nosuch; there are ocpp.stations.v1, " in done.stderr

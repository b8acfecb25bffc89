"""`command` writes one record, prints the one result of it, and ends with a code that says what it was."""

import asyncio
import json
import re
import shlex
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, get_args
from uuid import uuid4

import pytest

from cli.command import EXIT_CODES
from cli.command_view import worded
from contract.checking import faults
from contract.results import CommandRequest, Status
from contract.topics import COMMAND_TOPICS
from contract.vocabulary import COMMANDS
from eventlog.port import EventLog
from eventlog.url import open_log
from tests.cli.conftest import Ran
from tests.gateway.api.conftest import Answering, answering, held, say

UNLOCK = ("connector.unlock", "--json", '{"evse": {"id": 1}}')


@pytest.fixture
def address(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/events.db"


@pytest.fixture
async def log(address: str) -> AsyncIterator[EventLog]:
    made = open_log(address)
    await made.open()
    await made.apply_topics(COMMAND_TOPICS.values())
    yield made
    await made.close()


@pytest.fixture
async def answers(log: EventLog) -> AsyncIterator[Answering]:
    async with answering(log) as made:
        yield made


@pytest.mark.parametrize("status", get_args(Status))
async def test_the_exit_code_says_what_became_of_it(
    run: Ran, answers: Answering, address: str, status: Status
) -> None:
    answers.status = status
    done = await asyncio.to_thread(run, "command", "CP-1", *UNLOCK, "--event-log", address)
    assert done.returncode == EXIT_CODES[status]
    assert done.stdout.splitlines()[0].startswith(f"{status}  connector.unlock  CP-1")
    assert done.stderr == ""


def test_every_status_has_a_code_of_its_own() -> None:
    assert set(EXIT_CODES) == set(get_args(Status))
    assert sorted(EXIT_CODES.values()) == list(range(8))


def test_the_page_has_the_codes_and_commands_that_may_be_sent() -> None:
    page = (Path(__file__).parents[2] / "docs" / "commanding.md").read_text()
    codes = {
        words.strip().replace(" ", "_"): int(code)
        for code, words in re.findall(r"^\| (\d) \| ([a-z ]+)", page, re.MULTILINE)
    }
    assert {status: codes[status] for status in EXIT_CODES} == EXIT_CODES
    lines = [
        shlex.split(line, comments=True)
        for line in page.splitlines()
        if line.startswith("ocpp-gateway command CP")
    ]
    assert len(lines) > 5
    for _, _, _, *words in lines:
        request = CommandRequest(id="1", command=words[0], arguments=json.loads(words[-1]))
        if words[0] == "--raw":
            request = CommandRequest(id="1", action=words[1], version=words[3], payload=json.loads(words[-1]))
        assert faults(request) == []


async def test_the_record_is_what_was_asked_for(run: Ran, answers: Answering, address: str) -> None:
    done = await asyncio.to_thread(
        run,
        *("command", "DE*1", *UNLOCK, "--wait", "7.5", "--when-offline", "wait", "--output", "json"),
        OCPP_EVENT_LOG=address,
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    ((station, request),) = answers.seen
    assert station == "DE*1"
    assert (request.command, request.arguments) == ("connector.unlock", {"evse": {"id": 1}})
    assert (request.deadline_seconds, request.when_offline) == (7.5, "wait")
    assert result["commandId"] == request.id
    assert result["status"] == "accepted"


async def test_an_action_in_the_stations_own_words(run: Ran, answers: Answering, address: str) -> None:
    payload = '{"key": "HeartbeatInterval", "value": "60"}'
    done = await asyncio.to_thread(
        run,
        *("command", "CP-1", "--raw", "ChangeConfiguration", "--version", "1.6", "--json", payload),
        OCPP_EVENT_LOG=address,
    )
    assert done.returncode == 0, done.stderr
    ((_, request),) = answers.seen
    assert (request.action, request.version) == ("ChangeConfiguration", "1.6")
    assert request.payload == json.loads(payload)
    assert request.command is request.arguments is None


async def test_no_result_is_said_with_the_id(run: Ran, answers: Answering, address: str) -> None:
    answers.may.clear()
    done = await asyncio.to_thread(run, "command", "CP-1", *UNLOCK, "--wait", "0.1", OCPP_EVENT_LOG=address)
    assert done.returncode == 8
    ((_, request),) = answers.seen
    assert request.id in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "name a station and a command"),
        (["CP-1"], "name a station and a command"),
        (["", "station.reset"], "'' is not the id of a station"),
        (["CP;1", "station.reset"], "'CP;1' is not the id of a station"),
        (["CP-1", "station.reset", "--raw", "Reset"], "name a station and a command"),
        (["CP-1", "transaction.strat"], "did you mean transaction.start?"),
        (["CP-1", "connector.unlock"], "/arguments: Object missing required field `evse`"),
        (["CP-1", "connector.unlock", "--json", '{"evse":{"id":"1"}}'], "/arguments/evse/id: Expected `int`"),
        (["CP-1", "station.reset", "--json", '{"typ":"OnIdle"}'], "/arguments/typ: no such field"),
        (["CP-1", "station.reset", "--json", "{"], "--json is no JSON"),
        (["CP-1", "station.reset", "--json", "[]"], "--json is no object"),
        (["CP-1", "station.reset", "--json", "[" * 5_000 + "]" * 5_000], "--json is no JSON"),
        (["CP-1", "--raw", "Reset"], "/version: an action needs"),
        (["CP-1", "--raw", "Reset", "--version", "3"], "/version: an action needs"),
        (["CP-1", "station.reset", "--version", "1.6"], "belong to an action"),
        (["CP-1", "station.reset", "--wait", "0"], "0.1"),
        (["CP-1", "station.reset", "--when-offline", "cry"], "'cry'"),
    ],
)
def test_what_is_no_command_is_not_sent(run: Ran, arguments: list[str], words: str) -> None:
    done = run("command", *arguments, "--event-log", "sqlite:///nowhere.db")
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("address", ["sqlite:///nowhere.db", "sqlite:///."])
def test_a_log_that_is_not_there(run: Ran, address: str) -> None:
    done = run("command", "CP-1", *UNLOCK, "--event-log", address)
    assert done.returncode == 9
    assert len(done.stderr.splitlines()) == 1


async def test_a_log_without_the_topics(run: Ran, address: str) -> None:
    log = open_log(address)
    await log.open()
    await log.close()
    done = await asyncio.to_thread(run, "command", "CP-1", *UNLOCK, "--event-log", address)
    assert done.returncode == 9
    assert "ocpp-gateway topics apply" in done.stderr


def test_the_list_has_every_command_with_what_it_needs(run: Ran) -> None:
    done = run("command", "--list")
    assert (done.returncode, done.stderr) == (0, "")
    assert set(re.findall(r"^(\w+\.\w+)", done.stdout, re.MULTILINE)) == set(COMMANDS)
    assert re.search(r"^transaction\.start +idToken \[evse\] .*\n +Start charging", done.stdout, re.MULTILINE)
    assert "(OCPP 2.0.1, 2.1)" in done.stdout


def test_a_result_in_words_has_what_the_station_said_and_what_was_lost() -> None:
    result: dict[str, Any] = {
        "station": {"id": "CP-1"},
        "status": "rejected",
        "why": "not now\x1b[2J",
        "request": {"command": "variables.set"},
        "timings": {"askedAt": "2026-03-01T12:00:00Z", "answeredAt": "2026-03-01T12:00:00.250Z"},
        "answer": {
            "status": "Rejected",
            "native": {"status": "NotSupported"},
            "variables": [{"component": "C", "variable": "V", "status": "Accepted", "value": "60"}],
        },
        "loss": [
            {"path": "/a", "code": "field_dropped", "was": 7},
            {"path": "/type", "code": "enum_collapsed", "was": "OnIdle", "became": "Soft"},
        ],
        "exchanges": [
            {"action": "Reset", "request": {"type": "Soft"}, "response": {"status": "Rejected"}},
            {"action": "Get", "request": {}, "errorCode": "NotSupported", "errorDescription": "no"},
            {"action": "Lost", "request": {}},
        ],
    }
    assert worded(result).splitlines() == [
        "\x1b[33m\x1b[1mrejected\x1b[0m  variables.set  CP-1  in 0.25 s",
        "  why         not now\\x1b[2J",
        "  variable    C.V = 60  Accepted",
        "  status      Rejected",
        '  native      {"status": "NotSupported"}',
        "  loss        /a: field_dropped, was 7",
        "  loss        /type: enum_collapsed, was OnIdle, became Soft",
        '  sent        Reset {"type": "Soft"}',
        '  answered    {"status": "Rejected"}',
        "  sent        Get {}",
        "  error       NotSupported: no",
        "  sent        Lost {}",
    ]


async def test_the_same_on_kafka(run: Ran, kafka: str) -> None:
    log = open_log(kafka)
    await log.open()
    await log.apply_topics(COMMAND_TOPICS.values())
    station = f"CP-{uuid4().hex[:8]}"
    async with answering(log) as answers:
        done = await asyncio.to_thread(run, "command", station, *UNLOCK, "--event-log", kafka)
        assert (done.returncode, done.stderr) == (0, "")
        assert [request.command for key, request in answers.seen if key == station] == ["connector.unlock"]
    await say(log, station, held())
    listed = await asyncio.to_thread(run, "stations", station, "--json", "--event-log", kafka)
    assert json.loads(listed.stdout)["online"] is True
    await log.close()


def test_a_kafka_that_is_not_there(run: Ran) -> None:
    done = run("command", "CP-1", *UNLOCK, "--event-log", "kafka://127.0.0.1:1")
    assert done.returncode == 9
    assert "cannot reach the event log kafka://127.0.0.1:1" in done.stderr

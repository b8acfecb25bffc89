"""`stations` prints who is connected where, as it stands in the log."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from contract.topics import COMMAND_TOPICS
from eventlog.url import open_log
from tests.cli.conftest import Ran
from tests.gateway.api.conftest import held, say

NOW = datetime.now(UTC)


@pytest.fixture
async def address(tmp_path: Path) -> str:
    """A log in which two stations are connected, one has left, and one has been moved to another gateway."""
    address = f"sqlite:///{tmp_path}/events.db"
    log = open_log(address)
    await log.open()
    await log.apply_topics(COMMAND_TOPICS.values())
    since = NOW - timedelta(hours=3)
    await say(log, "CP-1", held(since=since))
    await say(log, "DE*2", held("c-2", version="2.1", since=since))
    await say(log, "CP-3", held("c-3", since=since))
    await say(log, "CP-3", held("c-3", online=False, reason="client", since=since))
    await say(log, "CP-1", held("c-9", gateway="gw-2", since=NOW))
    await say(log, "CP-1", held("c-1", online=False, reason="takeover", since=since))
    # A router has it said again: compaction keeps but the last record.
    await say(log, "CP-1", held("c-9", gateway="gw-2", since=NOW, restated=True))
    await log.close()
    return address


def test_a_table_of_all(run: Ran, address: str) -> None:
    done = run("stations", OCPP_EVENT_LOG=address)
    assert (done.returncode, done.stderr) == (0, "")
    heads, *rows, total = [line.split() for line in done.stdout.splitlines()]
    assert heads == ["STATION", "OCPP", "STATE", "GATEWAY", "SINCE"]
    assert [row[:2] for row in rows] == [["CP-1", "1.6"], ["CP-3", "1.6"], ["DE*2", "2.1"]]
    assert rows[0][2:4] == ["online", "gw-2"]
    assert rows[0][5] in {"s", "min"}
    assert rows[1][2:] == ["offline:", "client", "gw-1", "3", "h", "ago"]
    assert total == ["2", "online,", "1", "not"]


def test_only_those_that_are_connected(run: Ran, address: str) -> None:
    done = run("stations", "--online", "--json", "--event-log", address)
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(one["id"], one["gateway"], one["connection"]) for one in found] == [
        ("CP-1", "gw-2", "c-9"),
        ("DE*2", "gw-1", "c-2"),
    ]


def test_one_station(run: Ran, address: str) -> None:
    done = run("stations", "DE*2", "--json", "--event-log", address)
    assert json.loads(done.stdout)["version"] == "2.1"


def test_one_that_never_was(run: Ran, address: str) -> None:
    done = run("stations", "CP-9", "--event-log", address)
    assert (done.returncode, done.stdout) == (1, "")
    assert "'CP-9' has ever connected" in done.stderr

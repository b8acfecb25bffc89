"""Programs that others wrote are served, and `tail` prints what they said."""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.interop.served import Served
from tests.support.npm import node_modules

SESSION = Path(__file__).with_name("session.js")


def types(events: list[dict[str, Any]]) -> Counter[str]:
    return Counter(event["type"].removeprefix("ocpp.") for event in events)


def only(events: list[dict[str, Any]], name: str) -> dict[str, Any]:
    (found,) = (event["data"] for event in events if event["type"] == f"ocpp.{name}")
    return dict(found)


def strict_session(served: Served, station: str, subprotocol: str) -> list[dict[str, Any]]:
    """What `ocpp-rpc` was answered, call by call."""
    done = subprocess.run(
        ["node", SESSION, served.url, station, subprotocol],
        env={**os.environ, "NODE_PATH": str(node_modules())},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_ocpp_rpc_tells_a_session_in_1_6(served: Served) -> None:
    answers = strict_session(served, "rpc-16", "ocpp1.6")
    assert [said["action"] for said in answers] == [
        "BootNotification",
        "StatusNotification",
        "StatusNotification",
        "Authorize",
        "StartTransaction",
        "MeterValues",
        "StopTransaction",
        "Heartbeat",
    ]
    events = served.events("rpc-16", 12)
    assert types(events) == {
        "station.connected": 1,
        "station.booted": 1,
        "connector.status_changed": 2,
        "authorization.requested": 1,
        "transaction.started": 1,
        "meter.sampled": 3,
        "transaction.ended": 1,
        "station.heartbeat": 1,
        "station.disconnected": 1,
    }
    started, ended = only(events, "transaction.started"), only(events, "transaction.ended")
    assert started["transaction"]["native"] == answers[4]["answer"]["transactionId"]
    assert started["transaction"]["id"] == ended["transaction"]["id"]
    assert (started["meter"]["startWh"], ended["meter"]["stopWh"]) == (1000, 2500)


def test_ocpp_rpc_tells_a_session_in_2_0_1(served: Served) -> None:
    answers = strict_session(served, "rpc-201", "ocpp2.0.1")
    assert answers[0]["answer"]["status"] == "Accepted"
    events = served.events("rpc-201", 12)
    assert types(events) == {
        "station.connected": 1,
        "station.booted": 1,
        "connector.status_changed": 1,
        "authorization.requested": 1,
        "transaction.started": 1,
        "transaction.updated": 1,
        "transaction.ended": 1,
        "meter.sampled": 3,
        "station.heartbeat": 1,
        "station.disconnected": 1,
    }
    assert only(events, "transaction.updated")["samples"][0]["value"] == 1500.5
    assert only(events, "transaction.ended")["stoppedReason"] == "Local"


@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
def test_test_ocpp_finds_a_central_system(served: Served, version: str) -> None:
    station = f"test-ocpp-{version}"
    done = subprocess.run(
        [sys.executable, "-m", "test_ocpp", served.url, station, "--ocpp", version],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "WARNING" not in done.stdout
    assert types(served.events(station, 4)) == {
        "station.connected": 1,
        "station.booted": 1,
        "station.heartbeat": 1,
        "station.disconnected": 1,
    }

"""Programs that others wrote are served, and `tail` prints what they said."""

import asyncio
import contextlib
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from contract.topics import TOPICS
from eventlog.port import Record
from eventlog.url import open_log
from tests.interop.served import Served
from tests.support.npm import node_modules
from tests.support.validation import check_record

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


@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
def test_ocpp_rpc_tells_a_session_in_2(served: Served, version: str) -> None:
    station = f"rpc-{version}"
    answers = strict_session(served, station, f"ocpp{version}")
    assert answers[0]["answer"]["status"] == "Accepted"
    events = served.events(station, 12)
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


async def records_of(station: str, count: int, log_url: str) -> list[Record]:
    """The first records of a station, read from the log itself."""
    log = open_log(log_url)
    await log.open()
    found: list[Record] = []
    try:
        async with asyncio.timeout(30), contextlib.aclosing(log.tail(TOPICS, from_beginning=True)) as stored:
            async for each in stored:
                if each.record.key == station:
                    found.append(each.record)
                if len(found) == count:
                    break
    finally:
        await log.close()
    return found


async def test_the_records_behind_the_events_are_cloudevents_in_order(served: Served) -> None:
    await asyncio.to_thread(strict_session, served, "rpc-records", "ocpp1.6")
    records = await records_of("rpc-records", 12, served.log_url)
    for record in records:
        check_record(record)
    headers = [dict(record.headers) for record in records]
    assert len({each["ce_id"] for each in headers}) == 12
    assert len({each["ce_connection"] for each in headers}) == 1
    for topic in TOPICS:
        in_topic = [dict(record.headers)["ce_sequence"] for record in records if record.topic == topic]
        assert in_topic == sorted(in_topic)

"""The same commands on a real Kafka: topics are applied, events are read, and a broker that is not there is told."""

import json
from uuid import uuid4

from contract.topics import EVERY_TOPIC
from eventlog.url import open_log
from tests.cli.conftest import Ran, records_of


async def test_topics_and_tail(run: Ran, kafka: str) -> None:
    applied = run("topics", "apply", "--event-log", kafka)
    assert applied.returncode == 0, applied.stderr
    assert [line.split()[0] for line in applied.stdout.splitlines()] == list(EVERY_TOPIC)
    again = run("topics", "apply", OCPP_EVENT_LOG=kafka)
    assert all("unchanged" in line for line in again.stdout.splitlines())

    station = f"CP-{uuid4().hex[:8]}"
    log = open_log(kafka)
    await log.open()
    for record in records_of(station, "2.0.1"):
        await log.append(record)
    await log.close()
    done = run(
        *("tail", "--from-beginning", "--json", "--count", "3", "--station", station),
        *("--topic", "ocpp.stations.v1"),
        OCPP_EVENT_LOG=kafka,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert [json.loads(line)["type"] for line in done.stdout.splitlines()] == [
        "ocpp.station.booted",
        "ocpp.authorization.requested",
        "ocpp.station.heartbeat",
    ]


def test_a_topic_that_is_none_of_ours_is_told_with_those_that_are(run: Ran, kafka: str) -> None:
    done = run("tail", "--topic", f"nope-{uuid4().hex}.v1", "--event-log", kafka)
    assert done.returncode == 2
    assert "ocpp.transactions.v1" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_broker_that_is_not_there_is_told(run: Ran) -> None:
    done = run("tail", "--event-log", "kafka://127.0.0.1:1")
    assert done.returncode == 1
    assert "cannot reach the event log kafka://127.0.0.1:1" in done.stderr
    assert "Traceback" not in done.stderr

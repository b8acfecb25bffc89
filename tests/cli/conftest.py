"""The program as a user runs it, and a log with a few events to read."""

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from contract import envelope
from contract.envelope import Envelope
from contract.events import (
    AuthorizationRequested,
    Event,
    StationBooted,
    StationHeartbeat,
    TransactionEnded,
    TransactionStarted,
)
from contract.model import Decision, Evse, Hardware, IdToken, Meter, Station, Transaction
from contract.topics import DEAD_LETTERS, TOPICS
from eventlog.port import EventLog, Record
from eventlog.url import open_log

PROGRAM = Path(sys.executable).with_name("ocpp-gateway")
NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)

Started = Callable[..., subprocess.Popen[str]]
Ran = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def start(tmp_path: Path) -> Started:
    """Start the program in an empty folder, with an environment that sets nothing of ours."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("OCPP_")}

    def started(*arguments: str, **variables: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [PROGRAM, *arguments],
            cwd=tmp_path,
            env=clean | {"COLUMNS": "120"} | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return started


@pytest.fixture
def run(start: Started) -> Ran:
    """Run the program to its end."""

    def ran(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        process = start(*arguments, **variables)
        output, errors = process.communicate(timeout=60)
        return subprocess.CompletedProcess(arguments, process.returncode, output, errors)

    return ran


def records_of(station: str, version: str) -> list[Record]:
    """A station's short day: it boots, a driver is let in, charges, and leaves."""
    who = Station(id=station)
    visit = Transaction(id=f"{station}-t1")
    token = IdToken(value="04A2", type="ISO14443")
    day: list[Event] = [
        StationBooted(station=who, received_at=NOW, hardware=Hardware(vendor="Kurbel", model="Wallbox 22")),
        AuthorizationRequested(
            station=who, received_at=NOW, id_token=token, decision=Decision(status="Accepted")
        ),
        TransactionStarted(
            station=who,
            received_at=NOW,
            evse=Evse(id=1, connector_id=1),
            transaction=visit,
            id_token=token,
            meter=Meter(start_wh=Decimal(1000)),
        ),
        TransactionEnded(
            station=who,
            received_at=NOW,
            transaction=visit,
            stopped_reason="Local",
            meter=Meter(stop_wh=Decimal(9000)),
        ),
        StationHeartbeat(station=who, received_at=NOW),
    ]
    made = Envelope("gw-1", station, version, f"c-{station}")
    return [
        Record(
            event.TOPIC.name,
            station,
            envelope.encode(event),
            made.headers(event, f"{station}-{number}", number),
        )
        for number, event in enumerate(day, 1)
    ]


UNREADABLE = [
    Record(DEAD_LETTERS.name, "CP-X", b"\xff\xfenonsense", [("reason", b"no JSON\xff")]),
    Record(DEAD_LETTERS.name, "CP-X", b"not json", [("ce_type", b"ocpp.station.booted"), ("ce_id", b"1")]),
    Record(DEAD_LETTERS.name, "CP-X", b"{}", [("ce_type", b"\xff")]),
    Record(DEAD_LETTERS.name, "CP-X", None, [("ce_type", b"ocpp.station.booted")]),
]


async def opened_with_topics(address: str) -> EventLog:
    log = open_log(address)
    await log.open()
    await log.apply_topics(TOPICS.values())
    return log


@pytest.fixture
async def filled(tmp_path: Path) -> str:
    """The address of a log with the days of two stations and some records that are no events."""
    address = f"sqlite:///{tmp_path}/events.db"
    log = await opened_with_topics(address)
    for record in [*records_of("CP-001", "1.6"), *records_of("DE*ABC*2", "2.1"), *UNREADABLE]:
        await log.append(record)
    await log.close()
    return address

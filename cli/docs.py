"""Writes docs/contract and docs/settings.md from the code: `make docs`; `--check` fails where they are stale.

What only messages can tell (which action says an event, and how an event looks) comes from the golden
files of the translation, so that the examples are what the gateway really publishes.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.metadata import version
from pathlib import Path

from msgspec import to_builtins

from cli.families import HEADINGS, families
from consumers.monitoring.api import document as monitoring
from contract import (
    alert_documents,
    asyncapi,
    cdr_documents,
    command_overview,
    decision_documents,
    openapi,
    overview,
)
from contract.envelope import encode
from contract.events import Event, FrameRejected, StationConnected, StationDisconnected, UnknownAction
from contract.model import Protocol, Station
from contract.published import (
    COMMANDS_FOLDER,
    HEADERS,
    REQUEST,
    Json,
    command_schema,
    event_schema,
    headers_schema,
    request_schema,
)
from contract.results import Answer, CommandCompleted, CommandLateResult, CommandRequest, Exchange, Timings
from contract.vocabulary import COMMANDS, EVENTS
from service.settings import allowed, default_of, unit_of, variable

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs"
CONTRACT = "contract"
GOLDEN = ROOT / "tests" / "translation" / "golden"
GOLDEN_COMMANDS = ROOT / "tests" / "translation" / "outbound" / "golden"

VERSIONS = ("2.0.1", "1.6", "2.1")
"""In the order in which they give examples: the contract's words are those of 2.0.1."""

_STATION = Station(id="DE*ABC*E0042")
_RECEIVED_AT = datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC)

REQUEST_EXAMPLE = CommandRequest(
    id="8f0c2c1e-4d1b-4a57-9f63-6d2a1b7c0e11",
    command="transaction.start",
    arguments={"idToken": {"value": "04A2B3C4D5E6F7", "type": "ISO14443"}, "evse": {"id": 1}},
    deadline_seconds=20.0,
    correlation_id="order-4711",
)

NOT_SAID: tuple[Event, ...] = (
    StationConnected(
        station=_STATION,
        received_at=_RECEIVED_AT,
        version="2.0.1",
        remote="192.0.2.17",
        subprotocol="ocpp2.0.1",
        tls=True,
    ),
    StationDisconnected(
        station=_STATION,
        received_at=_RECEIVED_AT,
        version="2.0.1",
        reason="client",
        code=1000,
        connected_seconds=86_412.5,
    ),
    FrameRejected(
        station=_STATION, received_at=_RECEIVED_AT, kind="json", frame='[2,"17","Heartbeat",{', size_bytes=21
    ),
    UnknownAction(
        station=_STATION,
        received_at=_RECEIVED_AT,
        protocol=Protocol(version="1.6", action="ReportRainfall", message_id="18"),
        action="ReportRainfall",
        payload={"millimetres": 3},
    ),
    CommandCompleted(
        station=_STATION,
        received_at=_RECEIVED_AT,
        command_id=REQUEST_EXAMPLE.id,
        status="accepted",
        request=to_builtins(REQUEST_EXAMPLE),
        timings=Timings(
            asked_at=_RECEIVED_AT - timedelta(milliseconds=90),
            queued_at=_RECEIVED_AT - timedelta(milliseconds=85),
            sent_at=_RECEIVED_AT - timedelta(milliseconds=84),
            answered_at=_RECEIVED_AT,
        ),
        answer=Answer(status="Accepted", remote_start_id=79010304),
        exchanges=(
            Exchange(
                action="RequestStartTransaction",
                request={
                    "idToken": {"idToken": "04A2B3C4D5E6F7", "type": "ISO14443"},
                    "remoteStartId": 79010304,
                    "evseId": 1,
                },
                response={"status": "Accepted"},
            ),
        ),
        correlation_id=REQUEST_EXAMPLE.correlation_id,
    ),
    CommandLateResult(
        station=_STATION,
        received_at=_RECEIVED_AT,
        command_id=REQUEST_EXAMPLE.id,
        payload={"status": "Accepted"},
    ),
)
"""Examples of the events that no known action says."""


_SETTINGS = """\
# Settings

<!-- Written by `make docs` from the settings.py of each program; change those, not this. -->

Environment variables, all optional. `ocpp-gateway settings` prints them with the value in force. Every
mistake is reported at start, unknown names too. One environment may hold those of all programs. A consumer
also reads what stands under the gateway about the event log, Kafka, logging and `OCPP_INTERNAL_HOST`.
"""

Examples = dict[str, Json]


@cache
def documents() -> dict[str, str]:
    """Every file that is made, by its path in docs."""
    said_by, examples = _learnt()
    said_as, arguments = _learnt_of_commands()
    request = to_builtins(REQUEST_EXAMPLE)
    schemas = {
        HEADERS: headers_schema(),
        REQUEST: request_schema(request),
        **decision_documents.schemas(),
        **alert_documents.schemas(),
        **cdr_documents.schemas(),
        **{name: event_schema(event, examples.get(name)) for name, event in EVENTS.items()},
        **{
            f"{COMMANDS_FOLDER}/{name}": command_schema(command, arguments.get(name))
            for name, command in COMMANDS.items()
        },
    }
    return {
        "settings.md": _settings(),
        f"{CONTRACT}/openapi.json": _json(openapi.document(version("ocpp-gateway"))),
        f"{CONTRACT}/monitoring-openapi.json": _json(monitoring.document(version("ocpp-gateway"))),
        f"{CONTRACT}/asyncapi.json": _json(asyncapi.document(version("ocpp-gateway"), examples, arguments)),
        f"{CONTRACT}/events.md": overview.page(said_by, _texts(examples)),
        f"{CONTRACT}/commands.md": command_overview.page(said_as, _texts(arguments), _text(request)),
        f"{CONTRACT}/decisions.md": decision_documents.page(),
        f"{CONTRACT}/alerts.md": alert_documents.page(),
        f"{CONTRACT}/cdrs.md": cdr_documents.page(),
        **{f"{CONTRACT}/{asyncapi.SCHEMAS}/{name}.json": _json(made) for name, made in schemas.items()},
    }


def stale() -> list[str]:
    """The files that are not as the code says: missing, different, or no longer made."""
    made = documents()
    owned = {path.relative_to(FOLDER).as_posix() for path in (FOLDER / CONTRACT).rglob("*") if path.is_file()}
    return sorted(name for name in made.keys() | owned if made.get(name) != _read(FOLDER / name))


def write() -> None:
    """Make the files what the code says, and docs/contract hold nothing else."""
    made = documents()
    for name in stale():
        path = FOLDER / name
        if name in made:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(made[name])
        else:
            path.unlink()


def _read(path: Path) -> str | None:
    return path.read_text() if path.exists() else None


def _learnt() -> tuple[overview.SaidBy, Examples]:
    """Which actions say each event, and an example of it: a lawful message's, and a primary event if any is."""
    said_by: dict[str, dict[str, list[str]]] = {name: {} for name in EVENTS}
    examples = {event.NAME: json.loads(encode(event)) for event in NOT_SAID}
    derived: Examples = {}
    for ocpp_version, action, case in _golden(GOLDEN):
        for place, event in enumerate(case["published"]):
            name = event["type"].removeprefix("ocpp.")
            actions = said_by[name].setdefault(ocpp_version, [])
            if action not in actions:
                actions.append(action)
            if case["schema_valid"]:
                (derived if place else examples).setdefault(name, event["data"])
    return said_by, {**derived, **examples}


def _learnt_of_commands() -> tuple[command_overview.SaidAs, Examples]:
    """By which actions each command is said, and an example of its arguments: the first of its cases."""
    said_as: dict[str, dict[str, list[str]]] = {name: {} for name in COMMANDS}
    arguments: Examples = {}
    for ocpp_version, name, case in _golden(GOLDEN_COMMANDS):
        arguments.setdefault(name, case["arguments"])
        actions = said_as[name].setdefault(ocpp_version, [])
        actions += (call["action"] for call in case.get("calls", ()) if call["action"] not in actions)
    return said_as, arguments


def _golden(folder: Path) -> Iterator[tuple[str, str, Json]]:
    """Version, name and case of everything in the golden files."""
    for ocpp_version in VERSIONS:
        for path in sorted((folder / ocpp_version).glob("*.json")):
            for case in json.loads(path.read_bytes()):
                yield ocpp_version, path.stem, case


def _settings() -> str:
    told: set[str] = set()
    lines = [_SETTINGS]
    for name, family in families().items():
        own = {field: info for field, info in family.model_fields.items() if field not in told}
        told.update(own)
        rows = [
            (
                f"`{variable(field)}`",
                f"`{default}`" if (default := default_of(info)) else "",
                unit_of(field),
                f"{info.description} Allowed: {allowed(family, field)}.",
            )
            for field, info in own.items()
        ]
        lines += [
            f"## {HEADINGS[name]}",
            "",
            *overview.table(("Variable", "Default", "Unit", "What"), rows),
            "",
        ]
    return "\n".join(lines).rstrip() + "\n"


def _texts(examples: Examples) -> dict[str, str]:
    return {name: _text(example) for name, example in examples.items()}


def _text(example: Json) -> str:
    return _json(example).rstrip()


def _json(document: Json) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Write the documents, or check that they are written."""
    parser = argparse.ArgumentParser(description="Write what docs/ holds from the code.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a file is stale")
    if not parser.parse_args().check:
        write()
    elif found := stale():
        sys.exit(f"stale, run `make docs`: {', '.join(found)}")


if __name__ == "__main__":
    main()

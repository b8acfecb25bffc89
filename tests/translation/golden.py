"""The golden files: what a station says and what becomes of it, in files that anybody can read.

`tests/translation/golden/<version>/<Action>.json` is a list of cases:

    case, about     its name, and what it shows
    given           (optional) where the fixed facts below differ: see `Given`
    said            the payload of the station's CALL
    schema_valid    whether the official schema allows it
    published       the events: type, id (null: from connection and sequence), data
    answered        the payload of the CALLRESULT (a SEND has none)

An event's `raw` is left out of `data`, since it is `said` again (that is checked).
`python -m tests.translation.golden --write` works `published` and `answered` out anew, for review.
"""

import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from ocpp.messages import MessageType, get_validator

from contract import envelope
from contract.model import Decision, Station
from contract.vocabulary import EVENTS
from gateway.translation import v16, v21, v201
from gateway.translation.table import Fact, Policy, Reading, Speaker, Table, translate

FOLDER = Path(__file__).parent / "golden"
TABLES: dict[str, Table] = {"1.6": v16.TABLE, "2.0.1": v201.TABLE, "2.1": v21.TABLE}

SENDS = frozenset(("NotifyPeriodicEventStream",))
"""The actions that are no CALL: frames of type 6 (OCPP 2.1 Part 4 §4.1.3)."""

STATION = Station(id="RDAM-0042")
CONNECTED_AT = datetime(2026, 8, 4, 13, 0, tzinfo=UTC)
RECEIVED_AT = datetime(2026, 8, 4, 13, 40, tzinfo=UTC)
MESSAGE_ID = "19223201"


class Given(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What may differ from the fixed facts."""

    verdict: Decision | None = None
    zone: str | None = None
    message_id: str = MESSAGE_ID


class Case(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One case; `said` has plain floats, as a session's payload has, `published` exact numbers."""

    case: str
    about: str
    given: Given | None = None
    said: Any
    schema_valid: bool
    published: Any = None
    answered: Any = None


_ENCODER = msgspec.json.Encoder(decimal_format="number")
_EXACT = msgspec.json.Decoder(float_hook=Decimal)
_CASES = msgspec.json.Decoder(list[Case])


def names() -> list[tuple[str, str]]:
    """Version and action of every golden file."""
    return sorted((path.parent.name, path.stem) for path in FOLDER.glob("*/*.json"))


def read(version: str, action: str) -> list[Case]:
    encoded = _path(version, action).read_bytes()
    cases = _CASES.decode(encoded)
    for case, written in zip(cases, _EXACT.decode(encoded), strict=True):
        case.published = written.get("published")
    return cases


def write(version: str, action: str, cases: list[Case]) -> None:
    _path(version, action).write_bytes(msgspec.json.format(_ENCODER.encode(cases), indent=2) + b"\n")


def _path(version: str, action: str) -> Path:
    return FOLDER / version / f"{action}.json"


def reading(version: str, action: str, given: Given | None = None, station: Station = STATION) -> Reading:
    """The fixed facts, as a session would have gathered them."""
    given = given or Given()
    speaker = Speaker(
        station=station,
        version=version,
        connected_at=CONNECTED_AT,
        zone=ZoneInfo(given.zone) if given.zone else UTC,
        policy=Policy(),
    )
    made = Reading(speaker, action, given.message_id, RECEIVED_AT)
    if given.verdict is not None:
        made.verdict = given.verdict
    return made


def outcome(version: str, action: str, case: Case) -> tuple[Any, Any]:
    """What is published and what is answered."""
    facts, answer = translate(TABLES[version][action], case.said, reading(version, action, case.given))
    return [_shown(fact, case.said) for fact in facts], None if action in SENDS else answer


def _shown(fact: Fact, said: Any) -> dict[str, Any]:
    encoded = envelope.encode(fact.event)
    assert msgspec.json.decode(encoded, type=EVENTS[fact.event.NAME]) == fact.event
    data = _EXACT.decode(encoded)
    if "raw" in data:
        assert data.pop("raw") == _EXACT.decode(_ENCODER.encode(said))
    return {
        "type": f"ocpp.{fact.event.NAME}",
        "id": None if fact.identity is None else fact.identity + fact.suffix,
        "data": data,
    }


def is_lawful(version: str, action: str, said: Any) -> bool:
    """What the official schema says of a station's request, as the `ocpp` package reads it."""
    kind = MessageType.CallError if action in SENDS else MessageType.Call  # a SEND's file has no suffix
    return bool(get_validator(kind, action, version).is_valid(said))


def is_lawful_answer(version: str, action: str, answer: Any) -> bool:
    """The same of an answer; a SEND has none."""
    if action in SENDS:
        return answer is None
    return bool(get_validator(MessageType.CallResult, action, version).is_valid(answer))


def encoded(data: Any) -> bytes:
    """JSON again, every digit of it."""
    return _ENCODER.encode(data)


def rewrite() -> None:
    for version, action in names():
        cases = read(version, action)
        for case in cases:
            case.published, case.answered = outcome(version, action, case)
        write(version, action, cases)


if __name__ == "__main__":
    if sys.argv[1:] != ["--write"]:
        sys.exit(__doc__)
    rewrite()

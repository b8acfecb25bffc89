"""The golden files of commands: what is asked of a station, what it says, and what the sender is told.

`tests/translation/outbound/golden/<version>/<command>.json` is a list of cases:

    case, about     its name, and what it shows
    given           (optional) where the fixed facts below differ: see `Given`
    arguments       of the command, as in a record on `ocpp.commands.v1`
    calls           the CALLs in order: action, payload, and the station's `said` or `declined`;
                    `invalid` instead where the official schema refuses the payload, so that nothing is sent
    outcome         of the plan; none after an `invalid` CALL

By hand one writes `case`, `about`, `given`, `arguments` and, for each call, `said` or `declined`;
`python -m tests.translation.outbound.golden --write` works out the others anew, for review.
"""

import sys
from pathlib import Path
from typing import Any

import msgspec
from ocpp.messages import MessageType, get_validator

from contract.commands import Command
from contract.model import Station
from contract.results import Answer
from contract.vocabulary import COMMANDS
from gateway.ocpp.schemas import SCHEMAS
from gateway.translation.outbound import v2x, v16
from gateway.translation.outbound.plan import (
    Ask,
    Declined,
    Invalid,
    Outbound,
    Outcome,
    Plan,
    Said,
    Target,
    Unsupported,
)

FOLDER = Path(__file__).parent / "golden"
OUTBOUND: dict[str, Outbound] = {
    "1.6": v16.OUTBOUND,
    "2.0.1": v2x.OUTBOUND_201,
    "2.1": v2x.OUTBOUND_21,
}

STATION = Station(id="RDAM-0042")
COMMAND_ID = "8f0c2c1e-4d1b-4a57-9f63-6d2a1b7c0e11"


class Given(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What may differ from the fixed facts: see `Target`."""

    declined: tuple[str, ...] = ()
    connectors: int | None = None


class Error(msgspec.Struct, frozen=True):
    """The station's CALLERROR."""

    code: str
    description: str


class Call(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A CALL, and the payload of its result or its error."""

    action: str = ""
    payload: Any = None
    said: Any = msgspec.UNSET
    declined: Error | None = None
    invalid: str | None = None


class Case(msgspec.Struct, kw_only=True, omit_defaults=True):
    case: str
    about: str
    given: Given | None = None
    arguments: Any
    calls: list[Call] = []
    outcome: Any = None


_CASES = msgspec.json.Decoder(list[Case])


def names() -> list[tuple[str, str]]:
    """Version and command of every golden file."""
    return sorted((path.parent.name, path.stem) for path in FOLDER.glob("*/*.json"))


def read(version: str, name: str) -> list[Case]:
    return _CASES.decode(_path(version, name).read_bytes())


def write(version: str, name: str, cases: list[Case]) -> None:
    _path(version, name).write_bytes(msgspec.json.format(msgspec.json.encode(cases), indent=2) + b"\n")


def _path(version: str, name: str) -> Path:
    return FOLDER / version / f"{name}.json"


def target(version: str, given: Given | None = None, station: Station = STATION) -> Target:
    given = given or Given()
    return Target(
        station=station,
        version=version,
        command_id=COMMAND_ID,
        declined=frozenset(given.declined),
        connectors=given.connectors,
    )


def command(name: str, arguments: Any) -> Command:
    return msgspec.convert(arguments, COMMANDS[name])


def run(version: str, name: str, case: Case) -> tuple[list[Call], Any]:
    """The calls as they are made, and the outcome, with the station's words of the case."""
    asked = command(name, case.arguments)
    calls: list[Call] = []
    try:
        plan = OUTBOUND[version][type(asked)](asked, target(version, case.given))
        outcome = _carry_out(version, plan, case, calls)
    except (Unsupported, Invalid) as refusal:
        assert not calls, "refused after a CALL"
        outcome = Outcome(status=type(refusal).__name__.lower(), why=str(refusal))
    return calls, None if outcome is None else msgspec.json.decode(msgspec.json.encode(outcome))


def _carry_out(version: str, plan: Plan, case: Case, calls: list[Call]) -> Outcome | None:
    reply: Said | Declined | None = None
    while True:
        try:
            ask = next(plan) if reply is None else plan.send(reply)
        except StopIteration as stop:
            outcome: Outcome = stop.value
            return outcome
        invalid = fault(version, ask)
        if invalid is not None:
            plan.close()
            calls.append(Call(action=ask.action, payload=ask.payload, invalid=invalid))
            return None
        assert len(calls) < len(case.calls), f"{case.case}: no words for a further call: {ask}"
        words = case.calls[len(calls)]
        error = words.declined
        calls.append(Call(action=ask.action, payload=ask.payload, said=words.said, declined=error))
        reply = Declined(error.code, error.description) if error else Said(words.said)


def fault(version: str, ask: Ask) -> str | None:
    """Where the payload breaks the official schema, as the sender of CALLs finds it; None where it is valid."""
    faults = SCHEMAS[version].requests[ask.action].faults(ask.payload)
    return f"{faults[0].pointer or '/'}: {faults[0].message}" if faults else None


def is_lawful_answer(version: str, call: Call) -> bool:
    """What the official schema says of the station's words, as the `ocpp` package reads it."""
    return bool(get_validator(MessageType.CallResult, call.action, version).is_valid(call.said))


def has_shape(outcome: Any) -> bool:
    """Whether the outcome's answer is one that the contract can tell, and is read again as the same."""
    answer = outcome.get("answer", {})
    again = msgspec.convert(answer, Answer)
    return bool(msgspec.json.decode(msgspec.json.encode(again)) == answer)


def rewrite() -> None:
    for version, name in names():
        cases = read(version, name)
        for case in cases:
            case.calls, case.outcome = run(version, name, case)
        write(version, name, cases)


if __name__ == "__main__":
    if sys.argv[1:] != ["--write"]:
        sys.exit(__doc__)
    rewrite()

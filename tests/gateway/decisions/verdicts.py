"""The golden file of verdicts: what is known or was decided of a token, and what each version's station is told.

`tests/gateway/decisions/verdicts.json` is a list of cases:

    case, about     its name, and what it shows
    known           what `ocpp.id-tokens.v1` has of the token; or
    decided         what a backend decided
    told            by version, the verdict in the answer to an Authorize

`python -m tests.gateway.decisions.verdicts --write` works `told` out anew, for review.
"""

import sys
from pathlib import Path
from typing import Any

import msgspec

from contract.model import Decision
from contract.tokens import KnownToken
from gateway.tokens import verdict
from gateway.translation.table import translate
from tests.translation.golden import RECEIVED_AT, STATION, TABLES, Given, reading

FILE = Path(__file__).with_name("verdicts.json")

SAID: dict[str, dict[str, Any]] = {
    "1.6": {"idTag": "04E91C5A123480"},
    "2.0.1": {"idToken": {"idToken": "04E91C5A123480", "type": "ISO14443"}},
    "2.1": {"idToken": {"idToken": "04E91C5A123480", "type": "ISO14443"}},
}


class Case(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One case; either `known` or `decided`."""

    case: str
    about: str
    known: KnownToken | None = None
    decided: Decision | None = None
    told: dict[str, Any] = {}


def read() -> list[Case]:
    return msgspec.json.decode(FILE.read_bytes(), type=list[Case])


def answer(case: Case, version: str) -> dict[str, Any]:
    """The whole answer to an Authorize."""
    decision = case.decided
    if case.known is not None:
        decision = verdict(case.known, STATION.id, RECEIVED_AT)
    given = Given(verdict=decision)
    return translate(TABLES[version]["Authorize"], SAID[version], reading(version, "Authorize", given)).answer


def told(case: Case, version: str) -> Any:
    """The verdict in it."""
    (info,) = answer(case, version).values()
    return info


def rewrite() -> None:
    cases = read()
    for case in cases:
        case.told = {version: told(case, version) for version in TABLES}
    FILE.write_bytes(msgspec.json.format(msgspec.json.encode(cases), indent=2) + b"\n")


if __name__ == "__main__":
    if sys.argv[1:] != ["--write"]:
        sys.exit(__doc__)
    rewrite()

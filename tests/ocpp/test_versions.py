"""What differs between the versions: subprotocols, spellings, frames."""

import re

import orjson
import pytest

from gateway.ocpp.rpc import Asked, Rpc
from gateway.ocpp.versions import (
    BY_SUBPROTOCOL,
    ERROR_CODES,
    V16,
    V21,
    V201,
    VERSIONS,
    Version,
    canonical_code,
)

# OCPP 1.6J table 7, OCPP 2.0.1 Part 4 table 8, OCPP 2.1 Part 4 table 8.
OFFICIAL = {
    "1.6": {
        "NotImplemented",
        "NotSupported",
        "InternalError",
        "ProtocolError",
        "SecurityError",
        "FormationViolation",
        "PropertyConstraintViolation",
        "OccurenceConstraintViolation",
        "TypeConstraintViolation",
        "GenericError",
    },
    "2.0.1": {
        "FormatViolation",
        "GenericError",
        "InternalError",
        "MessageTypeNotSupported",
        "NotImplemented",
        "NotSupported",
        "OccurenceConstraintViolation",
        "PropertyConstraintViolation",
        "ProtocolError",
        "RpcFrameworkError",
        "SecurityError",
        "TypeConstraintViolation",
    },
    "2.1": {
        "FormatViolation",
        "GenericError",
        "InternalError",
        "MessageTypeNotSupported",
        "NotImplemented",
        "NotSupported",
        "OccurrenceConstraintViolation",
        "PropertyConstraintViolation",
        "ProtocolError",
        "RpcFrameworkError",
        "SecurityError",
        "TypeConstraintViolation",
    },
}


@pytest.mark.parametrize("name", VERSIONS)
def test_every_code_is_written_as_its_version_spells_it(name: str) -> None:
    rpc = Rpc(VERSIONS[name])
    written = set()
    for code in ERROR_CODES:
        asked = rpc.receive(b'[2,"1","Heartbeat",{}]')
        assert isinstance(asked, Asked)
        written.add(orjson.loads(rpc.refuse(asked, code))[2])
    assert written == OFFICIAL[name]


@pytest.mark.parametrize(
    ("version", "code", "spelled"),
    [
        (V16, "FormatViolation", "FormationViolation"),
        (V16, "OccurrenceConstraintViolation", "OccurenceConstraintViolation"),
        (V16, "MessageTypeNotSupported", "ProtocolError"),
        (V16, "RpcFrameworkError", "GenericError"),
        (V201, "FormatViolation", "FormatViolation"),
        (V201, "OccurrenceConstraintViolation", "OccurenceConstraintViolation"),
        (V21, "OccurrenceConstraintViolation", "OccurrenceConstraintViolation"),
    ],
)
def test_the_spellings_that_differ(version: Version, code: str, spelled: str) -> None:
    assert version.spelling.get(code, code) == spelled


@pytest.mark.parametrize("name", OFFICIAL)
def test_a_received_code_is_understood_in_any_spelling(name: str) -> None:
    assert {canonical_code(code) for code in OFFICIAL[name]} <= ERROR_CODES


def test_a_code_that_nobody_knows_stays_as_it_is() -> None:
    assert canonical_code("OurOwnError") == "OurOwnError"


def test_subprotocols_are_those_of_the_specifications() -> None:
    assert {name: version.name for name, version in BY_SUBPROTOCOL.items()} == {
        "ocpp1.6": "1.6",
        "ocpp2.0.1": "2.0.1",
        "ocpp2.1": "2.1",
    }
    assert all(re.fullmatch(r"ocpp[\d.]+", name) for name in BY_SUBPROTOCOL)

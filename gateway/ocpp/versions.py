"""What differs between OCPP 1.6J, 2.0.1 and 2.1 below the payloads: names, spellings, frame types."""

import msgspec


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """One OCPP version as it is spoken on a WebSocket.

    `answers_unreadable`: a frame without a readable id is answered with the id "-1"
    (OCPP 2.0.1 Part 4 §4.2.3; 1.6J has no such rule). `newer_frames`: it knows CALLRESULTERROR and
    SEND (OCPP 2.1 Part 4 §4.1.3). `folder` is where the `ocpp` package keeps its schemas. `spelling` gives the error codes that it writes in its own way.
    """

    name: str
    subprotocol: str
    folder: str
    answers_unreadable: bool
    newer_frames: bool
    spelling: dict[str, str]


V16 = Version(
    name="1.6",
    subprotocol="ocpp1.6",
    folder="v16",
    answers_unreadable=False,
    newer_frames=False,
    spelling={
        "FormatViolation": "FormationViolation",
        "OccurrenceConstraintViolation": "OccurenceConstraintViolation",
        "MessageTypeNotSupported": "ProtocolError",
        "RpcFrameworkError": "GenericError",
    },
)
V201 = Version(
    name="2.0.1",
    subprotocol="ocpp2.0.1",
    folder="v201",
    answers_unreadable=True,
    newer_frames=False,
    spelling={"OccurrenceConstraintViolation": "OccurenceConstraintViolation"},
)
V21 = Version(
    name="2.1",
    subprotocol="ocpp2.1",
    folder="v21",
    answers_unreadable=True,
    newer_frames=True,
    spelling={},
)

VERSIONS: dict[str, Version] = {version.name: version for version in (V16, V201, V21)}
BY_SUBPROTOCOL: dict[str, Version] = {version.subprotocol: version for version in VERSIONS.values()}

ERROR_CODES = frozenset(
    (
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
    )
)
"""The codes of a CALLERROR, in 2.1's spelling, in which all of our own code speaks."""

_OTHER_SPELLINGS = {
    "FormationViolation": "FormatViolation",
    "OccurenceConstraintViolation": "OccurrenceConstraintViolation",
}


def canonical_code(code: str) -> str:
    """A received code in 2.1's spelling; stations mix the spellings of all versions."""
    return _OTHER_SPELLINGS.get(code, code)

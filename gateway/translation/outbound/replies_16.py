"""What OCPP 1.6 stations reply to commands: the status words, in 2.x words, and what each means (reference §3.7-3.8)."""

from collections.abc import Generator
from typing import Any, NamedTuple

from contract.model import Native, StatusInfo
from contract.results import Answer, Loss
from gateway.translation.outbound.plan import Ask, Declined, Outcome, Payload, Plan, Said, refused


class Meaning(NamedTuple):
    """What a station's status means: whether the command was accepted, and the status in 2.x words."""

    accepted: bool
    status: str
    reason_code: str | None = None


Words = dict[str, Meaning]


def _accepted(*statuses: str) -> dict[str, Meaning]:
    return {status: Meaning(accepted=True, status=status) for status in statuses}


def _rejected(*statuses: str) -> dict[str, Meaning]:
    return {status: Meaning(accepted=False, status=status) for status in statuses}


PLAIN: Words = _accepted("Accepted") | _rejected("Rejected")
AVAILABILITY: Words = PLAIN | _accepted("Scheduled")
UNLOCK: Words = (
    _accepted("Unlocked")
    | _rejected("UnlockFailed")
    | {"NotSupported": Meaning(accepted=False, status="UnlockFailed", reason_code="UnsupportedRequest")}
)
UNLOCK_UNKNOWN: Words = UNLOCK | {"NotSupported": Meaning(accepted=False, status="UnknownConnector")}
"""The same for a connector that the station is known not to have."""
TRIGGER: Words = PLAIN | _rejected("NotImplemented")
RESERVATION: Words = PLAIN | _rejected("Faulted", "Occupied", "Unavailable")
LOCAL_LIST: Words = (
    _accepted("Accepted")
    | _rejected("Failed", "VersionMismatch")
    | {"NotSupported": Meaning(accepted=False, status="Failed", reason_code="NotEnabled")}
)
PROFILE: Words = PLAIN | {
    "NotSupported": Meaning(accepted=False, status="Rejected", reason_code="UnsupportedRequest")
}
CLEARED_PROFILE: Words = _accepted("Accepted") | _rejected("Unknown")
FIRMWARE: Words = (
    PLAIN | _accepted("AcceptedCanceled") | _rejected("InvalidCertificate", "RevokedCertificate")
)
LOG: Words = PLAIN | _accepted("AcceptedCanceled")
CERTIFICATE: Words = PLAIN | _rejected("Failed")
DELETED_CERTIFICATE: Words = _accepted("Accepted") | _rejected("Failed", "NotFound")
CERTIFICATES: Words = _accepted("Accepted", "NotFound")
"""That there are none is what was asked."""
DATA_TRANSFER: Words = PLAIN | _rejected("UnknownMessageId", "UnknownVendorId")
CONFIGURATION: Words = (
    PLAIN | _accepted("RebootRequired") | {"NotSupported": Meaning(accepted=False, status="UnknownVariable")}
)


class Status(NamedTuple):
    """A reply's status: as understood, and as the station wrote it where that differs."""

    meaning: Meaning
    native: Native | None


def status_of(payload: Payload, words: Words) -> Status | None:
    """None where the status is missing or none that OCPP has; the wrong case is understood (reference §4, quirk 23)."""
    said = payload.get("status")
    if type(said) is not str:
        return None
    meaning = words.get(said) or _find(said.strip().casefold(), words)
    if meaning is None:
        return None
    return Status(meaning, None if said == meaning.status else Native(status=said))


def _find(folded: str, words: Words) -> Meaning | None:
    return next((meaning for word, meaning in words.items() if word.casefold() == folded), None)


def understood(reply: Said | Declined, words: Words, loss: tuple[Loss, ...] = (), **more: Any) -> Outcome:
    """The outcome of a reply that has a status; `more` are further fields of the answer."""
    if isinstance(reply, Declined):
        return refused(reply, loss)
    status = status_of(reply.payload, words)
    if status is None:
        return unreadable(reply.payload, loss)
    meaning, native = status
    answer = Answer(status=meaning.status, status_info=_info(meaning), native=native, **more)
    return Outcome(status="accepted" if meaning.accepted else "rejected", answer=answer, loss=loss)


def unreadable(payload: Payload, loss: tuple[Loss, ...] = ()) -> Outcome:
    """The outcome where the station's status is none: whether it acted is unknown."""
    said = payload.get("status")
    return Outcome(
        status="failed",
        answer=Answer(native=Native(status=said)) if type(said) is str else None,
        loss=loss,
        why="the answer has no status" if said is None else f"the answer has no known status: {said!r}"[:200],
    )


def _info(meaning: Meaning) -> StatusInfo | None:
    return StatusInfo(reason_code=meaning.reason_code) if meaning.reason_code else None


def one_call(action: str, payload: Payload, words: Words = PLAIN, loss: tuple[Loss, ...] = ()) -> Plan:
    """The plan of a command that is one CALL, whose reply is a status."""
    reply = yield Ask(action, payload)
    return understood(reply, words, loss)


def without_call(outcome: Outcome) -> Generator[Ask, Said | Declined, Outcome]:
    """The plan of a command that is answered without asking the station."""
    yield from ()
    return outcome

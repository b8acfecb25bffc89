"""A command that is one CALL of OCPP 2.x: its payload written, and the answer read in canonical words."""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from contract.model import Native, StatusInfo
from contract.results import Answer
from gateway.translation.outbound.answered import truth, whole, words
from gateway.translation.outbound.plan import Ask, Declined, MakePlan, Outcome, Payload, Plan, Target, refused
from gateway.translation.outbound.writing import Room, UnknownTransaction, Writing

_DONE = frozenset(
    ("Accepted", "AcceptedCanceled", "RebootRequired", "Scheduled", "Unlocked", "Unpublished"),
)
"""The statuses that mean that the station did, does or will do as it was asked."""

_REFUSED = frozenset(
    (
        *("ConditionNotSupported", "DownloadOngoing", "DuplicateTariffId", "EmptyResultSet", "Failed"),
        *("Faulted", "Invalid", "InvalidCertificate", "LanguageNotSupported", "NoCurrencyChange"),
        *("NoFirmware", "NoProfile", "NoProfiles", "NotFound", "NotImplemented", "NotSupported"),
        *("NotSupportedMessageFormat", "NotSupportedPriority", "NotSupportedState", "NoTariff", "Occupied"),
        *("OngoingAuthorizedTransaction", "Rejected", "RevokedCertificate", "TooManyElements"),
        *("TxNotFound", "Unavailable", "Unknown", "UnknownConnector", "UnknownMessageId"),
        *("UnknownTransaction", "UnknownVendorId", "UnlockFailed", "VersionMismatch"),
        *("Duplicate", "UnsupportedMonitorType", "UnknownComponent", "UnknownVariable"),
    )
)
"""The statuses that mean that it does not, of all answers of 2.0.1 and 2.1."""

_KNOWN = {word.casefold(): word for word in _DONE | _REFUSED}

Kind = TypeVar("Kind")

_LENIENT: dict[Any, Callable[[Any], Any]] = {int: whole, bool: truth, str: words}


def member(payload: Payload, name: str, kind: type[Kind]) -> Kind | None:
    """A member of an answer, as leniently as in a request; None where it means nothing of the kind."""
    value = payload.get(name)
    if type(value) is kind:
        return value
    read = _LENIENT.get(kind)
    return None if value is None or read is None else read(value)


def objects(payload: Payload, name: str) -> list[Payload]:
    """The objects of a list in an answer."""
    return [item for item in member(payload, name, list) or () if type(item) is dict]


def status_info(payload: Payload, name: str = "statusInfo") -> StatusInfo | None:
    """More about a status."""
    said = member(payload, name, dict)
    if said is None:
        return None
    return StatusInfo(
        reason_code=member(said, "reasonCode", str) or "",
        additional_info=member(said, "additionalInfo", str) or None,
    )


def status_of(payload: Payload) -> str | None:
    """The status of an answer, or of a part of it, as OCPP spells it; None where it has none that OCPP knows."""
    return _KNOWN.get((member(payload, "status", str) or "").casefold())


Verdict = Callable[[Payload], bool | None]
"""Whether an answer says that it was done; None where it does not say."""


def by_status(*more: str) -> Verdict:
    """By the answer's status. `more` are those that mean that there is nothing of what was asked for."""
    done = _DONE.union(more)

    def verdict(answer: Payload) -> bool | None:
        status = status_of(answer)
        return None if status is None else status in done

    return verdict


def by_answering(_answer: Payload) -> bool:
    """The answer has no status: to have answered is to have done it."""
    return True


def by_member(name: str, kind: type[Any]) -> Verdict:
    """The answer has no status: done where it has the field that its schema requires."""
    return lambda answer: None if member(answer, name, kind) is None else True


def by_items(name: str) -> Verdict:
    """Done where all of a list are, each of which has a status of its own."""

    def verdict(answer: Payload) -> bool | None:
        statuses = [status_of(item) for item in objects(answer, name)]
        return None if None in statuses or not statuses else _DONE.issuperset(statuses)

    return verdict


Fields = dict[str, Any]


def nothing_more(_answer: Payload, _writing: Writing) -> Fields:
    """The answer is its status."""
    return {}


class Row(NamedTuple):
    """How one command is said, and what its answer means.

    `payload` may raise Unsupported, Invalid or UnknownTransaction. `fields` are those that the answer has beside
    its status.
    """

    action: str
    payload: Callable[[Any, Writing], Payload]
    fields: Callable[[Payload, Writing], Fields] = nothing_more
    verdict: Verdict = by_status()


def one_call(row: Row, room: Room) -> MakePlan:
    """The plan of a row in a version."""

    def plan(command: Any, target: Target) -> Plan:
        writing = Writing(target, room)
        try:
            payload = row.payload(command, writing)
        except UnknownTransaction as unknown:
            # As a station says it (OCPP 2.0.1 Part 2, Appendix 5). It is not asked: what it calls by
            # this name might be another transaction.
            answer = Answer(status="Rejected", status_info=StatusInfo(reason_code="TxNotFound"))
            return Outcome(status="rejected", answer=answer, why=f"TxNotFound: {unknown}")
        reply = yield Ask(row.action, payload)
        loss = tuple(writing.losses)
        if isinstance(reply, Declined):
            return refused(reply, loss)
        said = reply.payload if type(reply.payload) is dict else {}
        answer = _answer(row, payload, said, writing)
        done = row.verdict(said)
        if done is None:
            return Outcome(status="failed", answer=answer, loss=loss, why=f"no known status: {said}"[:200])
        return Outcome(status="accepted" if done else "rejected", answer=answer, loss=loss)

    return plan


def _answer(row: Row, asked: Payload, said: Payload, writing: Writing) -> Answer:
    status, written = status_of(said), member(said, "status", str)
    return Answer(
        status=status,
        status_info=status_info(said),
        native=None if written == status else Native(status=written),
        request_id=asked.get("requestId"),
        remote_start_id=asked.get("remoteStartId"),
        **row.fields(said, writing),
    )

"""What stations are answered: what somebody else decided, else the named defaults of reference §1.1 and §1.4.

Whatever the question was like, a default validates against the official schema of its response. What
somebody else decided may not (a text may be too long for the version): that is for the desk to see.
"""

from typing import Any

import orjson

from contract.decisions import BootDecision, DataTransferDecision, SigningDecision
from contract.events import Event
from contract.model import StatusInfo
from gateway.translation.moments import written
from gateway.translation.table import Answer, Payload, Reading

VAT_NUMBER_LENGTH = 20
HASH_LENGTHS = {"issuerNameHash": 128, "issuerKeyHash": 128, "serialNumber": 40}
HASH_ALGORITHMS = ("SHA256", "SHA384", "SHA512")
MOST_CERTIFICATES = 4


def status(word: str, **more: Any) -> Answer:
    """The same verdict on every question of a kind."""
    answer = {"status": word, **more}
    return lambda _payload, _reading, _event: dict(answer)


def unsupported(word: str) -> Answer:
    """A refusal that says why: nobody decides such questions."""
    return status(word, statusInfo={"reasonCode": "UnsupportedRequest"})


def passed_back(otherwise: Answer) -> Answer:
    """The payload that a backend gave as the response."""

    def answer(payload: Payload, reading: Reading, event: Event) -> Payload:
        decided = reading.decided
        return decided if isinstance(decided, dict) else otherwise(payload, reading, event)

    return answer


def boot(_payload: Payload, reading: Reading, _event: Event) -> Payload:
    """Whether the station is let in. The clock is always the gateway's."""
    policy = reading.speaker.policy
    decided = reading.decided
    if not isinstance(decided, BootDecision):
        decided = BootDecision(status=policy.registration)
    interval = decided.interval_seconds
    return {
        "status": decided.status,
        "currentTime": written(reading.received_at),
        "interval": policy.heartbeat_seconds if interval is None else interval,
        **_status_info(decided.status_info, reading),
    }


def data_transfer(_payload: Payload, reading: Reading, _event: Event) -> Payload:
    """What a backend knows of the vendor's message; 1.6 has room for text only (reference §2.6)."""
    decided = reading.decided
    if not isinstance(decided, DataTransferDecision):
        return {"status": "UnknownVendorId"}
    data = decided.data
    if data is not None and type(data) is not str and reading.speaker.version == "1.6":
        data = orjson.dumps(data).decode()
    return {
        "status": decided.status,
        **({} if data is None else {"data": data}),
        **_status_info(decided.status_info, reading),
    }


def signing(otherwise: Answer) -> Answer:
    """Whether the certificate will be signed; it comes later, by a command."""

    def answer(payload: Payload, reading: Reading, event: Event) -> Payload:
        decided = reading.decided
        if not isinstance(decided, SigningDecision):
            return otherwise(payload, reading, event)
        return {"status": decided.status, **_status_info(decided.status_info, reading)}

    return answer


def _status_info(said: StatusInfo | None, reading: Reading) -> Payload:
    """More about the status; 1.6 has no room for it."""
    if said is None or reading.speaker.version == "1.6":
        return {}
    info = {"reasonCode": said.reason_code}
    if said.additional_info:
        info["additionalInfo"] = said.additional_info
    return {"statusInfo": info}


def clock(_payload: Payload, reading: Reading, _event: Event) -> Payload:
    """The gateway's time, by which stations set theirs."""
    return {"currentTime": written(reading.received_at)}


def certificate_chain(payload: Payload, reading: Reading, _event: Event) -> Payload:
    """Each certificate's state could not be found out; it may be asked for again at once."""
    asked = payload.get("certificateStatusRequests")
    asked = asked[:MOST_CERTIFICATES] if type(asked) is list else []
    next_update = written(reading.received_at)
    return {
        "certificateStatus": [
            {
                "certificateHashData": _hash_data(_member(one, "certificateHashData")),
                "source": "CRL" if _member(one, "source") == "CRL" else "OCSP",
                "status": "Failed",
                "nextUpdate": next_update,
            }
            for one in asked or [None]  # the schema wants one entry at least
        ]
    }


def _hash_data(said: Any) -> dict[str, str]:
    algorithm = _member(said, "hashAlgorithm")
    return {
        "hashAlgorithm": algorithm if algorithm in HASH_ALGORITHMS else HASH_ALGORITHMS[0],
        **{name: _text(_member(said, name), longest) for name, longest in HASH_LENGTHS.items()},
    }


def vat_number(payload: Payload, _reading: Reading, _event: Event) -> Payload:
    """Nobody here knows the number; it is repeated, with its EVSE, as the schema wants it."""
    answer: Payload = {
        "status": "Rejected",
        "vatNumber": _text(payload.get("vatNumber"), VAT_NUMBER_LENGTH),
        "statusInfo": {"reasonCode": "UnsupportedRequest"},
    }
    evse_id = payload.get("evseId")
    if type(evse_id) is int and evse_id >= 0:
        answer["evseId"] = evse_id
    return answer


def _member(said: Any, name: str) -> Any:
    return said.get(name) if type(said) is dict else None


def _text(said: Any, longest: int) -> str:
    return said[:longest] if type(said) is str else ""

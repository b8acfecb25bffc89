"""What stations are answered where nobody else decides: the named defaults of reference §1.1 and §1.4.

Whatever the question was like, an answer validates against the official schema of its response.
"""

from typing import Any

from contract.events import Event
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
    """A refusal that says why: no backend of this gateway decides such questions."""
    return status(word, statusInfo={"reasonCode": "UnsupportedRequest"})


def boot(_payload: Payload, reading: Reading, _event: Event) -> Payload:
    return {
        "status": "Accepted",
        "currentTime": written(reading.received_at),
        "interval": reading.speaker.policy.heartbeat_seconds,
    }


def clock(_payload: Payload, reading: Reading, _event: Event) -> Payload:
    """The gateway's time, by which stations set theirs."""
    return {"currentTime": written(reading.received_at)}


def verdict(longest_token: int) -> Answer:
    """The verdict on the driver."""
    return lambda _payload, reading, _event: {"idTokenInfo": _id_token_info(reading, longest_token)}


def transaction_verdict(longest_token: int) -> Answer:
    """The verdict on the driver, where the event names one (OCPP 2.0.1 Part 2, E01.FR.11)."""

    def answer(payload: Payload, reading: Reading, _event: Event) -> Payload:
        if payload.get("idToken") is None:
            return {}
        return {"idTokenInfo": _id_token_info(reading, longest_token)}

    return answer


def _id_token_info(reading: Reading, longest_token: int) -> dict[str, Any]:
    decided = reading.verdict
    info: dict[str, Any] = {"status": decided.status}
    if decided.cache_expiry is not None:
        info["cacheExpiryDateTime"] = written(decided.cache_expiry)
    if decided.group_id and len(decided.group_id) <= longest_token:  # a cut one is another group's
        info["groupIdToken"] = {"idToken": decided.group_id, "type": "Central"}
    return info


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

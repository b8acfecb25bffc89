"""What 2.x stations are told beside a verdict: all that the official schema of the response has room for."""

from typing import Any

import msgspec
import pytest

from contract.model import Decision
from gateway.ocpp.schemas import SCHEMAS
from gateway.translation.table import translate
from tests.support.payloads import document
from tests.translation import golden

TARIFF = {"tariffId": "night", "currency": "EUR", "energy": {"prices": [{"priceKwh": 0.3}]}}
LIMIT = {"maxCost": 20.0, "maxTime": 3600}
MESSAGE = {"content": "Thank you", "format": "UTF8", "language": "en"}
CUSTOM = {"vendorId": "acme"}

REPLY = {
    "status": "NoCredit",
    "personalMessage": MESSAGE,
    "certificateStatus": "CertificateExpired",
    "allowedEnergyTransfer": ["DC"],
    "tariff": TARIFF,
    "totalCost": 12.34,
    "transactionPriority": -2,
    "updatedPersonalMessage": MESSAGE,
    "updatedPersonalMessageExtra": [MESSAGE, {"content": "https://example.com/1", "format": "QRCODE"}],
    "transactionLimit": LIMIT,
    "customData": CUSTOM,
}
"""All that a backend may say, as it says it."""

TOKEN = {"idToken": {"idToken": "04E91C5A", "type": "ISO14443"}}
EVENT = {
    "eventType": "Ended",
    "timestamp": "2026-08-04T13:30:00Z",
    "triggerReason": "StopAuthorized",
    "seqNo": 4,
    "transactionInfo": {"transactionId": "T1"},
    **TOKEN,
}
IN_BOTH: dict[str, Any] = {
    "Authorize": {"certificateStatus": "CertificateExpired", "customData": CUSTOM},
    "TransactionEvent": {
        "totalCost": 12.34,
        "chargingPriority": -2,
        "updatedPersonalMessage": MESSAGE,
        "customData": CUSTOM,
    },
}
IN_21: dict[str, Any] = {
    "Authorize": {"allowedEnergyTransfer": ["DC"], "tariff": TARIFF},
    "TransactionEvent": {
        "updatedPersonalMessageExtra": REPLY["updatedPersonalMessageExtra"],
        "transactionLimit": LIMIT,
    },
}


def answer(version: str, action: str, reply: dict[str, Any]) -> dict[str, Any]:
    reading = golden.reading(version, action)
    reading.verdict = msgspec.json.decode(msgspec.json.encode(reply), type=Decision)
    said = TOKEN if action == "Authorize" else EVENT
    return translate(golden.TABLES[version][action], said, reading).answer


@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
@pytest.mark.parametrize("action", ["Authorize", "TransactionEvent"])
def test_a_station_is_told_all_that_its_version_has_room_for(version: str, action: str) -> None:
    told = answer(version, action, REPLY)
    more = IN_21[action] if version == "2.1" else {}
    assert told.pop("idTokenInfo") == {"status": "NoCredit", "personalMessage": MESSAGE}
    assert told == {**IN_BOTH[action], **more}
    assert SCHEMAS[version].responses[action].is_valid({**told, "idTokenInfo": {"status": "NoCredit"}})


@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
@pytest.mark.parametrize("action", ["Authorize", "TransactionEvent"])
def test_no_field_of_the_response_is_left_that_a_backend_cannot_fill(version: str, action: str) -> None:
    told = answer(version, action, REPLY)
    assert set(told) == set(document(version, action, "Response")["properties"])


@pytest.mark.parametrize(("version", "is_told"), [("2.0.1", False), ("2.1", True)])
def test_a_qr_code_is_for_stations_of_2_1(version: str, *, is_told: bool) -> None:
    """The rest of the verdict holds: a refusal must not become the default."""
    qr = {"content": "https://example.com", "format": "QRCODE"}
    told = answer(version, "TransactionEvent", {"status": "Blocked", "personalMessage": qr})
    assert told["idTokenInfo"]["status"] == "Blocked"
    assert ("personalMessage" in told["idTokenInfo"]) is is_told

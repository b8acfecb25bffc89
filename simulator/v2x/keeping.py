"""What a 2.x station keeps for its central system: certificates, display messages, customer information."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator import certificates
from simulator.dialogue import Answer
from simulator.facts import Message, Payload

if TYPE_CHECKING:
    from simulator.station import Station


def certificate_signed(_station: Station, payload: Payload) -> Answer:
    return Answer({"status": "Accepted" if "CERTIFICATE" in payload["certificateChain"] else "Rejected"})


def install_certificate(station: Station, payload: Payload) -> Answer:
    data = certificates.hash_data(payload["certificate"])
    station.controls.certificates[data["serialNumber"]] = (payload["certificateType"], data)
    return Answer({"status": "Accepted"})


def delete_certificate(station: Station, payload: Payload) -> Answer:
    found = station.controls.certificates.pop(payload["certificateHashData"]["serialNumber"], None)
    return Answer({"status": "Accepted" if found else "NotFound"})


def list_certificates(station: Station, payload: Payload) -> Answer:
    wanted = payload.get("certificateType")
    held = [
        {"certificateType": kind, "certificateHashData": data}
        for kind, data in station.controls.certificates.values()
        if wanted is None or kind in wanted
    ]
    return Answer(
        {"status": "Accepted", "certificateHashDataChain": held} if held else {"status": "NotFound"}
    )


def set_display_message(station: Station, payload: Payload) -> Answer:
    message = payload["message"]
    transaction = message.get("transactionId")
    if transaction is not None and station.controls.connector_with(transaction) is None:
        return Answer({"status": "UnknownTransaction"})
    station.controls.display_messages[message["id"]] = message
    return Answer({"status": "Accepted"})


def clear_display_message(station: Station, payload: Payload) -> Answer:
    found = station.controls.display_messages.pop(payload["id"], None)
    return Answer({"status": "Accepted" if found else "Unknown"})


def get_display_messages(station: Station, payload: Payload) -> Answer:
    numbers = payload.get("id")
    found = [
        message
        for number, message in station.controls.display_messages.items()
        if (numbers is None or number in numbers)
        and all(message.get(name) == payload[name] for name in ("priority", "state") if name in payload)
    ]
    if not found:
        return Answer({"status": "Unknown"})
    report = Message("NotifyDisplayMessages", {"requestId": payload["requestId"], "messageInfo": found})
    return _accepted_then(station, report)


def customer_information(station: Station, payload: Payload) -> Answer:
    """Nothing is stored about customers here, and the report says so."""
    if not payload["report"]:
        return Answer({"status": "Accepted"})
    report = {
        "requestId": payload["requestId"],
        "data": "",
        "seqNo": 0,
        "generatedAt": station.clock.timestamp(),
    }
    return _accepted_then(station, Message("NotifyCustomerInformation", report))


def _accepted_then(station: Station, message: Message) -> Answer:
    async def send() -> None:
        await station.call_message(message)

    return Answer({"status": "Accepted"}, send)

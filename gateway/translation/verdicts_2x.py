"""What 2.x stations are answered about an idToken: the verdict, and what else the response has room for.

The official schemas of the responses say what an action may be told in each version (OCPP 2.0.1 and 2.1 Part 2,
AuthorizeResponse and TransactionEventResponse). A backend's word for which there is no field is left out.
"""

from typing import Any, TypeGuard

from contract.events import Event
from contract.model import Decision, PersonalMessage
from gateway.translation.moments import written
from gateway.translation.table import Answer, Payload, Reading


def authorization(longest_token: int) -> Answer:
    """The answer to an Authorize; `longest_token` is how many characters an idToken of the version has."""

    def answer(_payload: Payload, reading: Reading, _event: Event) -> Payload:
        decided, is_21 = reading.verdict, reading.speaker.version == "2.1"
        told: Payload = {"idTokenInfo": _id_token_info(reading, longest_token)}
        if decided.certificate_status is not None:
            told["certificateStatus"] = decided.certificate_status
        if decided.allowed_energy_transfer and is_21:
            told["allowedEnergyTransfer"] = list(decided.allowed_energy_transfer)
        if decided.tariff is not None and is_21:
            told["tariff"] = decided.tariff
        return told | _custom_data(decided)

    return answer


def transaction(longest_token: int) -> Answer:
    """The answer to a TransactionEvent; the verdict only where it names a driver (OCPP 2.0.1 Part 2, E01.FR.11)."""

    def answer(payload: Payload, reading: Reading, _event: Event) -> Payload:
        if payload.get("idToken") is None:
            return {}
        decided, is_21 = reading.verdict, reading.speaker.version == "2.1"
        told: Payload = {"idTokenInfo": _id_token_info(reading, longest_token)}
        if decided.total_cost is not None:
            told["totalCost"] = decided.total_cost
        if decided.transaction_priority is not None:
            told["chargingPriority"] = decided.transaction_priority
        if _is_told(decided.updated_personal_message, reading):
            told["updatedPersonalMessage"] = _content(decided.updated_personal_message)
        if decided.updated_personal_message_extra and is_21:
            told["updatedPersonalMessageExtra"] = list(map(_content, decided.updated_personal_message_extra))
        if decided.transaction_limit is not None and is_21:
            told["transactionLimit"] = decided.transaction_limit
        return told | _custom_data(decided)

    return answer


def _custom_data(decided: Decision) -> Payload:
    return {} if decided.custom_data is None else {"customData": decided.custom_data}


def _id_token_info(reading: Reading, longest_token: int) -> Payload:
    decided = reading.verdict
    info: dict[str, Any] = {"status": decided.status}
    if decided.cache_expiry is not None:
        info["cacheExpiryDateTime"] = written(decided.cache_expiry)
    if decided.group_id and len(decided.group_id) <= longest_token:  # a cut one is another group's
        info["groupIdToken"] = {"idToken": decided.group_id, "type": "Central"}
    if decided.charging_priority is not None:
        info["chargingPriority"] = decided.charging_priority
    if decided.evse_ids:
        info["evseId"] = list(decided.evse_ids)
    for number, language in enumerate(decided.languages, start=1):
        info[f"language{number}"] = language
    if _is_told(decided.personal_message, reading):
        info["personalMessage"] = _content(decided.personal_message)
    return info


def _is_told(message: PersonalMessage | None, reading: Reading) -> TypeGuard[PersonalMessage]:
    """Whether there is a message that the version can carry: QRCODE is new in 2.1."""
    return message is not None and (message.format != "QRCODE" or reading.speaker.version == "2.1")


def _content(message: PersonalMessage) -> dict[str, str]:
    told: dict[str, str] = {"format": message.format, "content": message.content}
    return told if message.language is None else {**told, "language": message.language}

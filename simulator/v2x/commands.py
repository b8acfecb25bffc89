"""How a 2.x station answers its central system: one small function for each action it can carry out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from simulator.dialogue import Answer, Refusal
from simulator.facts import Payload, StopCause, Token
from simulator.v2x import charging, keeping, triggers, variables
from simulator.v2x.refusals import refusal
from simulator.visit import Start

if TYPE_CHECKING:
    from simulator.station import Station

Command = Callable[["Station", Payload], Answer | Refusal]


def obey(station: Station, action: str, payload: Payload) -> Answer | Refusal:
    """The answer to a command; one whose members are missing or wrong raises KeyError, TypeError or ValueError."""
    if (command := COMMANDS.get(action)) is not None:
        return command(station, payload)
    if (answer := refusal(action, station.config.version)) is not None:
        return Answer(answer)
    return Refusal("NotImplemented", f"{action} is not known here")


def request_start(station: Station, payload: Payload) -> Answer:
    evse, token = payload.get("evseId"), _token(payload["idToken"])
    if not station.controls.start(evse, Start(token, payload["remoteStartId"])):
        return Answer({"status": "Rejected"})
    if evse and "chargingProfile" in payload:
        station.charging_profiles.install(evse, payload["chargingProfile"], station.clock.now())
    return Answer({"status": "Accepted"})


def request_stop(station: Station, payload: Payload) -> Answer:
    if station.controls.stop(payload["transactionId"]):
        return Answer({"status": "Accepted"})
    return Answer({"status": "Rejected", "statusInfo": {"reasonCode": "TxNotFound"}})


def reset(station: Station, payload: Payload) -> Answer:
    """Immediate ends what goes on; OnIdle waits for it (B11, B12). One EVSE alone cannot be reset here."""
    if payload.get("evseId"):
        return Answer({"status": "Rejected", "statusInfo": {"reasonCode": "UnsupportedParam"}})
    if payload["type"] == "OnIdle":
        status = "Scheduled" if station.controls.is_busy else "Accepted"
        return Answer({"status": status}, lambda: station.controls.reset(None))
    return Answer({"status": "Accepted"}, lambda: station.controls.reset(StopCause.HARD_RESET))


def unlock(station: Station, payload: Payload) -> Answer:
    connector = station.controls.connector(payload["evseId"])
    if connector is None or payload["connectorId"] != 1:
        return Answer({"status": "UnknownConnector"})
    return Answer({"status": "OngoingAuthorizedTransaction" if connector.transaction_is_open else "Unlocked"})


def change_availability(station: Station, payload: Payload) -> Answer:
    evse = payload.get("evse", {"id": 0})["id"]
    operative = payload["operationalStatus"] == "Operative"
    return Answer({"status": station.controls.change_availability(evse, operative=operative) or "Rejected"})


def transaction_status(station: Station, payload: Payload) -> Answer:
    """E14: whether it goes on (only when one is named), and whether messages of it wait."""
    transaction = payload.get("transactionId")
    answer: Payload = {"messagesInQueue": station.outbox.holds(transaction)}
    if transaction is not None:
        answer["ongoingIndicator"] = station.controls.connector_with(transaction) is not None
    return Answer(answer)


def reserve_now(station: Station, payload: Payload) -> Answer:
    expires = datetime.fromisoformat(payload["expiryDateTime"])
    status = station.controls.reserve(
        payload.get("evseId", 0), payload["id"], _token(payload["idToken"]), expires
    )
    return Answer({"status": status})


def cancel_reservation(station: Station, payload: Payload) -> Answer:
    done = station.controls.cancel_reservation(payload["reservationId"])
    return Answer({"status": "Accepted" if done else "Rejected"})


def send_local_list(station: Station, payload: Payload) -> Answer:
    entries = {
        entry["idToken"]["idToken"]: entry["idTokenInfo"]["status"] == "Accepted"
        if "idTokenInfo" in entry
        else None
        for entry in payload.get("localAuthorizationList", [])
    }
    full = payload["updateType"] == "Full"
    done = station.controls.update_local_list(payload["versionNumber"], entries, full=full)
    return Answer({"status": "Accepted" if done else "VersionMismatch"})


def get_local_list_version(station: Station, _payload: Payload) -> Answer:
    return Answer({"versionNumber": station.controls.local_list_version})


def clear_cache(_station: Station, _payload: Payload) -> Answer:
    return Answer({"status": "Accepted"})


def cost_updated(_station: Station, payload: Payload) -> Answer:
    _ = payload["totalCost"], payload["transactionId"]  # required: without them the command is malformed
    return Answer({})


def update_firmware(station: Station, payload: Payload) -> Answer:
    request_id, firmware = payload["requestId"], payload["firmware"]
    signed = "signature" in firmware and "signingCertificate" in firmware
    return Answer({"status": "Accepted"}, lambda: station.controls.update_firmware(request_id, signed=signed))


def get_log(station: Station, payload: Payload) -> Answer:
    request_id = payload["requestId"]
    answer = {"status": "Accepted", "filename": f"{station.config.id}.log"}
    return Answer(answer, lambda: station.controls.upload_log(request_id))


def _token(id_token: Payload) -> Token:
    return Token(id_token["idToken"], id_token["type"])


COMMANDS: dict[str, Command] = {
    "CancelReservation": cancel_reservation,
    "CertificateSigned": keeping.certificate_signed,
    "ChangeAvailability": change_availability,
    "ClearCache": clear_cache,
    "ClearChargingProfile": charging.clear_charging_profile,
    "ClearDisplayMessage": keeping.clear_display_message,
    "ClearVariableMonitoring": variables.clear_monitors,
    "CostUpdated": cost_updated,
    "CustomerInformation": keeping.customer_information,
    "DeleteCertificate": keeping.delete_certificate,
    "GetBaseReport": variables.get_base_report,
    "GetChargingProfiles": charging.get_charging_profiles,
    "GetCompositeSchedule": charging.get_composite_schedule,
    "GetDisplayMessages": keeping.get_display_messages,
    "GetInstalledCertificateIds": keeping.list_certificates,
    "GetLocalListVersion": get_local_list_version,
    "GetLog": get_log,
    "GetReport": variables.get_report,
    "GetTransactionStatus": transaction_status,
    "GetVariables": variables.get_variables,
    "InstallCertificate": keeping.install_certificate,
    "RequestStartTransaction": request_start,
    "RequestStopTransaction": request_stop,
    "ReserveNow": reserve_now,
    "Reset": reset,
    "SendLocalList": send_local_list,
    "SetChargingProfile": charging.set_charging_profile,
    "SetDisplayMessage": keeping.set_display_message,
    "SetVariableMonitoring": variables.refuse_monitors,
    "SetVariables": variables.set_variables,
    "TriggerMessage": triggers.trigger_message,
    "UnlockConnector": unlock,
    "UpdateFirmware": update_firmware,
}

"""How a 1.6 station answers its central system: one small function for each action."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from simulator import certificates
from simulator.device_model import by_key, keys_16
from simulator.dialogue import Answer, Refusal
from simulator.facts import Payload, StopCause, Token
from simulator.v16 import upkeep
from simulator.v16.triggers import extended_trigger_message, trigger_message
from simulator.visit import Start

if TYPE_CHECKING:
    from simulator.station import Station

Command = Callable[["Station", Payload], Answer | Refusal]


def obey(station: Station, action: str, payload: Payload) -> Answer | Refusal:
    """The answer to a command; one whose members are missing or wrong raises KeyError, TypeError or ValueError."""
    command = COMMANDS.get(action)
    if command is None or (station.config.profile.core_only and action in SECURITY_EXTENSION):
        return Refusal("NotImplemented", f"{action} is not known here")
    return command(station, payload)


_ACCEPTED = Answer({"status": "Accepted"})
_REJECTED = Answer({"status": "Rejected"})


def remote_start(station: Station, payload: Payload) -> Answer:
    number = payload.get("connectorId")
    if station.controls.start(number, Start(Token(payload["idTag"]))):
        if number and "chargingProfile" in payload:
            station.charging_profiles.install(
                number, normal_profile(payload["chargingProfile"]), station.clock.now()
            )
        return _ACCEPTED
    return _REJECTED


def remote_stop(station: Station, payload: Payload) -> Answer:
    return _ACCEPTED if station.controls.stop(str(payload["transactionId"])) else _REJECTED


def reset(station: Station, payload: Payload) -> Answer:
    cause = StopCause.HARD_RESET if payload["type"] == "Hard" else StopCause.SOFT_RESET
    return Answer({"status": "Accepted"}, lambda: station.controls.reset(cause))


def unlock(station: Station, payload: Payload) -> Answer:
    """Unlocking ends a transaction first (§5.18)."""
    connector = station.controls.connector(payload["connectorId"])
    if connector is None:
        return Answer({"status": "NotSupported"})
    if connector.transaction_is_open and connector.story and (transaction := connector.story.transaction_id):
        station.controls.stop(transaction, StopCause.UNLOCKED)
    return Answer({"status": "Unlocked"})


def change_availability(station: Station, payload: Payload) -> Answer:
    operative = payload["type"] == "Operative"
    status = station.controls.change_availability(payload["connectorId"], operative=operative)
    return Answer({"status": status or "Rejected"})


def get_configuration(station: Station, payload: Payload) -> Answer:
    asked = payload.get("key") or []
    known = [variable for key in asked if (variable := by_key(key))] if asked else list(keys_16())
    entries = [
        {"key": variable.key, "readonly": not variable.writable, "value": station.device.text(variable.key)}
        for variable in known
    ]
    unknown = [key for key in asked if by_key(key) is None]
    return Answer({"configurationKey": entries} | ({"unknownKey": unknown} if unknown else {}))


def change_configuration(station: Station, payload: Payload) -> Answer:
    variable = by_key(payload["key"])
    if variable is None:
        return Answer({"status": "NotSupported"})
    return Answer({"status": station.device.write(variable, payload["value"]).value})


def clear_cache(_station: Station, _payload: Payload) -> Answer:
    return _ACCEPTED


def data_transfer(_station: Station, _payload: Payload) -> Answer:
    return Answer({"status": "UnknownVendorId"})


def reserve_now(station: Station, payload: Payload) -> Answer:
    expires = datetime.fromisoformat(payload["expiryDate"])
    token = Token(payload["idTag"])
    status = station.controls.reserve(payload["connectorId"], payload["reservationId"], token, expires)
    return Answer({"status": status})


def cancel_reservation(station: Station, payload: Payload) -> Answer:
    return _ACCEPTED if station.controls.cancel_reservation(payload["reservationId"]) else _REJECTED


def send_local_list(station: Station, payload: Payload) -> Answer:
    entries = {
        entry["idTag"]: entry["idTagInfo"]["status"] == "Accepted" if "idTagInfo" in entry else None
        for entry in payload.get("localAuthorizationList", [])
    }
    full = payload["updateType"] == "Full"
    done = station.controls.update_local_list(payload["listVersion"], entries, full=full)
    return Answer({"status": "Accepted" if done else "VersionMismatch"})


def get_local_list_version(station: Station, _payload: Payload) -> Answer:
    return Answer({"listVersion": station.controls.local_list_version})


def set_charging_profile(station: Station, payload: Payload) -> Answer:
    number, profile = payload["connectorId"], normal_profile(payload["csChargingProfiles"])
    connector = station.controls.connector(number)
    of_transaction = profile["chargingProfilePurpose"] == "TxProfile"
    if (number and connector is None) or (
        of_transaction and not (connector and connector.transaction_is_open)
    ):
        return _REJECTED
    station.charging_profiles.install(number, profile, station.clock.now())
    station.controls.limits_changed()
    return _ACCEPTED


def clear_charging_profile(station: Station, payload: Payload) -> Answer:
    cleared = station.charging_profiles.clear(
        number=payload.get("id"),
        evse=payload.get("connectorId"),
        purpose=payload.get("chargingProfilePurpose"),
        stack_level=payload.get("stackLevel"),
    )
    station.controls.limits_changed()
    return Answer({"status": "Accepted" if cleared else "Unknown"})


def get_composite_schedule(station: Station, payload: Payload) -> Answer:
    number, seconds, unit = payload["connectorId"], payload["duration"], payload.get("chargingRateUnit", "W")
    if number and station.controls.connector(number) is None:
        return _REJECTED
    now, timestamp = station.clock.now(), station.clock.timestamp()
    periods = station.charging_profiles.schedule(number, now, seconds, unit, station.config.power_w)
    schedule = {"duration": seconds, "chargingRateUnit": unit, "chargingSchedulePeriod": periods}
    answer = {
        "status": "Accepted",
        "connectorId": number,
        "scheduleStart": timestamp,
        "chargingSchedule": schedule,
    }
    return Answer(answer)


def install_certificate(station: Station, payload: Payload) -> Answer:
    data = certificates.hash_data(payload["certificate"])
    station.controls.certificates[data["serialNumber"]] = (payload["certificateType"], data)
    return _ACCEPTED


def delete_certificate(station: Station, payload: Payload) -> Answer:
    found = station.controls.certificates.pop(payload["certificateHashData"]["serialNumber"], None)
    return Answer({"status": "Accepted" if found else "NotFound"})


def list_certificates(station: Station, payload: Payload) -> Answer:
    held = [
        data for kind, data in station.controls.certificates.values() if kind == payload["certificateType"]
    ]
    return Answer({"status": "Accepted", "certificateHashData": held} if held else {"status": "NotFound"})


def certificate_signed(_station: Station, payload: Payload) -> Answer:
    return _ACCEPTED if "CERTIFICATE" in payload["certificateChain"] else _REJECTED


def normal_profile(profile: Payload) -> Payload:
    """A 1.6 charging profile in the shape in which the station keeps them all."""
    return {**profile, "id": profile["chargingProfileId"], "chargingSchedule": [profile["chargingSchedule"]]}


SECURITY_EXTENSION = frozenset(
    {
        "CertificateSigned",
        "DeleteCertificate",
        "ExtendedTriggerMessage",
        "GetInstalledCertificateIds",
        "GetLog",
        "InstallCertificate",
        "SignedUpdateFirmware",
    }
)

COMMANDS: dict[str, Command] = {
    "CancelReservation": cancel_reservation,
    "CertificateSigned": certificate_signed,
    "ChangeAvailability": change_availability,
    "ChangeConfiguration": change_configuration,
    "ClearCache": clear_cache,
    "ClearChargingProfile": clear_charging_profile,
    "DataTransfer": data_transfer,
    "DeleteCertificate": delete_certificate,
    "ExtendedTriggerMessage": extended_trigger_message,
    "GetCompositeSchedule": get_composite_schedule,
    "GetConfiguration": get_configuration,
    "GetDiagnostics": upkeep.get_diagnostics,
    "GetInstalledCertificateIds": list_certificates,
    "GetLocalListVersion": get_local_list_version,
    "GetLog": upkeep.get_log,
    "InstallCertificate": install_certificate,
    "RemoteStartTransaction": remote_start,
    "RemoteStopTransaction": remote_stop,
    "ReserveNow": reserve_now,
    "Reset": reset,
    "SendLocalList": send_local_list,
    "SetChargingProfile": set_charging_profile,
    "SignedUpdateFirmware": upkeep.signed_update_firmware,
    "TriggerMessage": trigger_message,
    "UnlockConnector": unlock,
    "UpdateFirmware": upkeep.update_firmware,
}

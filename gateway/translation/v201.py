"""OCPP 2.0.1: every action that a station says, as a row (reference §1.1, §2)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from contract import events
from contract.decisions import PASSED_ON
from contract.events import Event
from contract.model import Hardware, Modem
from contract.passed_through import PASSED_THROUGH
from gateway.translation import answers, device_model, verdicts_2x
from gateway.translation.device_model import CONNECTOR_STATUSES
from gateway.translation.ids import by_content
from gateway.translation.meters import newest, samples_2x
from gateway.translation.parts_2x import (
    evse_and_connector,
    evse_id,
    id_token,
    in_all,
    native_word,
    nested_custom_data,
    transaction_named,
)
from gateway.translation.readers import (
    anything,
    as_written,
    at,
    constant,
    flag,
    integer,
    mapping,
    mappings,
    moment,
    occurred_at,
    occurred_when,
    one_of,
    same,
    text,
)
from gateway.translation.table import Answer, Derive, Inbound, Payload, Reader, Reading, Table, acknowledge
from gateway.translation.transactions_2x import transaction_event

LONGEST_TOKEN = 36

TOKEN_TYPES = same(
    "Central", "eMAID", "ISO14443", "ISO15693", "KeyCode", "Local", "MacAddress", "NoAuthorization"
)
BOOT_REASONS = same(
    *("ApplicationReset", "FirmwareUpdate", "LocalReset", "PowerUp", "RemoteReset", "ScheduledReset"),
    *("Triggered", "Unknown", "Watchdog"),
)
FIRMWARE_STATUSES = same(
    *("Downloaded", "DownloadFailed", "Downloading", "DownloadPaused", "DownloadScheduled", "Idle"),
    *("Installed", "InstallationFailed", "Installing", "InstallRebooting", "InstallScheduled"),
    *("InstallVerificationFailed", "InvalidSignature", "SignatureVerified"),
)
LOG_STATUSES = same(
    *("AcceptedCanceled", "BadMessage", "Idle", "NotSupportedOperation", "PermissionDenied", "Uploaded"),
    *("UploadFailure", "Uploading"),
)
RESERVATION_STATUSES = same("Expired", "NoTransaction", "Removed")
"""With the word that 2.1 adds: a 2.0.1 station that uses it is understood."""

CERTIFICATE_TYPES = same("ChargingStationCertificate", "V2GCertificate")

NOTHING: Mapping[str, Any] = MappingProxyType({})


def row(
    event: type[Event],
    fields: Mapping[str, Reader],
    answer: Answer = acknowledge,
    *,
    nested: tuple[str, ...] = (),
    derive: Mapping[str, Derive] = NOTHING,
) -> Inbound:
    """A message whose fields are understood one by one; `nested` are the members with inner customData."""
    custom = {"custom_data": mapping("customData")}
    if nested:
        custom["nested_custom_data"] = nested_custom_data(*nested)
    return Inbound(event, {**fields, **custom}, answer, by_content, derive)


def passed(action: str, lifted: Mapping[str, Reader] = NOTHING, answer: Answer = acknowledge) -> Inbound:
    """A message that is passed on as it is, with what concerns the envelope `lifted` out of it."""
    fields = {**lifted, "payload": lambda payload, _reading: payload, "custom_data": mapping("customData")}
    if action in PASSED_ON:
        answer = answers.passed_back(answer)
    return Inbound(PASSED_THROUGH[action], fields, answer, by_content, keep_raw=False)


def dated(path: str = "timestamp", *, required: bool = True) -> dict[str, Reader]:
    """When it happened, as a moment and as it was written."""
    return {"occurred_at": occurred_at(path, required=required), "occurred_at_raw": as_written(at(path))}


def part(list_name: str, list_path: str) -> dict[str, Reader]:
    """One part of a report that comes in many (OCPP 2.0.1 Part 2, N and B): its number, and what it holds."""
    return {
        **dated("generatedAt"),
        "seq_no": integer("seqNo"),
        "tbc": flag("tbc"),
        "generated_at": moment("generatedAt"),
        list_name: mappings(list_path),
    }


def hardware(payload: Payload, reading: Reading) -> Hardware:
    """What the station says of itself."""
    said = payload.get("chargingStation")
    if type(said) is not dict:
        reading.quirk("field_missing")
        said = {}
    modem = Modem(iccid=_iccid(said, reading), imsi=_imsi(said, reading))
    return Hardware(
        **{name: read(said, reading) for name, read in _HARDWARE.items()},
        modem=None if modem == Modem() else modem,
    )


_HARDWARE = {
    "vendor": text("vendorName", 50),
    "model": text("model", 20),
    "serial_number": text("serialNumber", 25),
    "firmware_version": text("firmwareVersion", 50),
}
_iccid = text("modem.iccid", 20)
_imsi = text("modem.imsi", 20)

_request_id = integer("requestId")

TABLE: Table = {
    "Authorize": row(
        events.AuthorizationRequested,
        {
            "id_token": id_token(LONGEST_TOKEN, TOKEN_TYPES, required=True),
            "decision": lambda _payload, reading: reading.verdict,
            "certificate": text("certificate", 5500),
            "certificate_hash_data": mappings("iso15118CertificateHashData"),
        },
        verdicts_2x.authorization(LONGEST_TOKEN),
        nested=("idToken",),
    ),
    "BootNotification": row(
        events.StationBooted,
        {
            "hardware": hardware,
            "reason": one_of("reason", BOOT_REASONS, unknown="Unknown", missing="Unknown", required=True),
            "native": native_word("reason", "reason", *BOOT_REASONS),
        },
        answers.boot,
        nested=("chargingStation",),
    ),
    "ClearedChargingLimit": passed("ClearedChargingLimit", {"evse": evse_id(required=False)}),
    "DataTransfer": row(
        events.DataTransferReceived,
        {
            "vendor_id": text("vendorId", 255),
            "message_id": text("messageId", 50),
            "data": anything("data"),
        },
        answers.data_transfer,
    ),
    "FirmwareStatusNotification": row(
        events.FirmwareStatus,
        {
            "status": one_of("status", FIRMWARE_STATUSES, missing="Unknown", required=True),
            "request_id": _request_id,
        },
    ),
    "Get15118EVCertificate": passed("Get15118EVCertificate", answer=answers.status("Failed", exiResponse="")),
    "GetCertificateStatus": passed("GetCertificateStatus", answer=answers.status("Failed")),
    "Heartbeat": row(events.StationHeartbeat, {}, answers.clock),
    "LogStatusNotification": row(
        events.LogStatus,
        {
            "kind": constant("log"),
            "status": one_of("status", LOG_STATUSES, missing="Unknown", required=True),
            "request_id": _request_id,
        },
    ),
    "MeterValues": row(
        events.MeterSampled,
        {
            "occurred_at": occurred_when(newest),
            "occurred_at_raw": as_written(newest),
            "evse": evse_id(),
            "samples": samples_2x("meterValue"),
        },
        nested=("meterValue",),
    ),
    "NotifyChargingLimit": passed("NotifyChargingLimit", {"evse": evse_id(required=False)}),
    "NotifyCustomerInformation": passed(
        "NotifyCustomerInformation", {**dated("generatedAt"), "request_id": _request_id}
    ),
    "NotifyDisplayMessages": passed(
        "NotifyDisplayMessages",
        {"transaction": in_all("messageInfo", transaction_named("transactionId")), "request_id": _request_id},
    ),
    "NotifyEVChargingNeeds": passed(
        "NotifyEVChargingNeeds", {"evse": evse_id()}, answers.unsupported("Rejected")
    ),
    "NotifyEVChargingSchedule": passed(
        "NotifyEVChargingSchedule", {"evse": evse_id()}, answers.status("Accepted")
    ),
    "NotifyEvent": row(
        events.DeviceModelEvent,
        {
            **part("events", "eventData"),
            "evse": in_all("eventData", device_model.evse_of_part),
            "transaction": in_all("eventData", transaction_named("transactionId")),
        },
        derive={"/status": device_model.connector_statuses},
    ),
    "NotifyMonitoringReport": passed(
        "NotifyMonitoringReport", {**dated("generatedAt"), "request_id": _request_id}
    ),
    "NotifyReport": row(
        events.DeviceModelReported, {**part("variables", "reportData"), "request_id": _request_id}
    ),
    "PublishFirmwareStatusNotification": passed(
        "PublishFirmwareStatusNotification", {"request_id": _request_id}
    ),
    "ReportChargingProfiles": passed(
        "ReportChargingProfiles",
        {
            "evse": evse_id(),
            "transaction": in_all("chargingProfile", transaction_named("transactionId")),
            "request_id": _request_id,
        },
    ),
    "ReservationStatusUpdate": row(
        events.ReservationUpdated,
        {
            "reservation_id": integer("reservationId"),
            "status": one_of(
                "reservationUpdateStatus", RESERVATION_STATUSES, missing="Unknown", required=True
            ),
        },
    ),
    "SecurityEventNotification": row(
        events.SecurityEvent,
        {**dated(), "type": text("type", 50, missing="Unknown"), "tech_info": text("techInfo", 255)},
    ),
    "SignCertificate": row(
        events.CertificateSigningRequested,
        {
            "csr": text("csr", 5500),
            "certificate_type": one_of("certificateType", CERTIFICATE_TYPES),
        },
        answers.signing(answers.unsupported("Rejected")),
    ),
    "StatusNotification": row(
        events.ConnectorStatusChanged,
        {
            **dated(),
            "evse": evse_and_connector,
            "status": one_of(
                "connectorStatus", CONNECTOR_STATUSES, unknown="Unknown", missing="Unknown", required=True
            ),
            "native": native_word("status", "connectorStatus", *CONNECTOR_STATUSES),
        },
    ),
    "TransactionEvent": transaction_event(
        verdicts_2x.transaction(LONGEST_TOKEN), id_token(LONGEST_TOKEN, TOKEN_TYPES)
    ),
}
"""The rows by action."""

"""What OCPP 1.6 stations say, as facts: one row for each of their 14 actions (reference §1.3, §2)."""

from typing import Any

from contract.events import (
    AuthorizationRequested,
    CertificateSigningRequested,
    ConnectorStatusChanged,
    DataTransferReceived,
    FirmwareStatus,
    LogStatus,
    MeterSampled,
    SecurityEvent,
    StationBooted,
    StationHeartbeat,
    TransactionEnded,
    TransactionStarted,
)
from contract.model import Fault, Hardware, MeterPlate, Modem, Native
from gateway.translation import answers, transactions_16
from gateway.translation.ids import by_content
from gateway.translation.meters import newest, samples_16
from gateway.translation.parts_16 import (
    answer_id_tag,
    connector,
    id_token,
    offline,
    required_id_token,
    verdict,
)
from gateway.translation.readers import (
    as_written,
    at,
    constant,
    integer,
    occurred_at,
    occurred_when,
    one_of,
    text,
)
from gateway.translation.table import Inbound, Payload, Reader, Reading, Table
from gateway.translation.values import as_text
from gateway.translation.words_16 import (
    DIAGNOSTICS_STATUSES,
    ERROR_CODES,
    FIRMWARE_STATUSES,
    LOG_STATUSES,
    NO_ERROR,
    SECURITY_EVENTS,
    SIGNED_FIRMWARE_STATUSES,
    STATUSES,
)

_TIMED: dict[str, Reader] = {
    "occurred_at": occurred_at(),
    "occurred_at_raw": as_written(at("timestamp")),
    "offline": offline,
}

# BootNotification

_vendor = text("chargePointVendor", 20)
_model = text("chargePointModel", 20)
_serial_number = text("chargePointSerialNumber", 25)
_box_serial_number = text("chargeBoxSerialNumber", 25)
_firmware_version = text("firmwareVersion", 50)
_iccid = text("iccid", 20)
_imsi = text("imsi", 20)
_meter_type = text("meterType", 25)
_meter_serial_number = text("meterSerialNumber", 25)


def _hardware(payload: Payload, reading: Reading) -> Hardware:
    modem = Modem(iccid=_iccid(payload, reading), imsi=_imsi(payload, reading))
    meter = MeterPlate(
        model=_meter_type(payload, reading), serial_number=_meter_serial_number(payload, reading)
    )
    return Hardware(
        vendor=_vendor(payload, reading),
        model=_model(payload, reading),
        serial_number=_serial_number(payload, reading),
        box_serial_number=_box_serial_number(payload, reading),
        firmware_version=_firmware_version(payload, reading),
        modem=None if modem == Modem() else modem,
        meter=None if meter == MeterPlate() else meter,
    )


def _boot_reason(_payload: Payload, reading: Reading) -> str:
    """1.6 does not say why; a blanket PowerUp would be a lie."""
    reading.infer("reason")
    return "Unknown"


# StatusNotification

_detail = one_of("status", {word: word for word in STATUSES})
_status = one_of("status", STATUSES, unknown="Unknown", missing="Unknown", required=True)
_error_code = one_of("errorCode", ERROR_CODES, unknown="OtherError")
_info = text("info", 50)
_vendor_id = text("vendorId", 255)
_vendor_code = text("vendorErrorCode", 50)


def _known_detail(payload: Payload, reading: Reading) -> str | None:
    detail: str | None = _detail(payload, reading)
    return detail if detail in STATUSES else None


def _fault(payload: Payload, reading: Reading) -> Fault | None:
    """What is wrong. Without a `code` it is only what the vendor says beside NoError."""
    code = _error_code(payload, reading)
    fault = Fault(
        code=None if code == NO_ERROR else code,
        info=_info(payload, reading),
        vendor_id=_vendor_id(payload, reading),
        vendor_code=_vendor_code(payload, reading),
    )
    return None if fault == Fault() else fault


def _native_status(payload: Payload, reading: Reading) -> Native | None:
    native = Native(
        status=_odd_word(payload.get("status"), STATUSES, reading),
        error_code=_odd_word(payload.get("errorCode"), ERROR_CODES, reading),
    )
    return None if native == Native() else native


def _odd_word(said: Any, words: dict[str, str], reading: Reading) -> str | None:
    """A word as the station wrote it, where it is none of OCPP's."""
    return None if type(said) is str and said in words else as_text(said, reading) or None


# The security extension, vendors, firmware and logs

_security_type = text("type", 50)


def _security_event(payload: Payload, reading: Reading) -> str:
    said: str | None = _security_type(payload, reading)
    if said is None:
        reading.quirk("field_missing")
        return "Unknown"
    return SECURITY_EVENTS.get(said, said)


def _native_security_event(payload: Payload, _reading: Reading) -> Native | None:
    said = payload.get("type")
    return Native(status=said) if type(said) is str and said in SECURITY_EVENTS else None


def _vendor_data(payload: Payload, reading: Reading) -> Any:
    data = payload.get("data")
    if data is not None and type(data) is not str:
        reading.quirk("type_wrong")  # kept: 2.x knows data of any kind
    return data


def _native_diagnostics(payload: Payload, reading: Reading) -> Native | None:
    said = as_text(payload.get("status"), reading)
    return None if said is None or DIAGNOSTICS_STATUSES.get(said) == said else Native(status=said)


def _status_of(words: dict[str, str]) -> Reader:
    return one_of("status", words, missing="Unknown", required=True)


TABLE: Table = {
    "Authorize": Inbound(
        AuthorizationRequested,
        {"id_token": required_id_token(), "decision": verdict},
        answer=answer_id_tag,
    ),
    "BootNotification": Inbound(
        StationBooted, {"hardware": _hardware, "reason": _boot_reason}, answer=answers.boot
    ),
    "DataTransfer": Inbound(
        DataTransferReceived,
        {"vendor_id": text("vendorId", 255), "message_id": text("messageId", 50), "data": _vendor_data},
        answer=answers.data_transfer,
    ),
    "DiagnosticsStatusNotification": Inbound(
        LogStatus,
        {
            "kind": constant("diagnostics"),
            "status": _status_of(DIAGNOSTICS_STATUSES),
            "native": _native_diagnostics,
        },
    ),
    "FirmwareStatusNotification": Inbound(
        FirmwareStatus,
        {"status": _status_of(FIRMWARE_STATUSES), "signed": constant(False)},  # noqa: FBT003 - the value itself
    ),
    "Heartbeat": Inbound(StationHeartbeat, {}, answer=answers.clock),
    "LogStatusNotification": Inbound(
        LogStatus,
        {"kind": constant("log"), "status": _status_of(LOG_STATUSES), "request_id": integer("requestId")},
    ),
    "MeterValues": Inbound(
        MeterSampled,
        {
            "evse": connector(),
            "samples": samples_16("meterValue"),
            "occurred_at": occurred_when(newest),
            "occurred_at_raw": as_written(newest),
            "offline": offline,
            "transaction": transactions_16.named,
        },
        identity=by_content,
    ),
    "SecurityEventNotification": Inbound(
        SecurityEvent,
        {
            **_TIMED,
            "type": _security_event,
            "tech_info": text("techInfo", 255),
            "native": _native_security_event,
        },
        identity=by_content,
    ),
    "SignCertificate": Inbound(
        CertificateSigningRequested,
        {"csr": text("csr", 5500), "certificate_type": constant("ChargingStationCertificate")},
        answer=answers.signing(answers.status("Rejected")),
    ),
    "SignedFirmwareStatusNotification": Inbound(
        FirmwareStatus,
        {
            "status": _status_of(SIGNED_FIRMWARE_STATUSES),
            "request_id": integer("requestId"),
            "signed": constant(True),  # noqa: FBT003 - the value itself
        },
    ),
    "StartTransaction": Inbound(
        TransactionStarted,
        {
            **_TIMED,
            "evse": connector(zero_is_odd=True),
            "id_token": id_token(),
            "meter": transactions_16.register("meterStart", "start_wh"),
            "reservation_id": integer("reservationId"),
            "transaction": transactions_16.started,
            "trigger_reason": transactions_16.trigger_of_start,
            "decision": verdict,
        },
        answer=transactions_16.answer_start,
        identity=transactions_16.same_start,
        derive={"/meter": transactions_16.begin_register},
    ),
    "StatusNotification": Inbound(
        ConnectorStatusChanged,
        {
            "evse": connector(),
            "occurred_at": occurred_at(required=False),
            "occurred_at_raw": as_written(at("timestamp")),
            "offline": offline,
            "status": _status,
            "detail": _known_detail,
            "fault": _fault,
            "native": _native_status,
        },
        identity=by_content,
    ),
    "StopTransaction": Inbound(
        TransactionEnded,
        {
            **_TIMED,
            "transaction": transactions_16.stopped,
            "evse": transactions_16.where_stopped,
            "meter": transactions_16.register("meterStop", "stop_wh"),
            "id_token": transactions_16.token_of_stop,
            "decision": transactions_16.verdict_of_stop,
            "stopped_reason": transactions_16.stop_reason,
            "trigger_reason": transactions_16.trigger_of_stop,
            "native": transactions_16.native_reason,
            "samples": samples_16("transactionData"),
        },
        answer=transactions_16.answer_stop,
        identity=transactions_16.same_stop,
        derive={"/meter": transactions_16.end_register},
    ),
}
"""The rows by action."""

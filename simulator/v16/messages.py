"""The payloads a 1.6 station sends, as pure functions of facts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.facts import Message, Payload, Sample, Status, StopCause, Token

if TYPE_CHECKING:
    from simulator.settings import StationConfig

SAID = frozenset(
    {
        "Authorize",
        "BootNotification",
        "DataTransfer",
        "DiagnosticsStatusNotification",
        "FirmwareStatusNotification",
        "Heartbeat",
        "LogStatusNotification",
        "MeterValues",
        "SecurityEventNotification",
        "SignCertificate",
        "SignedFirmwareStatusNotification",
        "StartTransaction",
        "StatusNotification",
        "StopTransaction",
    }
)


def boot(config: StationConfig, firmware: str) -> Message:
    payload = {
        "chargePointVendor": config.vendor,
        "chargePointModel": config.model,
        "chargePointSerialNumber": config.id[:25],
        "firmwareVersion": firmware,
        "meterType": "Simulated",
        "meterSerialNumber": f"M-{config.id}"[:25],
    }
    return Message("BootNotification", payload)


def heartbeat() -> Message:
    return Message("Heartbeat", {})


def authorize(token: Token) -> Message:
    return Message("Authorize", {"idTag": token.value})


def status(connector: int, status: Status, timestamp: str, fault: str | None) -> Message:
    payload = {
        "connectorId": connector,
        "errorCode": fault or "NoError",
        "status": status.value,
        "timestamp": timestamp,
    }
    return Message("StatusNotification", payload)


def start(connector: int, token: Token, meter_wh: int, timestamp: str, reservation: int | None) -> Payload:
    payload: Payload = {
        "connectorId": connector,
        "idTag": token.value,
        "meterStart": meter_wh,
        "timestamp": timestamp,
    }
    return payload if reservation is None else {**payload, "reservationId": reservation}


def stop(
    transaction: int,
    meter_wh: int,
    timestamp: str,
    *,
    cause: StopCause,
    token: Token | None,
    samples: tuple[Sample, ...],
) -> Payload:
    payload: Payload = {
        "transactionId": transaction,
        "meterStop": meter_wh,
        "timestamp": timestamp,
        "reason": cause.reason_16,
    }
    if token is not None:
        payload["idTag"] = token.value
    if samples:
        payload["transactionData"] = [meter_value(sample) for sample in samples]
    return payload


def meter_values(
    connector: int, sample: Sample, transaction: int | None = None, *, repeated: Sample | None = None
) -> Payload:
    """One sample; `repeated` is an older one that is said again in the same group, with this one's time."""
    group = meter_value(sample)
    if repeated is not None:
        group["sampledValue"] += meter_value(repeated)["sampledValue"]
    payload: Payload = {"connectorId": connector, "meterValue": [group]}
    return payload if transaction is None else {**payload, "transactionId": transaction}


def meter_value(sample: Sample) -> Payload:
    """A group of values of one instant; in 1.6 each value is a string (§7.43)."""
    values = []
    for reading in sample.readings:
        value = {
            "value": str(reading.value),
            "context": sample.context,
            "measurand": reading.measurand,
            "location": "EV" if reading.measurand == "SoC" else "Outlet",
            "unit": reading.unit,
        }
        if reading.phase is not None:
            value["phase"] = reading.phase
        values.append(value)
    return {"timestamp": sample.timestamp, "sampledValue": values}


def security_event(kind: str, timestamp: str) -> Message:
    return Message("SecurityEventNotification", {"type": kind, "timestamp": timestamp})


def sign_certificate(csr: str) -> Message:
    return Message("SignCertificate", {"csr": csr})


def firmware_status(status: str, request_id: int | None) -> Message:
    """With a request id it is the signed update of the security extension, which has its own action."""
    if request_id is None:
        return Message("FirmwareStatusNotification", {"status": status})
    return Message("SignedFirmwareStatusNotification", {"status": status, "requestId": request_id})


def log_status(status: str, request_id: int | None) -> Message:
    if request_id is None:
        return Message("DiagnosticsStatusNotification", {"status": status})
    return Message("LogStatusNotification", {"status": status, "requestId": request_id})

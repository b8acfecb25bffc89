"""The payloads a 2.0.1 or 2.1 station sends, as pure functions of facts; all are valid in both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from simulator.facts import BootReason, ChargingState, Message, Payload, Sample, Status, StopCause, Token

if TYPE_CHECKING:
    from simulator.settings import StationConfig

SAID = frozenset(
    {
        "Authorize",
        "BootNotification",
        "DataTransfer",
        "FirmwareStatusNotification",
        "Heartbeat",
        "LogStatusNotification",
        "MeterValues",
        "NotifyCustomerInformation",
        "NotifyDisplayMessages",
        "NotifyEvent",
        "NotifyReport",
        "ReportChargingProfiles",
        "ReservationStatusUpdate",
        "SecurityEventNotification",
        "SignCertificate",
        "StatusNotification",
        "TransactionEvent",
    }
)

_SHOWN = {
    Status.AVAILABLE: "Available",
    Status.RESERVED: "Reserved",
    Status.UNAVAILABLE: "Unavailable",
    Status.FAULTED: "Faulted",
}


def shown_status(status: Status) -> str:
    """2.x has one word for every connector with a car."""
    return _SHOWN.get(status, "Occupied")


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn in a transaction, as TransactionEvent tells it."""

    event: str
    trigger: str
    timestamp: str
    state: ChargingState
    evse: int | None = None
    token: Token | None = None
    sample: Sample | None = None
    cause: StopCause | None = None
    remote_start_id: int | None = None
    reservation_id: int | None = None
    seconds_charging: int | None = None


def boot(config: StationConfig, reason: BootReason, firmware: str) -> Message:
    station = {
        "vendorName": config.vendor,
        "model": config.model,
        "serialNumber": config.id[:25],
        "firmwareVersion": firmware,
    }
    return Message("BootNotification", {"chargingStation": station, "reason": reason.value})


def heartbeat() -> Message:
    return Message("Heartbeat", {})


def id_token(token: Token) -> Payload:
    return {"idToken": token.value, "type": token.type}


def authorize(token: Token) -> Message:
    return Message("Authorize", {"idToken": id_token(token)})


def status(evse: int, status: Status, timestamp: str) -> Message:
    payload = {
        "timestamp": timestamp,
        "connectorStatus": shown_status(status),
        "evseId": evse,
        "connectorId": 1,
    }
    return Message("StatusNotification", payload)


def availability(evse: int, status: Status, timestamp: str, event_id: int) -> Message:
    """The same news as NotifyEvent, which 2.1 prefers to StatusNotification (G01)."""
    event = {
        "eventId": event_id,
        "timestamp": timestamp,
        "trigger": "Delta",
        "actualValue": shown_status(status),
        "eventNotificationType": "HardWiredNotification",
        "component": {"name": "Connector", "evse": {"id": evse, "connectorId": 1}},
        "variable": {"name": "AvailabilityState"},
    }
    return Message("NotifyEvent", {"generatedAt": timestamp, "seqNo": 0, "tbc": False, "eventData": [event]})


def transaction_event(turn: Turn, transaction: str, seq_no: int, *, offline: bool) -> Payload:
    info: Payload = {"transactionId": transaction, "chargingState": turn.state.value}
    if turn.cause is not None:
        info["stoppedReason"] = turn.cause.reason_2x
    if turn.remote_start_id is not None:
        info["remoteStartId"] = turn.remote_start_id
    if turn.seconds_charging is not None:
        info["timeSpentCharging"] = turn.seconds_charging
    payload: Payload = {
        "eventType": turn.event,
        "timestamp": turn.timestamp,
        "triggerReason": turn.trigger,
        "seqNo": seq_no,
        "transactionInfo": info,
    }
    if offline:
        payload["offline"] = True
    if turn.evse is not None:
        payload["evse"] = {"id": turn.evse, "connectorId": 1}
    if turn.token is not None:
        payload["idToken"] = id_token(turn.token)
    if turn.reservation_id is not None:
        payload["reservationId"] = turn.reservation_id
    if turn.sample is not None and turn.sample.readings:
        payload["meterValue"] = [meter_value(turn.sample)]
    return payload


def meter_values(evse: int, sample: Sample) -> Message:
    return Message("MeterValues", {"evseId": evse, "meterValue": [meter_value(sample)]})


def meter_value(sample: Sample) -> Payload:
    values = []
    for reading in sample.readings:
        value: Payload = {
            "value": reading.value,
            "context": sample.context,
            "measurand": reading.measurand,
            "location": "EV" if reading.measurand == "SoC" else "Outlet",
            "unitOfMeasure": {"unit": reading.unit},
        }
        if reading.phase is not None:
            value["phase"] = reading.phase
        values.append(value)
    return {"timestamp": sample.timestamp, "sampledValue": values}


def security_event(kind: str, timestamp: str) -> Message:
    return Message("SecurityEventNotification", {"type": kind, "timestamp": timestamp})


def sign_certificate(csr: str) -> Message:
    return Message("SignCertificate", {"csr": csr, "certificateType": "ChargingStationCertificate"})


def firmware_status(status: str, request_id: int | None) -> Message:
    return _with_request("FirmwareStatusNotification", {"status": status}, request_id)


def log_status(status: str, request_id: int | None) -> Message:
    return _with_request("LogStatusNotification", {"status": status}, request_id)


def _with_request(action: str, payload: Payload, request_id: int | None) -> Message:
    """A status that answers no request any more carries no request id (L01.FR.20, N01.FR.13)."""
    return Message(action, payload if request_id is None else {**payload, "requestId": request_id})


def reservation_expired(reservation_id: int) -> Message:
    payload = {"reservationId": reservation_id, "reservationUpdateStatus": "Expired"}
    return Message("ReservationStatusUpdate", payload)

"""How a 1.6 station sends what it is asked for: TriggerMessage and the extended one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator import certificates
from simulator.dialogue import Answer
from simulator.facts import BootReason, Message, Payload, Sample
from simulator.v16 import messages

if TYPE_CHECKING:
    from simulator.connector import Connector
    from simulator.station import Station

_PLAIN = {
    "BootNotification",
    "DiagnosticsStatusNotification",
    "FirmwareStatusNotification",
    "Heartbeat",
    "MeterValues",
    "StatusNotification",
}
_EXTENDED = (_PLAIN - {"DiagnosticsStatusNotification"}) | {
    "LogStatusNotification",
    "SignChargePointCertificate",
}


def trigger_message(station: Station, payload: Payload) -> Answer:
    return _answer(station, payload, _PLAIN)


def extended_trigger_message(station: Station, payload: Payload) -> Answer:
    return _answer(station, payload, _EXTENDED)


def _answer(station: Station, payload: Payload, known: set[str]) -> Answer:
    wanted, number = payload["requestedMessage"], payload.get("connectorId")
    if wanted not in known:
        return Answer({"status": "NotImplemented"})
    named = None if number in {None, 0} else station.controls.connector(number)
    if number and named is None:
        return Answer({"status": "Rejected"})

    async def send() -> None:
        for message in _wanted_messages(station, wanted, [named] if named else station.connectors):
            await station.call_message(message)

    return Answer({"status": "Accepted"}, send)


def _wanted_messages(station: Station, wanted: str, connectors: list[Connector]) -> list[Message]:
    dialect, controls = station.dialect, station.controls
    match wanted:
        case "BootNotification":
            return [dialect.boot(BootReason.TRIGGERED)]
        case "Heartbeat":
            return [dialect.heartbeat()]
        case "StatusNotification":
            return [message for connector in connectors for message in dialect.status(connector)]
        case "MeterValues":
            return [Message("MeterValues", _meter_values(station, connector)) for connector in connectors]
        case "FirmwareStatusNotification":
            # The extended answer (A06) carries a request id only while a signed update is under way.
            return [dialect.firmware_status(controls.firmware_status, controls.firmware_request)]
        case "LogStatusNotification":
            payload: Payload = {"status": controls.log_status}
            if controls.log_request is not None:
                payload["requestId"] = controls.log_request
            return [Message("LogStatusNotification", payload)]
        case "DiagnosticsStatusNotification":
            return [messages.log_status(controls.log_status, None)]
        case _:
            return [messages.sign_certificate(certificates.SIGNING_REQUEST)]


def _meter_values(station: Station, connector: Connector) -> Payload:
    connector.meter_now()
    readings = connector.meter.read(station.device.members("MeterValuesSampledData"))
    sample = Sample(station.clock.timestamp(), "Trigger", readings)
    transaction = (
        connector.story.transaction_id if connector.story and connector.transaction_is_open else None
    )
    return messages.meter_values(connector.number, sample, None if transaction is None else int(transaction))

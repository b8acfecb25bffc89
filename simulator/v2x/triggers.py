"""How a 2.x station sends what it is asked for: TriggerMessage (F06)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator import certificates
from simulator.dialogue import Answer
from simulator.facts import BootReason, Message, Payload, Sample
from simulator.v2x import messages

if TYPE_CHECKING:
    from simulator.connector import Connector
    from simulator.station import Station

_KNOWN = {
    "BootNotification",
    "FirmwareStatusNotification",
    "Heartbeat",
    "LogStatusNotification",
    "MeterValues",
    "SignChargingStationCertificate",
    "StatusNotification",
    "TransactionEvent",
}


def trigger_message(station: Station, payload: Payload) -> Answer:
    wanted, evse = payload["requestedMessage"], payload.get("evse")
    if wanted not in _KNOWN:
        return Answer({"status": "NotImplemented"})
    named = None if evse is None else station.controls.connector(evse["id"])
    if evse is not None and named is None:
        return Answer({"status": "Rejected"})
    connectors = [named] if named else station.connectors
    if wanted == "TransactionEvent":
        return _tell_transactions([c for c in connectors if c.transaction_is_open])

    async def send() -> None:
        for message in _wanted_messages(station, wanted, connectors):
            await station.call_message(message)

    return Answer({"status": "Accepted"}, send)


def _tell_transactions(connectors: list[Connector]) -> Answer:
    """The events of a transaction keep their order: they go the way of all the others."""
    if not connectors:
        return Answer({"status": "Rejected", "statusInfo": {"reasonCode": "TxNotFound"}})

    async def tell() -> None:
        for connector in connectors:
            connector.meter_now()
            if connector.story is not None and connector.transaction_is_open:
                connector.story.metered("Trigger")

    return Answer({"status": "Accepted"}, tell)


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
            return [_meter_values(station, connector) for connector in connectors]
        case "FirmwareStatusNotification":
            request = None if controls.firmware_status == "Idle" else controls.firmware_request
            return [dialect.firmware_status(controls.firmware_status, request)]
        case "LogStatusNotification":
            request = None if controls.log_status == "Idle" else controls.log_request
            return [dialect.log_status(controls.log_status, request)]
        case _:
            return [messages.sign_certificate(certificates.SIGNING_REQUEST)]


def _meter_values(station: Station, connector: Connector) -> Message:
    connector.meter_now()
    readings = connector.meter.read(station.device.members("MeterValuesSampledData"))
    return messages.meter_values(connector.number, Sample(station.clock.timestamp(), "Trigger", readings))

"""Commands to OCPP 1.6 stations that concern the station and its connectors (reference §2.9, §3.8, §3.9)."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from contract.commands import (
    AuthorizationClearCache,
    AvailabilityChange,
    ConnectorUnlock,
    DataTransferSend,
    StationReset,
    StationTriggerMessage,
)
from contract.results import Loss
from gateway.translation.outbound import replies_16 as replies
from gateway.translation.outbound.parts_16 import WHOLE_STATION, connector_id
from gateway.translation.outbound.plan import (
    Ask,
    Declined,
    Invalid,
    Outbound,
    Payload,
    Plan,
    Said,
    Target,
    Unsupported,
    dropped,
    is_unable,
)
from gateway.translation.outbound.replies_16 import one_call, understood


def _reset(command: StationReset, _target: Target) -> Plan:
    if connector_id(command.evse) != WHOLE_STATION:
        raise Unsupported("OCPP 1.6 resets the whole station, never one EVSE")
    if command.type == "Immediate":
        return one_call("Reset", {"type": "Hard"})
    if command.type == "ImmediateAndResume":
        raise Unsupported("OCPP 1.6 does not resume transactions after a reset")
    if not command.accept_soft:
        raise Unsupported(
            "OnIdle waits until transactions have ended, OCPP 1.6's Soft ends them; acceptSoft agrees to that"
        )
    loss = Loss(path="/type", code="semantics_changed", was=command.type, became="Soft")
    return one_call("Reset", {"type": "Soft"}, loss=(loss,))


def _unlock(command: ConnectorUnlock, target: Target) -> Plan:
    number = connector_id(command.evse)
    if number == WHOLE_STATION:
        raise Invalid("/evse/id", "an unlock names its EVSE")
    is_unknown = target.connectors is not None and number > target.connectors
    words = replies.UNLOCK_UNKNOWN if is_unknown else replies.UNLOCK
    return one_call("UnlockConnector", {"connectorId": number}, words)


def _change_availability(command: AvailabilityChange, _target: Target) -> Plan:
    payload = {"connectorId": connector_id(command.evse), "type": command.operational_status}
    return one_call("ChangeAvailability", payload, replies.AVAILABILITY)


def _clear_cache(_command: AuthorizationClearCache, _target: Target) -> Plan:
    return one_call("ClearCache", {})


class Trigger(NamedTuple):
    """A way to ask for a message; `is_exact` unless another message than the one asked for will come."""

    action: str
    message: str
    is_exact: bool = True


_PLAIN = ("BootNotification", "FirmwareStatusNotification", "Heartbeat", "MeterValues", "StatusNotification")

TRIGGERS: dict[str, tuple[Trigger, ...]] = {word: (Trigger("TriggerMessage", word),) for word in _PLAIN} | {
    "LogStatusNotification": (
        Trigger("ExtendedTriggerMessage", "LogStatusNotification"),
        Trigger("TriggerMessage", "DiagnosticsStatusNotification", is_exact=False),
    ),
    "SignChargingStationCertificate": (Trigger("ExtendedTriggerMessage", "SignChargePointCertificate"),),
    "TransactionEvent": (Trigger("TriggerMessage", "MeterValues", is_exact=False),),
}
"""The ways by what is requested, best first (reference §3.9)."""


def _trigger(command: StationTriggerMessage, target: Target) -> Plan:
    ways = TRIGGERS.get(command.requested_message)
    if ways is None:
        raise Unsupported(f"OCPP 1.6 cannot be asked for {command.requested_message}")
    number = connector_id(command.evse)
    # Connector 0 cannot be named (OCPP 1.6 §6.51: connectorId > 0); absent asks for all of them.
    where = {} if number == WHOLE_STATION else {"connectorId": number}
    open_ways = [way for way in ways if way.action not in target.declined] or ways[-1:]
    return _in_turn(open_ways, where, command)


def _in_turn(ways: Sequence[Trigger], where: Payload, command: StationTriggerMessage) -> Plan:
    for way in ways[:-1]:
        reply = yield Ask(way.action, {"requestedMessage": way.message, **where})
        if not _cannot(reply):
            return understood(reply, replies.TRIGGER, _loss_of(command, way))
    way = ways[-1]
    reply = yield Ask(way.action, {"requestedMessage": way.message, **where})
    return understood(reply, replies.TRIGGER, _loss_of(command, way))


def _cannot(reply: Said | Declined) -> bool:
    """Whether the station does not have the action, or not this message by it."""
    if isinstance(reply, Declined):
        return is_unable(reply)
    status = replies.status_of(reply.payload, replies.TRIGGER)
    return status is not None and status.meaning.status == "NotImplemented"


def _loss_of(command: StationTriggerMessage, way: Trigger) -> tuple[Loss, ...]:
    loss = dropped({"/customTrigger": command.custom_trigger})
    if way.is_exact:
        return loss
    asked = command.requested_message
    return (*loss, Loss(path="/requestedMessage", code="semantics_changed", was=asked, became=way.message))


def _transfer(command: DataTransferSend, _target: Target) -> Plan:
    payload: Payload = {"vendorId": command.vendor_id}
    loss: tuple[Loss, ...] = ()
    if command.message_id is not None:
        payload["messageId"] = command.message_id
    if isinstance(command.data, str):
        payload["data"] = command.data
    elif command.data is not None:
        payload["data"] = as_json(command.data)
        loss = (Loss(path="/data", code="semantics_changed", was=command.data, became=payload["data"]),)
    return transfer(payload, loss)


def transfer(payload: Payload, loss: tuple[Loss, ...] = ()) -> Plan:
    """The plan of a DataTransfer: what the station says beside its status is the answer's `data`."""
    reply = yield Ask("DataTransfer", payload)
    data = reply.payload.get("data") if isinstance(reply, Said) else None
    return understood(reply, replies.DATA_TRANSFER, loss, data=data)


def as_json(value: object) -> str:
    """JSON as text: OCPP 1.6 transfers nothing else (reference §2.6)."""
    return msgspec.json.encode(value).decode()


COMMANDS: Outbound = {
    AuthorizationClearCache: _clear_cache,
    AvailabilityChange: _change_availability,
    ConnectorUnlock: _unlock,
    DataTransferSend: _transfer,
    StationReset: _reset,
    StationTriggerMessage: _trigger,
}
"""The plans by command."""

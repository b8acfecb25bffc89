"""Commands to OCPP 1.6 stations that concern drivers: transactions, reservations, the local list (reference §2.9)."""

from collections.abc import Iterable

import msgspec

from contract.commands import (
    CostUpdate,
    LocalListEntry,
    LocalListGetVersion,
    LocalListSend,
    ReservationCancel,
    ReservationCreate,
    TransactionStart,
    TransactionStop,
)
from contract.results import Answer, Loss
from gateway.translation.outbound import replies_16 as replies
from gateway.translation.outbound.answered import whole
from gateway.translation.outbound.parts_16 import (
    WHOLE_STATION,
    connector_id,
    id_tag,
    of_token,
    too_long,
    transaction_number,
    unknown_transaction,
)
from gateway.translation.outbound.plan import (
    Ask,
    Declined,
    Invalid,
    Outbound,
    Outcome,
    Payload,
    Plan,
    Target,
    Unsupported,
    dropped,
    refused,
)
from gateway.translation.outbound.profiles_16 import profile_16
from gateway.translation.outbound.replies_16 import one_call, without_call
from gateway.translation.outbound.station_16 import as_json, transfer
from gateway.translation.outbound.writing import in_utc
from gateway.translation.parts_16 import ID_TAG_LENGTH
from gateway.translation.words_16 import VERDICTS

# Transactions


def _start(command: TransactionStart, target: Target) -> Plan:
    payload: Payload = {"idTag": id_tag(command.id_token)}
    loss = of_token(command.id_token) + dropped(
        {"/groupIdToken": command.group_id_token, "/remoteStartId": command.remote_start_id}
    )
    number = connector_id(command.evse)
    if number == WHOLE_STATION and target.connectors == 1:
        number = 1  # many stations refuse a start that names no connector
    if number != WHOLE_STATION:  # which stations must not be told (OCPP 1.6 §6.33: connectorId > 0)
        payload["connectorId"] = number
    if command.charging_profile is not None:
        made = profile_16(command.charging_profile)
        payload["chargingProfile"] = made.profile
        # The transaction that it is for has no number yet.
        of_transaction = dropped(
            {"/chargingProfile/transactionId": command.charging_profile.get("transactionId")}
        )
        loss += made.loss + of_transaction
    return one_call("RemoteStartTransaction", payload, loss=loss)


def _stop(command: TransactionStop, target: Target) -> Plan:
    number = transaction_number(target, command.transaction_id)
    if number is None:
        return without_call(unknown_transaction(command.transaction_id))
    return one_call("RemoteStopTransaction", {"transactionId": number})


COST_MESSAGES = "org.openchargealliance.costmsg"
"""The vendor of OCA's "OCPP & California Pricing Requirements": the only way in which 1.6 hears of costs."""


def _update_cost(command: CostUpdate, target: Target) -> Plan:
    number = transaction_number(target, command.transaction_id)
    if number is None:
        return without_call(unknown_transaction(command.transaction_id))
    return _show_cost(number, command.total_cost)


def _show_cost(number: int, cost: float) -> Plan:
    # The state is mandatory, and Idle would tell the driver that waiting is what costs.
    running = {"transactionId": number, "cost": cost, "state": "Charging"}
    loss = Loss(path="", code="default_assumed", became={"state": "Charging"})
    outcome = yield from transfer(
        {"vendorId": COST_MESSAGES, "messageId": "RunningCost", "data": as_json(running)}, (loss,)
    )
    if outcome.answer is not None and outcome.answer.status in ("UnknownVendorId", "UnknownMessageId"):
        why = "the station does not know OCA's cost messages, and OCPP 1.6 has no others"
        return msgspec.structs.replace(outcome, status="unsupported", why=why)
    return outcome


# Reservations


def _reserve(command: ReservationCreate, _target: Target) -> Plan:
    if command.connector_type is not None and not command.evse_id:
        raise Unsupported("OCPP 1.6 cannot reserve by the type of connector")
    payload: Payload = {
        "connectorId": command.evse_id or WHOLE_STATION,
        "expiryDate": in_utc(command.expires_at),
        "idTag": id_tag(command.id_token),
        "reservationId": command.reservation_id,
    }
    loss = of_token(command.id_token) + dropped({"/connectorType": command.connector_type})
    if command.group_id_token is not None:
        payload["parentIdTag"] = id_tag(command.group_id_token, "/groupIdToken")
        loss += of_token(command.group_id_token, "/groupIdToken")
    return one_call("ReserveNow", payload, replies.RESERVATION, loss)


def _cancel_reservation(command: ReservationCancel, _target: Target) -> Plan:
    return one_call("CancelReservation", {"reservationId": command.reservation_id})


# The local list


def _send_list(command: LocalListSend, _target: Target) -> Plan:
    _check_lengths(command.entries)
    entries = [_entry(command, number, entry) for number, entry in enumerate(command.entries)]
    payload = {
        "listVersion": command.version,
        "updateType": command.update_type,
        "localAuthorizationList": entries,
    }
    return one_call("SendLocalList", payload, replies.LOCAL_LIST, _list_loss(command.entries))


def _check_lengths(entries: Iterable[LocalListEntry]) -> None:
    """A list is sent as a whole or not at all."""
    tokens = [token for entry in entries for token in (entry.id_token, entry.group_id) if token]
    long = [token.value for token in tokens if token.value and len(token.value) > ID_TAG_LENGTH]
    if long:
        raise Unsupported(too_long(long))


def _entry(command: LocalListSend, number: int, entry: LocalListEntry) -> Payload:
    path = f"/entries/{number}"
    made: Payload = {"idTag": id_tag(entry.id_token, f"{path}/idToken")}
    if entry.status is None:
        if command.update_type == "Full":
            raise Invalid(f"{path}/status", "an entry of a Full list has a status")
        return made
    info: Payload = {"status": VERDICTS[entry.status]}
    if entry.cache_expiry is not None:
        info["expiryDate"] = in_utc(entry.cache_expiry)
    if entry.group_id is not None:
        info["parentIdTag"] = id_tag(entry.group_id, f"{path}/groupId")
    return {**made, "idTagInfo": info}


def _list_loss(entries: Iterable[LocalListEntry]) -> tuple[Loss, ...]:
    """Once for all entries that lose the same: `*` stands for their numbers."""
    found: dict[tuple[str, object], Loss] = {}
    for entry in entries:
        for loss in _entry_loss(entry):
            found.setdefault((loss.path, str(loss.was)), loss)
    return tuple(found.values())


def _entry_loss(entry: LocalListEntry) -> tuple[Loss, ...]:
    loss = of_token(entry.id_token, "/entries/*/idToken")
    if entry.group_id is not None:
        loss += of_token(entry.group_id, "/entries/*/groupId")
    if entry.status is None or VERDICTS[entry.status] == entry.status:
        return loss
    became = VERDICTS[entry.status]
    return (*loss, Loss(path="/entries/*/status", code="enum_collapsed", was=entry.status, became=became))


def _list_version(_command: LocalListGetVersion, _target: Target) -> Plan:
    reply = yield Ask("GetLocalListVersion", {})
    if isinstance(reply, Declined):
        return refused(reply)
    said = whole(reply.payload.get("listVersion"))
    if said is None:
        return Outcome(status="failed", why="the answer has no listVersion")
    if said >= 0:
        return Outcome(status="accepted", answer=Answer(list_version=said))
    # -1 is a station that supports no local list (OCPP 1.6 §5.10): 2.x says 0, as for an empty one.
    loss = Loss(path="", code="default_assumed", was=said, became=0)
    return Outcome(status="accepted", answer=Answer(list_version=0), loss=(loss,))


COMMANDS: Outbound = {
    CostUpdate: _update_cost,
    LocalListGetVersion: _list_version,
    LocalListSend: _send_list,
    ReservationCancel: _cancel_reservation,
    ReservationCreate: _reserve,
    TransactionStart: _start,
    TransactionStop: _stop,
}
"""The plans by command."""

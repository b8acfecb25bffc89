"""OCPP 2.x commands about charging: transactions, connectors, profiles, reservations, who may charge."""

from collections.abc import Mapping

from contract import commands as ask
from contract.commands import Command
from gateway.translation.ids import transaction_id_2x
from gateway.translation.outbound.exchange_2x import Fields, Row, by_answering, by_member, member
from gateway.translation.outbound.plan import Payload, Unsupported
from gateway.translation.outbound.profiles_2x import charging_profile
from gateway.translation.outbound.writing import Writing, evse_type, in_utc, present


def _start(command: ask.TransactionStart, writing: Writing) -> Payload:
    started = command.remote_start_id
    group = command.group_id_token
    return present(
        idToken=writing.id_token("/idToken", command.id_token),
        remoteStartId=writing.target.request_id if started is None else started,
        evseId=writing.evse_id(command.evse),
        groupIdToken=None if group is None else writing.id_token("/groupIdToken", group),
        chargingProfile=charging_profile(command.charging_profile, "/chargingProfile", writing),
    )


def _started(answer: Payload, writing: Writing) -> Fields:
    """The transaction, where it had begun before the command (OCPP 2.0.1 Part 2, F01.FR.13)."""
    native = member(answer, "transactionId", str)
    return {"transaction_id": transaction_id_2x(native, writing.target.station) if native else None}


def _stop(command: ask.TransactionStop, writing: Writing) -> Payload:
    return {"transactionId": writing.native(command.transaction_id)}


def _get_status(command: ask.TransactionGetStatus, writing: Writing) -> Payload:
    asked = command.transaction_id
    return present(transactionId=None if asked is None else writing.native(asked))


def _transaction_status(answer: Payload, _writing: Writing) -> Fields:
    return {
        "ongoing": member(answer, "ongoingIndicator", bool),
        "messages_in_queue": member(answer, "messagesInQueue", bool),
    }


def _update_cost(command: ask.CostUpdate, writing: Writing) -> Payload:
    return {"totalCost": command.total_cost, "transactionId": writing.native(command.transaction_id)}


def _unlock(command: ask.ConnectorUnlock, writing: Writing) -> Payload:
    connector = command.evse.connector_id
    if connector is None and writing.target.connectors == 1:
        connector = 1  # there is no other (reference §0.5: with more, none is assumed)
        writing.lose("/evse/connectorId", "default_assumed", became=connector)
    return present(evseId=command.evse.id, connectorId=connector)


def _change_availability(command: ask.AvailabilityChange, _writing: Writing) -> Payload:
    return present(evse=evse_type(command.evse), operationalStatus=command.operational_status)


def _clear_cache(_command: ask.AuthorizationClearCache, _writing: Writing) -> Payload:
    return {}


def _set_profile(command: ask.ChargingProfileSet, writing: Writing) -> Payload:
    profile = charging_profile(command.charging_profile, "/chargingProfile", writing)
    return {"evseId": command.evse_id, "chargingProfile": profile}


def _clear_profile(command: ask.ChargingProfileClear, writing: Writing) -> Payload:
    purpose = command.purpose
    criteria = present(
        evseId=command.evse_id,
        chargingProfilePurpose=None if purpose is None else writing.word(purpose),
        stackLevel=command.stack_level,
    )
    if command.charging_profile_id is None:
        return {"chargingProfileCriteria": criteria}  # empty ones are those that all profiles meet
    return present(chargingProfileId=command.charging_profile_id, chargingProfileCriteria=criteria or None)


def _get_schedule(command: ask.ChargingProfileGetCompositeSchedule, _writing: Writing) -> Payload:
    return present(
        duration=command.duration_seconds,
        chargingRateUnit=command.charging_rate_unit,
        evseId=command.evse_id,
    )


def _schedule(answer: Payload, _writing: Writing) -> Fields:
    return {"schedule": member(answer, "schedule", dict)}


def _reserve(command: ask.ReservationCreate, writing: Writing) -> Payload:
    group = command.group_id_token
    return present(
        id=command.reservation_id,
        expiryDateTime=in_utc(command.expires_at),
        connectorType=_connector_type(command.connector_type, writing),
        idToken=writing.id_token("/idToken", command.id_token),
        evseId=command.evse_id,
        groupIdToken=None if group is None else writing.id_token("/groupIdToken", group),
    )


def _connector_type(said: str | None, writing: Writing) -> str | None:
    """The list is open in 2.1; what it does not have is Unknown to 2.0.1 (reference §2.11)."""
    known = writing.room.connector_types
    if said is None or known is None or said in known:
        return said
    writing.lose("/connectorType", "enum_unmapped", was=said, became="Unknown")
    return "Unknown"


def _cancel(command: ask.ReservationCancel, _writing: Writing) -> Payload:
    return {"reservationId": command.reservation_id}


def _send_list(command: ask.LocalListSend, writing: Writing) -> Payload:
    """All or nothing: a list with a hole in it would be another list (reference §2.9)."""
    longest = writing.room.token_length
    if too_long := [one.id_token.value for one in command.entries if len(one.id_token.value or "") > longest]:
        told = ", ".join(map(str, too_long))
        raise Unsupported(f"OCPP {writing.target.version} has no idTokens above {longest} characters: {told}")
    return present(
        versionNumber=command.version,
        updateType=command.update_type,
        localAuthorizationList=[
            _list_entry(entry, f"/entries/{number}", writing) for number, entry in enumerate(command.entries)
        ]
        or None,
    )


def _list_entry(entry: ask.LocalListEntry, path: str, writing: Writing) -> Payload:
    group = entry.group_id
    info = present(
        status=entry.status,
        cacheExpiryDateTime=in_utc(entry.cache_expiry),
        groupIdToken=None if group is None else writing.id_token(f"{path}/groupId", group),
    )
    return present(idToken=writing.id_token(f"{path}/idToken", entry.id_token), idTokenInfo=info or None)


def _get_list_version(_command: ask.LocalListGetVersion, _writing: Writing) -> Payload:
    return {}


def _list_version(answer: Payload, _writing: Writing) -> Fields:
    return {"list_version": member(answer, "versionNumber", int)}


ROWS: Mapping[type[Command], Row] = {
    ask.TransactionStart: Row("RequestStartTransaction", _start, _started),
    ask.TransactionStop: Row("RequestStopTransaction", _stop),
    ask.TransactionGetStatus: Row(
        "GetTransactionStatus", _get_status, _transaction_status, by_member("messagesInQueue", bool)
    ),
    ask.CostUpdate: Row("CostUpdated", _update_cost, verdict=by_answering),
    ask.ConnectorUnlock: Row("UnlockConnector", _unlock),
    ask.AvailabilityChange: Row("ChangeAvailability", _change_availability),
    ask.AuthorizationClearCache: Row("ClearCache", _clear_cache),
    ask.ChargingProfileSet: Row("SetChargingProfile", _set_profile),
    ask.ChargingProfileClear: Row("ClearChargingProfile", _clear_profile),
    ask.ChargingProfileGetCompositeSchedule: Row("GetCompositeSchedule", _get_schedule, _schedule),
    ask.ReservationCreate: Row("ReserveNow", _reserve),
    ask.ReservationCancel: Row("CancelReservation", _cancel),
    ask.LocalListSend: Row("SendLocalList", _send_list),
    ask.LocalListGetVersion: Row(
        "GetLocalListVersion", _get_list_version, _list_version, by_member("versionNumber", int)
    ),
}
"""How each of them is said."""

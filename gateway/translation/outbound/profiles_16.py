"""Commands to OCPP 1.6 stations that concern charging profiles, and the 2.x profile as one of 1.6 (reference §2.9, §3.9)."""

from collections.abc import Collection, Mapping
from datetime import UTC
from decimal import ROUND_FLOOR, Decimal
from typing import Any, NamedTuple

from contract.commands import ChargingProfileClear, ChargingProfileGetCompositeSchedule, ChargingProfileSet
from contract.results import Loss
from gateway.ocpp.schemas import SCHEMAS
from gateway.translation import moments
from gateway.translation.outbound import replies_16 as replies
from gateway.translation.outbound.parts_16 import transaction_number, unknown_transaction
from gateway.translation.outbound.plan import (
    Ask,
    Invalid,
    Outbound,
    Payload,
    Plan,
    Said,
    Target,
    Unsupported,
    dropped,
)
from gateway.translation.outbound.replies_16 import one_call, understood, without_call
from gateway.translation.outbound.writing import present

PURPOSES = {
    "ChargingStationMaxProfile": "ChargePointMaxProfile",
    "TxDefaultProfile": "TxDefaultProfile",
    "TxProfile": "TxProfile",
}
KINDS = frozenset(("Absolute", "Recurring", "Relative"))

_PROFILE = SCHEMAS["2.1"].requests["SetChargingProfile"]
"""What a profile is: that of 2.1 has all that 2.0.1's has."""

_PLACE = "/chargingProfile"


class Profile16(NamedTuple):
    """A charging profile as 1.6 has it, and what it lost."""

    profile: Payload
    loss: tuple[Loss, ...]


def profile_16(profile: dict[str, Any]) -> Profile16:
    """A 2.x profile without the transaction that it may name. Raises Invalid, Unsupported."""
    for fault in _PROFILE.faults({"evseId": 0, "chargingProfile": profile}):
        raise Invalid(fault.pointer, fault.message)
    purpose, kind = profile["chargingProfilePurpose"], profile["chargingProfileKind"]
    if purpose not in PURPOSES:
        raise Unsupported(f"OCPP 1.6 has no profiles for {purpose}")
    if kind not in KINDS:
        raise Unsupported(f"OCPP 1.6 has no {kind} profiles")
    # Which unit the station supports is not known here: the first schedule is the one that its author prefers.
    schedule, *others = profile["chargingSchedule"]
    made_schedule, loss = _schedule(schedule, f"{_PLACE}/chargingSchedule/0")
    alike = ("stackLevel", "recurrencyKind", "validFrom", "validTo")
    made = {
        "chargingProfileId": profile["id"],
        "chargingProfilePurpose": PURPOSES[purpose],
        "chargingProfileKind": kind,
        **_alike(profile, alike),
        "chargingSchedule": made_schedule,
    }
    known = (
        "id",
        "chargingProfilePurpose",
        "chargingProfileKind",
        "chargingSchedule",
        "transactionId",
        *alike,
    )
    further = {f"{_PLACE}/chargingSchedule/{number}": other for number, other in enumerate(others, 1)}
    return Profile16(made, (*_others(profile, known, _PLACE), *dropped(further), *loss))


def _schedule(schedule: dict[str, Any], place: str) -> tuple[Payload, tuple[Loss, ...]]:
    alike = ("duration", "startSchedule", "chargingRateUnit")
    known = ("id", "chargingSchedulePeriod", "minChargingRate", *alike)
    loss = list(_others(schedule, known, place))
    made: Payload = _alike(schedule, alike)
    if "minChargingRate" in schedule:
        made["minChargingRate"] = _tenths(schedule["minChargingRate"], f"{place}/minChargingRate", loss)
    made["chargingSchedulePeriod"] = [
        _period(period, f"{place}/chargingSchedulePeriod/{number}", loss)
        for number, period in enumerate(schedule["chargingSchedulePeriod"])
    ]
    return made, tuple(loss)


def _period(period: dict[str, Any], place: str, loss: list[Loss]) -> Payload:
    alike = ("startPeriod", "numberPhases")
    if "limit" not in period:
        raise Unsupported(f"{place}: OCPP 1.6 has no periods without a limit")
    loss.extend(_others(period, ("limit", *alike), place))
    return {**_alike(period, alike), "limit": _tenths(period["limit"], f"{place}/limit", loss)}


_MOMENTS = frozenset(("validFrom", "validTo", "startSchedule"))


def _alike(value: Mapping[str, Any], names: Collection[str]) -> Payload:
    """The fields that 1.6 has too."""
    return {
        name: _moment(value[name]) if name in _MOMENTS else value[name] for name in names if name in value
    }


def _moment(text: str) -> str:
    moment, _ = moments.parse(text, UTC)
    return text if moment is None else moments.written(moment)


def _others(value: Mapping[str, Any], known: Collection[str], place: str) -> tuple[Loss, ...]:
    return dropped({f"{place}/{name}": inner for name, inner in value.items() if name not in known})


_TENTH = Decimal("0.1")


def _tenths(value: float, place: str, loss: list[Loss]) -> float:
    """A limit in the tenths that 1.6 knows; never rounded up, since it protects a cable."""
    if value == int(value):
        return value
    became = float(Decimal(repr(value)).quantize(_TENTH, ROUND_FLOOR))
    if became != value:
        loss.append(Loss(path=place, code="value_rounded", was=value, became=became))
    return became


def _set(command: ChargingProfileSet, target: Target) -> Plan:
    profile, loss = profile_16(command.charging_profile)
    transaction = command.charging_profile.get("transactionId")
    if transaction is not None:
        number = transaction_number(target, transaction)
        if number is None:
            return without_call(unknown_transaction(transaction))
        profile["transactionId"] = number
    payload = {"connectorId": command.evse_id, "csChargingProfiles": profile}
    return one_call("SetChargingProfile", payload, replies.PROFILE, loss)


def _clear(command: ChargingProfileClear, _target: Target) -> Plan:
    if command.purpose is not None and command.purpose not in PURPOSES:
        raise Unsupported(f"OCPP 1.6 has no profiles for {command.purpose}")
    payload = present(
        id=command.charging_profile_id,
        connectorId=command.evse_id,
        chargingProfilePurpose=command.purpose and PURPOSES[command.purpose],
        stackLevel=command.stack_level,
    )
    return one_call("ClearChargingProfile", payload, replies.CLEARED_PROFILE)


def _get_composite(command: ChargingProfileGetCompositeSchedule, _target: Target) -> Plan:
    payload = present(
        connectorId=command.evse_id,
        duration=command.duration_seconds,
        chargingRateUnit=command.charging_rate_unit,
    )
    reply = yield Ask("GetCompositeSchedule", payload)
    schedule = _composite(command, reply.payload) if isinstance(reply, Said) else None
    return understood(reply, replies.PLAIN, schedule=schedule)


def _composite(command: ChargingProfileGetCompositeSchedule, payload: Payload) -> Payload | None:
    """The schedule as 2.x has it; what the station leaves out is as it was asked for (reference §2.9)."""
    schedule = payload.get("chargingSchedule")
    if type(schedule) is not dict:
        return None
    start = payload.get("scheduleStart", schedule.get("startSchedule"))
    return present(
        evseId=payload.get("connectorId", command.evse_id),
        duration=schedule.get("duration", command.duration_seconds),
        scheduleStart=start,
        chargingRateUnit=schedule.get("chargingRateUnit", command.charging_rate_unit),
        chargingSchedulePeriod=schedule.get("chargingSchedulePeriod", []),
        minChargingRate=schedule.get("minChargingRate"),
    )


COMMANDS: Outbound = {
    ChargingProfileClear: _clear,
    ChargingProfileGetCompositeSchedule: _get_composite,
    ChargingProfileSet: _set,
}
"""The plans by command."""

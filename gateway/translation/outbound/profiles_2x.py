"""A charging profile (2.x ChargingProfileType) for one station: its limits, and what only 2.1 knows of it."""

from collections.abc import Callable
from decimal import ROUND_DOWN, Decimal
from typing import Any

from gateway.translation.outbound.plan import Payload, Unsupported
from gateway.translation.outbound.writing import Writing

_OF_PROFILE = frozenset(
    (
        *("dynUpdateInterval", "dynUpdateTime", "invalidAfterOfflineDuration", "maxOfflineDuration"),
        "priceScheduleSignature",
    )
)
_OF_SCHEDULE = frozenset(
    (
        *("absolutePriceSchedule", "digestValue", "limitAtSoC", "powerTolerance", "priceLevelSchedule"),
        *("randomizedDelay", "signatureId", "useLocalTime"),
    )
)
_PHASE_LIMITS = ("limit_L2", "limit_L3")
_OF_PERIOD = frozenset(
    (
        *("dischargeLimit", "dischargeLimit_L2", "dischargeLimit_L3", "evseSleep", *_PHASE_LIMITS),
        *("operationMode", "preconditioningRequest", "setpoint", "setpointReactive", "setpointReactive_L2"),
        *("setpointReactive_L3", "setpoint_L2", "setpoint_L3", "v2xBaseline", "v2xFreqWattCurve"),
        "v2xSignalWattCurve",
    )
)
"""What came with 2.1. What neither version knows is left for the official schema to refuse."""

_LIMITS = (
    *("limit", *_PHASE_LIMITS, "dischargeLimit", "dischargeLimit_L2", "dischargeLimit_L3"),
    *("setpoint", "setpoint_L2", "setpoint_L3"),
)


def charging_profile(profile: Payload | None, path: str, writing: Writing) -> Payload | None:
    """The profile as the station's version takes it. Raises Unsupported and UnknownTransaction."""
    if profile is None:
        return None
    for name in ("chargingProfilePurpose", "chargingProfileKind"):
        if type(profile.get(name)) is str:
            writing.word(profile[name])
    made = _without(profile, _OF_PROFILE, path, writing)
    if type(made.get("transactionId")) is str:
        made["transactionId"] = writing.native(made["transactionId"])
    _each(made, "chargingSchedule", path, writing, _schedule)
    return made


def _schedule(schedule: Payload, path: str, writing: Writing) -> Payload:
    made = _without(schedule, _OF_SCHEDULE, path, writing)
    _truncate(made, "minChargingRate", path, writing)
    _each(made, "chargingSchedulePeriod", path, writing, _period)
    return made


def _period(period: Payload, path: str, writing: Writing) -> Payload:
    made = dict(period)
    if not writing.room.is_21:
        if "limit" not in period:
            raise Unsupported(
                f"{path} has no limit, without which OCPP {writing.target.version} has no period"
            )
        _lowest_phase(made, path, writing)
        made = _without(made, _OF_PERIOD, path, writing)
    for name in _LIMITS:
        _truncate(made, name, path, writing)
    return made


def _lowest_phase(period: Payload, path: str, writing: Writing) -> None:
    """One limit for all phases must be that of the lowest, or a phase would carry more than it may."""
    limits = [period[name] for name in ("limit", *_PHASE_LIMITS) if _is_number(period.get(name))]
    if _is_number(period["limit"]) and (lowest := min(limits)) < period["limit"]:
        writing.lose(f"{path}/limit", "semantics_changed", was=period["limit"], became=lowest)
        period["limit"] = lowest


def _each(
    owner: Payload,
    name: str,
    path: str,
    writing: Writing,
    made: Callable[[Payload, str, Writing], Payload],
) -> None:
    """The objects of a list, each made anew; what is no object is left for the schema."""
    items = owner.get(name)
    if type(items) is list:
        owner[name] = [
            made(item, f"{path}/{name}/{number}", writing) if type(item) is dict else item
            for number, item in enumerate(items)
        ]


def _without(said: Payload, newer: frozenset[str], path: str, writing: Writing) -> Payload:
    """A copy, for 2.0.1 without what is newer."""
    if writing.room.is_21:
        return dict(said)
    for name in said:
        if name in newer:
            writing.lose(f"{path}/{name}", "field_dropped", was=said[name])
    return {name: value for name, value in said.items() if name not in newer}


def _truncate(owner: Payload, name: str, path: str, writing: Writing) -> None:
    """As many digits as the version takes, towards zero: more than was allowed is never allowed (§2.9)."""
    value = owner.get(name)
    if type(value) is not float and not isinstance(value, Decimal):
        return
    exact = Decimal(str(value))
    if not exact.is_finite() or exact == exact.to_integral_value():
        return
    cut = exact.quantize(writing.room.limit_step, ROUND_DOWN)
    if cut != exact:
        writing.lose(f"{path}/{name}", "value_rounded", was=value, became=float(cut))
    owner[name] = float(cut)


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) or isinstance(value, Decimal)

"""How a 2.x station answers about charging profiles (K01, K08 to K10)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.dialogue import Answer
from simulator.facts import Message, Payload

if TYPE_CHECKING:
    from simulator.station import Station

# A profile that names its evse 0 holds for the whole station. What 2.1 alone has (setpoints, V2X) is
# refused, because a period without a limit has no meaning for this hardware.
_UNSUPPORTED_PURPOSES = {"ChargingStationExternalConstraints", "PriorityCharging", "LocalGeneration"}


def set_charging_profile(station: Station, payload: Payload) -> Answer:
    evse, profile = payload["evseId"], payload["chargingProfile"]
    if (why := _why_not(station, evse, profile)) is not None:
        return Answer({"status": "Rejected", "statusInfo": {"reasonCode": why}})
    station.charging_profiles.install(evse, profile, station.clock.now())
    station.controls.limits_changed()
    return Answer({"status": "Accepted"})


def _why_not(station: Station, evse: int, profile: Payload) -> str | None:
    """The reason code to refuse a profile with, or None."""
    periods = profile["chargingSchedule"][0]["chargingSchedulePeriod"]
    if profile["chargingProfilePurpose"] in _UNSUPPORTED_PURPOSES:
        return "UnsupportedParam"
    if any("limit" not in period for period in periods):
        return "UnsupportedParam"
    if evse and station.controls.connector(evse) is None:
        return "UnknownEvse"
    if profile["chargingProfilePurpose"] == "TxProfile":
        connector = station.controls.connector_with(profile.get("transactionId", ""))
        return None if connector is not None and connector.number == evse else "TxNotFound"
    return None


def clear_charging_profile(station: Station, payload: Payload) -> Answer:
    criteria = payload.get("chargingProfileCriteria", {})
    cleared = station.charging_profiles.clear(
        number=payload.get("chargingProfileId"),
        evse=criteria.get("evseId"),
        purpose=criteria.get("chargingProfilePurpose"),
        stack_level=criteria.get("stackLevel"),
    )
    station.controls.limits_changed()
    return Answer({"status": "Accepted" if cleared else "Unknown"})


def get_charging_profiles(station: Station, payload: Payload) -> Answer:
    criteria, request_id = payload["chargingProfile"], payload["requestId"]
    numbers = criteria.get("chargingProfileId")
    found = [
        installed
        for installed in station.charging_profiles.matching(
            evse=payload.get("evseId"),
            purpose=criteria.get("chargingProfilePurpose"),
            stack_level=criteria.get("stackLevel"),
        )
        if numbers is None or installed.profile["id"] in numbers
    ]
    if not found:
        return Answer({"status": "NoProfiles"})

    async def report() -> None:
        for left, installed in zip(range(len(found) - 1, -1, -1), found, strict=True):
            part = {
                "requestId": request_id,
                "chargingLimitSource": "CSO",
                "evseId": installed.evse,
                "chargingProfile": [installed.profile],
                "tbc": left > 0,
            }
            await station.call_message(Message("ReportChargingProfiles", part))

    return Answer({"status": "Accepted"}, report)


def get_composite_schedule(station: Station, payload: Payload) -> Answer:
    evse, seconds, unit = payload["evseId"], payload["duration"], payload.get("chargingRateUnit", "W")
    if evse and station.controls.connector(evse) is None:
        return Answer({"status": "Rejected", "statusInfo": {"reasonCode": "UnknownEvse"}})
    now, timestamp = station.clock.now(), station.clock.timestamp()
    schedule = {
        "evseId": evse,
        "duration": seconds,
        "scheduleStart": timestamp,
        "chargingRateUnit": unit,
        "chargingSchedulePeriod": station.charging_profiles.schedule(
            evse, now, seconds, unit, station.config.power_w
        ),
    }
    return Answer({"status": "Accepted", "schedule": schedule})

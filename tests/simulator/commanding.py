"""What tests of commands share: sending one, waiting for a charge, and payloads in each version's words."""

from datetime import timedelta
from typing import Any

from simulator.clock import iso
from simulator.facts import Version
from tests.simulator.fleets import ORIGIN, STATION, Run

V2X = [Version.V201, Version.V21]
TOKEN_2X = {"idToken": "04ABCDEF012345", "type": "ISO14443"}
LOG = {"remoteLocation": "https://files.example.com/"}


def later(seconds: float) -> str:
    return iso(ORIGIN + timedelta(seconds=seconds))


async def command(run: Run, action: str, payload: dict[str, Any]) -> dict[str, Any]:
    return await run.system.command(STATION, action, payload)


async def charging(run: Run) -> None:
    await run.until(lambda: run.station.controls.is_busy and run.station.connectors[0].meter.power_w > 0)


def profile(version: Version, limit: float, unit: str = "W") -> dict[str, Any]:
    period = [{"startPeriod": 0, "limit": limit}]
    schedule: dict[str, Any] = {"chargingRateUnit": unit, "chargingSchedulePeriod": period}
    common = {
        "stackLevel": 1,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Relative",
    }
    if version is Version.V16:
        chosen = {**common, "chargingProfileId": 5, "chargingSchedule": schedule}
        return {"connectorId": 1, "csChargingProfiles": chosen}
    return {"evseId": 1, "chargingProfile": {**common, "id": 5, "chargingSchedule": [{"id": 1, **schedule}]}}

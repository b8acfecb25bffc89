"""Answers of a 2.x station to what it cannot do: a table, because each action refuses in its own words."""

from __future__ import annotations

from simulator.facts import Payload, Version

_WHY = {"reasonCode": "UnsupportedRequest"}


def _status(word: str) -> Payload:
    return {"status": word, "statusInfo": _WHY}


IN_BOTH: dict[str, Payload] = {
    "DataTransfer": _status("UnknownVendorId"),
    "GetMonitoringReport": _status("EmptyResultSet"),
    "PublishFirmware": _status("Rejected"),
    "SetMonitoringBase": _status("NotSupported"),
    "SetMonitoringLevel": _status("Rejected"),
    "SetNetworkProfile": _status("Rejected"),
    "UnpublishFirmware": {"status": "NoFirmware"},
}

ONLY_IN_21: dict[str, Payload] = {
    "AFRRSignal": _status("Rejected"),
    "AdjustPeriodicEventStream": _status("Rejected"),
    "ChangeTransactionTariff": _status("Rejected"),
    "ClearDERControl": _status("NotSupported"),
    "ClearTariffs": {"clearTariffsResult": [{"status": "NoTariff"}]},
    "GetDERControl": _status("NotSupported"),
    "GetPeriodicEventStream": {},
    "GetTariffs": {"status": "NoTariff"},
    "NotifyAllowedEnergyTransfer": _status("Rejected"),
    "NotifyWebPaymentStarted": {},
    "RequestBatterySwap": _status("Rejected"),
    "SetDERControl": _status("NotSupported"),
    "SetDefaultTariff": _status("Rejected"),
    "UpdateDynamicSchedule": _status("Rejected"),
    "UsePriorityCharging": _status("NoProfile"),
}


def refusal(action: str, version: Version) -> Payload | None:
    """The answer to an action of this version that the station does not support, else None."""
    if version is Version.V21 and action in ONLY_IN_21:
        return ONLY_IN_21[action]
    return IN_BOTH.get(action)

"""Faults in payloads as real stations make them: each takes a proper payload and returns the faulty one.

They never change what they are given, because a kept message is built once and may be sent many times.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from simulator.facts import Payload, Version
from simulator.meter import ENERGY

Distortion = Callable[[Version, str, Payload], Payload]

_BERLIN = ZoneInfo("Europe/Berlin")
_MOMENTS = {"timestamp", "generatedAt"}
_KILO = {"Wh": "kWh", "W": "kW"}
_ODD_UNITS = {"V": "Volt", "A": "Amp", "Percent": "%"}


def _rewritten(node: Any, change: Callable[[str, Any], Any]) -> Any:
    """The same tree with every member's value replaced by `change(name, value)`."""
    match node:
        case dict():
            return {name: change(name, _rewritten(value, change)) for name, value in node.items()}
        case list():
            return [_rewritten(value, change) for value in node]
        case _:
            return node


def _with_samples(payload: Payload, change: Callable[[Payload], Payload]) -> Payload:
    """The payload with every sampled value replaced."""

    def member(name: str, value: Any) -> Any:
        return [change(sample) for sample in value] if name == "sampledValue" else value

    rewritten: Payload = _rewritten(payload, member)
    return rewritten


def _with_registers(payload: Payload, change: Callable[[Payload], list[Payload]]) -> Payload:
    """The payload with every sample of the energy register replaced by one or several."""

    def member(name: str, value: Any) -> Any:
        if name != "sampledValue":
            return value
        return [new for old in value for new in (change(old) if old.get("measurand") == ENERGY else [old])]

    rewritten: Payload = _rewritten(payload, member)
    return rewritten


def _thirds(version: Version, sample: Payload, phases: tuple[str, ...]) -> list[Payload]:
    """The sample shared out to the phases, so that their sum is the whole, to the Wh."""
    whole = int(float(sample["value"]))
    values = [whole // 3 + (number < whole % 3) for number in range(3)]
    return [
        {**sample, "value": str(value) if version is Version.V16 else value, "phase": phase}
        for phase, value in zip(phases, values, strict=True)
    ]


def _with_moments(payload: Payload, change: Callable[[str], str]) -> Payload:
    rewritten: Payload = _rewritten(payload, lambda name, value: change(value) if name in _MOMENTS else value)
    return rewritten


def naive_time(_version: Version, _action: str, payload: Payload) -> Payload:
    return _with_moments(payload, lambda text: text.removesuffix("Z"))


def short_offset(_version: Version, _action: str, payload: Payload) -> Payload:
    return _with_moments(payload, lambda text: f"{text.removesuffix('Z')}+00")


def bogus_clock(_version: Version, _action: str, payload: Payload) -> Payload:
    return _with_moments(payload, lambda text: f"1970-01-01T{text[11:]}")


def no_start_timestamp(_version: Version, action: str, payload: Payload) -> Payload:
    return _without(payload, "timestamp") if action == "StartTransaction" else payload


def swapped_types(version: Version, _action: str, payload: Payload) -> Payload:
    turned = float if version is Version.V16 else str
    return _with_samples(payload, lambda sample: {**sample, "value": turned(sample["value"])})


def kilo_units(version: Version, _action: str, payload: Payload) -> Payload:
    def in_kilo(sample: Payload) -> Payload:
        if version is Version.V16:
            if (unit := _KILO.get(sample.get("unit", ""))) is None:
                return sample
            return {**sample, "value": str(round(float(sample["value"]) / 1000, 4)), "unit": unit}
        if (unit := _KILO.get(sample.get("unitOfMeasure", {}).get("unit", ""))) is None:
            return sample
        return {**sample, "value": round(sample["value"] / 1000, 4), "unitOfMeasure": {"unit": unit}}

    return _with_samples(payload, in_kilo)


def mislabelled_kwh(version: Version, _action: str, payload: Payload) -> Payload:
    """Samples of the register in kWh that say Wh; the borders (meterStart, meterStop) are right."""

    def mislabelled(sample: Payload) -> Payload:
        if sample.get("measurand") != ENERGY:
            return sample
        value = round(float(sample["value"]) / 1000, 3)
        return {**sample, "value": str(value) if version is Version.V16 else value}

    return _with_samples(payload, mislabelled)


def neutral_register(_version: Version, _action: str, payload: Payload) -> Payload:
    """The one register carries the phase N."""
    return _with_registers(payload, lambda sample: [{**sample, "phase": "N"}])


def phase_registers(version: Version, _action: str, payload: Payload) -> Payload:
    """A register of each phase and none of the whole."""
    return _with_registers(payload, lambda sample: _thirds(version, sample, ("L1", "L2", "L3")))


def phase_to_neutral_registers(version: Version, _action: str, payload: Payload) -> Payload:
    """As `phase_registers`, the phases written L1-N."""
    return _with_registers(payload, lambda sample: _thirds(version, sample, ("L1-N", "L2-N", "L3-N")))


def unchanging_start(_version: Version, action: str, payload: Payload) -> Payload:
    """Each start says that it is 1970, as after each boot without a clock; all other times are right."""
    return {**payload, "timestamp": "1970-01-01T00:00:00Z"} if action == "StartTransaction" else payload


def local_time(_version: Version, _action: str, payload: Payload) -> Payload:
    """The wall clock of Berlin without a zone: one hour comes twice when summer time ends."""

    def localised(text: str) -> str:
        return (
            datetime.fromisoformat(text)
            .astimezone(_BERLIN)
            .replace(tzinfo=None)
            .isoformat(timespec="seconds")
        )

    return _with_moments(payload, localised)


def no_units(_version: Version, _action: str, payload: Payload) -> Payload:
    return _with_samples(payload, lambda sample: _without(_without(sample, "unit"), "unitOfMeasure"))


def odd_units(_version: Version, _action: str, payload: Payload) -> Payload:
    def renamed(sample: Payload) -> Payload:
        unit = sample.get("unit")
        return {**sample, "unit": _ODD_UNITS.get(unit, unit)} if isinstance(unit, str) else sample

    return _with_samples(payload, renamed)


def single_object(_version: Version, action: str, payload: Payload) -> Payload:
    return {**payload, "meterValue": payload["meterValue"][0]} if action == "MeterValues" else payload


def zero_transaction(_version: Version, action: str, payload: Payload) -> Payload:
    if action == "MeterValues" and "transactionId" in payload:
        return {**payload, "transactionId": 0}
    return payload


def stops_zero(_version: Version, action: str, payload: Payload) -> Payload:
    return {**payload, "transactionId": 0} if action == "StopTransaction" else payload


def stops_minus_one(_version: Version, action: str, payload: Payload) -> Payload:
    return {**payload, "transactionId": -1} if action == "StopTransaction" else payload


def null_transaction(_version: Version, action: str, payload: Payload) -> Payload:
    return {**payload, "transactionId": None} if action == "StopTransaction" else payload


def empty_token(_version: Version, action: str, payload: Payload) -> Payload:
    return {**payload, "idTag": ""} if action == "StopTransaction" else payload


def fractional_meter(_version: Version, action: str, payload: Payload) -> Payload:
    return {**payload, "meterStop": payload["meterStop"] + 0.333} if action == "StopTransaction" else payload


def long_strings(version: Version, action: str, payload: Payload) -> Payload:
    if action != "BootNotification":
        return payload
    serial = "SN-0123456789-0123456789-0123456789"
    if version is Version.V16:
        return {**payload, "chargePointSerialNumber": serial}
    return {**payload, "chargingStation": {**payload["chargingStation"], "serialNumber": serial}}


def odd_enums(version: Version, action: str, payload: Payload) -> Payload:
    if action != "StatusNotification":
        return payload
    if version is Version.V16:
        return {**payload, "status": payload["status"].lower(), "errorCode": "None"}
    return {**payload, "connectorStatus": payload["connectorStatus"].lower()}


def extra_fields(version: Version, action: str, payload: Payload) -> Payload:
    if version is Version.V16 and action == "Authorize":
        return {**payload, "connectorId": 1}
    return {**payload, "vendorExtra": "x"} if action in {"StatusNotification", "StopTransaction"} else payload


def missing_evse(_version: Version, action: str, payload: Payload) -> Payload:
    return _without(payload, "evse") if action == "TransactionEvent" else payload


def _without(payload: Payload, name: str) -> Payload:
    return {key: value for key, value in payload.items() if key != name}

"""How a 2.x station reads, writes and reports its device model (B05 to B08)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.device_model import Variable, by_component, components_2x, variables_2x
from simulator.dialogue import Answer
from simulator.facts import Message, Payload

if TYPE_CHECKING:
    from collections.abc import Iterable

    from simulator.station import Station

_PER_REPORT = 10
_SUMMARY = {"ChargingStation"}


def get_variables(station: Station, payload: Payload) -> Answer:
    return Answer({"getVariableResult": [_read(station, item) for item in payload["getVariableData"]]})


def set_variables(station: Station, payload: Payload) -> Answer:
    return Answer({"setVariableResult": [_write(station, item) for item in payload["setVariableData"]]})


def get_base_report(station: Station, payload: Payload) -> Answer:
    base = payload["reportBase"]
    chosen = [
        variable
        for variable in variables_2x()
        if base == "FullInventory"
        or (base == "ConfigurationInventory" and variable.writable)
        or (base == "SummaryInventory" and variable.component in _SUMMARY)
    ]
    return _report(station, payload["requestId"], chosen)


def get_report(station: Station, payload: Payload) -> Answer:
    wanted = payload.get("componentVariable")
    chosen = [
        variable
        for variable in variables_2x()
        if wanted is None or any(_is_meant(variable, item) for item in wanted)
    ]
    return _report(station, payload["requestId"], chosen)


def refuse_monitors(_station: Station, payload: Payload) -> Answer:
    """SetVariableMonitoring: each item is refused for itself."""
    results = [
        {
            "status": "UnsupportedMonitorType",
            "type": item["type"],
            "severity": item["severity"],
            "component": item["component"],
            "variable": item["variable"],
        }
        for item in payload["setMonitoringData"]
    ]
    return Answer({"setMonitoringResult": results})


def clear_monitors(_station: Station, payload: Payload) -> Answer:
    return Answer(
        {"clearMonitoringResult": [{"status": "NotFound", "id": number} for number in payload["id"]]}
    )


def _read(station: Station, item: Payload) -> Payload:
    status, variable = _lookup(item)
    result: Payload = {
        "attributeStatus": status,
        "attributeType": item.get("attributeType", "Actual"),
        "component": item["component"],
        "variable": item["variable"],
    }
    if variable is not None:
        result["attributeValue"] = station.device.text(variable.key)
    return result


def _write(station: Station, item: Payload) -> Payload:
    status, variable = _lookup(item)
    if variable is not None:
        status = station.device.write(variable, item["attributeValue"]).value
    return {
        "attributeStatus": status,
        "attributeType": item.get("attributeType", "Actual"),
        "component": item["component"],
        "variable": item["variable"],
    }


def _lookup(item: Payload) -> tuple[str, Variable | None]:
    component, named = item["component"]["name"], item["variable"]
    variable = by_component(component, named["name"], named.get("instance"))
    if variable is None:
        known = component.lower() in {name.lower() for name in components_2x()}
        return ("UnknownVariable" if known else "UnknownComponent"), None
    if item.get("attributeType", "Actual") != "Actual":
        return "NotSupportedAttributeType", None
    return "Accepted", variable


def _is_meant(variable: Variable, item: Payload) -> bool:
    names = item.get("variable", {}).get("name", variable.name)
    return bool(item["component"]["name"] == variable.component and names == variable.name)


def _report(station: Station, request_id: int, chosen: list[Variable]) -> Answer:
    if not chosen:
        return Answer({"status": "EmptyResultSet"})

    async def send() -> None:
        for message in _parts(station, request_id, chosen):
            await station.call_message(message)

    return Answer({"status": "Accepted"}, send)


def _parts(station: Station, request_id: int, chosen: list[Variable]) -> Iterable[Message]:
    """NotifyReport in parts of a bounded size; all but the last say that more is to come."""
    for seq_no, first in enumerate(range(0, len(chosen), _PER_REPORT)):
        part = chosen[first : first + _PER_REPORT]
        yield Message(
            "NotifyReport",
            {
                "requestId": request_id,
                "generatedAt": station.clock.timestamp(),
                "seqNo": seq_no,
                "tbc": first + _PER_REPORT < len(chosen),
                "reportData": [_entry(station, variable) for variable in part],
            },
        )


def _entry(station: Station, variable: Variable) -> Payload:
    name: Payload = {"name": variable.name}
    if variable.instance is not None:
        name["instance"] = variable.instance
    mutability = "ReadWrite" if variable.writable else "ReadOnly"
    return {
        "component": {"name": variable.component},
        "variable": name,
        "variableAttribute": [
            {"type": "Actual", "value": station.device.text(variable.key), "mutability": mutability}
        ],
        "variableCharacteristics": {"dataType": variable.data_type, "supportsMonitoring": False},
    }

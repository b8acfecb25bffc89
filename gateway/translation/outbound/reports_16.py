"""Commands to OCPP 1.6 stations that have them report variables: in one answer, where 2.x sends messages (reference §2.9)."""

from collections.abc import Sequence
from typing import Any

import msgspec

from contract.commands import DeviceModelGetBaseReport, DeviceModelGetReport, VariableName
from contract.model import Evse
from contract.results import Answer, Loss, VariableResult
from gateway.ocpp.schemas import SCHEMAS
from gateway.translation.outbound.configuration_keys import limit_of
from gateway.translation.outbound.configuration_report import entries, variables_of
from gateway.translation.outbound.plan import (
    Ask,
    Declined,
    Invalid,
    Outbound,
    Outcome,
    Plan,
    Target,
    Unsupported,
    dropped,
    refused,
)
from gateway.translation.outbound.variables_16 import read_variables

_REPORT = SCHEMAS["2.1"].requests["GetReport"]
"""What a ComponentVariableType is."""


def _get_base_report(command: DeviceModelGetBaseReport, _target: Target) -> Plan:
    if command.report_base == "SummaryInventory":
        raise Unsupported("OCPP 1.6 has no summary of what is wrong with a station")
    loss = dropped({"/requestId": command.request_id})
    reply = yield Ask("GetConfiguration", {})
    if isinstance(reply, Declined):
        return refused(reply, loss)
    found = variables_of(entries(reply.payload))
    if command.report_base == "ConfigurationInventory":
        found = tuple(variable for variable in found if not variable.readonly)
    return _report(found, loss)


def _get_report(command: DeviceModelGetReport, _target: Target) -> Plan:
    if command.component_criteria:
        raise Unsupported("OCPP 1.6 does not know which components are active, available or in trouble")
    wanted = list(command.component_variables)
    for fault in _REPORT.faults({"requestId": 1, "componentVariable": wanted}) if wanted else ():
        raise Invalid(fault.pointer.replace("/componentVariable", "/componentVariables", 1), fault.message)
    loss = dropped({"/requestId": command.request_id})
    if wanted and all("variable" in one for one in wanted):
        return (yield from _named([_name(one) for one in wanted], loss))
    reply = yield Ask("GetConfiguration", {})
    if isinstance(reply, Declined):
        return refused(reply, loss)
    found = variables_of(entries(reply.payload))
    return _report(
        tuple(one for one in found if not wanted or any(_is_meant(one, by) for by in wanted)), loss
    )


def _named(names: Sequence[VariableName], loss: tuple[Loss, ...]) -> Plan:
    """The report of some variables, by their keys and those that tell their limits."""
    limits = {name: limit for name in names if (limit := limit_of(name)) is not None}
    outcome = yield from read_variables((*names, *limits.values()))
    if outcome.answer is None or outcome.why is not None:
        return outcome
    told = outcome.answer.variables
    max_limits = dict(zip(limits, (one.value for one in told[len(names) :]), strict=True))
    found = tuple(
        msgspec.structs.replace(one, status="Accepted", status_info=None, max_limit=max_limits.get(name))
        for name, one in zip(names, told, strict=False)
        if one.status == "Accepted" or max_limits.get(name) is not None
    )
    return _report(found, loss)


def _report(found: tuple[VariableResult, ...], loss: tuple[Loss, ...]) -> Outcome:
    answer = Answer(status="Accepted" if found else "EmptyResultSet", variables=found)
    return Outcome(status="accepted" if found else "rejected", answer=answer, loss=loss)


def _name(wanted: dict[str, Any]) -> VariableName:
    """A ComponentVariableType as a variable's name; without a variable, the name of none."""
    component, variable, evse = (
        wanted["component"],
        wanted.get("variable", {}),
        wanted["component"].get("evse"),
    )
    return VariableName(
        component=component["name"],
        component_instance=component.get("instance"),
        variable=variable.get("name", ""),
        variable_instance=variable.get("instance"),
        evse=None if evse is None else Evse(id=evse["id"], connector_id=evse.get("connectorId")),
    )


def _is_meant(result: VariableResult, wanted: dict[str, Any]) -> bool:
    """Whether a variable is among those that a ComponentVariableType asks for; what it leaves out is any."""
    name = _name(wanted)
    asked = (name.component, name.variable or None, name.component_instance, name.variable_instance)
    has = (result.component, result.variable, result.component_instance, result.variable_instance)
    return _is_at(result.evse, name.evse) and all(
        one is None or one == other for one, other in zip(asked, has, strict=True)
    )


def _is_at(evse: Evse | None, wanted: Evse | None) -> bool:
    if wanted is None or evse is None:
        return wanted is None
    return wanted.id == evse.id and wanted.connector_id in (None, evse.connector_id)


COMMANDS: Outbound = {DeviceModelGetBaseReport: _get_base_report, DeviceModelGetReport: _get_report}
"""The plans by command."""

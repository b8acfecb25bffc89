"""What an OCPP 2.x station can be asked: the plan of each command, by version (reference §1.2)."""

from contract.commands import Command, VariablesGet, VariablesSet
from contract.passed_down import PASSED_DOWN, PassedDown
from gateway.translation.outbound import charging_2x, upkeep_2x
from gateway.translation.outbound.exchange_2x import (
    Fields,
    Row,
    Verdict,
    by_answering,
    by_items,
    by_status,
    one_call,
)
from gateway.translation.outbound.plan import MakePlan, Outbound, Payload
from gateway.translation.outbound.variables_2x import get_variables, set_variables
from gateway.translation.outbound.writing import ROOM_21, ROOM_201, Room, Writing

VERDICTS: dict[str, Verdict] = {
    "ClearTariffs": by_items("clearTariffsResult"),
    "ClearVariableMonitoring": by_items("clearMonitoringResult"),
    "GetChargingProfiles": by_status("NoProfiles"),
    "GetDERControl": by_status("NotFound"),
    "GetDisplayMessages": by_status("Unknown"),
    "GetMonitoringReport": by_status("EmptyResultSet"),
    "GetPeriodicEventStream": by_answering,
    "GetTariffs": by_status("NoTariff"),
    "NotifyWebPaymentStarted": by_answering,
    "SetVariableMonitoring": by_items("setMonitoringResult"),
}
"""How those answers are judged that have no status, or one that means that there is nothing to report."""

WITH_REQUEST_ID = frozenset(
    (
        *("CustomerInformation", "GetChargingProfiles", "GetDERControl", "GetDisplayMessages"),
        *("GetMonitoringReport", "PublishFirmware", "RequestBatterySwap"),
    )
)
"""What is reported later names the request by its id; one is given where the caller gave none."""


def _payload(command: PassedDown, writing: Writing) -> Payload:
    if command.ACTION in WITH_REQUEST_ID:
        return {"requestId": writing.target.request_id, **command.payload}
    return command.payload


def _whole(answer: Payload, _writing: Writing) -> Fields:
    return {"data": answer}


def _passed_down(kind: type[PassedDown]) -> Row:
    return Row(kind.ACTION, _payload, _whole, VERDICTS.get(kind.ACTION, by_status()))


ROWS: dict[type[Command], Row] = {
    **charging_2x.ROWS,
    **upkeep_2x.ROWS,
    **{kind: _passed_down(kind) for kind in PASSED_DOWN.values()},
}
"""The commands that are one CALL."""


def _plans(version: str, room: Room) -> Outbound:
    plans: dict[type[Command], MakePlan] = {
        VariablesGet: get_variables,
        VariablesSet: set_variables(room),
        **{kind: one_call(row, room) for kind, row in ROWS.items() if version in kind.VERSIONS},
    }
    return plans


OUTBOUND_201 = _plans("2.0.1", ROOM_201)
OUTBOUND_21 = _plans("2.1", ROOM_21)
"""The plans by command."""

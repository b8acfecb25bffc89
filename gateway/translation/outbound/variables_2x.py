"""GetVariables and SetVariables: any number of variables, each with a result of its own.

A station takes as many in a CALL as its ItemsPerMessage and BytesPerMessage say, and refuses more with a
CALLERROR before it does anything (OCPP 2.0.1 Part 2, B05 and B06). Then they are asked for in halves.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from contract.commands import VariableName, VariablesGet, VariablesSet
from contract.model import StatusInfo
from contract.results import Answer, VariableResult
from gateway.ocpp.schemas import SCHEMAS
from gateway.translation.outbound.exchange_2x import member, objects, status_info
from gateway.translation.outbound.plan import (
    Ask,
    Declined,
    MakePlan,
    Outcome,
    Payload,
    Plan,
    Target,
    is_unable,
    of_variables,
    refused,
)
from gateway.translation.outbound.writing import Room, evse_type, present

MOST_IN_A_CALL = 50
"""More are not even tried: what does not fit a station's buffer may end its connection."""

TOO_MANY = frozenset(("FormatViolation", "OccurrenceConstraintViolation"))
"""How a station refuses more bytes, or more variables, than it takes."""

TOO_LONG = StatusInfo(reason_code="TooLargeElement")
NOT_ANSWERED = "UnknownVariable"
"""What is said of a variable about which the answer is silent (reference §2.9)."""


class _Words(NamedTuple):
    """The names of an action and its lists."""

    action: str
    asked: str
    answered: str


_GET = _Words("GetVariables", "getVariableData", "getVariableResult")
_SET = _Words("SetVariables", "setVariableData", "setVariableResult")

Results = dict[int, VariableResult]
"""By the variable's place in the command."""


def get_variables(command: VariablesGet, target: Target) -> Plan:
    """The plan of `variables.get`."""
    return _plan(_GET, command.variables, [_named(item) for item in command.variables], {}, target)


def set_variables(room: Room) -> MakePlan:
    """The plan of `variables.set`: a value that is too long is refused here, for it must not be cut."""

    def plan(command: VariablesSet, target: Target) -> Plan:
        items = command.variables
        refused_here = {
            number: _result(item, "Rejected", status_info=TOO_LONG)
            for number, item in enumerate(items)
            if len(item.value) > room.value_length
        }
        payloads = [{"attributeValue": item.value, **_named(item)} for item in items]
        return _plan(_SET, items, payloads, refused_here, target)

    return plan


def _plan(
    words: _Words, items: Sequence[VariableName], payloads: list[Payload], results: Results, target: Target
) -> Plan:
    portions = _portions(words, payloads, results, target)
    answered, declined = False, None
    while portions:
        portion = portions.pop()
        reply = yield Ask(words.action, {words.asked: [payloads[number] for number in portion]})
        if not isinstance(reply, Declined):
            answered = True
            said = objects(reply.payload, words.answered) if type(reply.payload) is dict else []
            results |= _read(said, portion, items, payloads)
        elif reply.code in TOO_MANY and len(portion) > 1:
            middle = len(portion) // 2
            portions += [portion[middle:], portion[:middle]]
        elif is_unable(reply):
            return refused(reply)
        else:
            declined = reply
            info = StatusInfo(reason_code=reply.code, additional_info=reply.description or None)
            results |= {number: _result(items[number], "Rejected", status_info=info) for number in portion}
    if declined and not answered:
        return refused(declined)
    in_order = tuple(results[number] for number in sorted(results))
    if declined:
        return Outcome(status="failed", answer=Answer(variables=in_order), why=refused(declined).why)
    return of_variables(in_order)


def _portions(
    words: _Words, payloads: list[Payload], refused_here: Results, target: Target
) -> list[list[int]]:
    """The places of the variables that are asked about, CALL by CALL, the last CALL first.

    What breaks the official schema is left in one piece: then nothing is sent, and the fault's path is right.
    """
    asked = [number for number in range(len(payloads)) if number not in refused_here]
    if refused_here and not asked:
        return []
    whole = {words.asked: [payloads[number] for number in asked]}
    if not SCHEMAS[target.version].requests[words.action].is_valid(whole):
        return [asked]
    starts = range(0, len(asked), MOST_IN_A_CALL)
    return [asked[start : start + MOST_IN_A_CALL] for start in reversed(starts)]


def _read(
    said: list[Payload], portion: list[int], items: Sequence[VariableName], payloads: list[Payload]
) -> Results:
    """The result of each variable of a CALL, found by its name: a station may change the order."""
    by_name: dict[Any, list[Payload]] = {}
    for result in said:
        by_name.setdefault(_name(result), []).append(result)
    results = {}
    for number in portion:
        found = by_name.get(_name(payloads[number]))
        answer = found.pop(0) if found else {}
        results[number] = _result(
            items[number],
            member(answer, "attributeStatus", str) or NOT_ANSWERED,
            status_info=status_info(answer, "attributeStatusInfo"),
            value=member(answer, "attributeValue", str),
        )
    return results


def _result(item: VariableName, status: str, **said: Any) -> VariableResult:
    return VariableResult(
        component=item.component,
        variable=item.variable,
        component_instance=item.component_instance,
        variable_instance=item.variable_instance,
        evse=item.evse,
        attribute=item.attribute,
        status=status,
        **said,
    )


def _named(item: VariableName) -> Payload:
    return present(
        component=present(name=item.component, instance=item.component_instance, evse=evse_type(item.evse)),
        variable=present(name=item.variable, instance=item.variable_instance),
        attributeType=item.attribute,
    )


def _name(said: Payload) -> tuple[Any, ...]:
    """What names a variable, in a question as in its answer; names ignore case (OCPP 2.0.1 Part 1 §4)."""
    component = member(said, "component", dict) or {}
    variable = member(said, "variable", dict) or {}
    evse = member(component, "evse", dict) or {}
    return (
        *(_folded(part) for part in (component.get("name"), component.get("instance"))),
        *(_folded(part) for part in (variable.get("name"), variable.get("instance"))),
        *(member(evse, part, int) for part in ("id", "connectorId")),
        member(said, "attributeType", str) or "Actual",
    )


def _folded(name: Any) -> str | None:
    return name.casefold() if type(name) is str else None

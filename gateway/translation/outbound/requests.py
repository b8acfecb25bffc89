"""A command as it was asked for, made into the plan of the station's version; or why that cannot be."""

from collections.abc import Generator
from typing import Any

import msgspec

from contract.results import Answer, CommandRequest
from contract.vocabulary import COMMANDS
from gateway.ocpp.schemas import SCHEMAS
from gateway.translation import v16, v21, v201
from gateway.translation.outbound import v2x as asked_2x
from gateway.translation.outbound import v16 as asked_16
from gateway.translation.outbound.plan import (
    Ask,
    Declined,
    Invalid,
    Outbound,
    Outcome,
    Plan,
    Said,
    Target,
    Unsupported,
    refused,
)
from gateway.translation.table import Table

OUTBOUND: dict[str, Outbound] = {
    "1.6": asked_16.OUTBOUND,
    "2.0.1": asked_2x.OUTBOUND_201,
    "2.1": asked_2x.OUTBOUND_21,
}
_STATIONS_OWN: dict[str, Table] = {"1.6": v16.TABLE, "2.0.1": v201.TABLE, "2.1": v21.TABLE}


def plan_of(request: CommandRequest, target: Target) -> Plan:
    """The plan of a request. Raises Invalid, Unsupported."""
    if request.action is not None:
        return _raw(request, target)
    if request.command is None:
        raise Invalid("/command", "neither a command nor an action")
    kind = COMMANDS.get(request.command)
    if kind is None:
        raise Invalid("/command", f"there is no command {request.command!r}")
    make = OUTBOUND[target.version].get(kind)
    if make is None:
        raise Unsupported(f"OCPP {target.version} has no {request.command}")
    try:
        arguments = msgspec.convert({} if request.arguments is None else request.arguments, kind)
    except msgspec.ValidationError as fault:
        raise Invalid("/arguments", str(fault)) from None
    return make(arguments, target)


def _raw(request: CommandRequest, target: Target) -> Plan:
    """An action in the station's own version, as it is."""
    action = request.action or ""
    if request.version != target.version:
        raise Unsupported(f"the station speaks OCPP {target.version}, not {request.version}")
    if action in _STATIONS_OWN[target.version] and action != "DataTransfer":
        raise Invalid("/action", f"{action} is for stations to send")
    if action not in SCHEMAS[target.version].requests:
        raise Invalid("/action", f"OCPP {target.version} has no {action}")
    return _as_it_is(target.version, Ask(action, {} if request.payload is None else request.payload))


def _as_it_is(version: str, ask: Ask) -> Generator[Ask, Said | Declined, Outcome]:
    reply = yield ask
    if isinstance(reply, Declined):
        return refused(reply)
    answer, status = Answer(data=reply.payload), _verdict(reply.payload)
    missing = [
        f"{fault.pointer}: {fault.message}"
        for fault in SCHEMAS[version].responses[ask.action].faults(reply.payload)
        if fault.keyword == "required"
    ]
    if status == "accepted" and missing:
        return Outcome(status="failed", answer=answer, why="the answer lacks fields: " + "; ".join(missing))
    return Outcome(status=status, answer=answer)


def _verdict(payload: dict[str, Any]) -> str:
    """What is not said to be refused is taken for done: many answers have no status."""
    return "rejected" if payload.get("status") in _REFUSALS else "accepted"


_REFUSALS = frozenset(
    (
        "Rejected",
        "Failed",
        "NotSupported",
        "UnlockFailed",
        "Faulted",
        "Occupied",
        "Unavailable",
        "NotImplemented",
    )
)

"""A command judged before it is sent: what is wrong with it, and where.

Stricter than the gateways are with what stands in the topic: a field that no command has, or one that
is null, is a fault here, so that a typing error never becomes another command than was meant.
"""

import difflib
import re
from collections.abc import Iterator
from types import UnionType
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

import msgspec

from contract.commands import ALL
from contract.model import Value
from contract.results import CommandRequest
from contract.vocabulary import COMMANDS

LONGEST_DEADLINE_SECONDS = 86_400
"""As long as `ocpp.commands.v1` keeps its records."""

_PLACE = re.compile(r" - at `\$(.*)`$")
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")


class Fault(NamedTuple):
    """What is wrong, and the JSON Pointer (RFC 6901) of the place in the request."""

    pointer: str
    why: str

    def __str__(self) -> str:
        return f"{self.pointer}: {self.why}" if self.pointer else self.why


def faults(request: CommandRequest) -> list[Fault]:
    """What is wrong with a request; nothing when it may be sent."""
    found = list(_action(request) if request.action is not None else _command(request))
    if not 0 < request.deadline_seconds <= LONGEST_DEADLINE_SECONDS:
        found.append(Fault("/deadlineSeconds", f"not above 0 and up to {LONGEST_DEADLINE_SECONDS}"))
    return found


def like(name: str) -> str:
    """A guess at the command that was meant, to be added to a complaint; empty where nothing is near."""
    near = [known for known in COMMANDS if name and name.lower() in known]
    near = near or difflib.get_close_matches(name.lower(), COMMANDS, n=1, cutoff=0.5)
    return f"; did you mean {near[0]}?" if near else ""


def strange(data: Any, kind: Any, pointer: str = "") -> Iterator[Fault]:
    """The fields of JSON that its type does not have, nulls where it has no place for them, unknown words."""
    struct = _struct_in(kind)
    if struct is None:
        return
    if isinstance(data, list):
        for number, item in enumerate(data):
            yield from strange(item, struct, f"{pointer}/{number}")
    elif isinstance(data, dict):
        fields = {field.encode_name: field for field in msgspec.structs.fields(struct)}
        for name, value in data.items():
            place = f"{pointer}/{_escaped(name)}"
            if name not in fields:
                near = difflib.get_close_matches(name, fields, n=1)
                yield Fault(place, "no such field" + (f"; did you mean {near[0]}?" if near else ""))
            elif value is None and fields[name].type is not Any:
                yield Fault(place, "null; leave it out")
            elif isinstance(value, str) and value not in (words := _words(fields[name].type) or (value,)):
                yield Fault(place, f"{value!r} is none of {', '.join(words)}")
            else:
                yield from strange(value, fields[name].type, place)


def fault_of(error: msgspec.ValidationError, pointer: str = "") -> Fault:
    """What msgspec complains of, as a fault below `pointer`."""
    why = str(error)
    place = _PLACE.search(why)
    if place is None:
        return Fault(pointer, why)
    steps = "".join(f"/{_escaped(name or number)}" for name, number in _STEP.findall(place[1]))
    return Fault(pointer + steps, why[: place.start()])


def _command(request: CommandRequest) -> Iterator[Fault]:
    if request.command is None:
        yield Fault("", "needs a command, or an action of OCPP and its version")
        return
    if request.payload is not None or request.version is not None:
        yield Fault("", "a command has arguments; payload and version belong to an action")
    kind = COMMANDS.get(request.command)
    if kind is None:
        yield Fault("/command", f"there is no command {request.command!r}{like(request.command)}")
        return
    arguments = {} if request.arguments is None else request.arguments
    odd = list(strange(arguments, kind, "/arguments"))
    yield from odd
    try:
        msgspec.convert(arguments, kind)
    except msgspec.ValidationError as error:
        fault = fault_of(error, "/arguments")
        if fault.pointer not in [other.pointer for other in odd]:
            yield fault


def _action(request: CommandRequest) -> Iterator[Fault]:
    if request.command is not None or request.arguments is not None:
        yield Fault("", "either a command with its arguments, or an action with its payload")
    if request.version not in ALL:
        yield Fault("/version", f"an action needs the station's version of OCPP: {', '.join(ALL)}")
    if not request.action:
        yield Fault("/action", "empty")
    if not isinstance(request.payload, dict | None):
        yield Fault("/payload", "no object")


def _struct_in(kind: Any) -> type[Value] | None:
    """The struct that a type is, or may be, or is a list of."""
    if isinstance(kind, type) and issubclass(kind, Value):
        return kind
    if get_origin(kind) in (Union, UnionType, Annotated, tuple):
        return next((found for part in get_args(kind) if (found := _struct_in(part))), None)
    return None


def _words(kind: Any) -> tuple[str, ...]:
    """The words that a type is limited to; none where any text may stand."""
    if get_origin(kind) is Literal:
        return get_args(kind)
    if get_origin(kind) in (Union, UnionType, Annotated):
        return next((words for part in get_args(kind) if (words := _words(part))), ())
    return ()


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")

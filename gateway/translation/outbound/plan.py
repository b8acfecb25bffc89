"""How a command becomes CALLs: a generator that yields each CALL, is sent what came back, and returns the outcome.

So a command of one CALL and one that needs several (1.6 writes variables one by one), or a second try in
other words, look alike to those who send them, and stay pure: no I/O, no clock.
"""

from collections.abc import Callable, Generator, Mapping
from hashlib import blake2b
from typing import Any, NamedTuple

import msgspec

from contract.commands import Command
from contract.model import Station
from contract.results import Answer, Loss, VariableResult

Payload = dict[str, Any]


class Ask(NamedTuple):
    """A CALL to the station."""

    action: str
    payload: Payload


class Said(NamedTuple):
    """The station's CALLRESULT."""

    payload: Payload


class Declined(NamedTuple):
    """The station's CALLERROR; `code` in 2.1's spelling."""

    code: str
    description: str


class Outcome(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """accepted, rejected, failed or unsupported; see `contract.results.Status`."""

    status: str
    answer: Answer | None = None
    loss: tuple[Loss, ...] = ()
    why: str | None = None


_CANNOT = frozenset(("NotImplemented", "NotSupported"))


def is_unable(reply: Said | Declined) -> bool:
    """Whether the station said that it does not have the action at all."""
    return isinstance(reply, Declined) and reply.code in _CANNOT


def refused(declined: Declined, loss: tuple[Loss, ...] = ()) -> Outcome:
    """The outcome where the station's CALLERROR is its last word."""
    return Outcome(
        status="unsupported" if is_unable(declined) else "failed",
        loss=loss,
        why=f"{declined.code}: {declined.description}" if declined.description else declined.code,
    )


def dropped(places: Mapping[str, Any]) -> tuple[Loss, ...]:
    """The loss of what the version has no field for: what stands there by its place, None where nothing does."""
    return tuple(
        Loss(path=path, code="field_dropped", was=was) for path, was in places.items() if was is not None
    )


_DONE = frozenset(("Accepted", "RebootRequired"))


def of_variables(variables: tuple[VariableResult, ...], loss: tuple[Loss, ...] = ()) -> Outcome:
    """The outcome where each variable has a result of its own: accepted when all of them are."""
    return Outcome(
        status="accepted" if all(variable.status in _DONE for variable in variables) else "rejected",
        answer=Answer(variables=variables),
        loss=loss,
    )


class Unsupported(Exception):
    """The station's version cannot do what is asked; says why.

    Raised before the first CALL: when the plan is made, or at its first step.
    """


class Invalid(Exception):
    """The command breaks a rule that no version of OCPP lifts; raised as `Unsupported` is.

    `pointer` is the JSON Pointer of the place in its arguments.
    """

    def __init__(self, pointer: str, why: str) -> None:
        super().__init__(f"{pointer}: {why}")
        self.pointer = pointer


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """The station that is asked, and what is remembered of it since it connected.

    `declined` holds the actions that it answered NotImplemented or NotSupported; `connectors` how many
    connectors it has shown, where that is known.
    """

    station: Station
    version: str
    command_id: str
    declined: frozenset[str] = frozenset()
    connectors: int | None = None

    @property
    def request_id(self) -> int:
        """The requestId or remoteStartId of the command: made from its id (reference §2.7), 1 to 2^31 - 1."""
        digest = blake2b(self.command_id.encode(), digest_size=4).digest()
        return int.from_bytes(digest) & 0x7FFF_FFFF or 1


Plan = Generator[Ask, Said | Declined, Outcome]
"""It may return without a CALL: what can be answered without asking the station is."""

MakePlan = Callable[[Any, Target], Plan]
"""From a command's arguments to its plan. It, or the plan's first step, raises Unsupported or Invalid."""

Outbound = Mapping[type[Command], MakePlan]
"""The plans of one OCPP version, by command."""

"""How a command becomes CALLs: a generator that yields each CALL, is sent what came back, and returns the outcome.

So a command of one CALL and one that needs several (1.6 writes variables one by one), or a second try in
other words, look alike to those who send them, and stay pure: no I/O, no clock.
"""

from collections.abc import Callable, Generator, Mapping
from typing import Any, NamedTuple

import msgspec

from contract.commands import Command
from contract.model import Station
from contract.results import Answer, Loss

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


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """accepted, rejected, failed or unsupported; see `contract.results.Status`."""

    status: str
    answer: Answer | None = None
    loss: tuple[Loss, ...] = ()
    why: str | None = None


class Unsupported(Exception):
    """The station's version cannot do what is asked; raised before the first CALL, says why."""


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


Plan = Generator[Ask, Said | Declined, Outcome]
MakePlan = Callable[[Any, Target], Plan]
"""From a command's arguments to its plan. Raises Unsupported."""

Outbound = Mapping[type[Command], MakePlan]
"""The plans of one OCPP version, by command."""

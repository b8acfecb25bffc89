"""A car's visit, and what may interrupt it: the words in which a connector is told what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulator.facts import StopCause, Token
    from simulator.vehicle import Vehicle


@dataclass(frozen=True, slots=True)
class Start:
    """Somebody far away starts a charge here."""

    token: Token
    remote_start_id: int | None = None


@dataclass(frozen=True, slots=True)
class Stop:
    """The transaction is to end, for this cause."""

    cause: StopCause


@dataclass(frozen=True, slots=True)
class LimitChanged:
    """The power left to this connector may have changed."""


Instruction = Start | Stop | LimitChanged


@dataclass(frozen=True, slots=True)
class Reservation:
    """A connector kept free for one token."""

    id: int
    token: Token
    expires_at: float
    """Station seconds of the clock."""


@dataclass(slots=True)
class Visit:
    """One car at the connector, from its arrival until it has left."""

    vehicle: Vehicle
    token: Token
    remote: Start | None = None
    reservation_id: int | None = None
    plugged: bool = False

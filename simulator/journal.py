"""What a station said and what became of it: the evidence that an oracle judges by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from simulator.facts import Payload


class Outcome(StrEnum):
    """How a CALL ended for the station that made it."""

    RESULT = "result"
    ERROR = "error"
    TIMEOUT = "timeout"
    DISCONNECTED = "disconnected"


@dataclass(slots=True)
class Exchange:
    """One CALL on the wire. `outcome` is None while it is open and is written once.

    `sent_at` and `answered_at` are wall seconds of the event loop's monotonic clock. A retry is an exchange
    of its own: same payload, `attempt` one higher. `kept` tells that the station keeps the message until
    it is answered with a result (transactions, security events).
    """

    station: str
    message_id: str | int
    action: str
    payload: Payload
    sent_at: float
    attempt: int = 1
    kept: bool = False
    outcome: Outcome | None = None
    answer: Payload | None = None
    error_code: str | None = None
    answered_at: float | None = None

    @property
    def accepted(self) -> bool:
        """Whether it was answered with a CALLRESULT: the other side has promised to have it."""
        return self.outcome is Outcome.RESULT


Journal = list[Exchange]
"""Append-only, in the order in which a station put its CALLs on the wire."""

Watcher = Callable[[Exchange], None]
"""Called once for each exchange, when its outcome is known."""


@dataclass(slots=True)
class TrueSession:
    """A charging session as it truly was, by the station's meter and the fleet's right clock.

    `began` and `ended` (UTC) and the registers (Wh) are written when the transaction begins and ends, whatever
    the station's habit makes of them on the wire. `ended` is None while it goes on.
    """

    station: str
    connector: int
    token: str
    began: datetime
    start_wh: float
    ended: datetime | None = None
    stop_wh: float | None = None

    @property
    def energy_wh(self) -> float | None:
        """The energy that flowed; None while the session goes on."""
        return None if self.stop_wh is None else self.stop_wh - self.start_wh

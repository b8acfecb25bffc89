"""The pace of a station that has its share of a wanted rate of messages to say."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulator.clock import Clock

_MOST_LAG_SECONDS = 5.0
"""What is later than that is not made up for: after an outage nobody is buried in old debts."""


class Pace:
    """Knows when a station owes its next message. Whatever it says counts, so meter values fill what is left.

    It begins with the first sample, and each station at an instant of its own within one interval.
    """

    def __init__(self, per_second: float, clock: Clock, phase: float) -> None:
        self._per_second = per_second
        self._clock = clock
        self._phase = phase
        self._began: float | None = None

    def seconds_to_next(self, said: int) -> float:
        """Wall seconds until the next message is due. `said` includes what waits to be delivered."""
        now = self._clock.wall_seconds()
        if self._began is None:
            self._began = now - (said + self._phase) / self._per_second
        due = self._began + (said + 1) / self._per_second
        if due < now - _MOST_LAG_SECONDS:
            self._began += now - due - _MOST_LAG_SECONDS
        return max(0.0, due - now)

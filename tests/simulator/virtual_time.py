"""An event loop whose clock jumps: whenever everything waits, time is at the next timer at once.

A day of a station passes in a blink, and two runs of it are the same to the last microsecond.
"""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class _JumpingSelector(selectors.DefaultSelector):
    """Waits for nothing that is not there yet, and tells how long it would have waited."""

    def __init__(self) -> None:
        super().__init__()
        self.now_seconds = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready:
            assert timeout is not None, "everything waits, and no timer is set: a deadlock"
            self.now_seconds += timeout
        return ready


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """A loop with the selector's virtual clock."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)
        # The default is a microsecond or less; a jump must never fall short of its timer by rounding.
        self._clock_resolution = 1e-6

    def time(self) -> float:
        return self._jumping.now_seconds


def run_virtually(scenario: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Runs a scenario to its end on a loop of its own."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop, debug=False) as runner:
        return runner.run(scenario())

"""A timer wheel: coarse deadlines for thousands of connections, at the price of one timer for all.

A timer of the event loop costs a heap operation and an object each; a thousand pings a second do
not need its precision. Callbacks run at their time or up to two ticks later, in no order.
"""

import asyncio
import math
import time
from collections import defaultdict
from collections.abc import Callable

import structlog

Callback = Callable[[], None]


_log = structlog.get_logger(__name__)


class Entry:
    """A callback to come; `cancel` it when it is no longer wanted."""

    __slots__ = ("callback",)

    def __init__(self, callback: Callback) -> None:
        self.callback: Callback | None = callback

    def cancel(self) -> None:
        self.callback = None


class Wheel:
    """The slots of the times to come, and the task that turns."""

    def __init__(self, tick_seconds: float = 0.25) -> None:
        self._tick = tick_seconds
        self._start = time.monotonic()
        self._now = 0
        self._slots: defaultdict[int, list[Entry]] = defaultdict(list)

    def after(self, seconds: float, callback: Callback) -> Entry:
        """Call back in `seconds`: never earlier, at most two ticks later."""
        entry = Entry(callback)
        # By the clock and not by the tick that we are at: after a stall that one lies in the past.
        slot = math.ceil((time.monotonic() - self._start + seconds) / self._tick)
        self._slots[max(slot, self._now + 1)].append(entry)
        return entry

    async def turn(self) -> None:
        """Turn until cancelled. After a stall of the loop the missed ticks are made up for at once."""
        while True:
            await asyncio.sleep(self._tick)
            due = int((time.monotonic() - self._start) / self._tick)
            while self._now < due:
                self._now += 1
                for entry in self._slots.pop(self._now, ()):
                    if entry.callback is not None:
                        try:
                            entry.callback()
                        except Exception:  # noqa: BLE001 - one callback's bug must not stop the time of all others
                            _log.exception("a timer's callback failed")

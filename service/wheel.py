"""A timer wheel: coarse deadlines for thousands of connections, at the price of one timer for all.

A timer of the event loop costs a heap operation and an object each; a thousand pings a second do
not need its precision. Callbacks run at their time or up to two ticks later, in no order.
"""

import asyncio
import math
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
        self._now = 0
        self._slots: defaultdict[int, list[Entry]] = defaultdict(list)

    def after(self, seconds: float, callback: Callback) -> Entry:
        """Call back in `seconds`: never earlier, at most two ticks later."""
        entry = Entry(callback)
        self._slots[self._now + 1 + math.ceil(seconds / self._tick)].append(entry)
        return entry

    async def turn(self) -> None:
        """Turn until cancelled. After a stall of the loop the missed ticks are made up for at once."""
        loop = asyncio.get_running_loop()
        start = loop.time() - self._now * self._tick
        while True:
            await asyncio.sleep(self._tick)
            due = int((loop.time() - start) / self._tick)
            while self._now < due:
                self._now += 1
                for entry in self._slots.pop(self._now, ()):
                    if entry.callback is not None:
                        try:
                            entry.callback()
                        except Exception:  # noqa: BLE001 - one callback's bug must not stop the time of all others
                            _log.exception("a timer's callback failed")

"""A timer wheel: coarse deadlines for thousands of connections, at the price of one timer for all.

A timer of the event loop costs a heap operation and an object each; a thousand pings a second do
not need its precision. Callbacks run within one tick after their time, in no order, and must not raise.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable

Callback = Callable[[], None]


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
        """Call back in `seconds`, at most one tick late."""
        entry = Entry(callback)
        self._slots[self._now + 1 + int(seconds / self._tick)].append(entry)
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
                        entry.callback()

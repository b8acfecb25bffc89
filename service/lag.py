"""How late the event loop is: the one number that says whether a process has too much to do."""

import asyncio

from service.counters import Histogram

INTERVAL_SECONDS = 0.1
BOUNDS_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class LoopLag:
    """Sleeps a short time again and again and notes how much later than asked it woke up."""

    def __init__(self, seen: Histogram) -> None:
        self.latest_seconds = 0.0
        self._seen = seen

    async def watch(self) -> None:
        """Run until cancelled; a task of its owner."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + INTERVAL_SECONDS
            await asyncio.sleep(INTERVAL_SECONDS)
            self.latest_seconds = max(0.0, loop.time() - due)
            self._seen.observe(self.latest_seconds)

"""Wakes readers when the file has something new, whichever process wrote it.

Own commits are told at once. Those of other processes are noticed by asking SQLite's `data_version`,
a counter in shared memory, and only while somebody waits.
"""

import asyncio
from collections.abc import Awaitable, Callable

POLL_SECONDS = 0.05


class News:
    """One event for all who wait, replaced whenever it has been told."""

    def __init__(self, version: Callable[[], Awaitable[int | None]]) -> None:
        self._version = version
        self._next = asyncio.Event()
        self._waiting = 0
        self._wanted = asyncio.Event()

    def next(self) -> asyncio.Event:
        """The event of the next news. Take it before you read, so that none is missed while you do."""
        return self._next

    def tell(self) -> None:
        """There is something new."""
        told, self._next = self._next, asyncio.Event()
        told.set()

    async def wait(self, event: asyncio.Event, seconds: float) -> None:
        """Return when the event is told, or after this long."""
        self._waiting += 1
        self._wanted.set()
        try:
            async with asyncio.timeout(seconds):
                await event.wait()
        except TimeoutError:
            pass
        finally:
            self._waiting -= 1

    async def watch(self) -> None:
        """Look out for other processes' commits. Runs until cancelled."""
        seen: int | None = None
        while True:
            if not self._waiting:
                self._wanted.clear()
                await self._wanted.wait()
            version = await self._version()
            if version is not None and version != seen:
                seen = version
                self.tell()
            await asyncio.sleep(POLL_SECONDS)

"""How long to wait before the next try: twice as long each time, up to a bound, and never all at once."""

import asyncio
import random

FIRST_SECONDS = 0.1
LONGEST_SECONDS = 5.0


class Backoff:
    """Waits of one piece of work that fails and is tried again."""

    def __init__(
        self, first_seconds: float = FIRST_SECONDS, longest_seconds: float = LONGEST_SECONDS
    ) -> None:
        self._first_seconds = first_seconds
        self._longest_seconds = longest_seconds
        self._next_seconds = first_seconds

    def reset(self) -> None:
        """It has succeeded."""
        self._next_seconds = self._first_seconds

    async def wait(self, unless: asyncio.Event | None = None) -> None:
        """Sleep for a random part of the bound, which doubles. `unless` is set ends the sleep."""
        seconds = self._next_seconds * random.uniform(0.5, 1.0)  # noqa: S311 no secret
        self._next_seconds = min(self._longest_seconds, self._next_seconds * 2)
        if unless is None:
            await asyncio.sleep(seconds)
            return
        try:
            async with asyncio.timeout(seconds):
                await unless.wait()
        except TimeoutError:
            pass

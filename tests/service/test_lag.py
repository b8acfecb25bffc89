"""The lag of the event loop is what a blocking piece of code costs everybody else."""

import asyncio
import contextlib
import time

from service.counters import Histogram
from service.lag import BOUNDS_SECONDS, INTERVAL_SECONDS, LoopLag


async def test_a_blocked_loop_is_seen() -> None:
    seen = Histogram(BOUNDS_SECONDS)
    lag = LoopLag(seen)
    watching = asyncio.create_task(lag.watch())
    await asyncio.sleep(INTERVAL_SECONDS / 2)
    time.sleep(0.3)  # noqa: ASYNC251 - a loop that is blocked is what is tested
    await asyncio.sleep(0.02)
    assert lag.latest_seconds > 0.2
    assert seen.count == 1
    watching.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await watching

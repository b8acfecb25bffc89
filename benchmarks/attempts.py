"""One part of a run that may fail: the run notes the failure, and the rest of the run goes on.

A run takes many minutes. What it measured is worth keeping when one server hangs or one part meets a fault, so each
part is an attempt, with a deadline of its own, and what failed is named in the report and in the exit code.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from benchmarks.load import LoadFailed
from benchmarks.processes import ServerFailed
from eventlog.port import LogUnavailable

FAILURES = (LoadFailed, ServerFailed, LogUnavailable, TimeoutError, OSError)


@asynccontextmanager
async def attempt(failed: list[str], part: str, seconds: float) -> AsyncIterator[None]:
    """Run the block for at most so many seconds; note its failure, with the name of the part, in `failed`."""
    deadline = asyncio.timeout(seconds)
    try:
        async with deadline:
            yield
    except FAILURES as failure:
        reason = f"not done after {seconds:g} s" if deadline.expired() else _reason(failure)
        failed.append(f"{part}: {reason}")


def _reason(failure: BaseException) -> str:
    return str(failure) or type(failure).__name__

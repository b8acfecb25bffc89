"""A pod for a test, and the promise that a test leaves nothing behind: no task, no error in the log."""

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from structlog.testing import LogCapture

from gateway.app import Gateway
from tests.support import pod as pods
from tests.support.in_process import serving
from tests.support.raw_station import RawStation


@pytest.fixture
def said_in_log() -> LogCapture:
    """What our own code logs during the test."""
    return LogCapture()


@pytest.fixture(autouse=True)
async def nothing_left(said_in_log: LogCapture, caplog: pytest.LogCaptureFixture) -> AsyncIterator[None]:
    """No stray tasks; and no error in the log that the test did not take out (`said_in_log.entries.clear()`)."""
    before = asyncio.all_tasks()
    structlog.configure(processors=[said_in_log], cache_logger_on_first_use=False)
    unhandled: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: unhandled.append(context))
    yield
    structlog.reset_defaults()
    RawStation.vanish_all()
    async with asyncio.timeout(3):
        while stray := asyncio.all_tasks() - before - {asyncio.current_task()}:
            await asyncio.wait(stray, timeout=0.05)
    # (asyncio tells of each failed TLS handshake, but only while it debugs)
    assert not [context for context in unhandled if "transport creation" not in context["message"]]
    assert not [entry for entry in said_in_log.entries if entry["log_level"] in ("error", "critical")]
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


@pytest.fixture
async def pod(nothing_left: None) -> AsyncIterator[pods.Pod]:
    async with pods.pod() as made:
        yield made


@pytest.fixture
async def hasty_pod(nothing_left: None) -> AsyncIterator[pods.Pod]:
    """A pod that soon tells its stations that the log does not take what they say."""
    async with pods.pod(publish_deadline_seconds=0.2) as made:
        yield made


@pytest.fixture
async def gateway(tmp_path: Path, nothing_left: None) -> AsyncIterator[Gateway]:
    """A whole gateway on real sockets, with short deadlines."""
    async with serving(
        tmp_path, handshake_timeout_seconds=0.5, ping_seconds=1.0, ping_timeout_seconds=0.5
    ) as started:
        yield started

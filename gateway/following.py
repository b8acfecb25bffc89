"""A topic followed from its past into the present: what stands in it, then what comes, nothing left out.

What comes while the past is being read waits until that is done, so that a view never sees an old
record after a newer one of its key.
"""

import asyncio
import contextlib
import time
from typing import Protocol

import structlog

from eventlog.port import EventLog, LogUnavailable, Stored
from service.states import LoggedState

RETRY_SECONDS = 1.0

_log = structlog.get_logger(__name__)


class View(Protocol):
    """What is made of the records."""

    def begin(self) -> None:
        """The topic is about to be read from its past on; also again, after an outage."""

    def take(self, stored: Stored) -> None:
        """The next record. It must not raise for what a record holds."""

    def caught_up(self) -> None:
        """Everything that stood there has been taken; what comes now is new."""


class Following:
    """Keeps one view up to date; it goes on with what it has while the log cannot be read."""

    def __init__(self, log: EventLog, topic: str, view: View, *, past_seconds: float | None = None) -> None:
        """`past_seconds`: how old what is read may be; None for all that the log has kept."""
        self._log = log
        self._topic = topic
        self._view = view
        self._past_seconds = past_seconds
        self._state = LoggedState(_log, "a topic cannot be followed just now", topic=topic)
        self.caught_up = asyncio.Event()
        """The view has been complete once."""

    async def watch(self) -> None:
        """Follow until cancelled; a task of its owner."""
        while True:
            try:
                await self._follow()
            except LogUnavailable as trouble:
                self._state.failed(trouble)
            await asyncio.sleep(RETRY_SECONDS)

    async def _follow(self) -> None:
        self._view.begin()
        waiting: list[Stored] = []
        present, past_is_read = asyncio.Event(), asyncio.Event()
        hearing = asyncio.create_task(self._hear(waiting, present, past_is_read))
        beginning = asyncio.create_task(present.wait())
        try:
            await asyncio.wait({hearing, beginning}, return_when=asyncio.FIRST_COMPLETED)
            if not hearing.done():
                await self._read_past()
                for stored in waiting:  # without a pause: nothing is looked up in between
                    self._view.take(stored)
                past_is_read.set()
                self._view.caught_up()
                self.caught_up.set()
                self._state.works()
            await hearing
        finally:
            for task in (hearing, beginning):
                task.cancel()
            await asyncio.gather(hearing, beginning, return_exceptions=True)

    async def _hear(self, waiting: list[Stored], present: asyncio.Event, past_is_read: asyncio.Event) -> None:
        tail = self._log.tail([self._topic], started=present.set)
        async with contextlib.aclosing(tail) as records:
            async for stored in records:
                if past_is_read.is_set():
                    self._view.take(stored)
                else:
                    waiting.append(stored)

    async def _read_past(self) -> None:
        since_ms = 0 if self._past_seconds is None else int((time.time() - self._past_seconds) * 1000)
        async with contextlib.aclosing(self._log.read([self._topic], since_ms=since_ms)) as records:
            async for stored in records:
                self._view.take(stored)

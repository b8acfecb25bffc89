"""Waiting for the results of commands: one tail for each partition in which somebody waits for one.

Thousands that wait share a few tails, and a partition in which nobody waits is not read.
"""

import asyncio
import contextlib

import msgspec
import structlog

from contract.records import RecordReader, UnreadableRecord
from contract.results import CommandCompleted
from contract.topics import COMMAND_RESULTS
from eventlog.port import EventLog, LogUnavailable, RecordRefused, Stored
from gateway.api.ids import now_ms
from service.states import LoggedState

LINGER_SECONDS = 10.0
"""How long a tail is kept for those who come next: to begin one on Kafka costs a tenth of a second."""
RETRY_SECONDS = 0.5
SKEW_MILLISECONDS = 60_000
"""How far the clocks of those who append may be behind ours, where records are looked for by their time."""

_COMPLETED = ("ce_type", f"ocpp.{CommandCompleted.NAME}".encode())

_log = structlog.get_logger(__name__)

Result = asyncio.Future[bytes]
"""The value of the result's record: the JSON of a `CommandCompleted`."""


class _Named(msgspec.Struct, rename="camel"):
    command_id: str


_read_named = RecordReader(_Named).read


def completed(stored: Stored) -> str | None:
    """The id of the command whose result this record is; None where it is something else."""
    if _COMPLETED not in stored.record.headers:
        return None
    try:
        return _read_named(stored.record.value).command_id
    except UnreadableRecord:
        return None


class Results:
    """Knows who waits for what. `close` it: what is still waited for is cancelled."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._watches: dict[int, _Watch] = {}

    async def expect(self, partition: int, station: str, command_id: str) -> Result:
        """The result of a command that is about to be sent; returns when it cannot be missed any more.

        The caller cancels it when nobody wants it. Raises LogUnavailable.
        """
        watch = self._watches.get(partition)
        if watch is None:
            watch = self._watches[partition] = _Watch(self._log, partition, self._watches)
        return await watch.expect(station, command_id)

    async def close(self) -> None:
        """Wait for nothing any more."""
        await asyncio.gather(*(watch.close() for watch in list(self._watches.values())))


class _Watch:
    """The tail of one partition, and who waits for what of it."""

    def __init__(self, log: EventLog, partition: int, siblings: "dict[int, _Watch]") -> None:
        self._log = log
        self._partition = partition
        self._siblings = siblings
        self._state = LoggedState(_log, "results cannot be read just now", partition=partition)
        self._waiting: dict[tuple[str, str], Result] = {}
        self._read_ms = now_ms()
        self._begun: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._catching_up: asyncio.Task[None] | None = None
        self._leaving: asyncio.TimerHandle | None = None
        self._task = asyncio.create_task(self._follow(), name=f"results-{partition}")

    async def expect(self, station: str, command_id: str) -> Result:
        result: Result = asyncio.get_running_loop().create_future()
        self._stay()
        key = (station, command_id)
        self._waiting[key] = result
        result.add_done_callback(lambda _: self._forget(key, result))
        try:
            await asyncio.shield(self._begun)
        except BaseException:
            result.cancel()
            raise
        return result

    async def close(self) -> None:
        self._stay()
        self._siblings.pop(self._partition, None)
        for result in list(self._waiting.values()):
            result.cancel()
        tasks = [task for task in (self._task, self._catching_up) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if not self._begun.done():
            self._begun.set_exception(LogUnavailable("nobody waits for results any more"))
            self._begun.exception()  # it may be that nobody awaits it

    async def _follow(self) -> None:
        """Read until cancelled. After an outage, also what has been missed."""
        while True:
            try:
                tail = self._log.tail(
                    [COMMAND_RESULTS.name], partitions=[self._partition], started=self._started
                )
                async with contextlib.aclosing(tail) as records:
                    async for stored in records:
                        self._read_ms = stored.appended_ms
                        self._see(stored)
            except (LogUnavailable, RecordRefused) as trouble:
                self._state.failed(trouble)
                if not self._begun.done():
                    self._begun.set_exception(trouble)
                    self._begun.exception()
                    self._begun = asyncio.get_running_loop().create_future()
                await asyncio.sleep(RETRY_SECONDS)

    def _started(self) -> None:
        self._state.works()
        if not self._begun.done():
            self._read_ms = now_ms()
            self._begun.set_result(None)
        elif self._waiting:
            self._catching_up = asyncio.create_task(self._catch_up())

    async def _catch_up(self) -> None:
        with contextlib.suppress(LogUnavailable):  # the tail is in trouble too, and begins again
            since_ms = self._read_ms - SKEW_MILLISECONDS
            missed = self._log.read([COMMAND_RESULTS.name], partitions=[self._partition], since_ms=since_ms)
            async with contextlib.aclosing(missed) as records:
                async for stored in records:
                    self._see(stored)

    def _see(self, stored: Stored) -> None:
        if not self._waiting:
            return
        command_id = completed(stored)
        if command_id is None:
            return
        result = self._waiting.get((stored.record.key, command_id))
        if result is not None and not result.done():
            result.set_result(stored.record.value or b"")

    def _forget(self, key: tuple[str, str], result: Result) -> None:
        if self._waiting.get(key) is result:
            del self._waiting[key]
        if not self._waiting and self._siblings.get(self._partition) is self:
            self._stay()
            loop = asyncio.get_running_loop()
            self._leaving = loop.call_later(LINGER_SECONDS, self._leave)

    def _stay(self) -> None:
        if self._leaving is not None:
            self._leaving.cancel()
            self._leaving = None

    def _leave(self) -> None:
        del self._siblings[self._partition]
        self._task.cancel()

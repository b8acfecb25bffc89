"""Commands that come over HTTP: written to the topic, their results waited for, and found again by their id."""

import asyncio
import contextlib
from collections import OrderedDict
from hashlib import blake2b
from typing import NamedTuple

import msgspec

from contract.records import RecordReader, UnreadableRecord
from contract.results import CommandRequest
from contract.topics import COMMAND_RESULTS, COMMANDS, partition_of
from eventlog.port import EventLog, LogUnavailable, Record, RecordRefused
from gateway.api.ids import Whereabouts, now_ms, whereabouts
from gateway.api.results import SKEW_MILLISECONDS, Result, Results, completed

KNOWN_AT_MOST = 10_000
"""Commands whose results are waited for or kept here; of all others the log is asked."""
KNOWN_BYTES = 32 * 1024 * 1024
GRACE_SECONDS = 5.0
"""How long after its deadline a command has its result at the latest."""
RECALL_SECONDS = 1.0
"""A command without a result after so long may have had it before: a repeated one gets no second."""
RECALL_AGE_MS = 3_600_000
"""How far back the log is searched for an id that does not tell its time."""
LOOK_UP_RECORDS = 100_000
LOOK_UP_SECONDS = 10.0
LOOK_UPS_AT_ONCE = 4


class Reused(Exception):
    """The id was given to another command before."""


class Found(NamedTuple):
    """What is known of a command: its station, and the JSON of its result if it has one."""

    station: str
    result: bytes | None


class Sent:
    """A command that came to this gateway, and its result as soon as it is there."""

    def __init__(self, station: str, request: CommandRequest) -> None:
        self.id = request.id
        self.station = station
        self.since_ms = now_ms()
        self.deadline_seconds = request.deadline_seconds
        self.digest = _digest(station, request)
        self.written: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        """Done when the command is durable in the topic."""

    async def result(self, wait_seconds: float) -> bytes | None:
        """The JSON of the result; None if it is not there after so long."""
        result = await asyncio.shield(self.written)
        await asyncio.wait({result}, timeout=wait_seconds)
        return _done(result)


class Commands:
    """Knows the newest commands that came here, within bounds. `close` it: waiting ends without results."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._results = Results(log)
        self._known: OrderedDict[str, Sent] = OrderedDict()
        self._kept_bytes = 0
        self._looking_up = asyncio.Semaphore(LOOK_UPS_AT_ONCE)
        self._recalling: set[asyncio.Task[None]] = set()

    async def partition(self, station: str) -> int:
        """Where the commands and the results of a station stand. Raises LogUnavailable, RecordRefused."""
        return partition_of(station, await self._log.partitions(COMMAND_RESULTS.name))

    async def send(self, station: str, request: CommandRequest, *, is_new: bool) -> Sent:
        """Have the command in the topic; one that is repeated here is not written again.

        `is_new`: its id was made for this request, so that nobody can have sent it before. Raises LogUnavailable (it may be written yet), RecordRefused, Reused.
        """
        known = self._known.get(request.id)
        if known is not None:
            if known.digest != _digest(station, request):
                raise Reused
            await asyncio.shield(known.written)
            return known
        sent = self._known[request.id] = Sent(station, request)
        try:
            partition = await self.partition(station)
            result = await self._results.expect(partition, station, request.id)
            try:
                await self._log.append(Record(COMMANDS.name, station, msgspec.json.encode(request)))
            except BaseException:
                result.cancel()
                raise
        except BaseException as error:
            self._known.pop(request.id, None)
            sent.written.set_exception(error)
            sent.written.exception()  # it may be that nobody else awaits it
            raise
        sent.written.set_result(result)
        loop = asyncio.get_running_loop()
        giving_up = loop.call_later(request.deadline_seconds + GRACE_SECONDS, result.cancel)
        result.add_done_callback(lambda _: giving_up.cancel())
        if not is_new:
            recalling = loop.call_later(RECALL_SECONDS, self._recall, sent, partition, result)
            result.add_done_callback(lambda _: recalling.cancel())
        result.add_done_callback(lambda _: self._settle(sent, result))
        self._bound()
        return sent

    async def find(self, command_id: str, station: str | None, where: Whereabouts | None) -> Found | None:
        """What became of a command, known here or by the log; None where there is no trace of it.

        Raises LogUnavailable, RecordRefused.
        """
        sent = self._known.get(command_id)
        if sent is not None and station in (None, sent.station):
            return Found(sent.station, await sent.result(0))
        return None if where is None else await self._look_up(command_id, station, where)

    async def close(self) -> None:
        """Wait for nothing any more."""
        for task in self._recalling:
            task.cancel()
        await asyncio.gather(*self._recalling, return_exceptions=True)
        await self._results.close()

    def _recall(self, sent: Sent, partition: int, result: Result) -> None:
        """Look for the result in the past: another gateway may have taken the same command before."""

        async def look() -> None:
            where = whereabouts(sent.id) or Whereabouts(partition, sent.since_ms - RECALL_AGE_MS)
            with contextlib.suppress(LogUnavailable, RecordRefused):
                found = await self._look_up(sent.id, sent.station, where)
                if found is not None and found.result is not None and not result.done():
                    result.set_result(found.result)

        task = asyncio.create_task(look())
        self._recalling.add(task)
        task.add_done_callback(self._recalling.discard)

    async def _look_up(self, command_id: str, station: str | None, where: Whereabouts) -> Found | None:
        topics = [COMMANDS.name, COMMAND_RESULTS.name]
        if where.partition >= await self._log.partitions(COMMAND_RESULTS.name):
            return None
        asked: Found | None = None
        left = LOOK_UP_RECORDS
        since_ms = max(0, where.since_ms - SKEW_MILLISECONDS)
        read = self._log.read(topics, partitions=[where.partition], since_ms=since_ms)
        try:
            async with (
                self._looking_up,
                asyncio.timeout(LOOK_UP_SECONDS),
                contextlib.aclosing(read) as records,
            ):
                async for stored in records:
                    key = stored.record.key
                    if station in (None, key):
                        if completed(stored) == command_id:
                            return Found(key, stored.record.value)
                        if stored.place.topic == COMMANDS.name and _id_of(stored.record) == command_id:
                            asked = Found(key, None)
                    left -= 1
                    if not left:
                        break
        except TimeoutError:
            raise LogUnavailable(f"the log was not read in {LOOK_UP_SECONDS:g} s") from None
        return asked

    def _settle(self, sent: Sent, result: Result) -> None:
        """Keep a result that has come; of what was given up the log is asked from now on."""
        if self._known.get(sent.id) is not sent:
            return
        value = _done(result)
        if value is None:
            del self._known[sent.id]
        else:
            self._kept_bytes += len(value)
            self._bound()

    def _bound(self) -> None:
        """Forget the oldest; whoever still waits for one of them is sent to the log."""
        while len(self._known) > KNOWN_AT_MOST or self._kept_bytes > KNOWN_BYTES:
            _, oldest = self._known.popitem(last=False)
            if oldest.written.done() and not oldest.written.cancelled() and not oldest.written.exception():
                self._kept_bytes -= len(_done(oldest.written.result()) or b"")
                oldest.written.result().cancel()


class _Identified(msgspec.Struct):
    id: str


_read_identified = RecordReader(_Identified).read


def _id_of(record: Record) -> str | None:
    try:
        return _read_identified(record.value).id
    except UnreadableRecord:
        return None


def _done(result: Result) -> bytes | None:
    return result.result() if result.done() and not result.cancelled() else None


def _digest(station: str, request: CommandRequest) -> bytes:
    """What two requests share that ask for the same."""
    return blake2b(msgspec.json.encode((station, request), order="deterministic"), digest_size=16).digest()

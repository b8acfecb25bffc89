"""A log and a database, members that come and go, and the judge: what would have been without any fault."""

import asyncio
import contextlib
import hashlib
import json
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from consumers.runtime.database import Database
from contract import envelope
from contract.envelope import Envelope
from contract.events import StationHeartbeat, TransactionUpdated
from contract.model import Station
from contract.topics import ALERTS, DEAD_LETTERS, EVERY_TOPIC, STATIONS, TRANSACTIONS
from eventlog.port import EventLog, Record, Stored
from eventlog.url import open_log
from tests.support.counting.app import seen
from tests.support.parent import die_with_parent

STATION_COUNT = 40
SECONDS = 240.0

Sequences = dict[tuple[str, str], list[str]]
"""By station and topic, the digests in their order."""


class Member:
    """A process of `tests.consumers.faults.member`."""

    def __init__(self, arena: "Arena", point: str, number: signal.Signals, after: int) -> None:
        self._output = arena.folder / f"member-{time.monotonic_ns()}.log"
        with self._output.open("wb") as output:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "tests.consumers.faults.member"),
                    *(arena.log_url, arena.database_url, point, number.name, str(after)),
                ],
                cwd=Path(__file__).parents[3],
                stdout=output,
                stderr=subprocess.STDOUT,
                preexec_fn=die_with_parent,  # noqa: PLW1509 nothing of Python runs in it but one system call
            )

    def said(self) -> str:
        return self._output.read_text(errors="replace")

    async def until(self, words: str, seconds: float = SECONDS) -> None:
        """Wait until it has said this. Raises with what it said when it ended instead."""
        until = time.monotonic() + seconds
        while words not in self.said():
            assert self.process.poll() is None or words in self.said(), self.said()[-4000:]
            assert time.monotonic() < until, self.said()[-4000:]
            await asyncio.sleep(0.1)

    async def ended(self, code: int) -> None:
        """Wait until it has ended so."""
        assert await asyncio.to_thread(self.process.wait, 60) == code, self.said()[-4000:]

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(10)


class Arena:
    """One test's. Append events, start members, wait until all is done, judge."""

    def __init__(self, folder: Path, log_url: str, database_url: str) -> None:
        self.folder = folder
        self.log_url = log_url
        self.database_url = database_url
        self._log: EventLog = open_log(log_url)
        self._members: list[Member] = []
        self._appended = 0
        self._began: dict[tuple[str, int], int] = {}

    async def open(self) -> None:
        await self._log.open()
        await self._log.apply_topics(EVERY_TOPIC.values())
        async for stored in self._log.read([ALERTS.name]):
            topic, partition, offset = stored.place
            self._began[topic, partition] = offset + 1

    async def close(self) -> None:
        for member in self._members:
            member.kill()
        await self._log.close()

    async def append(self, count: int) -> None:
        """So many events of many stations, in two topics."""
        now = datetime.now(UTC)
        waiting = []
        for _ in range(count):
            self._appended += 1
            station = Station(id=f"CS-{self._appended % STATION_COUNT}")
            event: StationHeartbeat | TransactionUpdated = (
                TransactionUpdated(station=station, received_at=now)
                if self._appended % 3
                else StationHeartbeat(station=station, received_at=now)
            )
            made = Envelope("test", station.id, "2.0.1", "c1")
            headers = made.headers(event, f"{now.timestamp()}-{self._appended}", self._appended)
            waiting.append(
                self._log.append(Record(event.TOPIC.name, station.id, envelope.encode(event), headers))
            )
        await asyncio.gather(*waiting)

    def member(self, point: str = "never", number: signal.Signals = signal.SIGKILL, after: int = 1) -> Member:
        self._members.append(Member(self, point, number, after))
        return self._members[-1]

    async def done(self, seconds: float = SECONDS) -> None:
        """Wait until all that stands in the log is counted and published. Raises with what the members said."""
        expected = await self._expected()
        async with asyncio.timeout(seconds):
            while True:
                with contextlib.suppress(DBAPIError, OSError):
                    if await self._state() == {key: (len(d), d[-1]) for key, d in expected.items()}:
                        published = {one async for one in self._ids()}
                        if len(published) == sum(map(len, expected.values())):
                            return
                await asyncio.sleep(0.5)

    async def judge(self) -> None:
        """The state is that of an undisturbed run; so is what was published, repetitions aside; no dead letters."""
        expected = await self._expected()
        assert await self._state() == {key: (len(digests), digests[-1]) for key, digests in expected.items()}
        found: Sequences = defaultdict(list)
        known: set[bytes] = set()
        async for stored in self._log.read([ALERTS.name]):
            if not self._is_new(stored):
                continue
            topic, count, digest = json.loads(stored.record.value or b"")
            identity = dict(stored.record.headers)["ce_id"]
            if identity not in known:
                known.add(identity)
                assert count == len(found[stored.record.key, topic]) + 1
                found[stored.record.key, topic].append(digest)
            else:
                assert found[stored.record.key, topic][count - 1] == digest
        assert found == expected
        assert [stored async for stored in self._log.read([DEAD_LETTERS.name])] == []

    async def _expected(self) -> Sequences:
        sequences: Sequences = defaultdict(list)
        async for stored in self._log.read([STATIONS.name, TRANSACTIONS.name]):
            digests = sequences[stored.record.key, stored.place.topic]
            identity = dict(stored.record.headers)["ce_id"].decode()
            before = digests[-1] if digests else ""
            digests.append(hashlib.sha256(f"{before}{identity}".encode()).hexdigest())
        return sequences

    async def _state(self) -> dict[tuple[str, str], tuple[int, str]]:
        database = Database(self.database_url)
        try:
            await database.open()
            async with database.reading() as connection:
                rows = await connection.execute(
                    select(seen.c.station, seen.c.topic, seen.c.count, seen.c.digest)
                )
                return {(station, topic): (count, digest) for station, topic, count, digest in rows}
        finally:
            await database.close()

    async def _ids(self) -> AsyncIterator[bytes]:
        async for stored in self._log.read([ALERTS.name]):
            if self._is_new(stored):
                yield dict(stored.record.headers)["ce_id"]

    def _is_new(self, stored: Stored) -> bool:
        """Whether it was published in this test."""
        topic, partition, offset = stored.place
        return offset >= self._began.get((topic, partition), 0)

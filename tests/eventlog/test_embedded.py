"""What only the embedded engine has: one file, several processes, and their sudden deaths."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from contract.topics import Topic
from eventlog.embedded import EmbeddedLog
from eventlog.embedded.file import BUSY_MILLISECONDS, LogFile
from eventlog.embedded.threads import RETRY_SECONDS
from eventlog.embedded.upkeep import BITE_RECORDS, tidy
from eventlog.in_flight import Limits
from eventlog.port import LogUnavailable, Record, Stored
from tests.eventlog.reading import everything

TOPIC = Topic("test.embedded.v1", "a test's", partitions=3)
TABLE = Topic("test.embedded.table.v1", "a test's", partitions=1, compacted=True)

WRITER = """
import asyncio, sys
from pathlib import Path
from eventlog.embedded import EmbeddedLog
from eventlog.port import Record

async def main():
    log = EmbeddedLog(Path(sys.argv[1]))
    await log.open()
    async def write(station):
        number = 0
        while True:
            await log.append(Record("test.embedded.v1", station, b"%d" % number))
            print(station, number, flush=True)
            number += 1
    await asyncio.gather(*[write(f"{sys.argv[2]}-{n}") for n in range(20)])

asyncio.run(main())
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "events.db"


@pytest.fixture
async def log(path: Path) -> AsyncIterator[EmbeddedLog]:
    opened = EmbeddedLog(path, Limits(publish_deadline_seconds=2.0), session_seconds=1.0)
    await opened.open()
    await opened.apply_topics([TOPIC, TABLE])
    yield opened
    await opened.close()


async def test_what_append_returned_survives_a_kill(log: EmbeddedLog, path: Path) -> None:
    """Two processes write, and die by SIGKILL in the middle: all that they were told is there, in order."""
    writers = [_writer(path, name) for name in ("one", "two")]
    told = await asyncio.gather(*[asyncio.to_thread(_kill_after, writer, 300) for writer in writers])

    stored = await everything(log, TOPIC.name, sum(map(len, told)))
    said = [(s.record.key, int(s.record.value or b"")) for s in stored]
    assert {pair for pairs in told for pair in pairs} <= set(said)
    for station in {key for key, _ in said}:
        numbers = [number for key, number in said if key == station]
        assert numbers == list(range(len(numbers)))


async def test_a_reader_sees_what_another_process_writes(log: EmbeddedLog, path: Path) -> None:
    async with asyncio.timeout(20):
        member = await log.subscribe([TOPIC.name], "billing")
        assert await member.fetch(wait_seconds=0.2) == []
        writer = await asyncio.to_thread(_writer, path, "other")
        seen: list[Stored] = []
        while len(seen) < 100:
            seen += await member.fetch(wait_seconds=1.0)
        await asyncio.to_thread(_kill_after, writer, 0)
        await member.close()
    assert {s.record.key.partition("-")[0] for s in seen} == {"other"}


async def test_the_partitions_of_a_dead_member_are_taken_over(log: EmbeddedLog, path: Path) -> None:
    other = EmbeddedLog(path, session_seconds=1.0)
    await other.open()
    dies = await other.subscribe([TOPIC.name], "billing")
    lives = await log.subscribe([TOPIC.name], "billing")
    assert dies._membership is not None
    dies._membership.cancel()  # no more beats, and no farewell
    async with asyncio.timeout(10):
        while len(lives.assigned) < TOPIC.partitions:
            assert await lives.fetch(wait_seconds=0.1) == []
    await lives.close()
    await other.close()


async def test_a_member_taken_for_dead_loses_its_partitions_and_may_not_commit(
    log: EmbeddedLog, path: Path
) -> None:
    """It slept too long: its claims have gone to another, whose position it must not move."""
    revoked = asyncio.Event()

    async def on_revoked(_: object) -> None:
        revoked.set()

    sleeper = await log.subscribe([TOPIC.name], "billing", on_revoked=on_revoked)
    stolen = next(iter(sleeper.assigned))
    thief = sqlite3.connect(path, isolation_level=None)
    thief.execute("UPDATE claims SET member = 'thief'")
    await sleeper.commit({stolen: 7})
    assert thief.execute("SELECT count(*) FROM positions").fetchone() == (0,)
    thief.close()
    async with asyncio.timeout(10):
        await revoked.wait()
        assert sleeper.assigned == frozenset()
        while len(sleeper.assigned) < TOPIC.partitions:  # and it gets them back: the thief never lived
            assert await sleeper.fetch(wait_seconds=0.1) == []
    await sleeper.close()


async def test_a_full_disk_is_trouble_with_words_and_passes(log: EmbeddedLog) -> None:
    """The limit on the file's pages raises the error that a full disk does."""
    pages = log._threads._write_file.connection.execute("PRAGMA page_count").fetchone()[0]
    log._threads._write_file.connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(LogUnavailable, match="full"):
        await log.append(Record(TOPIC.name, "CP-1", b"x" * 100_000))
    assert "full" in (log.trouble or "")
    log._threads._write_file.connection.execute("PRAGMA max_page_count = 1000000")
    await log.append(Record(TOPIC.name, "CP-1", b"x" * 100_000))
    assert log.trouble is None


async def test_what_failed_is_not_written_later(log: EmbeddedLog) -> None:
    blocker = sqlite3.connect(log._path, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    with pytest.raises(LogUnavailable, match="locked"):
        await log.append(Record(TOPIC.name, "CP-1", b"failed"))
    await asyncio.sleep(BUSY_MILLISECONDS / 1000 + RETRY_SECONDS + 0.5)  # the attempt under way ends too
    blocker.execute("ROLLBACK")
    blocker.close()
    assert (await log.append(Record(TOPIC.name, "CP-1", b"taken"))).offset == 0


async def test_a_folder_that_cannot_be_made_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LogUnavailable, match=r"events\.db"):
        await EmbeddedLog(tmp_path / "file" / "events.db").open()


async def test_a_file_that_is_no_log_is_unavailable(path: Path) -> None:
    await asyncio.to_thread(
        path.write_bytes, b"this is no SQLite file, and long enough to be sure of that" * 20
    )
    with pytest.raises(LogUnavailable, match="not a database"):
        await EmbeddedLog(path).open()


async def test_appends_share_transactions(log: EmbeddedLog) -> None:
    before = await log._threads.reading(LogFile.version)
    await asyncio.gather(*[log.append(Record(TOPIC.name, f"CP-{n}", b"{}")) for n in range(1_000)])
    assert await log._threads.reading(LogFile.version) != before
    assert log._threads._write_file.connection.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL
    stored = await everything(log, TOPIC.name, 1_000)
    assert len({s.appended_ms for s in stored}) < 50  # one time a transaction


async def test_retention_deletes_the_old_and_keeps_the_offsets(log: EmbeddedLog) -> None:
    old = [Record(TOPIC.name, "CP-1", b"old", partition=1) for _ in range(3 * (BITE_RECORDS // 2))]
    for start in range(0, len(old), 500):  # few enough to be written within the deadline on any machine
        await asyncio.gather(*map(log.append, old[start : start + 500]))
    await log._threads.writing(
        lambda file: file.connection.execute("UPDATE records SET appended_ms = 1000") and None
    )
    kept = await log.append(Record(TOPIC.name, "CP-1", b"new", partition=1))

    while await log._threads.writing(tidy):
        pass

    [stored] = await everything(log, TOPIC.name, 1)
    assert stored.place == kept
    assert kept.offset == len(old)


async def test_compaction_keeps_the_newest_of_each_key_and_drops_old_tombstones(log: EmbeddedLog) -> None:
    for key, value in (("a", b"1"), ("b", b"1"), ("gone", b"1"), ("a", b"2"), ("gone", None), ("left", None)):
        await log.append(Record(TABLE.name, key, value))
    await log._threads.writing(
        lambda file: (
            file.connection.execute("UPDATE records SET appended_ms = 1000 WHERE key = 'gone'") and None
        )
    )

    while await log._threads.writing(tidy):
        pass

    rows = await log._threads.reading(
        lambda file: file.connection.execute("SELECT key, value FROM records").fetchall()
    )
    assert rows == [("b", b"1"), ("a", b"2"), ("left", None)]
    assert set(await log.read_table(TABLE.name)) == {"a", "b"}


def _writer(path: Path, name: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", WRITER, path, name], stdout=subprocess.PIPE, text=True)


def _kill_after(writer: subprocess.Popen[str], lines: int) -> list[tuple[str, int]]:
    """Read this many confirmations, kill the writer, and read what it still had said."""
    assert writer.stdout is not None
    told = [writer.stdout.readline() for _ in range(lines)]
    os.kill(writer.pid, signal.SIGKILL)
    told += writer.stdout.read().splitlines()
    writer.stdout.close()
    writer.wait()
    return [(line.split()[0], int(line.split()[1])) for line in told if len(line.split()) == 2]

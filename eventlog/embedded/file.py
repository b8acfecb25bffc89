"""The SQLite file: its tables, how it is opened, and every statement about topics and records.

All of it blocks, so it runs in the engine's threads, one connection each. WAL lets readers read
while one writer writes; `synchronous=FULL` syncs the WAL at every commit, which is what makes an
append durable (https://sqlite.org/pragma.html#pragma_synchronous: NORMAL may lose the last commits
with the power). A record's row id is its place: the partition's id and the offset in one integer,
so that a partition is one range of one B-tree, and reading it needs no index.
"""

import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from contract.topics import Topic, partition_of
from eventlog.port import Partition, Place, Record, RecordRefused, Stored

OFFSET_BITS = 40
LAST_OFFSET = (1 << OFFSET_BITS) - 1
BUSY_MILLISECONDS = 500  # short, so that a thread is never stuck longer than this; the engine tries again

SCHEMA = """
CREATE TABLE IF NOT EXISTS topics (
    name TEXT PRIMARY KEY, partitions INTEGER NOT NULL, compacted INTEGER NOT NULL, retention_ms INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS partitions (
    id INTEGER PRIMARY KEY, topic TEXT NOT NULL, number INTEGER NOT NULL,
    next_offset INTEGER NOT NULL DEFAULT 0, compacted_offset INTEGER NOT NULL DEFAULT 0, UNIQUE (topic, number)
);
CREATE TABLE IF NOT EXISTS records (
    place INTEGER PRIMARY KEY, key TEXT NOT NULL, value BLOB, headers BLOB NOT NULL, appended_ms INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS positions (
    "group" TEXT, topic TEXT, number INTEGER, next_offset INTEGER NOT NULL, PRIMARY KEY ("group", topic, number)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS members (
    "group" TEXT, member TEXT, topics BLOB NOT NULL, beat_ms INTEGER NOT NULL, PRIMARY KEY ("group", member)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS claims (
    "group" TEXT, topic TEXT, number INTEGER, member TEXT NOT NULL, PRIMARY KEY ("group", topic, number)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS probe (one INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL);
"""

_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(list[tuple[str, bytes]]).decode


def now_ms() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


class LogFile:
    """One connection to the file, and what it knows of the file's topics."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Autocommit mode: transactions are begun and ended in words here, never implicitly.
        self.connection = sqlite3.connect(
            path, timeout=BUSY_MILLISECONDS / 1000, isolation_level=None, check_same_thread=False
        )
        run = self.connection.execute
        run("PRAGMA journal_mode = WAL")
        run("PRAGMA synchronous = FULL")
        run(f"PRAGMA journal_size_limit = {64 * 1024 * 1024}")
        self._partition_ids: dict[str, list[int]] = {}

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction, durable at its end. IMMEDIATE: a lock gained later could fail half-way."""
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield self.connection
            self.connection.execute("COMMIT")
        finally:
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")

    def prepare(self) -> None:
        """Make the tables when they are missing."""
        with self.writing() as connection:
            for statement in SCHEMA.split(";"):
                connection.execute(statement)

    def probe(self) -> None:
        """Write something; raises what an append would."""
        with self.writing() as connection:
            connection.execute("INSERT OR REPLACE INTO probe VALUES (1, ?)", (now_ms(),))

    def version(self) -> int:
        """Changes when any other connection, of any process, has committed."""
        return int(self.connection.execute("PRAGMA data_version").fetchone()[0])

    # Topics

    def apply_topics(self, topics: Iterable[Topic]) -> dict[str, str]:
        """Create what is missing, set retention and compaction; what was done, by name."""
        done: dict[str, str] = {}
        with self.writing() as connection:
            for topic in topics:
                wanted = (topic.partitions, int(topic.compacted), topic.retention_seconds * 1000)
                row = connection.execute(
                    "SELECT partitions, compacted, retention_ms FROM topics WHERE name = ?", (topic.name,)
                ).fetchone()
                if row is None:
                    connection.execute("INSERT INTO topics VALUES (?, ?, ?, ?)", (topic.name, *wanted))
                    connection.executemany(
                        "INSERT INTO partitions (topic, number) VALUES (?, ?)",
                        ((topic.name, number) for number in range(topic.partitions)),
                    )
                    done[topic.name] = "created"
                    continue
                changed = row[1:] != wanted[1:]
                connection.execute(
                    "UPDATE topics SET compacted = ?, retention_ms = ? WHERE name = ?",
                    (*wanted[1:], topic.name),
                )
                done[topic.name] = "updated" if changed else "unchanged"
                if row[0] != topic.partitions:
                    done[topic.name] += f"; has {row[0]} partitions, not {topic.partitions}: left as they are"
        return done

    def partition_ids(self, topic: str) -> list[int]:
        """The ids of the topic's partitions, by number. Partitions never change, so they are kept."""
        known = self._partition_ids.get(topic)
        if known is None:
            rows = self.connection.execute(
                "SELECT id FROM partitions WHERE topic = ? ORDER BY number", (topic,)
            )
            known = [row[0] for row in rows]
            if not known:
                raise RecordRefused(f"topic {topic!r} does not exist")
            self._partition_ids[topic] = known
        return known

    # Records

    def append(
        self, records: Sequence[Record], appended_ms: int | None = None
    ) -> list[Place | RecordRefused]:
        """Write them in one transaction: for each its place, or why this one is refused.

        `appended_ms` (ms since 1970) is now where it is not given. A history that is written afterwards gives it.
        """
        outcomes: list[Place | RecordRefused] = []
        rows: list[tuple[int, str, bytes | None, bytes, int]] = []
        heads: dict[int, int] = {}
        at_ms = now_ms() if appended_ms is None else appended_ms
        with self.writing() as connection:
            for record in records:
                try:
                    number = record.partition
                    if number is None:
                        number = partition_of(record.key, len(self.partition_ids(record.topic)))
                    partition_id = self._partition_id(record.topic, number)
                except RecordRefused as refusal:
                    outcomes.append(refusal)
                    continue
                offset = heads.get(partition_id)
                if offset is None:
                    offset = self._next_offset(partition_id)
                heads[partition_id] = offset + 1
                place, headers = partition_id << OFFSET_BITS | offset, _pack(record.headers)
                rows.append((place, record.key, record.value, headers, at_ms))
                outcomes.append(Place(record.topic, number, offset))
            connection.executemany("INSERT INTO records VALUES (?, ?, ?, ?, ?)", rows)
            connection.executemany(
                "UPDATE partitions SET next_offset = ? WHERE id = ?",
                ((head, key) for key, head in heads.items()),
            )
        return outcomes

    def read(self, positions: Mapping[Partition, int], max_records: int) -> list[Stored]:
        """The records from these positions on, oldest first; what does not fit is left for the next read.

        Partitions are read in the order given, each at most its share, so that a caller who rotates
        them starves none.
        """
        found: list[Stored] = []
        share = max(1, max_records // max(1, len(positions)))
        for partition, offset in positions.items():
            found += self._read_one(partition, offset, min(share, max_records - len(found)))
            if len(found) == max_records:
                break
        found.sort(key=lambda stored: stored.appended_ms)
        return found

    def ends(self, topic: str) -> list[int]:
        """The offset of the next record of each partition of the topic, by number."""
        return [self._next_offset(partition_id) for partition_id in self.partition_ids(topic)]

    def begin(self, partition: Partition) -> int:
        """The offset before which retention has deleted all; 0 in a compacted topic, which is never cut."""
        topic, number = partition
        partition_id = self._partition_id(topic, number)
        first = partition_id << OFFSET_BITS
        row = self.connection.execute(
            "SELECT compacted, (SELECT min(place) FROM records WHERE place BETWEEN ? AND ?)"
            " FROM topics WHERE name = ?",
            (first, first | LAST_OFFSET, topic),
        ).fetchone()
        if row[0]:
            return 0
        return self._next_offset(partition_id) if row[1] is None else int(row[1]) & LAST_OFFSET

    def since(self, partition: Partition, since_ms: int) -> int:
        """The offset of the partition's first record of this time or later; its end where there is none.

        Times rise with the offsets, so a bisection finds it without an index.
        """
        topic, number = partition
        partition_id = self._partition_id(topic, number)
        low, high = 0, self._next_offset(partition_id)
        first = partition_id << OFFSET_BITS
        while low < high and since_ms > 0:
            middle = (low + high) // 2
            row = self.connection.execute(
                "SELECT place, appended_ms FROM records WHERE place BETWEEN ? AND ? ORDER BY place LIMIT 1",
                (first | middle, first | (high - 1)),
            ).fetchone()
            if row is None or row[1] >= since_ms:
                high = middle
            else:
                low = (row[0] & LAST_OFFSET) + 1
        return low

    def settle(self, partition: Partition, offset: int) -> int:
        """This offset, or the partition's end where no record stands between them."""
        topic, number = partition
        partition_id = self._partition_id(topic, number)
        end = self._next_offset(partition_id)  # asked first: what comes after it is not skipped
        first = partition_id << OFFSET_BITS
        left = self.connection.execute(
            "SELECT 1 FROM records WHERE place BETWEEN ? AND ? LIMIT 1",
            (first | offset, first | LAST_OFFSET),
        ).fetchone()
        return offset if left else max(offset, end)

    def read_table(self, topic: str, numbers: Iterable[int] | None) -> dict[str, Stored]:
        """The newest record of each key that is no tombstone."""
        table: dict[str, Stored] = {}
        for number in range(len(self.partition_ids(topic))) if numbers is None else numbers:
            for stored in self._read_one(Partition(topic, number), 0, -1):
                if stored.record.value is None:
                    table.pop(stored.record.key, None)
                else:
                    table[stored.record.key] = stored
        return table

    def _partition_id(self, topic: str, number: int) -> int:
        ids = self.partition_ids(topic)
        if not 0 <= number < len(ids):
            raise RecordRefused(f"topic {topic!r} has no partition {number}")
        return ids[number]

    def _next_offset(self, partition_id: int) -> int:
        row = self.connection.execute(
            "SELECT next_offset FROM partitions WHERE id = ?", (partition_id,)
        ).fetchone()
        return int(row[0])

    def _read_one(self, partition: Partition, offset: int, limit: int) -> list[Stored]:
        topic, number = partition
        first = self._partition_id(topic, number) << OFFSET_BITS
        rows = self.connection.execute(
            "SELECT place, key, value, headers, appended_ms FROM records"
            " WHERE place BETWEEN ? AND ? ORDER BY place LIMIT ?",
            (first | offset, first | LAST_OFFSET, limit),
        )
        return [
            Stored(
                Record(topic, key, value, _unpack(headers)), Place(topic, number, place & LAST_OFFSET), at_ms
            )
            for place, key, value, headers, at_ms in rows
        ]

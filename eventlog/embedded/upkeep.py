"""Retention and compaction of the file, in bites small enough that appends barely wait for them."""

from eventlog.embedded.file import LAST_OFFSET, OFFSET_BITS, LogFile, now_ms

BITE_RECORDS = 2_000
TOMBSTONE_MS = 24 * 3_600_000
"""How long a tombstone is kept, so that a reader of the table who is behind still sees it (as Kafka's
`delete.retention.ms`)."""


def tidy(file: LogFile) -> bool:
    """One bite of work in each partition; whether there is more to do."""
    rows = file.connection.execute(
        "SELECT id, compacted, retention_ms, next_offset, compacted_offset"
        " FROM partitions JOIN topics ON topics.name = partitions.topic"
    ).fetchall()
    more = False
    for partition_id, compacted, retention_ms, next_offset, compacted_offset in rows:
        if not compacted:
            more |= _retain(file, partition_id, now_ms() - retention_ms)
        elif compacted_offset < next_offset:
            more |= _compact(file, partition_id, next_offset, now_ms() - TOMBSTONE_MS)
    return more


def _retain(file: LogFile, partition_id: int, before_ms: int) -> bool:
    first = partition_id << OFFSET_BITS
    old = file.connection.execute(
        "SELECT place, appended_ms FROM records WHERE place BETWEEN ? AND ? ORDER BY place LIMIT ?",
        (first, first | LAST_OFFSET, BITE_RECORDS),
    ).fetchall()
    places = [(place,) for place, appended_ms in old if appended_ms < before_ms]
    return _delete(file, places)


def _compact(file: LogFile, partition_id: int, next_offset: int, before_ms: int) -> bool:
    """Delete what a newer record of its key has replaced, and tombstones that are old enough."""
    first = partition_id << OFFSET_BITS
    replaced = file.connection.execute(
        "SELECT place FROM records WHERE place BETWEEN ?1 AND ?2 AND (place NOT IN"
        " (SELECT max(place) FROM records WHERE place BETWEEN ?1 AND ?2 GROUP BY key)"
        " OR (value IS NULL AND appended_ms < ?3)) ORDER BY place LIMIT ?4",
        (first, first | (next_offset - 1), before_ms, BITE_RECORDS),
    ).fetchall()
    more = _delete(file, replaced)
    if not more:
        with file.writing() as connection:
            connection.execute(
                "UPDATE partitions SET compacted_offset = ? WHERE id = ?", (next_offset, partition_id)
            )
    return more


def _delete(file: LogFile, places: list[tuple[int]]) -> bool:
    if places:
        with file.writing() as connection:
            connection.executemany("DELETE FROM records WHERE place = ?", places)
    return len(places) == BITE_RECORDS

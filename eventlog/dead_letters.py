"""A record that nobody could take, as it goes to the dead letters: as it was, and why it is there."""

from contract.topics import DEAD_LETTERS
from eventlog.port import Record, Stored

MAX_LETTER_BYTES = 800_000
"""A larger dead letter is cut, because the log would not take it together with its headers."""


def dead_letter(stored: Stored, why: str, group: str | None = None) -> Record:
    """The record as it was, with where it stood and why it is here (header names and forms of Spring Kafka).

    Numbers are big-endian, as Spring's `DeadLetterPublishingRecoverer` writes and reads them. `group` is the
    consumer group that could not take it.
    """
    record, place = stored.record, stored.place
    value = record.value
    if value is not None and len(value) > MAX_LETTER_BYTES:
        why = f"{why}; cut to its first {MAX_LETTER_BYTES} of {len(value)} bytes"
        value = value[:MAX_LETTER_BYTES]
    headers = [
        *record.headers,
        ("kafka_dlt-original-topic", place.topic.encode()),
        ("kafka_dlt-original-partition", place.partition.to_bytes(4, "big")),
        ("kafka_dlt-original-offset", place.offset.to_bytes(8, "big")),
        ("kafka_dlt-original-timestamp", stored.appended_ms.to_bytes(8, "big", signed=True)),
        ("kafka_dlt-exception-message", why.encode(errors="replace")),
    ]
    if group is not None:
        headers.append(("kafka_dlt-original-consumer-group", group.encode()))
    return Record(DEAD_LETTERS.name, record.key, value, headers)

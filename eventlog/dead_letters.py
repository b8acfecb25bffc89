"""A record that nobody could take, as it goes to the dead letters: as it was, and why it is there."""

from contract.topics import DEAD_LETTERS
from eventlog.port import Headers, Record, Stored

MAX_LETTER_BYTES = 800_000
"""A larger dead letter is cut, because the log would not take it together with its headers."""

MAX_HEADERS_BYTES = 32_000
MAX_WHY_CHARACTERS = 1_000


def dead_letter(stored: Stored, why: str, group: str | None = None) -> Record:
    """The record as it was, with where it stood and why it is here (header names and forms of Spring Kafka).

    Numbers are big-endian, as Spring's `DeadLetterPublishingRecoverer` writes and reads them. `group` is the
    consumer group that could not take it.
    """
    record, place = stored.record, stored.place
    value = record.value
    if value is not None and len(value) > MAX_LETTER_BYTES:
        why = f"{why[: MAX_WHY_CHARACTERS // 2]}; cut to its first {MAX_LETTER_BYTES} of {len(value)} bytes"
        value = value[:MAX_LETTER_BYTES]
    headers = [
        *_fitting(record.headers),
        ("kafka_dlt-original-topic", place.topic.encode()),
        ("kafka_dlt-original-partition", place.partition.to_bytes(4, "big")),
        ("kafka_dlt-original-offset", place.offset.to_bytes(8, "big")),
        ("kafka_dlt-original-timestamp", stored.appended_ms.to_bytes(8, "big", signed=True)),
        ("kafka_dlt-exception-message", why[:MAX_WHY_CHARACTERS].encode(errors="replace")),
    ]
    if group is not None:
        headers.append(("kafka_dlt-original-consumer-group", group.encode()))
    return Record(DEAD_LETTERS.name, record.key, value, headers)


def _fitting(headers: Headers) -> Headers:
    """Its headers; anybody may write to a topic, so without those that have no value, and none where they are too large."""
    told = [(name, value) for name, value in headers if value is not None]
    return told if sum(len(name) + len(value) for name, value in told) <= MAX_HEADERS_BYTES else []

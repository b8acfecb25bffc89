"""Fifty records that anybody with write access can append to a topic, and that no program can read."""

from collections.abc import Iterator
from typing import Final

from eventlog.port import Record

DEEP: Final = 20_000

VALUES: Final[tuple[bytes | None, ...]] = (
    None,
    b"",
    b" ",
    b"\xff\xfe",
    b'"\xff"',
    b'{"status": "\xff\xff"}',
    b'{"id": "\xc3\x28"}',
    b"\x00",
    b"{",
    b"}",
    b"[",
    b"{}",
    b"[]",
    b"null",
    b"true",
    b"0",
    b"-1",
    b"1e999",
    b"9" * 5_000,
    b"NaN",
    b"Infinity",
    b'"text"',
    b"{'single': 1}",
    b'{"a": 1,}',
    b'{"a": 1}{"b": 2}',
    b"[" * DEEP,
    b"[" * DEEP + b"]" * DEEP,
    b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    b'{"arguments": ' + b"[" * DEEP + b"]" * DEEP + b"}",
    b'{"status": 7}',
    b'{"status": null}',
    b'{"status": "Nonsense"}',
    b'{"status": ["Accepted"]}',
    b'{"online": "yes"}',
    b'{"online": true, "gateway": 1, "connection": 2, "version": 3, "since": 4}',
    b'{"online": true, "gateway": "g", "connection": "c", "version": "1.6", "since": "yesterday"}',
    b'{"online": true, "gateway": "g", "connection": "c", "version": "1.6", "since": "99999-01-01T00:00:00Z"}',
    b'{"id": 5, "command": "station.reset"}',
    b'{"id": "", "command": ""}',
    b'{"id": "x", "command": "station.reset", "arguments": 5}',
    b'{"id": "x", "command": "station.reset", "deadlineSeconds": -1}',
    b'{"id": "x", "command": "station.reset", "deadlineSeconds": 1e308}',
    b'{"type": "RunCommand"}',
    b'{"type": "run_command", "station": 1}',
    b'{"commandId": {"a": []}}',
    b'{"station": {"id": 7}}',
    b'{"station": null, "receivedAt": "now"}',
    b'{"at": 1, "connections": "many"}',
    b'{"time_zone": 5, "groups": {}}',
    b"\xef\xbb\xbf{}",
    b"x" * 100_000,
)

HEADERS: Final[tuple[list[tuple[str, bytes]], ...]] = (
    [],
    [("ce_type", b"\xff\xfe")],
    [("ce_type", b"ocpp.transaction.started"), ("ce_id", b"\xff"), ("ce_sequence", b"many")],
    [("ce_type", b"ocpp.command.completed"), ("ce_id", b"\xff\xff")],
    [("ce_type", b"ocpp.nothing.known"), ("kafka_correlationId", b"\x00" * 3)],
)


def poison(topic: str, key: str) -> Iterator[Record]:
    """Each value with headers in turn."""
    for number, value in enumerate(VALUES):
        yield Record(topic, key, value, HEADERS[number % len(HEADERS)])

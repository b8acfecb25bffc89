"""Fifty records for every topic: no JSON, no UTF-8, deep, and also valid ones with extreme times, numbers and headers."""

import json
from itertools import cycle

from contract.decisions import CORRELATION_ID
from contract.deliveries import FOR_GATEWAY
from contract.routes import AFTER
from contract.topics import EVERY_TOPIC, Topic
from eventlog.port import Headers, Record

_DEEP = b"[" * 150_000 + b"]" * 150_000
_EXTREME = {
    "id": "x" * 100_000,
    "at": "0001-01-01T00:00:00+14:00",
    "since": "0001-01-01T00:00:00+14:00",
    "expiresAt": "9999-12-31T23:59:59-14:00",
    "receivedAt": "9999-12-31T23:59:59-14:00",
    "cacheSeconds": 2**63,
    "connections": 2**63,
    "status": "Accepted",
    "station": {"id": "FINE"},
    "online": False,
    "gateway": "",
    "connection": "",
    "version": "",
    "command": "station.reset",
    "deadlineSeconds": 1e300,
}


def _nested(levels: int) -> bytes:
    return b'{"id":"deep","command":"data.transfer","arguments":' + b"[" * levels + b"]" * levels + b"}"


VALUES: tuple[bytes | None, ...] = (
    None,
    b"",
    b" ",
    b"\x00",
    b"\xff",
    b"\xff\xfe{\x00}\x00",
    b"\xef\xbb\xbf{}",
    b'"\xff"',
    b'{"a":"\xff"}',
    b'{"id":"x","command":"\xc3\x28"}',
    b'{"status":"Accepted","x":"\xed\xa0\x80"}',
    b'{"status":"\xff"}',
    b'{"\xff":1}',
    b"{",
    b"}",
    b"[]",
    b"{}",
    b"null",
    b"true",
    b"NaN",
    b"-Infinity",
    b"1e999",
    b"1" * 30,
    b"1" * 5_000,
    b"1" * 200_000,
    b'{"cacheSeconds":' + b"9" * 5_000 + b',"status":"Accepted"}',
    b'"text"',
    b'"\\ud800"',
    b'"\\udc00 "',
    b'{"a":"\\u0000"}',
    b"{'a':1}",
    b'{"a":1,}',
    b'{"a":1}{"a":2}',
    b'{"id":null,"command":null,"status":null,"online":null,"station":null}',
    b'{"id":7,"command":7,"status":7,"online":7,"station":7}',
    b'{"id":"","command":"","status":"","online":"","station":""}',
    b'{"id":{},"command":[],"status":{},"online":[],"station":[]}',
    (
        b'{"kind":"run","station":"FINE","connection":"c","request":[],"askedAt":"2026-01-01T00:00:00Z",'
        b'"deadlineAt":"2026-01-01T00:00:00Z"}'
    ),
    (
        b'{"kind":"run","station":"FINE","connection":"c","request":{"id":7},"askedAt":"0001-01-01T00:00:00+14:00",'
        b'"deadlineAt":"9999-12-31T23:59:59-14:00"}'
    ),
    (
        b'{"kind":"carried","command":"c","after":0,"readTo":0,"offset":-1,"request":"\\u0000","askedAt":'
        b'"0001-01-01T00:00:00+14:00"}'
    ),
    b'{"kind":"settled","commands":[""],"offsets":[-1,9223372036854775807]}',
    b'{"kind":"nobody"}',
    json.dumps(_EXTREME).encode(),
    _nested(150),
    _nested(300),
    _nested(900),
    _DEEP,
    b'{"a":' * 100_000,
    b"<xml/>",
    b"PK\x03\x04" + bytes(range(256)),
)
"""Values alone; `records` gives them headers, and None is a tombstone."""

_HEADERS: tuple[Headers, ...] = (
    [],
    [("ce_type", b"ocpp.transaction.started"), ("ce_id", b"\xff"), ("ce_sequence", b"9" * 5_000)],
    [("ce_type", b"\xff\xfe")],
    [("ce_type", b"ocpp.command.completed"), ("ce_id", b""), (AFTER, b"none")],
    [("ce_type", b"ocpp.station.booted"), ("ce_id", b"x"), ("ce_sequence", b"1" * 30)],
    [("", b""), ("content-type", b"\xff"), (CORRELATION_ID, b"\xff" * 16)],
    [("ce_type", b"ocpp.nobody.knows"), ("ce_id", b"x"), ("ce_connection", b"\xff")],
)

READ_TOPICS: tuple[Topic, ...] = tuple(EVERY_TOPIC.values())
"""All of them: `tail` reads every topic."""


def records(topic: Topic, key: str, gateway: str = "", partition: int | None = None) -> list[Record]:
    """The fifty, each addressed to the key, the gateway, or the partition, if one is named."""
    to = [(FOR_GATEWAY, gateway.encode())]
    made = zip(VALUES, cycle(_HEADERS), strict=False)
    return [Record(topic.name, key, value, [*headers, *to], partition) for value, headers in made]

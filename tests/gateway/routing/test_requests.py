"""What a record of a command asks for, and what is no command."""

import msgspec
import pytest

from contract.results import CommandRequest
from contract.secrets import DEEPEST
from eventlog.port import Place, Record, Stored
from gateway.routing import requests, words
from gateway.routing.requests import MAX_BYTES, Named, Unreadable


def test_a_request() -> None:
    read = requests.read(
        b'{"id": "1", "command": "station.reset", "arguments": {"type": "OnIdle"}, "more": 1}'
    )
    assert read == CommandRequest(id="1", command="station.reset", arguments={"type": "OnIdle"})


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"",
        b"\xff\xfe",
        b"{",
        b"[]",
        b"null",
        b"{}",
        b'{"id": 7}',
        b'{"id": ""}',
        b'{"id": "' + b"x" * 201 + b'"}',
        b'{"id": "1", "deadlineSeconds": NaN}',
        b'{"id": "\xff"}',
        b'{"id": "\\ud800"}',
        b"[" * 100_000,
        b'{"id": "1", "arguments": ' + b"[" * 5_000 + b"]" * 5_000 + b"}",
        b'{"id": "1", "more": ' + b'{"a":' * 5_000 + b"1" + b"}" * 5_000 + b"}",
        b"x" * (MAX_BYTES + 1),
    ],
)
def test_nobody_can_be_answered(value: bytes | None) -> None:
    read = requests.read(value)
    assert isinstance(read, Unreadable)
    assert read.why


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"command": 7}, "command"),
        ({"deadlineSeconds": "soon"}, "deadlineSeconds"),
        ({"deadlineSeconds": 0}, "deadlineSeconds"),
        ({"deadlineSeconds": -1}, "deadlineSeconds"),
        ({"deadlineSeconds": 86_401}, "deadlineSeconds"),
        ({"whenOffline": "try"}, "whenOffline"),
        ({"arguments": "x" * MAX_BYTES}, "bytes"),
    ],
)
def test_whose_it_is_can_be_read(fields: dict[str, object], why: str) -> None:
    read = requests.read(msgspec.json.encode({"id": "1", "correlationId": "c", **fields}))
    assert isinstance(read, Named)
    assert (read.id, read.correlation_id) == ("1", "c")
    assert why in read.why


@pytest.mark.parametrize("field", ["arguments", "payload", "more"])
def test_what_is_nested_deeper_than_any_message_is_refused(field: str) -> None:
    def nested(levels: int) -> bytes:
        return b'{"id": "1", "%s": ' % field.encode() + b"[" * (levels - 1) + b"]" * (levels - 1) + b"}"

    assert isinstance(requests.read(nested(DEEPEST)), CommandRequest)
    for levels in (DEEPEST + 1, 600):
        read = requests.read(nested(levels))
        assert isinstance(read, Named)
        assert "nested" in read.why


def test_what_is_wide_is_not_deep() -> None:
    value = msgspec.json.encode({"id": "1", "arguments": {"variables": [{"component": "{["}] * 1_000}})
    assert isinstance(requests.read(value), CommandRequest)


def test_the_deadline_runs_from_the_first_record() -> None:
    def stored(*headers: tuple[str, bytes], at_ms: int = 5_000) -> Stored:
        return Stored(Record("t", "S", b"", headers), Place("t", 0, 0), at_ms)

    assert requests.asked_ms(stored()) == 5_000
    assert requests.asked_ms(stored(("ocpp-asked-at", b"4000"))) == 4_000
    assert requests.asked_ms(stored(("ocpp-asked-at", b"yesterday"))) == 5_000
    for text in (b"9" * 15, b"9" * 16, b"9" * 10_000):
        words.moment(requests.asked_ms(stored(("ocpp-asked-at", text))))
    words.moment(requests.asked_ms(stored(at_ms=2**62)))

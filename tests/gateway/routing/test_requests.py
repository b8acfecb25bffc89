"""What a record of a command asks for, and what is no command."""

import msgspec
import pytest

from contract.results import CommandRequest
from eventlog.port import Place, Record, Stored
from gateway.routing import requests
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


def test_the_deadline_runs_from_the_first_record() -> None:
    def stored(*headers: tuple[str, bytes]) -> Stored:
        return Stored(Record("t", "S", b"", headers), Place("t", 0, 0), 5_000)

    assert requests.asked_ms(stored()) == 5_000
    assert requests.asked_ms(stored(("ocpp-asked-at", b"4000"))) == 4_000
    assert requests.asked_ms(stored(("ocpp-asked-at", b"yesterday"))) == 5_000

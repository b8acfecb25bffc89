"""One reader of foreign values: each fault is one error, and times that UTC cannot express are cut."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from contract.records import DEEPEST, EARLIEST, LATEST, RecordReader, UnreadableRecord, in_utc, is_deeper


class Named(msgspec.Struct):
    id: str


@pytest.mark.parametrize(
    "value",
    [None, b"", b"\xff", b'{"id":"a","skipped":"\xff"}', b"[" * 100_000, b'{"id":1}', b'{"id":"\\udc00"}'],
)
def test_every_fault_is_one_error(value: bytes | None) -> None:
    with pytest.raises(UnreadableRecord):
        RecordReader(Named).read(value)


def test_a_value_is_as_deep_as_it_may_be_and_no_deeper() -> None:
    read = RecordReader[Any](Any).read
    assert read(b"[" * DEEPEST + b"]" * DEEPEST)
    with pytest.raises(UnreadableRecord, match="nested deeper"):
        read(b"[" * (DEEPEST + 1) + b"]" * (DEEPEST + 1))


@pytest.mark.parametrize("value", [b'["[[[", "\\"[[[", "\\\\"]', b"[[],[],[],{}]", b'{"[":"{"}'])
def test_brackets_of_texts_and_neighbours_are_no_depth(value: bytes) -> None:
    assert msgspec.json.decode(value)
    assert not is_deeper(value, 2)


def test_a_moment_that_utc_cannot_express_is_the_nearest() -> None:
    assert in_utc(datetime.fromisoformat("0001-01-01T00:00:00+14:00")) == EARLIEST
    assert in_utc(datetime.fromisoformat("9999-12-31T23:59:59-14:00")) == LATEST
    assert in_utc(datetime.fromisoformat("2026-01-01T02:00:00+02:00")) == datetime(2026, 1, 1, tzinfo=UTC)

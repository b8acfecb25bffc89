"""How a program reads a record that somebody else wrote: its value by a type, its headers as text, its times. Pure.

Anybody who may write to a topic may write anything: no JSON, no UTF-8, JSON that nests ten thousand deep, a null
header. msgspec raises a fault of its own for each. Here all of them are one, so that no caller forgets one. msgspec
also skips an unknown field without a look at its text, and decodes a value so deep that it cannot be encoded again;
both are faults here.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

import msgspec

Kind = TypeVar("Kind")

DEEPEST = 200
"""Levels of arrays and objects in a value. Far below Python's limit of calls: programs encode the value again."""

EARLIEST = datetime.min.replace(tzinfo=UTC)
LATEST = datetime.max.replace(tzinfo=UTC)

_ESCAPED = re.compile(rb"\\.", re.DOTALL)
_TEXT = re.compile(rb'"[^"]*"')
_OTHERS = bytes(byte for byte in range(256) if byte not in b"[]{}")

FAULTS = (msgspec.MsgspecError, UnicodeError, RecursionError, OverflowError, ValueError)
"""What decoding raises for a value that cannot be read."""


class UnreadableRecord(ValueError):
    """The value is not what the topic says it is. Says what is wrong with it."""


class RecordReader(Generic[Kind]):
    """Reads values of one type."""

    __slots__ = ("_decode", "_deepest")

    def __init__(self, kind: type[Kind], *, deepest: int | None = DEEPEST) -> None:
        """`deepest` is how many levels a value may have; None where `kind` keeps no field of any type."""
        self._deepest = deepest
        self._decode = msgspec.json.Decoder(kind).decode

    def read(self, value: bytes | None) -> Kind:
        """The value. Raises UnreadableRecord, also where there is none."""
        if value is None:
            raise UnreadableRecord("the record has no value")
        try:
            if not value.isascii():
                value.decode()
            read = self._decode(value)
        except FAULTS as fault:
            raise UnreadableRecord(f"{type(fault).__name__}: {fault}") from fault
        if self._deepest is not None and is_deeper(value, self._deepest):
            raise UnreadableRecord(f"the value is nested deeper than {self._deepest}")
        return read


_any: RecordReader[Any] = RecordReader(Any)


def read_json(value: bytes | None) -> Any:
    """The value as plain JSON. Raises UnreadableRecord."""
    return _any.read(value)


def header_text(headers: Iterable[tuple[str, bytes | None]], name: str) -> str | None:
    """The last header of this name as text, bytes that are no UTF-8 replaced; None where there is none, or a null."""
    found: bytes | None = None
    for known, value in headers:
        if known == name:
            found = value
    return None if found is None else found.decode(errors="replace")


def is_deeper(value: bytes, levels: int) -> bool:
    """Whether this JSON, which is valid, has more than so many levels of arrays and objects."""
    if value.count(b"[") + value.count(b"{") <= levels:
        return False
    if b"\\" in value:
        value = _ESCAPED.sub(b"", value)
    depth = 0
    for bracket in _TEXT.sub(b"", value).translate(None, _OTHERS):
        depth += 1 if bracket in b"[{" else -1
        if depth > levels:
            return True
    return False


def in_utc(moment: datetime) -> datetime:
    """The moment in UTC. One of the first or last hours of the calendar, which UTC cannot express, is the nearest."""
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return LATEST if moment.year > 1 else EARLIEST

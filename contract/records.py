"""How a program reads a record that somebody else wrote: its value by a type, its headers as text. Pure.

Anybody who may write to a topic may write anything: no JSON, no UTF-8, JSON that nests ten thousand deep, a null
header. msgspec raises a fault of its own for each. Here all of them are one, so that no caller forgets one.
"""

from collections.abc import Iterable
from typing import Any, Generic, TypeVar

import msgspec

Kind = TypeVar("Kind")

FAULTS = (msgspec.MsgspecError, UnicodeError, RecursionError, OverflowError, ValueError)
"""What decoding raises for a value that cannot be read."""


class UnreadableRecord(ValueError):
    """The value is not what the topic says it is. Says what is wrong with it."""


class RecordReader(Generic[Kind]):
    """Reads values of one type."""

    __slots__ = ("_decode",)

    def __init__(self, kind: type[Kind]) -> None:
        self._decode = msgspec.json.Decoder(kind).decode

    def read(self, value: bytes | None) -> Kind:
        """The value. Raises UnreadableRecord, also where there is none."""
        if value is None:
            raise UnreadableRecord("the record has no value")
        try:
            return self._decode(value)
        except FAULTS as fault:
            raise UnreadableRecord(f"{type(fault).__name__}: {fault}") from fault


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

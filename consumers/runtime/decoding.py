"""From records to messages: events by their CloudEvents type, the values of other topics by a table."""

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from consumers.runtime.consumer import Message
from contract.presence import Presence
from contract.records import RecordReader, UnreadableRecord
from contract.registry import RegisteredStation
from contract.results import CommandRequest
from contract.topics import COMMANDS, PRESENCE, STATIONS_REGISTRY
from contract.vocabulary import EVENTS
from eventlog.port import Stored

VALUES: dict[str, type[msgspec.Struct]] = {
    STATIONS_REGISTRY.name: RegisteredStation,
    PRESENCE.name: Presence,
    COMMANDS.name: CommandRequest,
}
"""What stands in the topics that hold no events."""

EVENT_TYPE = "ocpp."
SEQUENCE_DIGITS = 18

Decode = Callable[[bytes], Any]


class Read(NamedTuple):
    """A record with what it says: a message; or nothing for us, or `why` nobody can read it."""

    stored: Stored
    message: Message | None
    why: str | None = None


def read(stored: Stored) -> Read:
    """What the record says. An event of a type that this version does not know yet says nothing to us."""
    try:
        return Read(stored, _message(stored))
    except _UnknownType:
        return Read(stored, None)
    except (KeyError, ValueError) as fault:  # a header is missing, or no UTF-8; the value cannot be read
        return Read(stored, None, _why(fault))


def _why(fault: Exception) -> str:
    return str(fault) if isinstance(fault, UnreadableRecord) else f"{type(fault).__name__}: {fault}"


class _UnknownType(Exception):
    """The contract grows: a consumer of an older version meets types that it was never meant to read."""


_values: dict[str, Decode] = {name: RecordReader(kind).read for name, kind in VALUES.items()}
_events: dict[bytes, Decode] = {
    f"{EVENT_TYPE}{name}".encode(): RecordReader(kind).read for name, kind in EVENTS.items()
}


def _message(stored: Stored) -> Message:
    record = stored.record
    appended_at = stored.appended_at
    decode = _values.get(record.topic)
    if decode is not None:
        value = None if record.value is None else decode(record.value)
        return Message(value, record.key, stored.place, appended_at)
    headers = {name: value for name, value in record.headers if value is not None}
    kind = headers["ce_type"]
    decode = _events.get(kind)
    if decode is None:
        if kind.startswith(EVENT_TYPE.encode()):
            raise _UnknownType
        raise ValueError(f"ce_type {kind!r} is no event of ours")
    if record.value is None:
        raise ValueError("an event without data")
    sequence = headers.get("ce_sequence")
    connection = headers.get("ce_connection")
    return Message(
        decode(record.value),
        record.key,
        stored.place,
        appended_at,
        headers["ce_id"].decode(),
        None if connection is None else connection.decode(),
        None if sequence is None else _sequence(sequence),
    )


def _sequence(text: bytes) -> int:
    """The number, which a database must be able to hold. Raises ValueError."""
    if not text.isdigit() or len(text) > SEQUENCE_DIGITS:
        raise ValueError(f"ce_sequence {text[:40]!r} is no number of up to {SEQUENCE_DIGITS} digits")
    return int(text)

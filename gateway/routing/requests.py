"""Reads the records of `ocpp.commands.v1`, which anybody may write: a request, or why it is none. Pure."""

from typing import NamedTuple

import msgspec

from contract.records import RecordReader, UnreadableRecord, is_deeper
from contract.results import CommandRequest
from contract.secrets import DEEPEST
from eventlog.port import LATEST_MS, Stored

ASKED_AT = "ocpp-asked-at"
"""Header of a command that was moved to its station's partition: the time (ms since 1970) of its first record."""
MAX_BYTES = 256 * 1024
"""More than any station takes in one message; what is larger is not kept in memory while it is open."""
MAX_ID_CHARACTERS = 200
MAX_DEADLINE_SECONDS = 86_400.0

_read_request = RecordReader(CommandRequest, deepest=None).read


class _Named(msgspec.Struct):
    """As much of a broken request as is needed to answer it."""

    id: str
    correlation_id: str | None = msgspec.field(default=None, name="correlationId")


_read_named = RecordReader(_Named, deepest=None).read


class Named(NamedTuple):
    """A request that is wrong, but says whose it is."""

    id: str
    correlation_id: str | None
    why: str


class Unreadable(NamedTuple):
    """Nobody can be answered: there is no id."""

    why: str


def read(value: bytes | None) -> CommandRequest | Named | Unreadable:
    """What a command's record asks for."""
    if value is None:
        return Unreadable("the record has no value")
    if len(value) > MAX_BYTES:
        return _judge(value, f"the command has {len(value)} bytes, more than {MAX_BYTES}")
    try:
        request = _read_request(value)
        if is_deeper(value, DEEPEST):
            return _judge(value, f"the command is nested deeper than {DEEPEST}")
    except UnreadableRecord as fault:
        return _judge(value, str(fault))
    if not 0 < len(request.id) <= MAX_ID_CHARACTERS:
        return Unreadable(f"the id has {len(request.id)} characters, not 1 to {MAX_ID_CHARACTERS}")
    if not 0 < request.deadline_seconds <= MAX_DEADLINE_SECONDS:
        why = f"deadlineSeconds is {request.deadline_seconds:g}, not in 0 to {MAX_DEADLINE_SECONDS:g}"
        return Named(request.id, request.correlation_id, why)
    return request


def asked_ms(stored: Stored) -> int:
    """When the command was asked for: its record's time, or its first record's where it was moved.

    Both are whatever the record's writer said.
    """
    for name, text in stored.record.headers:
        if name == ASKED_AT and text.isdigit() and len(text) <= len(str(LATEST_MS)):
            return min(int(text), LATEST_MS)
    return min(stored.appended_ms, LATEST_MS)


def _judge(value: bytes, why: str) -> Named | Unreadable:
    try:
        named = _read_named(value)
    except UnreadableRecord:
        return Unreadable(why)
    if 0 < len(named.id) <= MAX_ID_CHARACTERS:
        return Named(named.id, named.correlation_id, why)
    return Unreadable(why)

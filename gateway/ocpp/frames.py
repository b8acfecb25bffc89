"""The frame grammar of OCPP-J: JSON arrays that begin with a message type, read and written.

Source: OCPP 1.6J §4.2, OCPP 2.0.1 Part 4 §4.2, OCPP 2.1 Part 4 §4.2. A message id may be any string
or number up to 255 characters and is echoed as it came, to the last digit.
"""

import re
from typing import Any, NamedTuple

import msgspec
import orjson

CALL, CALLRESULT, CALLERROR, CALLRESULTERROR, SEND = 2, 3, 4, 5, 6
MAX_ID_LENGTH = 255
UNREADABLE_ID = "-1"
MAX_DEPTH = 254
"""Of arrays and objects in each other, the frame's own included. OCPP's go eight deep; who writes or reads
such JSON later gives up at some hundreds, by an exception."""
_SHORTEST_TOO_DEEP = 2 * MAX_DEPTH


class NumberId(str):
    """A message id that came as a JSON number, with its exact characters."""

    __slots__ = ()


class Call(NamedTuple):
    """A request; or with `wants_answer` False a SEND (2.1), which nobody answers."""

    id: str
    action: str
    payload: Any
    wants_answer: bool = True


class CallResult(NamedTuple):
    """The answer to a request."""

    id: str
    payload: Any


class CallError(NamedTuple):
    """The refusal of a request; or with `of_result` True the refusal of an answer (2.1)."""

    id: str
    code: str
    description: str
    details: Any
    of_result: bool = False


class Unreadable(NamedTuple):
    """No frame: `kind` is one of json, framing, message_type. `code` is the error that says so.

    `id` is the message id where one could be read, `answerable` False where an answer would be
    an answer to an answer.
    """

    kind: str
    code: str
    why: str
    id: str | None = None
    answerable: bool = True


Frame = Call | CallResult | CallError | Unreadable

# Not orjson's: its buffer of 4 KB would be held by every answer that waits to be sent.
_encode = msgspec.json.Encoder().encode

# Enough of a broken frame to tell its sender which CALL it was.
_NUMBER = rb"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?"
_BROKEN_CALL = re.compile(rb'\s*\[\s*2\s*,\s*("(?:[^"\\]|\\.){0,1530}"|' + _NUMBER + rb")\s*,")
_ID_NUMBER = re.compile(rb"\s*\[\s*\d+\s*,\s*(" + _NUMBER + rb")")
_STRAY = b"\xef\xbb\xbf\x00 \t\r\n"


def parse(data: bytes, *, newer_frames: bool) -> Frame:
    """One frame. Never raises: what cannot be read is `Unreadable`."""
    try:
        frame = orjson.loads(data)
    except orjson.JSONDecodeError as fault:
        return _parse_stray(data, str(fault), newer_frames=newer_frames)
    # `true` and `2.0` equal 1 and 2 in a pattern: a message type is an integer and nothing else.
    if type(frame) is not list or not frame or type(frame[0]) is not int:
        return Unreadable("framing", "RpcFrameworkError", "not an array that begins with a message type")
    if len(data) >= _SHORTEST_TOO_DEEP and _is_too_deep(data, frame):
        return _broken(data, f"nested deeper than {MAX_DEPTH}")
    if (
        frame[0] == CALL
        and len(frame) == 4
        and type(frame[1]) is type(frame[2]) is str
        and len(frame[1]) <= MAX_ID_LENGTH
    ):
        # Nearly every frame of a station: no need to try the patterns.
        return Call(frame[1], frame[2], frame[3])
    if len(frame) > 1 and type(frame[1]) is not str:
        frame[1] = _number_id(frame[1], data)
    return _by_grammar(frame, newer_frames=newer_frames)


def _by_grammar(frame: list[Any], *, newer_frames: bool) -> Frame:  # noqa: C901, PLR0912 - a grammar is one list of patterns
    match frame:
        case [kind, None, *_]:
            return Unreadable("framing", "RpcFrameworkError", "unusable message id", answerable=kind == CALL)
        case [kind, str(text), *_] if len(text) > MAX_ID_LENGTH:
            why = "message id of more than 255 characters"
            return Unreadable("framing", "RpcFrameworkError", why, answerable=kind == CALL)
        case [2, id_, str(action), payload]:
            return Call(id_, action, payload)
        case [2, id_, str(action)]:
            return Call(id_, action, None)
        case [3, id_, payload]:
            return CallResult(id_, payload)
        case [4, id_, str(code), *rest]:
            return CallError(id_, code, *_described(rest))
        case [5, id_, str(code), *rest] if newer_frames:
            return CallError(id_, code, *_described(rest), of_result=True)
        case [6, id_, str(action), payload] if newer_frames:
            return Call(id_, action, payload, wants_answer=False)
        case [2, id_, *_]:
            return Unreadable("framing", "FormatViolation", "a CALL is [2, id, action, payload]", id_)
        case [3 | 4, id_, *_]:
            return Unreadable(
                "framing", "RpcFrameworkError", "an answer of the wrong shape", id_, answerable=False
            )
        case [5 | 6, id_, *_] if newer_frames:
            return Unreadable(
                "framing", "RpcFrameworkError", "a frame of the wrong shape", id_, answerable=False
            )
        case [kind, id_, *_]:
            return Unreadable("message_type", "MessageTypeNotSupported", f"message type {kind}", id_)
        case _:
            return Unreadable("framing", "RpcFrameworkError", "no message id")


def call(id_: str, action: str, payload: Any) -> bytes:
    """A CALL of ours."""
    return _encode([CALL, id_, action, payload])


def result(id_: str, payload: Any) -> bytes:
    """A CALLRESULT."""
    return _encode([CALLRESULT, _written(id_), payload])


def error(id_: str, code: str, description: str, details: Any = None) -> bytes:
    """A CALLERROR. Descriptions hold at most 255 characters (OCPP 2.0.1 Part 4 §4.2.3)."""
    return _encode([CALLERROR, _written(id_), code, description[:255], details or {}])


def result_error(id_: str, code: str, description: str) -> bytes:
    """A CALLRESULTERROR (2.1): the station's answer to our CALL could not be understood."""
    return _encode([CALLRESULTERROR, _written(id_), code, description[:255], {}])


def _parse_stray(data: bytes, fault: str, *, newer_frames: bool) -> Frame:
    # Some stations put a byte order mark before or a NUL behind their frames (reference §4, quirk 26).
    stripped = data.strip(_STRAY)
    if stripped and len(stripped) < len(data):
        return parse(stripped, newer_frames=newer_frames)
    return _broken(data, fault)


def _broken(data: bytes, fault: str) -> Unreadable:
    """What is no JSON, or too deep; with the id of the CALL where its beginning can be read."""
    found = _BROKEN_CALL.match(data)
    if found:
        try:
            id_ = orjson.loads(found[1])
        except orjson.JSONDecodeError:
            return Unreadable("json", "RpcFrameworkError", fault)
        id_ = id_ if type(id_) is str else NumberId(found[1].decode())
        if len(id_) <= MAX_ID_LENGTH:
            return Unreadable("json", "FormatViolation", fault, id_)
    return Unreadable("json", "RpcFrameworkError", fault)


def _is_too_deep(data: bytes, frame: list[Any]) -> bool:
    if data.count(b"[") + data.count(b"{") <= MAX_DEPTH:
        return False
    try:
        orjson.dumps(frame)  # has this very limit, and measures the depth faster than we could
    except orjson.JSONEncodeError:
        return True
    return False


def _number_id(value: Any, data: bytes) -> str | None:
    if type(value) not in (int, float):
        return None
    # orjson makes a float of an integer beyond 64 bits; the digits as they came are in the frame.
    found = _ID_NUMBER.match(data)
    return NumberId(found[1].decode()) if found and len(found[1]) <= MAX_ID_LENGTH else None


def _written(id_: str) -> str | msgspec.Raw:
    return msgspec.Raw(id_.encode()) if type(id_) is NumberId else id_


def _described(rest: list[Any]) -> tuple[str, Any]:
    description = rest[0] if rest and isinstance(rest[0], str) else ""
    return description, rest[1] if len(rest) > 1 else None

"""The frame grammar: what is a frame, what is none, and that an id comes back as it came."""

import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.ocpp import frames
from gateway.ocpp.frames import Call, CallError, CallResult, Unreadable


def parse(text: str | bytes, *, newer_frames: bool = False) -> frames.Frame:
    return frames.parse(text.encode() if isinstance(text, str) else text, newer_frames=newer_frames)


READ = [
    ('[2,"1","Heartbeat",{}]', Call("1", "Heartbeat", {})),
    ('[2,"","Heartbeat",{}]', Call("", "Heartbeat", {})),
    ('[2,"1","Heartbeat"]', Call("1", "Heartbeat", None)),
    ('[2,"1","Heartbeat",null]', Call("1", "Heartbeat", None)),
    ('[2,"1","Heartbeat",[]]', Call("1", "Heartbeat", [])),
    (' \t\r\n[ 2 , "1" , "Heartbeat" , {} ]\n', Call("1", "Heartbeat", {})),
    ('[2,"1","X",{"a":1,"a":2}]', Call("1", "X", {"a": 2})),
    ('[3,"1",{}]', CallResult("1", {})),
    ('[3,"1",null]', CallResult("1", None)),
    ('[4,"1","GenericError","why",{"a":1}]', CallError("1", "GenericError", "why", {"a": 1})),
    ('[4,"1","GenericError","why"]', CallError("1", "GenericError", "why", None)),
    ('[4,"1","GenericError"]', CallError("1", "GenericError", "", None)),
    ('[4,"1","GenericError",null,{}]', CallError("1", "GenericError", "", {})),
]


@pytest.mark.parametrize(("text", "frame"), READ)
def test_what_is_a_frame(text: str, frame: frames.Frame) -> None:
    assert parse(text) == frame


@pytest.mark.parametrize(
    ("text", "frame"),
    [
        ('[5,"1","FormatViolation","why",{}]', CallError("1", "FormatViolation", "why", {}, of_result=True)),
        (
            '[6,"1","NotifyPeriodicEventStream",{}]',
            Call("1", "NotifyPeriodicEventStream", {}, wants_answer=False),
        ),
    ],
)
def test_types_5_and_6_are_frames_of_2_1_only(text: str, frame: frames.Frame) -> None:
    assert parse(text, newer_frames=True) == frame
    older = parse(text)
    assert isinstance(older, Unreadable)
    assert (older.kind, older.code, older.id) == ("message_type", "MessageTypeNotSupported", "1")


UNREADABLE = [
    # text, kind, code, id, answerable
    ("", "json", "RpcFrameworkError", None, True),
    ("\x00", "json", "RpcFrameworkError", None, True),
    ("hello", "json", "RpcFrameworkError", None, True),
    ("[,", "json", "RpcFrameworkError", None, True),
    ("NaN", "json", "RpcFrameworkError", None, True),
    ("{}", "framing", "RpcFrameworkError", None, True),
    ("null", "framing", "RpcFrameworkError", None, True),
    ("2", "framing", "RpcFrameworkError", None, True),
    ("[]", "framing", "RpcFrameworkError", None, True),
    ("[2]", "framing", "RpcFrameworkError", None, True),
    ("[[2]]", "framing", "RpcFrameworkError", None, True),
    ('[true,"1","Heartbeat",{}]', "framing", "RpcFrameworkError", None, True),
    ('[2.0,"1","Heartbeat",{}]', "framing", "RpcFrameworkError", None, True),
    ('["2","1","Heartbeat",{}]', "framing", "RpcFrameworkError", None, True),
    ('[2,null,"Heartbeat",{}]', "framing", "RpcFrameworkError", None, True),
    ('[2,true,"Heartbeat",{}]', "framing", "RpcFrameworkError", None, True),
    ('[2,{},"Heartbeat",{}]', "framing", "RpcFrameworkError", None, True),
    ("[3,null,{}]", "framing", "RpcFrameworkError", None, False),
    ('[2,"1",7,{}]', "framing", "FormatViolation", "1", True),
    ('[2,"1","Heartbeat",{},1]', "framing", "FormatViolation", "1", True),
    ('[2,"1"]', "framing", "FormatViolation", "1", True),
    ('[3,"1"]', "framing", "RpcFrameworkError", "1", False),
    ('[3,"1",{},{}]', "framing", "RpcFrameworkError", "1", False),
    ('[4,"1"]', "framing", "RpcFrameworkError", "1", False),
    ('[4,"1",404]', "framing", "RpcFrameworkError", "1", False),
    ('[0,"1","Heartbeat",{}]', "message_type", "MessageTypeNotSupported", "1", True),
    ('[-2,"1","Heartbeat",{}]', "message_type", "MessageTypeNotSupported", "1", True),
    ('[18446744073709551615,"1",{}]', "message_type", "MessageTypeNotSupported", "1", True),
    ('[2,"1","X",{"a":NaN}]', "json", "FormatViolation", "1", True),
    ('[2,"1","X",{"a":-Infinity}]', "json", "FormatViolation", "1", True),
    ('[2,"1","X",{"a":1e999}]', "json", "FormatViolation", "1", True),
    ('[2,"1","X",{"a":' + "9" * 400 + "}]", "json", "FormatViolation", "1", True),
    ('[2,"1","X",{"a":"\\ud800"}]', "json", "FormatViolation", "1", True),
    ('[2,"\\ud800","X",{}]', "json", "RpcFrameworkError", None, True),
    ('[2,"1","X",{', "json", "FormatViolation", "1", True),
    ("[2,17,", "json", "FormatViolation", "17", True),
    ("[3,17,", "json", "RpcFrameworkError", None, True),
]


@pytest.mark.parametrize(("text", "kind", "code", "id_", "answerable"), UNREADABLE)
def test_what_is_no_frame(text: str, kind: str, code: str, id_: str | None, answerable: bool) -> None:  # noqa: FBT001 - a table's column
    frame = parse(text)
    assert isinstance(frame, Unreadable)
    assert (frame.kind, frame.code, frame.id, frame.answerable) == (kind, code, id_, answerable)


def test_bad_utf8_is_no_json_but_its_sender_is_told_which_call() -> None:
    frame = parse(b'[2,"1","X",{"a":"\xff\xfe"}]')
    assert isinstance(frame, Unreadable)
    assert (frame.kind, frame.id) == ("json", "1")


@pytest.mark.parametrize("stray", [b"\xef\xbb\xbf%s", b"%s\x00", b"\xef\xbb\xbf %s\x00\x00\r\n"])
def test_marks_around_a_frame_do_no_harm(stray: bytes) -> None:
    assert parse(stray % b'[2,"1","Heartbeat",{}]') == Call("1", "Heartbeat", {})
    numbered = parse(stray % b'[2,17,"Heartbeat",{}]')
    assert isinstance(numbered, Call)
    assert numbered.id == "17"


DEEP = frames.MAX_DEPTH - 1
"""Of a payload, which stands in the frame's array."""


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_a_payload_may_be_nested_so_deep_and_no_deeper(opening: str, closing: str) -> None:
    """Beyond it, what reads and writes the payload later (validator, encoder) would give up by exceptions."""

    def nested(depth: int) -> str:
        return '[2,"1","X",' + opening * depth + "1" + closing * depth + "]"

    assert isinstance(parse(nested(DEEP)), Call)
    for depth in (DEEP + 1, 1000, 20_000):
        frame = parse(nested(depth))
        assert isinstance(frame, Unreadable)
        assert (frame.code, frame.id) == ("FormatViolation", "1")


def test_a_wide_payload_is_not_a_deep_one() -> None:
    wide = json.dumps([2, "1", "X", {"list": [{"a": []} for _ in range(1000)]}])
    assert isinstance(parse(wide), Call)


def test_brackets_in_a_text_are_not_depth() -> None:
    assert isinstance(parse(json.dumps([2, "1", "X", {"csr": "[{" * 500}])), Call)


NUMBERS = [
    "0",
    "-1",
    "17",
    "1.50",
    "1e3",
    "1E+3",
    "-0.0",
    "12345678901234567890",
    "123456789012345678901234567890.123456789",
    "9" * 255,
]


@pytest.mark.parametrize("digits", NUMBERS)
def test_a_number_as_id_is_echoed_to_the_last_digit(digits: str) -> None:
    frame = parse(f'[2,{digits},"Heartbeat",{{}}]')
    assert isinstance(frame, Call)
    assert frames.result(frame.id, {}) == f"[3,{digits},{{}}]".encode()
    assert frames.error(frame.id, "GenericError", "").startswith(f"[4,{digits},".encode())


@pytest.mark.parametrize("text", ["a" * 255, "é" * 255, '\x00\n"\\', "😀" * 60, "", " 17 "])
def test_a_text_as_id_is_echoed(text: str) -> None:
    frame = parse(json.dumps([2, text, "Heartbeat", {}]))
    assert isinstance(frame, Call)
    assert json.loads(frames.result(frame.id, {}))[1] == text


@pytest.mark.parametrize("id_", ['"' + "a" * 256 + '"', "9" * 256])
@pytest.mark.parametrize("kind", [2, 3])
def test_an_id_of_more_than_255_characters_is_none(id_: str, kind: int) -> None:
    frame = parse(f'[{kind},{id_},"Heartbeat",{{}}]')
    assert isinstance(frame, Unreadable)
    assert (frame.kind, frame.id, frame.answerable) == ("framing", None, kind == 2)


@pytest.mark.parametrize("id_", ["1e", "-", "1.", "01", "1.2.3", "1-2", "+1", "9" * 256, '"\\x"', '"a'])
def test_the_id_of_a_broken_call_is_only_taken_where_it_is_one(id_: str) -> None:
    """What is echoed stands in our frame as it came: no JSON there would make our answer broken too."""
    frame = parse(f"[2,{id_},")
    assert isinstance(frame, Unreadable)
    assert frame.id is None


@pytest.mark.parametrize("id_", ["17", "-1.5e3", '"1\\"2"', '"é"'])
def test_the_id_of_a_broken_call_is_told_back(id_: str) -> None:
    frame = parse(f'[2,{id_},"Heartb')
    assert isinstance(frame, Unreadable)
    assert frame.id is not None
    assert json.loads(frames.error(frame.id, frame.code, frame.why))[1] == json.loads(id_)


def test_descriptions_are_cut_to_what_a_frame_may_hold() -> None:
    assert len(json.loads(frames.error("1", "GenericError", "x" * 1000))[3]) == 255
    assert len(json.loads(frames.result_error("1", "GenericError", "x" * 1000))[3]) == 255


def test_an_error_always_has_details() -> None:
    assert orjson.loads(frames.error("1", "GenericError", "why")) == [4, "1", "GenericError", "why", {}]
    assert orjson.loads(frames.call("1", "Reset", {"type": "Soft"})) == [2, "1", "Reset", {"type": "Soft"}]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
    max_leaves=20,
)
IDS = st.text(max_size=300) | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | JSON


@given(st.integers(2, 4), IDS, st.lists(JSON, max_size=4), st.booleans())
def test_every_json_array_is_read_without_fault(kind: int, id_: Any, rest: list[Any], newer: bool) -> None:  # noqa: FBT001 - a strategy's value
    frame = parse(json.dumps([kind, id_, *rest]), newer_frames=newer)
    if isinstance(frame, Call):
        assert json.loads(frames.result(frame.id, {}))[1] == id_


@given(st.binary())
def test_every_bytes_are_read_without_fault(data: bytes) -> None:
    assert isinstance(parse(data), Unreadable | Call | CallResult | CallError)


@given(st.binary(max_size=40), st.integers(0, 40))
def test_every_broken_call_is_answerable_in_json(noise: bytes, cut: int) -> None:
    whole = b'[2,"id-1","StatusNotification",{"connectorId":1}]'
    frame = parse(whole[:cut] + noise)
    if isinstance(frame, Unreadable) and frame.id is not None:
        orjson.loads(frames.error(frame.id, frame.code, frame.why))


@given(st.text('0123456789.eE+-,"\\ ', max_size=12))
def test_every_broken_number_is_answerable_in_json(digits: str) -> None:
    frame = parse(f"[2,{digits},")
    if isinstance(frame, Unreadable) and frame.id is not None:
        orjson.loads(frames.error(frame.id, frame.code, frame.why))

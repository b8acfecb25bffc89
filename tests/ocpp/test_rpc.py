"""The two rules of OCPP-J, and what a frame means to a connection that has a past."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.ocpp.rpc import REMEMBERED_CALLS, Answered, Asked, Garbled, Happening, Refused, Rpc, Unmatched
from gateway.ocpp.versions import V16, V21, V201, VERSIONS, Version


def said(rpc: Rpc, *frame: Any) -> Happening:
    return rpc.receive(json.dumps(frame).encode())


def asked(rpc: Rpc, *frame: Any) -> Asked:
    happening = said(rpc, *frame)
    assert isinstance(happening, Asked)
    return happening


def unmatched(happening: Happening) -> tuple[str, str]:
    assert isinstance(happening, Unmatched)
    return happening.kind, happening.type


def test_a_call_is_answered_once() -> None:
    rpc = Rpc(V16)
    call = asked(rpc, 2, "1", "Heartbeat", {})
    assert json.loads(rpc.answer(call, {"currentTime": "now"})) == [3, "1", {"currentTime": "now"}]
    with pytest.raises(RuntimeError):
        rpc.answer(call, {})
    with pytest.raises(RuntimeError):
        rpc.refuse(call, "InternalError")


def test_a_call_is_refused_once() -> None:
    rpc = Rpc(V201)
    call = asked(rpc, 2, "1", "Heartbeat", {})
    assert json.loads(rpc.refuse(call, "NotSupported", "no", {"a": 1})) == [
        4,
        "1",
        "NotSupported",
        "no",
        {"a": 1},
    ]
    with pytest.raises(RuntimeError):
        rpc.answer(call, {})


def test_calls_that_overlap_and_repeat_their_ids_are_all_answered() -> None:
    rpc = Rpc(V16)
    first, second = asked(rpc, 2, "1", "Heartbeat", {}), asked(rpc, 2, "1", "Authorize", {})
    assert json.loads(rpc.answer(second, {}))[:2] == [3, "1"]
    assert json.loads(rpc.answer(first, {}))[:2] == [3, "1"]


def test_a_send_wants_no_answer() -> None:
    send = asked(Rpc(V21), 6, "1", "NotifyPeriodicEventStream", {})
    assert send.answered
    with pytest.raises(RuntimeError):
        Rpc(V21).answer(send, {})


def test_one_call_of_ours_is_open_at_a_time() -> None:
    rpc = Rpc(V16)
    assert json.loads(rpc.call("a", "Reset", {"type": "Soft"})) == [2, "a", "Reset", {"type": "Soft"}]
    with pytest.raises(RuntimeError):
        rpc.call("b", "Reset", {})
    answered = said(rpc, 3, "a", {"status": "Accepted"})
    assert isinstance(answered, Answered)
    assert answered.payload == {"status": "Accepted"}
    rpc.call("b", "Reset", {})


def test_an_error_ends_our_call_too() -> None:
    rpc = Rpc(V16)
    rpc.call("a", "Reset", {})
    refused = said(rpc, 4, "a", "FormationViolation", "bad", {"x": 1})
    assert isinstance(refused, Refused)
    assert (refused.code, refused.description, refused.details) == ("FormatViolation", "bad", {"x": 1})
    rpc.call("b", "Reset", {})


@pytest.mark.parametrize(
    ("frame", "kind"), [((3, "x", {}), "callresult"), ((4, "x", "GenericError", "", {}), "callerror")]
)
def test_an_answer_that_nobody_asked_for_is_unsolicited(frame: tuple[Any, ...], kind: str) -> None:
    rpc = Rpc(V16)
    assert unmatched(said(rpc, *frame)) == ("unsolicited", kind)
    rpc.call("a", "Reset", {})
    assert unmatched(said(rpc, *frame)) == ("unsolicited", kind)
    assert isinstance(said(rpc, 3, "a", {}), Answered), "a wrong answer must not end our call"


def test_a_second_answer_is_unsolicited() -> None:
    rpc = Rpc(V16)
    rpc.call("a", "Reset", {})
    said(rpc, 3, "a", {})
    assert unmatched(said(rpc, 3, "a", {})) == ("unsolicited", "callresult")


def test_a_late_answer_is_told_apart_and_never_ends_the_next_call() -> None:
    rpc = Rpc(V16)
    rpc.call("a", "Reset", {})
    rpc.give_up("a")
    rpc.call("b", "Reset", {})
    assert unmatched(said(rpc, 3, "a", {})) == ("late", "callresult")
    assert unmatched(said(rpc, 4, "a", "GenericError")) == ("late", "callerror")
    assert isinstance(said(rpc, 3, "b", {}), Answered)


def test_giving_up_what_is_answered_changes_nothing() -> None:
    rpc = Rpc(V16)
    rpc.call("a", "Reset", {})
    said(rpc, 3, "a", {})
    rpc.call("b", "Reset", {})
    rpc.give_up("a")
    assert isinstance(said(rpc, 3, "b", {}), Answered)
    assert unmatched(said(rpc, 3, "a", {})) == ("unsolicited", "callresult")


def test_only_so_many_calls_given_up_are_remembered() -> None:
    rpc = Rpc(V16)
    for number in range(REMEMBERED_CALLS + 1):
        rpc.call(str(number), "Reset", {})
        rpc.give_up(str(number))
    assert unmatched(said(rpc, 3, "0", {})) == ("unsolicited", "callresult")
    assert unmatched(said(rpc, 3, "1", {})) == ("late", "callresult")


def test_a_refused_result_ends_no_call_of_ours() -> None:
    rpc = Rpc(V21)
    rpc.call("a", "Reset", {})
    assert unmatched(said(rpc, 5, "a", "FormatViolation", "", {})) == ("result_refused", "callresulterror")
    assert isinstance(said(rpc, 3, "a", {}), Answered)


TOLD = [
    # what came, and what 1.6 and 2.x are told: id and code, None for silence
    (b"hello", None, ["-1", "RpcFrameworkError"]),
    (b'[2,"7","Heartbeat",{', ["7", "FormationViolation"], ["7", "FormatViolation"]),
    (b'[2,7,"Heartbeat",{', [7, "FormationViolation"], [7, "FormatViolation"]),
    (b'[2,"7"]', ["7", "FormationViolation"], ["7", "FormatViolation"]),
    (b'[2,null,"Heartbeat",{}]', None, ["-1", "RpcFrameworkError"]),
    (b'[9,"7",{}]', None, ["7", "MessageTypeNotSupported"]),
    (b'[3,"7"]', None, None),
    (b"[4,null]", None, None),
    (b'[3,"' + b"a" * 256 + b'",{}]', None, None),
]


@pytest.mark.parametrize(("data", "in_16", "in_2x"), TOLD)
def test_what_a_station_is_told_of_a_bad_frame(data: bytes, in_16: list[Any], in_2x: list[Any]) -> None:
    """OCPP 1.6J §4.1.3 ignores unknown message types; 2.0.1 Part 4 §4.2.3 answers with the id "-1"."""
    for version, told in ((V16, in_16), (V201, in_2x), (V21, in_2x)):
        garbled = Rpc(version).receive(data)
        assert isinstance(garbled, Garbled)
        reply = json.loads(garbled.reply) if garbled.reply else None
        assert (reply and reply[:3]) == (told and [4, *told]), version.name


@pytest.mark.parametrize("kind", [5, 6])
def test_2_1_frames_are_ignored_by_1_6_and_refused_by_2_0_1(kind: int) -> None:
    frame = json.dumps([kind, "7", "NotifyPeriodicEventStream", {}]).encode()
    old, new = Rpc(V16).receive(frame), Rpc(V201).receive(frame)
    assert isinstance(old, Garbled)
    assert old.reply is None
    assert isinstance(new, Garbled)
    assert new.reply
    assert json.loads(new.reply)[1:3] == ["7", "MessageTypeNotSupported"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
FRAMES = st.tuples(st.integers(-1, 7) | JSON, st.sampled_from(["mine", "late", ""]) | JSON).flatmap(
    lambda head: st.lists(JSON, max_size=4).map(lambda rest: [*head, *rest])
)
RECEIVED = (
    st.binary(max_size=200)
    | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass"))
    | FRAMES.map(lambda frame: json.dumps(frame).encode())
    | FRAMES.map(lambda frame: json.dumps(frame, ensure_ascii=False).encode("utf-8", "surrogatepass"))
)


@settings(max_examples=400)
@given(st.sampled_from(list(VERSIONS.values())), st.lists(RECEIVED, min_size=1, max_size=4))
def test_whatever_comes_is_a_happening_and_whatever_is_said_is_ocpp(
    version: Any, received: list[bytes]
) -> None:
    rpc = Rpc(version)
    rpc.call("late", "Reset", {})
    rpc.give_up("late")
    rpc.call("mine", "Reset", {})
    for data in received:
        happening = rpc.receive(data)
        if isinstance(happening, Asked) and not happening.answered:
            lawful(rpc.refuse(happening, "NotSupported", happening.action), version.name)
        elif isinstance(happening, Garbled) and happening.reply:
            lawful(happening.reply, version.name)
        else:
            assert isinstance(happening, Happening)


def lawful(frame: bytes, version: str) -> None:
    """A CALLERROR as OCPP-J has it."""
    kind, id_, code, description, details = json.loads(frame, parse_constant=reject)
    assert kind == 4
    assert isinstance(id_, str | int | float)
    assert not isinstance(id_, bool)
    assert code.isalpha()
    assert len(description) <= 255
    assert details == {}


def reject(constant: str) -> None:
    raise AssertionError(f"{constant} is no JSON")


@pytest.mark.parametrize(
    "said", ['[4,"7"]', '[4,"7",404]', '[4,"7",null,"why",{}]', '[3,"7"]', '[3,"7",{},{}]']
)
@pytest.mark.parametrize("version", VERSIONS.values(), ids=lambda version: version.name)
def test_an_answer_of_the_wrong_shape_ends_the_open_call_as_an_error(said: str, version: Version) -> None:
    rpc = Rpc(version)
    rpc.call("7", "Reset", {})
    refused = rpc.receive(said.encode())
    assert isinstance(refused, Refused)
    assert (refused.id, refused.code) == ("7", "GenericError")
    assert rpc.call("8", "Reset", {}), "the next may be sent"
    assert isinstance(rpc.receive(said.encode()), Garbled), "but once"

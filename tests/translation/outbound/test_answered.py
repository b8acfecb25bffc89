"""Answers of stations are read as leniently as their requests, and one without its required field is no success."""

from typing import Any

import pytest

from contract.results import CommandRequest
from gateway.translation.outbound.plan import Ask, Declined, Outcome, Said
from gateway.translation.outbound.requests import plan_of
from tests.translation.outbound import golden

ODD: list[Any] = [None, "x", True, [], 7.5]
HEARTBEAT = {"component": "OCPPCommCtrlr", "variable": "HeartbeatInterval"}


def carried_out(spoken: str, *replies: Said | Declined, **asked: Any) -> tuple[Outcome, list[Ask]]:
    """The outcome of a command whose CALLs are answered so, and the CALLs."""
    request = CommandRequest(id="1", **asked)
    plan = plan_of(request, golden.target(spoken))
    calls = [next(plan)]
    for reply in replies:
        try:
            calls.append(plan.send(reply))
        except StopIteration as done:
            return done.value, calls
    raise AssertionError("the command is not over")


@pytest.mark.parametrize("version", ["1.6", "2.0.1", "2.1"])
@pytest.mark.parametrize(
    ("said", "status", "told"),
    [
        *((number, "accepted", 7) for number in (7, "7", 7.0, " 7 ")),
        *((odd, "failed", None) for odd in ODD),
    ],
)
def test_a_list_version(version: str, said: Any, status: str, told: int | None) -> None:
    name = "listVersion" if version == "1.6" else "versionNumber"
    outcome, _ = carried_out(version, Said({name: said}), command="local_list.get_version")
    assert outcome.status == status
    assert (outcome.answer.list_version if outcome.answer else None) == told


@pytest.mark.parametrize("version", ["1.6", "2.0.1", "2.1"])
def test_an_empty_answer_is_no_list_version(version: str) -> None:
    outcome, _ = carried_out(version, Said({}), command="local_list.get_version")
    assert outcome.status == "failed"


@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
@pytest.mark.parametrize(
    ("said", "status", "told"),
    [
        ({"messagesInQueue": "true"}, "accepted", True),
        ({"messagesInQueue": 0}, "accepted", False),
        ({"ongoingIndicator": True}, "failed", None),
        ({}, "failed", None),
    ],
)
def test_the_status_of_a_transaction(version: str, said: Any, status: str, told: bool | None) -> None:  # noqa: FBT001 - a table
    outcome, _ = carried_out(version, Said(said), command="transaction.get_status")
    assert outcome.status == status
    assert outcome.answer is not None
    assert outcome.answer.messages_in_queue is told


@pytest.mark.parametrize(
    ("said", "told"), [(True, True), ("true", True), ("False", False), (0, False), ("no", None), (None, None)]
)
def test_whether_a_key_can_be_written(said: Any, told: bool | None) -> None:  # noqa: FBT001 - a table
    entry = {"key": "HeartbeatInterval", "readonly": said, "value": 60}
    outcome, _ = carried_out(
        "1.6",
        Said({"configurationKey": [entry]}),
        command="variables.get",
        arguments={"variables": [HEARTBEAT]},
    )
    assert outcome.answer is not None
    (variable,) = outcome.answer.variables
    assert (variable.value, variable.readonly) == ("60", told)


def test_a_station_that_refuses_keys_is_asked_for_all() -> None:
    entry = {"key": "HeartbeatInterval", "readonly": False, "value": "60"}
    outcome, calls = carried_out(
        "1.6",
        Declined("InternalError", ""),
        Said({"configurationKey": [entry]}),
        command="variables.get",
        arguments={"variables": [HEARTBEAT]},
    )
    assert [call.payload for call in calls] == [{"key": ["HeartbeatInterval"]}, {}]
    assert outcome.status == "accepted"


def test_a_station_that_refuses_both_has_failed_with_its_first_word() -> None:
    outcome, calls = carried_out(
        "1.6",
        Declined("InternalError", "first"),
        Declined("GenericError", "second"),
        command="variables.get",
        arguments={"variables": [HEARTBEAT]},
    )
    assert len(calls) == 2
    assert (outcome.status, outcome.why) == ("failed", "InternalError: first")


@pytest.mark.parametrize(
    ("version", "action", "said", "lacks"),
    [
        ("1.6", "ClearCache", {}, "status"),
        ("1.6", "GetLocalListVersion", {}, "listVersion"),
        ("2.0.1", "GetVariables", {"getVariableResult": [{}]}, "attributeStatus"),
        ("2.1", "Reset", {"statusInfo": {}, "status": "Accepted"}, "reasonCode"),
    ],
)
def test_a_raw_command_is_accepted_by_a_whole_answer_only(
    version: str, action: str, said: Any, lacks: str
) -> None:
    outcome, _ = carried_out(version, Said(said), action=action, version=version, payload={})
    assert outcome.status == "failed"
    assert lacks in (outcome.why or "")
    assert outcome.answer is not None
    assert outcome.answer.data == said

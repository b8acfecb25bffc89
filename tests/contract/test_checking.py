"""A command is judged before it is sent: every fault is told with its place, and nothing else is a fault."""

from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contract.checking import Fault, faults
from contract.commands import Command
from contract.results import CommandRequest
from contract.vocabulary import COMMANDS
from tests.support.contract_values import values_of


def judged(command: str, arguments: Any, **more: Any) -> list[str]:
    return [
        str(fault) for fault in faults(CommandRequest(id="1", command=command, arguments=arguments, **more))
    ]


@pytest.mark.parametrize("kind", COMMANDS.values(), ids=COMMANDS)
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_whatever_the_contract_allows_may_be_sent(kind: type[Command], data: st.DataObject) -> None:
    arguments = msgspec.json.decode(msgspec.json.encode(data.draw(values_of(kind))))
    assert judged(kind.NAME, arguments) == []


@pytest.mark.parametrize("kind", COMMANDS.values(), ids=COMMANDS)
def test_a_field_that_a_command_does_not_have_is_a_fault(kind: type[Command]) -> None:
    assert "/arguments/oddity: no such field" in judged(kind.NAME, {"oddity": 1})


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            {"variables": [{"component": "C", "variable": "V", "evse": {"id": 1, "a/b": 2}}]},
            "/0/evse/a~1b: no such field",
        ),
        ({"variables": [{"component": "C", "variable": 7}]}, "/0/variable: Expected `str`, got `int`"),
        ({"variables": [{"component": "C"}]}, "/0: Object missing required field `variable`"),
        (
            {"variables": [{"component": "C", "variable": "V", "atribute": "Actual"}]},
            "did you mean attribute?",
        ),
        (
            {"variables": [{"component": "C", "variable": "V", "attribute": "Max"}]},
            "none of Actual, Target, MinSet",
        ),
        ({"variables": [{"component": None, "variable": "V"}]}, "/0/component: null; leave it out"),
    ],
)
def test_a_fault_is_told_once_and_with_its_place(arguments: dict[str, Any], told: str) -> None:
    (fault,) = judged("variables.get", arguments)
    assert fault.startswith("/arguments/variables/0")
    assert told in fault


def test_several_faults_are_told_together() -> None:
    found = judged("station.reset", {"typ": "OnIdle", "evse": {"id": "1"}}, deadline_seconds=-1)
    assert [fault.partition(":")[0] for fault in found] == [
        "/arguments/typ",
        "/arguments/evse/id",
        "/deadlineSeconds",
    ]


def test_what_is_verbatim_may_hold_anything() -> None:
    profile = {"id": None, "chargingSchedule": [{"odd": None}]}
    assert judged("charging_profile.set", {"evseId": 1, "chargingProfile": profile}) == []
    assert judged("data_transfer.send", {"vendorId": "v", "data": None}) == []


@pytest.mark.parametrize(
    ("name", "guess"), [("connector.unlok", "connector.unlock"), ("reset", "station.reset")]
)
def test_the_nearest_command_is_guessed(name: str, guess: str) -> None:
    (fault,) = judged(name, {})
    assert fault.endswith(f"did you mean {guess}?")


def test_nothing_is_guessed_where_nothing_is_near() -> None:
    assert judged("xyzzy", {}) == ["/command: there is no command 'xyzzy'"]


def test_an_action_is_taken_as_it_is() -> None:
    assert faults(CommandRequest(id="1", action="Anything", version="2.1", payload={"a": None})) == []
    both = CommandRequest(id="1", action="Reset", version="2.1", arguments={})
    assert faults(both) == [Fault("", "either a command with its arguments, or an action with its payload")]

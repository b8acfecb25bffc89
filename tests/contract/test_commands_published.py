"""The published schemas of the commands judge as the code does, and every example is one that stations can be asked."""

import json
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cli.docs import CONTRACT, REQUEST_EXAMPLE, documents
from contract.commands import ALL, Command
from contract.passed_down import PassedDown
from contract.published import command_schema, request_schema, schema_id
from contract.results import CommandRequest
from contract.vocabulary import COMMANDS
from tests.support.contract_values import values_of

BOUNDED = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))


def judge(schema: dict[str, Any]) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True)


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_whatever_can_be_asked_is_allowed_by_its_schema(command: type[Command]) -> None:
    schema = judge(command_schema(command))

    @BOUNDED
    @given(values_of(command))
    def holds(asked: Command) -> None:
        written = msgspec.json.encode(asked)
        schema.validate(json.loads(written))
        assert msgspec.json.decode(written, type=command) == asked

    holds()


@pytest.mark.parametrize("name", COMMANDS)
def test_what_its_schema_refuses_is_no_command(name: str) -> None:
    schema = command_schema(COMMANDS[name])
    for wrong in wrongs(schema, example_of(name)):
        assert not judge(schema).is_valid(wrong), wrong
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(wrong, COMMANDS[name])


def wrongs(schema: dict[str, Any], example: dict[str, Any]) -> Iterator[Any]:
    """An example with a field left out, or with one of a wrong type."""
    yield "text"
    for field in schema.get("required", ()):
        yield {name: value for name, value in example.items() if name != field}
    for field, kind in schema["properties"].items():
        if {"type", "enum", "$ref"} & kind.keys():
            yield {**example, field: "text" if kind.get("type") == "array" else []}


def example_of(name: str) -> dict[str, Any]:
    schema = json.loads(documents()[f"{CONTRACT}/schemas/commands/{name}.json"])
    (example,) = schema["examples"]
    assert isinstance(example, dict)
    return example


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_an_example(name: str) -> None:
    schema = json.loads(documents()[f"{CONTRACT}/schemas/commands/{name}.json"])
    assert schema["$id"] == schema_id(f"commands/{name}")
    example = example_of(name)
    judge(schema).validate(example)
    msgspec.convert(example, COMMANDS[name])
    assert schema == command_schema(COMMANDS[name], example)


def test_the_page_names_every_command_with_its_actions() -> None:
    page = documents()[f"{CONTRACT}/commands.md"]
    for name, command in COMMANDS.items():
        (row,) = [line for line in page.splitlines() if line.startswith(f"| [`{name}`]")]
        cells = [cell.strip() for cell in row.split("|")[2:-1]]
        assert [cell != "—" for cell in cells] == [version in command.VERSIONS for version in ALL]
        assert f"\n## {name}\n" in page
        if issubclass(command, PassedDown):
            assert cells[-1] == command.ACTION


@given(values_of(CommandRequest), st.sampled_from(list(COMMANDS)))
@BOUNDED
def test_a_record_asks_for_a_command_or_an_action(request: CommandRequest, name: str) -> None:
    schema = judge(request_schema())
    ours = msgspec.structs.replace(request, command=name, action=None, version=None)
    action = msgspec.structs.replace(request, command=None, action="Reset", version="1.6")
    for asked in (ours, action):
        schema.validate(msgspec.json.decode(msgspec.json.encode(asked)))
    for wrong in (
        msgspec.structs.replace(ours, action="Reset", version="1.6"),
        msgspec.structs.replace(action, version=None),
        msgspec.structs.replace(ours, command="no.such.command"),
        msgspec.structs.replace(ours, command=None),
    ):
        assert not schema.is_valid(msgspec.json.decode(msgspec.json.encode(wrong)))


def test_the_example_of_a_record() -> None:
    judge(request_schema()).validate(msgspec.to_builtins(REQUEST_EXAMPLE))
    assert REQUEST_EXAMPLE.command
    msgspec.convert(REQUEST_EXAMPLE.arguments, COMMANDS[REQUEST_EXAMPLE.command])

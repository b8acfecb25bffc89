"""What stands in docs/contract is what the code says, and the official judges of its formats accept it."""

import json
from collections.abc import Iterator

import jsonschema_rs
import pytest

from cli.docs import CONTRACT, FOLDER, documents, stale
from contract.alerts import ALERT_FACTS
from contract.cdrs import CDR_EVENTS
from contract.decision_documents import EXAMPLES
from contract.published import event_schema
from contract.vocabulary import COMMANDS, EVENTS
from tests.support.npm import node_modules
from tests.support.validation import check_data

PUBLISHED = FOLDER / CONTRACT


def test_the_committed_documents_are_fresh() -> None:
    assert stale() == [], "run `make docs` and commit docs/contract"


@pytest.mark.parametrize("name", EVENTS)
def test_every_event_has_an_example_that_its_schema_accepts(name: str) -> None:
    schema = json.loads(documents()[f"{CONTRACT}/schemas/{name}.json"])
    (example,) = schema.pop("examples")
    check_data(name, example)
    assert schema == event_schema(EVENTS[name])


def test_asyncapi_accepts_the_document() -> None:
    official = json.loads((node_modules() / "@asyncapi/specs/schemas/3.0.0.json").read_text())
    document = json.loads((PUBLISHED / "asyncapi.json").read_text())
    jsonschema_rs.validator_for(official).validate(document)


def test_every_file_that_the_document_refers_to_is_there() -> None:
    document = json.loads((PUBLISHED / "asyncapi.json").read_text())
    files = {reference for reference in references(document) if not reference.startswith("#")}
    assert len(files) == len(EVENTS) + len(COMMANDS) + len(EXAMPLES) + len(ALERT_FACTS) + len(CDR_EVENTS) + 2
    assert all((PUBLISHED / file).is_file() for file in files)


def test_every_place_that_the_document_refers_to_is_there() -> None:
    document = json.loads((PUBLISHED / "asyncapi.json").read_text())
    for reference in references(document):
        if reference.startswith("#/"):
            place = document
            for step in reference.removeprefix("#/").split("/"):
                place = place[step]


def references(document: object) -> Iterator[str]:
    match document:
        case {"$ref": str(reference)}:
            yield reference
        case dict():
            for inner in document.values():
                yield from references(inner)
        case list():
            for inner in document:
                yield from references(inner)


def test_whoever_writes_a_command_finds_where_its_result_comes() -> None:
    document = json.loads((PUBLISHED / "asyncapi.json").read_text())
    operation = document["operations"]["take.ocpp.commands.v1"]
    assert operation["action"] == "receive"
    asked = document["channels"]["ocpp.commands.v1"]["messages"]
    assert {f"ask.{name}" for name in COMMANDS} | {"ask.ocpp_action"} == set(asked)
    (result,) = operation["reply"]["messages"]
    assert result["$ref"] == "#/channels/ocpp.command-results.v1/messages/command.completed"

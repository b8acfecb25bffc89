"""What stands in docs/contract is what the code says, and the official judges of its formats accept it."""

import json

import jsonschema_rs
import pytest

from cli.docs import CONTRACT, FOLDER, documents, stale
from contract.published import event_schema
from contract.vocabulary import EVENTS
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
    messages = [document["components"]["messages"][name] for name in EVENTS]
    files = {
        reference["$ref"]
        for message in messages
        for reference in (message["payload"], *message["headers"]["allOf"])
    }
    assert len(files) == len(EVENTS) + 1
    assert all((PUBLISHED / file).is_file() for file in files)

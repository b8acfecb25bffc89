"""The published schemas of decisions judge as the code does, and their examples are what they say."""

import json
from typing import Any

import jsonschema_rs
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings

from cli.docs import CONTRACT, documents
from contract.decision_documents import EXAMPLES, schemas, to_json
from contract.decisions import DECIDED, REPLIES, DecisionRequest
from contract.model import Value
from contract.tokens import KnownToken
from gateway.translation import v16, v21
from tests.support.contract_values import values_of


def judge(name: str) -> jsonschema_rs.Draft202012Validator:
    schema = json.loads(documents()[f"{CONTRACT}/schemas/decisions/{name}.json"])
    assert schema == schemas()[f"decisions/{name}"]
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True)


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_what_its_schema_and_its_class_allow(name: str) -> None:
    example = to_json(EXAMPLES[name])
    judge(name).validate(example)
    msgspec.convert(example, type(EXAMPLES[name]))


@pytest.mark.parametrize("name", [name for name in EXAMPLES if name != "request"])
def test_whatever_can_be_said_is_allowed(name: str) -> None:
    schema, kind = judge(name), type(EXAMPLES[name])

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(values_of(kind))
    def holds(said: Value) -> None:
        written = msgspec.json.encode(said)
        schema.validate(json.loads(written))
        assert msgspec.json.decode(written, type=kind) == said

    holds()


WRONG: list[tuple[str, Any]] = [
    ("id-token", {}),
    ("id-token", {"status": "accepted"}),
    ("id-token", {"status": "Accepted", "languages": ["de", "nl", "fr"]}),
    ("id-token", {"status": "Accepted", "cacheSeconds": -1}),
    ("id-token", {"status": "Accepted", "stations": "CS-1"}),
    ("reply-id-token", {"status": "Accepted", "chargingPriority": 10}),
    ("reply-boot", {"status": "Maybe"}),
    ("reply-data-transfer", {"data": "x"}),
    ("reply-signing", {"status": "Accepted", "statusInfo": {}}),
]


@pytest.mark.parametrize(("name", "wrong"), WRONG)
def test_what_is_wrong_is_wrong_to_both(name: str, wrong: Any) -> None:
    assert not judge(name).is_valid(wrong)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(wrong, type(EXAMPLES[name]))


def test_every_kind_of_record_is_published() -> None:
    published = {type(example) for example in EXAMPLES.values()}
    assert published == {KnownToken, DecisionRequest, *REPLIES.values()}


def test_every_action_that_is_decided_is_one_that_stations_say() -> None:
    assert set(DECIDED) <= v16.TABLE.keys() | v21.TABLE.keys()

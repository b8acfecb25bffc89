"""The compiled schemas judge as the files say, and as an independent validator does."""

import json
from collections.abc import Iterator
from decimal import Decimal
from random import Random
from typing import Any

import jsonschema
import orjson
import pytest

from gateway.ocpp.schemas import MAX_FAULTS, MAX_ITEMS, SCHEMAS, Fault, Schema, error_code
from gateway.ocpp.versions import ERROR_CODES, VERSIONS
from tests.support.payloads import breaks, document, valid

FAULTS_OF_EACH = 12
"""Single faults tried for each schema file: a sample, drawn anew for each file but the same in each run."""


def files() -> Iterator[tuple[str, str, str]]:
    for version, schemas in SCHEMAS.items():
        yield from ((version, action, "Request") for action in schemas.requests)
        yield from ((version, action, "Response") for action in schemas.responses)


def compiled(version: str, action: str, kind: str) -> Schema:
    schemas = SCHEMAS[version]
    return (schemas.requests if kind == "Request" else schemas.responses)[action]


def payloads(version: str, action: str, kind: str) -> Iterator[Any]:
    root, random = document(version, action, kind), Random(f"{version} {action} {kind}")
    for optional in (0.0, 1.0, 0.5):
        # By bytes and back, as they come from a station.
        yield orjson.loads(orjson.dumps(valid(root, random, optional)))


@pytest.mark.parametrize("version", VERSIONS)
def test_every_action_is_there(version: str) -> None:
    schemas = SCHEMAS[version]
    assert (len(schemas.requests), len(schemas.responses)) == {
        "1.6": (39, 39),
        "2.0.1": (64, 64),
        "2.1": (91, 90),
    }[version]
    # The stream of 2.1 is sent, not called: nobody answers it.
    assert set(schemas.requests) - set(schemas.responses) <= {"NotifyPeriodicEventStream"}


@pytest.mark.parametrize("version", VERSIONS)
def test_each_valid_payload_is_valid(version: str) -> None:
    for file in files():
        if file[0] == version:
            for payload in payloads(*file):
                assert compiled(*file).is_valid(payload), file
                assert compiled(*file).faults(payload) == [], file


@pytest.mark.parametrize("version", VERSIONS)
def test_each_single_fault_is_found_where_it_is(version: str) -> None:
    for file in files():
        if file[0] != version:
            continue
        schema, random = compiled(*file), Random(str(file))
        for payload in payloads(*file):
            wrong = breaks(document(*file), payload)
            for one in random.sample(wrong, min(FAULTS_OF_EACH, len(wrong))):
                found = schema.faults(one.of(payload))
                assert (one.keyword, one.pointer) in [fault[:2] for fault in found], (file, one, found)
                assert not schema.is_valid(one.of(payload))
                assert error_code(found[0]) in ERROR_CODES


@pytest.mark.parametrize("version", VERSIONS)
def test_an_independent_validator_agrees(version: str) -> None:
    """`jsonschema` is what the `ocpp` package judges with."""
    for file in files():
        if file[0] != version:
            continue
        judge = jsonschema.Draft4Validator if version == "1.6" else jsonschema.Draft6Validator
        validator, random = judge(exact(document(*file))), Random(str(file))
        payload = list(payloads(*file))[2]
        assert validator.is_valid(exact(payload))
        wrong = breaks(document(*file), payload)
        for one in random.sample(wrong, min(3, len(wrong))):
            assert not validator.is_valid(exact(one.of(payload)))


def exact(value: Any) -> Any:
    """With decimals for floats, as the `ocpp` package reads, because of `multipleOf` 0.1."""
    return json.loads(json.dumps(value), parse_float=Decimal)


def test_a_hostile_payload_costs_no_more_than_so_many_faults() -> None:
    schema = SCHEMAS["1.6"].requests["StatusNotification"]
    assert len(schema.faults({f"p{number}": 1 for number in range(1000)})) <= MAX_FAULTS
    assert len(schema.faults({"connectorId": "x" * 60_000})[-1].message) <= 200


def test_a_tenth_is_a_tenth() -> None:
    """`multipleOf` 0.1 (1.6's charging limits) must not fail on binary fractions."""
    schema = SCHEMAS["1.6"].requests["SetChargingProfile"]
    payload: Any = {
        "connectorId": 1,
        "csChargingProfiles": {
            "chargingProfileId": 1,
            "stackLevel": 0,
            "chargingProfilePurpose": "TxProfile",
            "chargingProfileKind": "Relative",
            "chargingSchedule": {
                "chargingRateUnit": "A",
                "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 0.0}],
            },
        },
    }
    for tenths in range(400):
        payload["csChargingProfiles"]["chargingSchedule"]["chargingSchedulePeriod"][0]["limit"] = tenths / 10
        assert schema.is_valid(payload), tenths


@pytest.mark.parametrize(
    ("keyword", "code"),
    [
        ("required", "OccurrenceConstraintViolation"),
        ("minItems", "OccurrenceConstraintViolation"),
        ("maxItems", "OccurrenceConstraintViolation"),
        ("type", "TypeConstraintViolation"),
        ("additionalProperties", "FormatViolation"),
        ("enum", "PropertyConstraintViolation"),
        ("maxLength", "PropertyConstraintViolation"),
        ("minimum", "PropertyConstraintViolation"),
    ],
)
def test_a_fault_has_its_error_code(keyword: str, code: str) -> None:
    assert error_code(Fault(keyword, "", "")) == code


def readings(*values: Any) -> dict[str, Any]:
    """A MeterValues request of 1.6 with a sample for each value."""
    sampled = [{"value": value} for value in values]
    return {"connectorId": 1, "meterValue": [{"timestamp": "2026-05-01T10:00:00Z", "sampledValue": sampled}]}


def test_thousands_of_faults_cost_no_more_than_a_few(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library finds all faults before it gives the first: it is given no more than a sample."""
    schema = compiled("1.6", "MeterValues", "Request")
    seen: list[Any] = []
    validator = schema._validator

    class Watched:
        def iter_errors(self, payload: Any) -> Any:
            seen.append(payload)
            return validator.iter_errors(payload)

    monkeypatch.setattr(schema, "_validator", Watched())
    faults = schema.faults(readings(*range(20_000)))
    assert len(faults) == MAX_FAULTS
    assert faults == schema.faults(readings(*range(MAX_FAULTS)))
    assert len(seen[0]["meterValue"][0]["sampledValue"]) <= MAX_ITEMS


def test_a_fault_behind_the_sample_is_found_too() -> None:
    payload = readings(*["1"] * 1000, 7, *["1"] * 1000)
    [fault] = compiled("1.6", "MeterValues", "Request").faults(payload)
    assert (fault.keyword, fault.pointer) == ("type", "/meterValue/0/sampledValue/1000/value")


@pytest.mark.parametrize("file", list(files()), ids=" ".join)
def test_a_list_of_one_item_breaks_no_schema_by_its_length(file: tuple[str, str, str]) -> None:
    """A sample keeps one item of each list: more may not be asked for by any schema."""

    def shortest(part: Any) -> Iterator[int]:
        if isinstance(part, dict):
            yield from (value for name, value in part.items() if name == "minItems" and type(value) is int)
            for inner in part.values():
                yield from shortest(inner)
        elif isinstance(part, list):
            for inner in part:
                yield from shortest(inner)

    assert max(shortest(document(*file)), default=1) <= 1

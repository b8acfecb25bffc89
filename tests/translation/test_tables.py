"""The tables are whole, and hold against whatever a station sends: all versions."""

import json
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contract import envelope
from contract.vocabulary import EVENTS
from gateway.ocpp.schemas import SCHEMAS
from gateway.translation.table import Fact, translate
from tests.support.payloads import document, valid
from tests.support.validation import check_data
from tests.translation import golden
from tests.translation.golden import TABLES
from tests.translation.odd_payloads import as_received, odd

ROWS = [(version, action) for version, table in TABLES.items() for action in table]
BOUNDED = settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))

ONLY_TO_STATIONS_16 = frozenset(
    (
        *(
            "CancelReservation",
            "CertificateSigned",
            "ChangeAvailability",
            "ChangeConfiguration",
            "ClearCache",
        ),
        *("ClearChargingProfile", "DeleteCertificate", "ExtendedTriggerMessage", "GetCompositeSchedule"),
        *(
            "GetConfiguration",
            "GetDiagnostics",
            "GetInstalledCertificateIds",
            "GetLocalListVersion",
            "GetLog",
        ),
        *("InstallCertificate", "RemoteStartTransaction", "RemoteStopTransaction", "ReserveNow", "Reset"),
        *("SendLocalList", "SetChargingProfile", "SignedUpdateFirmware", "TriggerMessage", "UnlockConnector"),
        "UpdateFirmware",
    )
)


def test_every_action_of_16_has_a_row_or_goes_the_other_way() -> None:
    assert set(TABLES["1.6"]) | ONLY_TO_STATIONS_16 == set(SCHEMAS["1.6"].requests)
    assert not set(TABLES["1.6"]) & ONLY_TO_STATIONS_16


@pytest.mark.parametrize(("version", "actions"), [("1.6", 14), ("2.0.1", 25), ("2.1", 37)])
def test_every_action_that_a_station_sends_has_a_row(version: str, actions: int) -> None:
    assert len(TABLES[version]) == actions
    assert set(TABLES[version]) <= set(SCHEMAS[version].requests)


@pytest.mark.parametrize(("version", "action"), ROWS)
def test_every_row_has_a_golden_file(version: str, action: str) -> None:
    assert any(case.schema_valid for case in golden.read(version, action))


@pytest.mark.parametrize(("version", "action"), ROWS)
def test_whatever_is_sent_is_published_and_answered(version: str, action: str) -> None:
    @BOUNDED
    @given(odd(version, action))
    def holds(said: Any) -> None:
        check(version, action, said)

    holds()


@pytest.mark.parametrize(("version", "action"), ROWS)
def test_what_is_lawful_is_no_quirk(version: str, action: str) -> None:
    """Only the values themselves can be odd: times, numbers of transactions, empty tokens."""
    for seed in range(20):
        said = as_received(valid(document(version, action), Random(seed), optional=seed / 20))
        assert golden.is_lawful(version, action, said)
        for fact in check(version, action, said):
            assert not {"type_wrong", "shape", "enum_unknown", "enum_case"} & set(fact.event.quirks), said


def check(version: str, action: str, said: Any) -> list[Fact]:
    """Translate, and hold the outcome against both contracts: ours, and OCPP's."""
    reading = golden.reading(version, action)
    facts, answer = translate(TABLES[version][action], said, reading)
    if action != "NotifyPeriodicEventStream":  # a SEND, which nobody answers
        assert SCHEMAS[version].responses[action].is_valid(answer), answer
    for fact in facts:
        encoded = envelope.encode(fact.event)
        assert msgspec.json.decode(encoded, type=EVENTS[fact.event.NAME]) == fact.event
        check_data(fact.event.NAME, json.loads(encoded))
    again, answer_again = translate(TABLES[version][action], said, golden.reading(version, action))
    assert [fact.identity for fact in again] == [fact.identity for fact in facts]
    assert answer_again == answer
    return facts


@pytest.mark.parametrize("said", [None, [], "text", 0, True, {}])
@given(st.sampled_from(ROWS))
@BOUNDED
def test_what_is_no_payload_is_read_as_an_empty_one(said: Any, row: tuple[str, str]) -> None:
    facts = check(*row, said)
    assert (said == {}) is not bool({"payload_null", "shape"} & set(facts[0].event.quirks))


@pytest.mark.parametrize("said", [{"a": 1}, [], True, None])
@pytest.mark.parametrize(
    ("version", "action", "payload"),
    [
        ("1.6", "Authorize", {}),
        ("1.6", "StartTransaction", {"connectorId": 1, "meterStart": 0, "timestamp": "2026-01-01T00:00:00Z"}),
        ("2.0.1", "Authorize", {}),
        ("2.1", "Authorize", {}),
        ("2.0.1", "TransactionEvent", {"eventType": "Started", "transactionInfo": {"transactionId": "t"}}),
    ],
)
def test_a_token_that_cannot_be_read_authorises_nobody(
    version: str, action: str, payload: dict[str, Any], said: Any
) -> None:
    if action == "TransactionEvent" and said is None:
        said = {}  # without a token it asks for nothing
    name, info = ("idTag", "idTagInfo") if version == "1.6" else ("idToken", "idTokenInfo")
    told = translate(TABLES[version][action], payload | {name: said}, golden.reading(version, action))
    assert told.answer[info]["status"] == "Invalid"

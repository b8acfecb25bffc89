"""What the golden files cannot show of OCPP 2.1: that nothing is lost, and that it is 2.0.1 in the rest."""

from random import Random
from typing import Any

import pytest

from contract.passed_through import PASSED_THROUGH
from gateway.translation import v21, v201
from gateway.translation.table import translate
from tests.support.payloads import document, valid
from tests.translation import golden, leaves

NORMALISED = sorted(set(v21.TABLE) - set(PASSED_THROUGH))
CHANGED = {
    *("Authorize", "FirmwareStatusNotification", "LogStatusNotification", "NotifyEVChargingNeeds"),
    *("SignCertificate", "TransactionEvent"),
}


@pytest.mark.parametrize("action", NORMALISED)
def test_every_leaf_of_a_payload_is_told_by_its_event(action: str) -> None:
    lawful = [case.said for case in golden.read("2.1", action) if case.case in ("full", "minimal")]
    lawful += [valid(document("2.1", action), Random(seed), optional=0.6) for seed in range(8)]
    for payload in lawful:
        assert leaves.untold("2.1", action, payload) == []


def test_every_passed_through_action_has_a_row_that_passes_it_through() -> None:
    assert set(PASSED_THROUGH) <= set(v21.TABLE)
    for action, event in PASSED_THROUGH.items():
        full = golden.read("2.1", action)[0].said
        fact = translate(v21.TABLE[action], full, golden.reading("2.1", action)).facts[0]
        assert type(fact.event) is event
        assert getattr(fact.event, "payload", None) is full


def test_what_2_1_leaves_as_it_was_is_the_very_row_of_2_0_1() -> None:
    assert {action for action in v201.TABLE if v21.TABLE[action] is not v201.TABLE[action]} == CHANGED


def quirks_of(version: str, action: str, said: Any) -> tuple[str, ...]:
    return (
        translate(golden.TABLES[version][action], said, golden.reading(version, action)).facts[0].event.quirks
    )


def test_the_list_of_token_types_is_open() -> None:
    payload = {"idToken": {"idToken": "x" * 60, "type": "EVCCID"}}
    assert quirks_of("2.1", "Authorize", payload) == ()
    assert quirks_of("2.0.1", "Authorize", payload) == ("idtag_long", "enum_unknown")


def test_a_payload_of_2_0_1_means_the_same() -> None:
    for action in sorted(v201.TABLE):
        for case in golden.read("2.0.1", action):
            if case.schema_valid and golden.is_lawful("2.1", action, case.said):
                facts = [
                    translate(
                        golden.TABLES[version][action], case.said, golden.reading(version, action, case.given)
                    )
                    for version in ("2.0.1", "2.1")
                ]
                older, newer = (
                    [(type(fact.event), fact.event.occurred_at, fact.identity) for fact in made.facts]
                    for made in facts
                )
                assert older == newer, (action, case.case)

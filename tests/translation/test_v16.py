"""OCPP 1.6: nothing is lost, the number that a start gets is the one that all that follows names."""

from random import Random
from typing import Any

import pytest

from contract.events import MeterSampled, TransactionEnded, TransactionStarted
from gateway.translation.table import translate
from gateway.translation.v16 import TABLE
from tests.support.payloads import document, valid
from tests.translation import golden, leaves


@pytest.mark.parametrize("action", sorted(TABLE))
def test_an_event_loses_nothing_without_raw(action: str) -> None:
    lawful = [case.said for case in golden.read("1.6", action) if case.schema_valid]
    lawful += [valid(document("1.6", action), Random(seed), optional=0.6) for seed in range(8)]
    for payload in map(without_empty_groups, lawful):
        assert leaves.untold("1.6", action, payload) == []


def without_empty_groups(payload: dict[str, Any]) -> dict[str, Any]:
    """The one thing that no event tells: when it was that nothing was sampled."""
    groups = payload.get("transactionData")
    if groups is None:
        return payload
    return {**payload, "transactionData": [group for group in groups if group["sampledValue"]]}


@pytest.mark.parametrize("connector", [1, 2, 7, 8, 40])
def test_start_values_and_stop_are_of_one_transaction(connector: int) -> None:
    began, answer = said(
        "StartTransaction",
        connectorId=connector,
        idTag="04E91C5A",
        meterStart=100,
        timestamp="2026-08-04T13:10:00Z",
    )
    number = answer["transactionId"]
    values, _ = said(
        "MeterValues",
        connectorId=connector,
        transactionId=number,
        meterValue=[{"timestamp": "2026-08-04T13:20:00Z", "sampledValue": [{"value": "150"}]}],
    )
    ended, answer = said(
        "StopTransaction", transactionId=number, meterStop=200, timestamp="2026-08-04T13:30:00Z"
    )
    assert answer == {}
    assert isinstance(began, TransactionStarted)
    assert isinstance(values, MeterSampled)
    assert isinstance(ended, TransactionEnded)
    assert began.transaction
    assert values.transaction
    assert ended.transaction
    assert began.transaction.id == values.transaction.id == ended.transaction.id
    if connector <= 7:  # what fits into the number
        assert ended.evse == began.evse
        assert began.transaction == values.transaction == ended.transaction
    else:
        assert ended.evse is None


def said(action: str, **payload: Any) -> tuple[Any, dict[str, Any]]:
    facts, answer = translate(TABLE[action], payload, golden.reading("1.6", action))
    return facts[0].event, answer

"""OCPP 1.6: nothing is lost, the number that a start gets is the one that all that follows names."""

from datetime import timedelta
from random import Random
from typing import Any

import pytest

from contract.events import MeterSampled, TransactionEnded, TransactionStarted
from gateway.translation.table import Fact, Reading, translate
from gateway.translation.transaction_numbers import SLOT_SECONDS
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
        assert values.transaction == ended.transaction
        assert ended.transaction.started_at is not None
        assert began.occurred_at is not None
        late = ended.transaction.started_at - began.occurred_at
        assert timedelta(0) <= late < timedelta(seconds=SLOT_SECONDS)
        assert "transaction.startedAt" in ended.inferred
    else:
        assert ended.evse is None


START = {"connectorId": 1, "idTag": "04E91C5A", "meterStart": 100, "timestamp": "2026-08-04T02:30:00Z"}


@pytest.mark.parametrize(
    "other",
    [
        {"meterStart": 8100},
        {"idTag": "04E91C5B"},
        {"reservationId": 7},
        {"timestamp": "2026-08-04T02:30:01Z"},
        {"timestamp": "1970-01-01T00:00:09Z", "meterStart": 8100},
        {"timestamp": "0001-01-01T00:00:00Z", "meterStart": 0},
    ],
)
def test_another_start_is_another_transaction(other: dict[str, Any]) -> None:
    """Within one second, after a clock was set back by an hour, and with a clock that is unset."""
    fact, answer = start({**START, **other})
    first, first_answer = start(START)
    assert answer["transactionId"] != first_answer["transactionId"]
    assert fact.identity != first.identity


@pytest.mark.parametrize(
    "told",
    [{}, {"meterStart": 0}, {"timestamp": "1970-01-01T00:00:09Z"}, {"timestamp": "2020-01-01T00:00:00Z"}],
)
def test_a_retry_of_a_start_is_the_same_transaction(told: dict[str, Any]) -> None:
    """With a new message id, on another connection, hours later, written a little differently."""
    fact, answer = start({**START, **told})
    retry = {**START, **told, "meterStart": str({**START, **told}["meterStart"]), "reservationId": None}
    again, answer_again = start(retry, message_id="a new one", later=timedelta(hours=5))
    assert answer_again == answer
    assert again.identity == fact.identity


def test_an_unset_clock_and_a_meter_at_zero_say_the_same_in_every_session() -> None:
    """A retry comes within the hour; the same driver's next session in another."""
    said = {**START, "timestamp": "0001-01-01T00:00:00Z", "meterStart": 0}
    _, first = start(said)
    _, retry = start(said, message_id="2", later=timedelta(minutes=10))
    _, other = start(said, message_id="2", later=timedelta(hours=2))
    assert retry == first
    assert other["transactionId"] != first["transactionId"]


def start(
    payload: dict[str, Any], message_id: str = "1", later: timedelta = timedelta(0)
) -> tuple[Fact, dict[str, Any]]:
    received_at = golden.RECEIVED_AT + later
    speaker = golden.reading("1.6", "StartTransaction").speaker
    reading = Reading(speaker, "StartTransaction", message_id, received_at)
    facts, answer = translate(TABLE["StartTransaction"], payload, reading)
    return facts[0], answer


def said(action: str, **payload: Any) -> tuple[Any, dict[str, Any]]:
    facts, answer = translate(TABLE[action], payload, golden.reading("1.6", action))
    return facts[0].event, answer

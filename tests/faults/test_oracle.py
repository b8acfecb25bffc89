"""The judge is judged: each kind of broken promise is seen."""

from typing import Any

import pytest

from simulator.journal import Exchange, Outcome
from tests.faults import oracle
from tests.faults.oracle import Entry

SAID = {"connectorId": 1, "status": "Available"}


def exchange(outcome: Outcome = Outcome.RESULT, **change: Any) -> Exchange:
    told: dict[str, Any] = {
        "station": "S",
        "message_id": "m",
        "action": "StatusNotification",
        "payload": SAID,
        "sent_at": 0.0,
    }
    return Exchange(**(told | change), outcome=outcome)


def entry(offset: int = 0, *, raw: Any = None, message_id: str = "m", **change: Any) -> Entry:
    data = {"protocol": {"action": "StatusNotification", "messageId": message_id}, "raw": raw or SAID}
    told: dict[str, Any] = {
        "topic": "t",
        "partition": 0,
        "offset": offset,
        "station": "S",
        "event_id": "e",
        "type": "ocpp.connector.status_changed",
        "connection": "c",
        "sequence": offset,
        "data": data,
    }
    return Entry(**(told | change))


@pytest.mark.parametrize(
    "there", [[], [entry(message_id="other")], [entry(raw={"connectorId": 2})], [entry(station="T")]]
)
def test_a_promise_without_its_record_is_seen(there: list[Entry]) -> None:
    assert oracle.lost([exchange()], there)


def test_a_promise_that_was_kept_and_what_was_never_promised_are_no_loss() -> None:
    assert not oracle.lost([exchange()], [entry()])
    assert not oracle.lost(
        [exchange(Outcome.ERROR), exchange(Outcome.TIMEOUT), exchange(action="Heartbeat")], []
    )


def test_a_repeat_under_another_id_is_seen() -> None:
    sent = [exchange(Outcome.TIMEOUT, kept=True), exchange(kept=True, attempt=2, message_id="n")]
    assert oracle.unlike_repeats(sent, [entry(event_id="a"), entry(event_id="b", message_id="n")])
    assert not oracle.unlike_repeats(sent, [entry(event_id="a"), entry(event_id="a", message_id="n")])


def test_the_records_of_a_repeated_fact_are_found_and_no_others() -> None:
    sent = [exchange(Outcome.TIMEOUT, kept=True), exchange(kept=True, attempt=2, message_id="n")]
    copies = [entry(0), entry(1, message_id="n")]
    others = [entry(2, event_id="e/meter"), entry(3, raw={"connectorId": 2})]
    assert list(oracle.repeats(sent, [*copies, *others]).values()) == [copies]
    assert oracle.repeats(sent[:1], copies) == {}


def test_one_id_for_two_facts_is_seen() -> None:
    assert oracle.shared_ids([entry(0), entry(1, raw={"connectorId": 2})])
    assert oracle.shared_ids([entry(0), entry(1, type="ocpp.station.booted")])
    assert not oracle.shared_ids(
        [entry(0), entry(1, message_id="n"), entry(2, event_id="other", raw={"a": 1})]
    )
    assert not oracle.shared_ids([entry(0), entry(1, station="T", raw={"connectorId": 2})])


def test_records_against_their_sequence_are_seen() -> None:
    assert oracle.disordered([entry(0, sequence=2), entry(1, sequence=1)])
    assert oracle.disordered([entry(0, sequence=2), entry(1, sequence=2)])
    assert not oracle.disordered(
        [entry(0, sequence=1), entry(1, sequence=2), entry(2, sequence=1, connection="d")]
    )


def test_a_transaction_that_ends_before_it_starts_is_seen() -> None:
    started: dict[str, Any] = {
        "type": "ocpp.transaction.started",
        "event_id": "1",
        "data": {"transaction": {"id": "x"}},
    }
    ended: dict[str, Any] = {
        "type": "ocpp.transaction.ended",
        "event_id": "2",
        "data": {"transaction": {"id": "x"}},
    }
    assert oracle.disordered_transactions([entry(0, **ended), entry(1, **started)])
    assert not oracle.disordered_transactions([entry(0, **started), entry(1, **ended), entry(2, **started)])

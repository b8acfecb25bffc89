"""What the golden files cannot show of OCPP 2.0.1: that nothing is lost, and which messages are one fact."""

from datetime import UTC, timedelta
from random import Random
from typing import Any

import pytest

from contract.model import Station
from contract.passed_through import PASSED_THROUGH
from gateway.translation import v21, v201
from gateway.translation.table import Policy, Reading, Speaker, Translation, translate
from tests.support.payloads import document, valid
from tests.translation import golden, leaves

NORMALISED = sorted(set(v201.TABLE) - set(PASSED_THROUGH))
TRANSACTION_EVENT = {
    "eventType": "Updated",
    "timestamp": "2026-08-04T13:35:45Z",
    "triggerReason": "MeterValuePeriodic",
    "seqNo": 3,
    "transactionInfo": {"transactionId": "17"},
    "meterValue": [{"timestamp": "2026-08-04T13:35:45Z", "sampledValue": [{"value": 1524000.25}]}],
}
STATUS = {"timestamp": "2026-08-04T13:35:45Z", "connectorStatus": "Occupied", "evseId": 1, "connectorId": 1}


def said(
    action: str,
    payload: Any,
    *,
    station: str = "A",
    tenant: str | None = None,
    attempt: int = 0,
    raw: bool = True,
) -> Translation:
    """What becomes of a message; each `attempt` has its own message id and comes later."""
    received_at = golden.RECEIVED_AT + timedelta(minutes=attempt)
    speaker = Speaker(
        station=Station(id=station, tenant=tenant),
        version="2.0.1",
        connected_at=received_at,
        zone=UTC,
        policy=Policy(heartbeat_seconds=77),
        keep_raw=raw,
    )
    return translate(v201.TABLE[action], payload, Reading(speaker, action, f"m{attempt}", received_at))


def ids(made: Translation) -> list[str | None]:
    return [fact.identity and fact.identity + fact.suffix for fact in made.facts]


@pytest.mark.parametrize("action", NORMALISED)
def test_every_leaf_of_a_payload_is_told_by_its_event(action: str) -> None:
    lawful = [case.said for case in golden.read("2.0.1", action) if case.case in ("full", "minimal")]
    lawful += [valid(document("2.0.1", action), Random(seed), optional=0.6) for seed in range(8)]
    for payload in lawful:
        assert leaves.untold("2.0.1", action, payload) == []


def test_a_transaction_event_said_again_is_the_same_fact() -> None:
    first = said("TransactionEvent", TRANSACTION_EVENT)
    again = said("TransactionEvent", {**TRANSACTION_EVENT, "offline": True}, attempt=1)
    assert ids(again) == ids(first)
    assert len(set(ids(first))) == len(first.facts) == 2


@pytest.mark.parametrize(
    "other",
    [
        {"seqNo": 4},
        {"eventType": "Ended"},
        {"timestamp": "2026-08-04T13:35:46Z"},
        {"triggerReason": "ChargingStateChanged"},
        {"transactionInfo": {"transactionId": "18"}},
    ],
)
def test_another_transaction_event_is_another_fact(other: dict[str, Any]) -> None:
    first = said("TransactionEvent", TRANSACTION_EVENT)
    assert not set(ids(first)) & set(ids(said("TransactionEvent", {**TRANSACTION_EVENT, **other})))


def test_a_transaction_without_a_name_is_known_by_its_content() -> None:
    nameless = {**TRANSACTION_EVENT, "transactionInfo": {}}
    first = said("TransactionEvent", nameless)
    assert ids(said("TransactionEvent", {**nameless, "offline": True}, attempt=1)) == ids(first)
    assert ids(said("TransactionEvent", {**nameless, "evse": {"id": 2}})) != ids(first)


def test_two_stations_that_count_their_transactions_do_not_clash() -> None:
    told = [
        said("TransactionEvent", TRANSACTION_EVENT, station=station, tenant=tenant)
        for station, tenant in (("A", None), ("B", None), ("A", "acme"))
    ]
    named = [made.facts[0].event.transaction for made in told]
    assert [transaction and transaction.id for transaction in named] == ["A/17", "B/17", "acme/A/17"]
    assert len({ids(made)[0] for made in told}) == 3


@pytest.mark.parametrize(
    ("action", "payload"),
    [
        ("MeterValues", {"evseId": 1, "meterValue": TRANSACTION_EVENT["meterValue"]}),
        ("NotifyEvent", {"generatedAt": "2026-08-04T13:35:45Z", "seqNo": 0, "eventData": []}),
        ("NotifyReport", {"generatedAt": "2026-08-04T13:35:45Z", "seqNo": 0, "requestId": 1}),
        ("SecurityEventNotification", {"type": "StartupOfTheDevice", "timestamp": "2026-08-04T13:35:45Z"}),
        ("StatusNotification", STATUS),
        (
            "NotifyCustomerInformation",
            {"data": "x", "seqNo": 0, "generatedAt": "2026-08-04T13:35:45Z", "requestId": 1},
        ),
    ],
)
def test_what_carries_its_own_time_is_known_by_its_content(action: str, payload: dict[str, Any]) -> None:
    first = said(action, payload)
    assert None not in ids(first)
    assert ids(said(action, dict(reversed(payload.items())), attempt=1)) == ids(first)
    assert ids(said(action, payload, station="B")) != ids(first)
    assert ids(said(action, {**payload, "customData": {"vendorId": "x"}})) != ids(first)


@pytest.mark.parametrize(
    ("action", "payload"),
    [
        ("Authorize", {"idToken": {"idToken": "04A2", "type": "ISO14443"}}),
        ("BootNotification", {"reason": "PowerUp", "chargingStation": {"vendorName": "V", "model": "M"}}),
        ("DataTransfer", {"vendorId": "com.example"}),
        ("FirmwareStatusNotification", {"status": "Installing", "requestId": 1}),
        ("Heartbeat", {}),
        ("ReservationStatusUpdate", {"reservationId": 9, "reservationUpdateStatus": "Expired"}),
        ("StatusNotification", {**STATUS, "timestamp": "1970-01-01T00:00:00Z"}),
        ("TransactionEvent", {**TRANSACTION_EVENT, "timestamp": None, "seqNo": None}),
    ],
)
def test_what_carries_nothing_of_its_own_is_a_new_fact_each_time(action: str, payload: Any) -> None:
    assert set(ids(said(action, payload))) == {None}


def test_the_payload_goes_along_unless_the_operator_says_no() -> None:
    assert said("StatusNotification", STATUS).facts[0].event.raw == STATUS
    assert said("StatusNotification", STATUS, raw=False).facts[0].event.raw is None


def test_what_is_passed_through_is_not_there_twice() -> None:
    payload = {"requestId": 42}
    event = said("NotifyDisplayMessages", payload).facts[0].event
    assert (event.raw, getattr(event, "payload", None)) == (None, payload)


def test_what_cannot_be_passed_through_is_raw() -> None:
    event = said("NotifyDisplayMessages", ["no object"]).facts[0].event
    assert (event.raw, getattr(event, "payload", None), event.quirks) == (["no object"], {}, ("shape",))


def test_a_station_is_told_the_interval_of_the_policy() -> None:
    assert said("BootNotification", {}).answer["interval"] == 77


def test_custom_data_is_looked_for_as_deep_as_ocpp_goes_and_no_deeper() -> None:
    endless: dict[str, Any] = {"customData": {"vendorId": "deep"}}
    for _ in range(900):
        endless = {"inner": endless}
    payload = {**TRANSACTION_EVENT, "evse": {"id": 1, "customData": {"vendorId": "x"}, "inner": endless}}
    event = said("TransactionEvent", payload, raw=False).facts[0].event
    assert event.nested_custom_data == {"/evse": {"vendorId": "x"}}


def test_only_2_1_says_what_2_1_added() -> None:
    assert set(v21.TABLE) - set(v201.TABLE) == {
        *("BatterySwap", "ClosePeriodicEventStream", "GetCertificateChainStatus", "NotifyDERAlarm"),
        *("NotifyDERStartStop", "NotifyPeriodicEventStream", "NotifyPriorityCharging", "NotifySettlement"),
        *("OpenPeriodicEventStream", "PullDynamicScheduleUpdate", "ReportDERControl", "VatNumberValidation"),
    }

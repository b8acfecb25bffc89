"""A record's headers are CloudEvents attributes that any public reader understands, and the same each time."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from contract.envelope import Envelope, decode, encode, structured
from contract.events import MeterSampled, StationBooted, StationHeartbeat
from contract.model import Hardware, Protocol, Sample, Station
from eventlog.port import Record
from tests.support.validation import check_line, check_record

STATION = Station(id="DE*ABC*E1")
RECEIVED_AT = datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC)
HEARTBEAT = StationHeartbeat(
    station=STATION,
    received_at=RECEIVED_AT,
    protocol=Protocol(version="2.1", action="Heartbeat", message_id="7"),
)
ENVELOPE = Envelope(gateway="gw-1", station=STATION.id, version="2.1", connection="01JX")


def test_the_whole_header_set() -> None:
    assert dict(ENVELOPE.headers(HEARTBEAT, "an-id", 3)) == {
        "content-type": b"application/json",
        "ce_specversion": b"1.0",
        "ce_type": b"ocpp.station.heartbeat",
        "ce_source": b"/gateways/gw-1",
        "ce_subject": b"DE*ABC*E1",
        "ce_id": b"an-id",
        "ce_time": b"2026-03-01T12:00:00.250000Z",
        "ce_dataschema": b"https://ocpp-gateway.dev/schemas/v1/station.heartbeat.json",
        "ce_ocppversion": b"2.1",
        "ce_connection": b"01JX",
        "ce_sequence": b"0000000003",
        "ce_action": b"Heartbeat",
    }


def test_the_same_event_has_the_same_bytes() -> None:
    assert ENVELOPE.headers(HEARTBEAT, "an-id", 3) == ENVELOPE.headers(HEARTBEAT, "an-id", 3)
    assert encode(HEARTBEAT) == encode(msgspec.structs.replace(HEARTBEAT))


def test_an_event_without_a_message_has_no_action() -> None:
    born_here = msgspec.structs.replace(HEARTBEAT, protocol=None)
    assert "ce_action" not in dict(ENVELOPE.headers(born_here, "an-id", 0))


def test_traceparent_stands_only_where_given() -> None:
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    assert dict(ENVELOPE.headers(HEARTBEAT, "an-id", 0, parent))["ce_traceparent"] == parent.encode()
    assert "ce_traceparent" not in dict(ENVELOPE.headers(HEARTBEAT, "an-id", 0))


def test_time_is_the_stations_where_it_has_one() -> None:
    said = datetime(2026, 3, 1, 11, 59, 30, tzinfo=UTC)
    told_late = msgspec.structs.replace(HEARTBEAT, occurred_at=said)
    assert dict(ENVELOPE.headers(told_late, "an-id", 0))["ce_time"] == b"2026-03-01T11:59:30Z"


def test_sequence_sorts_as_text() -> None:
    sequences = [dict(ENVELOPE.headers(HEARTBEAT, "an-id", n))["ce_sequence"] for n in (9, 10, 99, 100_000)]
    assert sequences == sorted(sequences)


def test_decimals_stay_exact() -> None:
    exact = Decimal("1234567890.12345678901")
    sampled = MeterSampled(
        station=STATION,
        received_at=RECEIVED_AT,
        samples=(Sample(measurand="Energy.Active.Import.Register", value=exact, unit="Wh"),),
    )
    value = encode(sampled)
    assert b'"value":1234567890.12345678901' in value
    assert decode(ENVELOPE.headers(sampled, "an-id", 0), value) == sampled


def test_what_is_absent_is_left_out() -> None:
    booted = StationBooted(station=STATION, received_at=RECEIVED_AT, hardware=Hardware(vendor="ACME"))
    assert json.loads(encode(booted)) == {
        "station": {"id": "DE*ABC*E1"},
        "receivedAt": "2026-03-01T12:00:00.250000Z",
        "hardware": {"vendor": "ACME"},
    }


def test_a_type_we_do_not_know_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        decode([("ce_type", b"ocpp.station.levitated")], b"{}")


def test_data_that_breaks_the_contract_is_a_validation_error() -> None:
    with pytest.raises(msgspec.ValidationError):
        decode([("ce_type", b"ocpp.station.booted")], b'{"station":{"id":"a"}}')


def test_the_judge_accepts_what_we_write() -> None:
    record = _record()
    assert check_record(record) == HEARTBEAT
    line = json.dumps(structured(list(record.headers), record.value or b""))
    assert check_line(line)["id"] == "an-id"


@pytest.mark.parametrize(
    "broken",
    [
        {"key": "another station"},
        {"topic": "ocpp.security.v1"},
        {"value": None},
        {"value": encode(HEARTBEAT).replace(b'"receivedAt"', b'"received_at"')},
        {"value": encode(HEARTBEAT).replace(b'"messageId":"7"', b'"messageId":null')},
        {"value": encode(HEARTBEAT).replace(b"Z", b"+02:00")},
        {"headers": ENVELOPE.headers(HEARTBEAT, "", 0)},
        {"headers": ENVELOPE.headers(HEARTBEAT, "an-id", 0)[1:]},
        {"headers": ENVELOPE.headers(HEARTBEAT, "an-id", 0) * 2},
        {"headers": [*ENVELOPE.headers(HEARTBEAT, "an-id", 0), ("ce_type", b"ocpp.station.booted")]},
    ],
)
def test_the_judge_refuses_a_record_that_breaks_the_contract(broken: dict[str, Any]) -> None:
    with pytest.raises((AssertionError, ValueError)):
        check_record(msgspec.structs.replace(_record(), **broken))


def _record() -> Record:
    return Record(
        topic=HEARTBEAT.TOPIC.name,
        key=STATION.id,
        value=encode(HEARTBEAT),
        headers=ENVELOPE.headers(HEARTBEAT, "an-id", 0),
    )

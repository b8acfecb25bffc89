# The ocpp package carries no types.
# mypy: disallow-untyped-calls=False

from datetime import UTC, datetime

import orjson
import pytest
from ocpp.messages import Call, unpack, validate_payload

from benchmarks.messages import ID, NUMBER, TIME, TRANSACTION, V16, V201, Script, Template, padded, times

PLACES = [
    pytest.param(V16, b"123456789", "1.6", id="1.6"),
    pytest.param(V201, b'"b6a9f1a0-0000-4000-8000-000000000001"', "2.0.1", id="2.0.1"),
]


def filled_in(message: Template, transaction: bytes) -> bytes:
    values = {
        ID: b"00000001-0000-4000-8000-000000000002",
        TRANSACTION: padded(TRANSACTION, transaction),
        NUMBER: padded(NUMBER, b"7"),
        TIME: times(datetime.now(UTC), 1)[0],
    }
    return message.frame % values


def payload_of(frame: bytes) -> bytes:
    """Read by the header: a header that lied about the length would cut the JSON."""
    length = frame[1] & 0x7F
    if length < 126:
        body = frame[6:]
    else:
        length, body = int.from_bytes(frame[2:4], "big"), frame[8:]
    assert len(body) == length
    return body


@pytest.mark.parametrize(("script", "transaction", "version"), PLACES)
async def test_every_message_is_valid_ocpp(script: Script, transaction: bytes, version: str) -> None:
    for message in (script.boot, *script.session):
        call = unpack(payload_of(filled_in(message, transaction)).decode())
        assert isinstance(call, Call)
        assert call.action == message.action
        await validate_payload(call, version)


@pytest.mark.parametrize(("script", "transaction", "version"), PLACES)
def test_a_session_is_mostly_meter_values(script: Script, transaction: bytes, version: str) -> None:
    assert len(script.session) == 20
    assert [message.opens for message in script.session] == [True] + [False] * 19
    with_samples = [message for message in script.session if b"sampledValue" in message.frame]
    assert len(with_samples) >= 14


@pytest.mark.parametrize(("script", "transaction", "version"), PLACES)
def test_what_changes_is_in_the_message(script: Script, transaction: bytes, version: str) -> None:
    _, message_id, action, payload = orjson.loads(payload_of(filled_in(script.session[2], transaction)))
    assert message_id == "00000001-0000-4000-8000-000000000002"
    said = payload["transactionInfo"]["transactionId"] if version == "2.0.1" else payload["transactionId"]
    assert said == orjson.loads(transaction)
    assert action == ("TransactionEvent" if version == "2.0.1" else "MeterValues")


def test_no_two_messages_have_one_time() -> None:
    moments = times(datetime(2026, 5, 1, tzinfo=UTC), 1000)
    assert moments[:2] == [b'"2026-05-01T00:00:00.000Z"', b'"2026-05-01T00:00:00.007Z"']
    assert len(set(moments)) == 1000

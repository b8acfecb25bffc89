"""What follows from what is known of a token; and the table that backends feed, in memory."""

import tracemalloc
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from contract.model import Decision, IdToken, PersonalMessage
from contract.tokens import KnownToken, folded
from contract.topics import ID_TOKENS
from eventlog.port import Place, Record, Stored
from gateway.metrics import GatewayMetrics
from gateway.tokens import Tokens, verdict

NOW = datetime(2026, 8, 4, 13, 40, tzinfo=UTC)
HOUR = timedelta(hours=1)
PAY = PersonalMessage(content="Please top up")


@pytest.mark.parametrize(
    ("known", "said"),
    [
        (KnownToken(status="Accepted"), Decision(status="Accepted")),
        (KnownToken(status="Blocked"), Decision(status="Blocked")),
        (KnownToken(status="NoCredit", group_id="FLEET"), Decision(status="NoCredit", group_id="FLEET")),
        (
            KnownToken(
                status="Blocked", cache_seconds=60, group_id="FLEET", personal_message=PAY, languages=("de",)
            ),
            Decision(
                status="Blocked",
                cache_expiry=NOW + timedelta(minutes=1),
                group_id="FLEET",
                personal_message=PAY,
                languages=("de",),
            ),
        ),
        (
            KnownToken(status="Accepted", stations=(), cache_seconds=60, personal_message=PAY),
            Decision(
                status="NotAtThisLocation", cache_expiry=NOW + timedelta(minutes=1), personal_message=PAY
            ),
        ),
        (
            KnownToken(status="Accepted", expires_at=NOW - HOUR, cache_seconds=60),
            Decision(status="Expired", cache_expiry=NOW + timedelta(minutes=1)),
        ),
        (KnownToken(status="Blocked", expires_at=NOW - HOUR), Decision(status="Blocked")),
        (KnownToken(status="Accepted", expires_at=NOW), Decision(status="Expired")),
        (
            KnownToken(status="Accepted", expires_at=NOW - HOUR, group_id="FLEET"),
            Decision(status="Expired", group_id="FLEET"),
        ),
        (
            KnownToken(status="Accepted", expires_at=NOW + HOUR),
            Decision(status="Accepted", cache_expiry=NOW + HOUR),
        ),
        (
            KnownToken(status="Accepted", expires_at=NOW + HOUR, cache_seconds=60),
            Decision(status="Accepted", cache_expiry=NOW + timedelta(minutes=1)),
        ),
        (
            KnownToken(status="Accepted", expires_at=NOW + HOUR, cache_seconds=86_400),
            Decision(status="Accepted", cache_expiry=NOW + HOUR),
        ),
        (KnownToken(status="Accepted", cache_seconds=0), Decision(status="Accepted", cache_expiry=NOW)),
        (KnownToken(status="Accepted", stations=("CS-1", "CS-2")), Decision(status="Accepted")),
        (KnownToken(status="Accepted", stations=("CS-2",)), Decision(status="NotAtThisLocation")),
        (KnownToken(status="Accepted", stations=()), Decision(status="NotAtThisLocation")),
        (KnownToken(status="Blocked", stations=("CS-2",)), Decision(status="Blocked")),
        (
            KnownToken(status="Accepted", group_id="FLEET", charging_priority=3, languages=("de", "nl")),
            Decision(status="Accepted", group_id="FLEET", charging_priority=3, languages=("de", "nl")),
        ),
    ],
)
def test_the_verdict_follows_from_what_is_known(known: KnownToken, said: Decision) -> None:
    assert verdict(known, "CS-1", NOW) == said


def test_a_time_of_another_zone_is_told_in_utc() -> None:
    known = msgspec.json.decode(
        b'{"status":"Accepted","expiresAt":"2026-08-04T18:00:00+02:00"}', type=KnownToken
    )
    expiry = verdict(known, "CS-1", NOW).cache_expiry
    assert expiry is not None
    assert expiry.isoformat() == "2026-08-04T16:00:00+00:00"


def record(key: str, value: Any, offset: int = 0) -> Stored:
    encoded = value if isinstance(value, bytes | None) else msgspec.json.encode(value)
    return Stored(Record(ID_TOKENS.name, key, encoded), Place(ID_TOKENS.name, 0, offset), 0)


def table(*records: Stored) -> Tokens:
    tokens = Tokens(GatewayMetrics())
    tokens.begin()
    for stored in records:
        tokens.take(stored)
    tokens.caught_up()
    return tokens


def status(tokens: Tokens, value: str, type_: str | None = None, *, certain: bool = True) -> str | None:
    known = tokens.find(IdToken(value=value, type=type_), type_is_certain=certain)
    return None if known is None else known.status


@pytest.mark.parametrize("key", ["04e91c5a", "04E91C5A", " 04E91c5a "])
@pytest.mark.parametrize("said", ["04e91c5a", "04E91C5A", "04E91C5A  "])
def test_tokens_are_compared_without_regard_to_case(key: str, said: str) -> None:
    assert status(table(record(key, {"status": "Accepted"})), said) == "Accepted"


def test_the_newest_record_counts_and_a_tombstone_makes_unknown() -> None:
    tokens = table(record("a", {"status": "Accepted"}), record("b", {"status": "Accepted"}))
    assert (status(tokens, "a"), status(tokens, "b"), status(tokens, "c")) == ("Accepted", "Accepted", None)
    tokens.take(record("A", {"status": "Blocked"}))
    tokens.take(record("b", None))
    assert (status(tokens, "a"), status(tokens, "b"), len(tokens)) == ("Blocked", None, 1)


def test_another_type_is_another_token_where_the_station_says_the_type_itself() -> None:
    tokens = table(record("a", {"status": "Accepted", "type": "ISO14443"}))
    assert status(tokens, "a", "ISO14443") == "Accepted"
    assert status(tokens, "a", "iso14443") == "Accepted"
    assert status(tokens, "a", "KeyCode") is None
    assert status(tokens, "a", "KeyCode", certain=False) == "Accepted"
    assert status(tokens, "a") == "Accepted"


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"no json",
        b"[]",
        {},
        {"status": "accepted"},
        {"status": "Accepted", "expiresAt": "tomorrow"},
        {"status": "Accepted", "expiresAt": "2026-08-04T13:40:00"},
        {"status": "Accepted", "languages": ["de", "nl", "fr"]},
        {"status": "Accepted", "personalMessage": {"content": "x" * 513}},
        {"status": "Accepted", "chargingPriority": 10},
    ],
)
def test_what_cannot_be_read_makes_the_token_unknown_and_is_counted(value: Any) -> None:
    """It may have been the order to block it: what was known before must not stand."""
    tokens = table(record("a", {"status": "Accepted"}), record("a", value, 7))
    assert status(tokens, "a") is None
    assert tokens._metrics.unreadable_tokens.n == 1


def test_the_old_table_stands_until_a_new_reading_is_complete() -> None:
    tokens = table(record("a", {"status": "Accepted"}), record("gone", {"status": "Accepted"}))
    tokens.begin()
    tokens.take(record("a", {"status": "Blocked"}))
    assert (status(tokens, "a"), status(tokens, "gone")) == ("Accepted", "Accepted")
    tokens.caught_up()
    assert (status(tokens, "a"), status(tokens, "gone")) == ("Blocked", None)


def test_a_hundred_thousand_tokens_take_little_memory() -> None:
    value = msgspec.json.encode(KnownToken(status="Accepted", group_id="FLEET-7", expires_at=NOW))
    tracemalloc.start()
    try:
        tokens = Tokens(GatewayMetrics())
        tokens.begin()
        for number in range(100_000):
            tokens.take(record(f"04E91C{number:08X}", bytes(bytearray(value)), number))
        tokens.caught_up()
        taken = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert len(tokens) == 100_000
    assert taken < 30e6, f"{taken / 1e6:.0f} MB"


def test_a_key_is_folded_once_and_for_all() -> None:
    assert folded(" 04E91C5A ") == folded(folded(" 04E91C5A ")) == "04e91c5a"

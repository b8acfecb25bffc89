"""Numbers of 1.6 transactions: unique, readable back, the same for a retry; and their UUIDs."""

import uuid
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.model import Station
from gateway.translation.transaction_numbers import (
    CONTENT_BITS,
    LARGEST_NUMBER,
    LONGEST_TRANSACTION,
    SLOT_SECONDS,
    Start,
    canonical_id,
    is_coded,
    number_for,
    number_of,
    origin_of,
)

STATION = Station(id="RDAM-0042")
RECEIVED_AT = datetime(2026, 8, 4, 13, 40, tzinfo=UTC)

NUMBERS = st.integers(1, LARGEST_NUMBER)
STATIONS = st.builds(Station, id=st.text(min_size=1, max_size=48), tenant=st.none() | st.just("acme"))
FIRST, LAST = datetime(2020, 6, 1), datetime(2090, 1, 1)  # noqa: DTZ001 - hypothesis adds the zone
MOMENTS = st.datetimes(FIRST, LAST, timezones=st.just(UTC))
STARTS = st.builds(
    Start,
    connector=st.none() | st.integers(-1, 20),
    at=st.none() | MOMENTS,
    at_written=st.none() | st.text(max_size=30),
    meter=st.text(max_size=10),
    id_tag=st.text(max_size=20),
    message_id=st.text(max_size=36),
    reservation=st.text(max_size=5),
    has_register=st.just(value=True),  # see the test of a meter at zero
)


def start(connector: int = 2, at: datetime | None = RECEIVED_AT) -> Start:
    return Start(
        connector=connector,
        at=at,
        at_written=at.isoformat() if at else None,
        meter="12345",
        id_tag="04E91C5A",
        message_id="1",
    )


@given(STATIONS, STARTS, MOMENTS)
def test_every_number_is_one_that_stations_can_hold(
    station: Station, begun: Start, received_at: datetime
) -> None:
    number = number_for(station, begun, received_at)
    assert 1 <= number <= LARGEST_NUMBER


@given(STATIONS, STARTS, MOMENTS, st.text(max_size=36), st.timedeltas(timedelta(0), timedelta(days=10)))
def test_a_retry_has_the_same_number(
    station: Station, begun: Start, received_at: datetime, message_id: str, later: timedelta
) -> None:
    """With another message id, later, on any pod: as long as it is a start with a time of its own."""
    begun = begun._replace(at_written=begun.at_written or "2026")
    number = number_for(station, begun, received_at)
    again = number_for(station, begun._replace(message_id=message_id), received_at + later)
    if begun.at is None or is_coded(again) == is_coded(number):  # see the test of the window's borders
        assert again == number


def is_within_slot(told: datetime, at: datetime) -> bool:
    return timedelta(0) <= told - at.replace(microsecond=0) < timedelta(seconds=SLOT_SECONDS)


@given(st.integers(1, 7), MOMENTS, st.timedeltas(timedelta(days=-2), timedelta(days=60)))
def test_connector_and_start_can_be_read_again(connector: int, at: datetime, delay: timedelta) -> None:
    received_at = at + delay
    number = number_for(STATION, start(connector, at), received_at)
    assert is_coded(number)
    origin = origin_of(number, max(at, received_at))
    assert origin is not None
    assert origin.connector == connector
    assert is_within_slot(origin.started_at, at)


@given(st.integers(1, 7), MOMENTS, st.timedeltas(timedelta(0), LONGEST_TRANSACTION))
def test_they_can_be_read_as_long_as_transactions_last(
    connector: int, at: datetime, lasted: timedelta
) -> None:
    number = number_for(STATION, start(connector, at), at)
    origin = origin_of(number, at + lasted)
    assert origin is not None
    assert origin.connector == connector
    assert is_within_slot(origin.started_at, at)
    assert origin.started_at <= at + lasted


@given(st.integers(1, 7), MOMENTS, st.timedeltas(timedelta(0), timedelta(days=400)))
def test_a_number_of_an_earlier_release_is_still_read(
    connector: int, at: datetime, lasted: timedelta
) -> None:
    """Its station stops after the gateway was updated in mid-session."""
    seconds = (at - datetime(2020, 1, 1, tzinfo=UTC)) // timedelta(seconds=1)
    number = 1 << 30 | connector << 27 | seconds % 2**27
    assert origin_of(number, at + lasted) == (connector, at.replace(microsecond=0))


@pytest.mark.parametrize(
    "change", [{"meter": "12346"}, {"id_tag": "04E91C5B"}, {"reservation": "7"}, {"connector": 3}]
)
def test_two_starts_within_a_second_are_two_transactions(change: dict[str, Any]) -> None:
    """Also of a clock that was set back: the same second, an hour later."""
    for received_at in (RECEIVED_AT, RECEIVED_AT + timedelta(hours=1)):
        assert number_for(STATION, start()._replace(**change), received_at) != number_for(
            STATION, start(), RECEIVED_AT
        )


@given(MOMENTS, st.integers(1, SLOT_SECONDS * 20_000))
def test_starts_of_equal_content_are_told_apart_from_a_second_on(at: datetime, seconds: int) -> None:
    """Whatever the content, through the whole period of the slots (here 59 days of 97)."""
    later = at + timedelta(seconds=seconds)
    assert number_for(STATION, start(at=at), at) != number_for(STATION, start(at=later), later)


def test_starts_of_equal_content_within_one_second_are_one() -> None:
    at = RECEIVED_AT.replace(microsecond=0)
    later = at.replace(microsecond=999_999)
    assert number_for(STATION, start(at=at), at) == number_for(STATION, start(at=later), later)


def test_different_content_in_one_second_collides_as_rarely_as_documented() -> None:
    """Of 300,000 pairs 73 are expected to collide (1 in 4,096 each), give or take 9."""
    numbers = [number_for(STATION, start()._replace(meter=str(wh)), RECEIVED_AT) for wh in range(775)]
    pairs = sum(count * (count - 1) // 2 for count in Counter(numbers).values())
    expected = 775 * 774 / 2 / 2**CONTENT_BITS
    assert expected / 2 < pairs < expected * 2


UNSET_CLOCKS = ["0001-01-01T00:00:00Z", "1970-01-01T00:00:12Z"]


@pytest.mark.parametrize("at_written", UNSET_CLOCKS)
def test_starts_of_an_unset_clock_are_told_apart_by_their_content(at_written: str) -> None:
    begun = start(at=None)._replace(at_written=at_written)
    numbers = {
        number_for(STATION, begun._replace(meter=str(wh), id_tag=tag), RECEIVED_AT)
        for wh in range(0, 10_000, 100)
        for tag in ("A", "B")
    }
    assert len(numbers) == 200


@pytest.mark.parametrize("at_written", UNSET_CLOCKS)
def test_an_unset_clock_with_a_meter_at_zero_is_told_apart_by_the_hour_of_receipt(at_written: str) -> None:
    """The same driver's next session says the same again; a retry comes within the hour."""
    begun = start(at=None)._replace(at_written=at_written, meter="0", has_register=False)
    first = number_for(STATION, begun, RECEIVED_AT)
    retry = begun._replace(message_id="2")
    assert number_for(STATION, retry, RECEIVED_AT + timedelta(minutes=10)) == first
    assert number_for(STATION, retry, RECEIVED_AT + timedelta(hours=1)) != first


def test_numbers_of_a_day_on_seven_connectors_are_all_different() -> None:
    begin = datetime(2026, 8, 4, tzinfo=UTC)
    numbers = {
        number_for(STATION, start(connector, begin + timedelta(seconds=second)), begin + timedelta(days=1))
        for connector in range(1, 8)
        for second in range(0, 86_400, 7)
    }
    assert len(numbers) == 7 * len(range(0, 86_400, 7))


@pytest.mark.parametrize(
    ("delay", "coded"),
    [
        (timedelta(days=400), True),
        (timedelta(days=400, seconds=1), False),
        (timedelta(days=-2), True),
        (timedelta(days=-2, seconds=-1), False),
    ],
)
def test_the_window_of_time_coded_numbers(delay: timedelta, coded: bool) -> None:  # noqa: FBT001 - a table
    assert is_coded(number_for(STATION, start(), RECEIVED_AT + delay)) is coded


@pytest.mark.parametrize("connector", [None, -1, 0, 8, 2**31])
def test_other_connectors_get_a_hash(connector: int) -> None:
    assert not is_coded(number_for(STATION, start(connector), RECEIVED_AT))


def test_a_hash_tells_starts_apart_by_all_that_the_station_says() -> None:
    begun = start(at=None)._replace(at_written="1970-01-01T00:00:00Z")
    others = [
        begun,
        begun._replace(connector=3),
        begun._replace(at_written="1970-01-01T00:00:01Z"),
        begun._replace(meter="12346"),
        begun._replace(id_tag="04E91C5B"),
    ]
    assert len({number_for(STATION, other, RECEIVED_AT) for other in others}) == len(others)
    assert number_for(STATION, begun, RECEIVED_AT) != number_for(Station(id="other"), begun, RECEIVED_AT)


def test_a_hash_does_not_care_how_an_id_tag_is_written() -> None:
    begun = start(at=None)._replace(at_written="1970-01-01T00:00:00Z")
    assert number_for(STATION, begun, RECEIVED_AT) == number_for(
        STATION, begun._replace(id_tag=" 04e91c5a "), RECEIVED_AT
    )


def test_without_any_time_the_message_tells_starts_apart() -> None:
    begun = start(at=None)
    assert number_for(STATION, begun, RECEIVED_AT) != number_for(
        STATION, begun._replace(message_id="2"), RECEIVED_AT
    )


@pytest.mark.parametrize("number", [-1, 0, 1, 4711, 2**27 - 1, 2**30, 2**31, 2**63 - 1])
def test_numbers_that_tell_nothing(number: int) -> None:
    assert origin_of(number, RECEIVED_AT) is None


@given(st.integers(1, 7), st.timedeltas(timedelta(minutes=10), timedelta(days=2)))
def test_a_start_after_its_end_is_none_of_ours(connector: int, early: timedelta) -> None:
    number = number_for(STATION, start(connector), RECEIVED_AT)
    assert origin_of(number, RECEIVED_AT - early) is None


@given(STATIONS, NUMBERS)
def test_the_uuid_can_be_read_again(station: Station, number: int) -> None:
    made = canonical_id(station, number)
    parsed = uuid.UUID(made)
    assert str(parsed) == made
    assert parsed.version == 8
    assert parsed.variant == uuid.RFC_4122
    assert number_of(station, made) == number
    assert number_of(station, made.upper()) == number


@given(STATIONS, STATIONS, NUMBERS)
def test_the_uuid_of_another_station_is_not_ours(one: Station, other: Station, number: int) -> None:
    assert (number_of(other, canonical_id(one, number)) is None) is (one != other)


@given(st.text(max_size=40))
def test_no_other_text_is_a_transaction(text: str) -> None:
    assert number_of(STATION, text) is None


@pytest.mark.parametrize(
    "tail", ["00000000", "80000000", "ffffffff", "+0000001", "0x000001", " 0000001", "0000_001"]
)
def test_the_prefix_alone_is_no_transaction(tail: str) -> None:
    prefix = canonical_id(STATION, 1)[:-8]
    assert number_of(STATION, prefix + tail) is None

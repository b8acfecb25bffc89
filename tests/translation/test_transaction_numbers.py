"""Numbers of 1.6 transactions: unique, readable back, the same for a retry; and their UUIDs."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.model import Station
from gateway.translation.transaction_numbers import (
    LARGEST_NUMBER,
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


@given(st.integers(1, 7), MOMENTS, st.timedeltas(timedelta(days=-2), timedelta(days=400)))
def test_connector_and_start_can_be_read_again(connector: int, at: datetime, delay: timedelta) -> None:
    received_at = at + delay
    number = number_for(STATION, start(connector, at), received_at)
    assert is_coded(number)
    origin = origin_of(number, max(at, received_at))
    assert origin == (connector, at.replace(microsecond=0))


@given(st.integers(1, 7), MOMENTS, st.timedeltas(timedelta(0), timedelta(days=400)))
def test_they_can_be_read_as_long_as_transactions_last(
    connector: int, at: datetime, lasted: timedelta
) -> None:
    number = number_for(STATION, start(connector, at), at)
    assert origin_of(number, at + lasted) == (connector, at.replace(microsecond=0))


def test_numbers_of_a_day_on_seven_connectors_are_all_different() -> None:
    begin = datetime(2026, 8, 4, tzinfo=UTC)
    numbers = {
        number_for(STATION, start(connector, begin + timedelta(seconds=second)), begin + timedelta(days=1))
        for connector in range(1, 8)
        for second in range(0, 86_400, 7)
    }
    assert len(numbers) == 7 * len(range(0, 86_400, 7))


@given(st.integers(1, 7), MOMENTS, st.integers(1, 1552 * 86_400))
def test_a_number_comes_again_after_more_than_four_years_only(
    connector: int, at: datetime, seconds: int
) -> None:
    later = at + timedelta(seconds=seconds)
    assert number_for(STATION, start(connector, at), at) != number_for(
        STATION, start(connector, later), later
    )


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


@pytest.mark.parametrize("number", [-1, 0, 1, 4711, 2**30 - 1, 2**30, 2**31, 2**63 - 1])
def test_numbers_that_tell_nothing(number: int) -> None:
    assert origin_of(number, RECEIVED_AT) is None


@given(st.integers(1, 7), st.timedeltas(timedelta(minutes=6), timedelta(days=2)))
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

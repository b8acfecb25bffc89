"""Times as stations write them, and as we do."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.translation import moments

AT = datetime(2026, 8, 4, 13, 35, 45, tzinfo=UTC)
FIRST, LAST = datetime(2010, 1, 2), datetime(9998, 1, 1)  # noqa: DTZ001 - hypothesis adds the zone
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "moment", "quirk"),
    [
        ("2026-08-04T13:35:45Z", AT, None),
        ("2026-08-04T13:35:45.000Z", AT, None),
        ("2026-08-04T13:35:45.000000000Z", AT, None),
        ("2026-08-04T13:35:45+00:00", AT, None),
        ("2026-08-04T15:35:45+02:00", AT, None),
        ("2026-08-04T15:35:45+0200", AT, None),
        ("2026-08-04T08:05:45-05:30", AT, None),
        ("2026-08-04 13:35:45Z", AT, None),
        (" 2026-08-04t13:35:45z ", AT, None),
        ("2026-08-04T15:35:45", AT, "ts_no_zone"),
        ("2026-08-04T15:35:45+02", AT, "ts_short_offset"),
        ("2026-08-04T16:35:45+03", AT, "ts_short_offset"),
        ("2026-08-04T08:35:45-05", AT, "ts_short_offset"),
        ("1970-01-01T00:00:00Z", None, "ts_bogus"),
        ("0001-01-01T00:00:00Z", None, "ts_bogus"),
        ("0001-01-01T00:00:00+14:00", None, "ts_bogus"),
        ("9999-12-31T23:59:59-14:00", None, "ts_bogus"),
        ("", None, "ts_bogus"),
        (" ", None, "ts_bogus"),
        ("yesterday", None, "ts_bogus"),
        ("2026-13-04T13:35:45Z", None, "ts_bogus"),
        (1785850545, None, "ts_bogus"),
        (True, None, "ts_bogus"),
        ([], None, "ts_bogus"),
        ({"at": "2026"}, None, "ts_bogus"),
        (None, None, "ts_missing"),
    ],
)
def test_what_stations_write(text: object, moment: datetime | None, quirk: str | None) -> None:
    assert moments.parse(text, BERLIN) == (moment, quirk)


def test_without_a_zone_and_without_a_setting_it_is_utc() -> None:
    assert moments.parse("2026-08-04T13:35:45", UTC) == (AT, "ts_no_zone")


@given(st.text(max_size=40) | st.integers() | st.floats() | st.booleans() | st.none())
def test_anything_is_read_or_bogus(text: object) -> None:
    moment, quirk = moments.parse(text, BERLIN)
    assert moment is None or moment.utcoffset() == timedelta(0)
    assert (moment is None) is (quirk in ("ts_bogus", "ts_missing"))


@given(
    st.datetimes(FIRST, LAST, timezones=st.just(UTC)),
    st.integers(-14 * 60, 14 * 60),
)
def test_what_we_write_is_read(moment: datetime, offset_minutes: int) -> None:
    whole = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    assert moments.written(moment).endswith("Z")
    assert moments.parse(moments.written(moment), BERLIN) == (whole, None)
    elsewhere = moment.astimezone(timezone(timedelta(minutes=offset_minutes)))
    assert moments.parse(elsewhere.isoformat(), BERLIN) == (moment, None)


@pytest.mark.parametrize(
    ("early", "quirk"),
    [
        (timedelta(days=-300), None),
        (timedelta(0), None),
        (timedelta(minutes=5), None),
        (timedelta(minutes=6), "ts_wrong_zone"),
        (timedelta(hours=2), "ts_wrong_zone"),
        (timedelta(hours=14), "ts_wrong_zone"),
        (timedelta(hours=15), "ts_future"),
    ],
)
def test_a_time_ahead_of_ours(early: timedelta, quirk: str | None) -> None:
    assert moments.ahead(AT + early, AT) == quirk

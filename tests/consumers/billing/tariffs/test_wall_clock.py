"""Restrictions by the clock on the wall, over the changes of the clock and over midnight."""

from typing import Any, NamedTuple

import pytest

from consumers.billing.tariffs.pricing import price
from tests.support.tariffs import component, element, euros, session, tariff

BERLIN, NEW_YORK = "Europe/Berlin", "America/New_York"
LORD_HOWE, SAO_PAULO = "Australia/Lord_Howe", "America/Sao_Paulo"


class Case(NamedTuple):
    """A session from `start` (UTC), and for how many of its minutes the restriction holds."""

    name: str
    zone: str
    start: str
    minutes: int
    restriction: dict[str, Any]
    held: int


def hours(start: str, end: str) -> dict[str, Any]:
    return {"start_time": start, "end_time": end}


# 02:00 is 03:00 at 01:00 UTC; the session is from 01:00 to 05:00
IN_SPRING = (BERLIN, "2025-03-30T00:00", 180)
# 03:00 is 02:00 at 01:00 UTC; the session is from 01:00 to 04:00
IN_AUTUMN = (BERLIN, "2025-10-25T23:00", 240)
# 02:00 is 03:00 at 07:00 UTC; the session is from 01:00 to 05:00
IN_MARCH = (NEW_YORK, "2025-03-09T06:00", 180)
# 02:00 is 01:00 at 06:00 UTC; the session is from 00:00 to 03:00
IN_NOVEMBER = (NEW_YORK, "2025-11-02T04:00", 240)
# half an hour back: 02:00 is 01:30 at 15:00 UTC; the session is from 01:00 to 03:30
BY_HALF_AN_HOUR = (LORD_HOWE, "2025-04-05T14:00", 180)
# a Sunday that began at 01:00, and one that began an hour late
WITHOUT_MIDNIGHT = (SAO_PAULO, "2018-11-04T02:00", 180)
LATE_MIDNIGHT = (SAO_PAULO, "2018-02-18T01:00", 180)
# from Monday 10:00 to Thursday 10:00 in Berlin
THREE_DAYS = (BERLIN, "2025-01-06T09:00", 3 * 24 * 60)

CASES = [
    Case("an hour left out", *IN_SPRING, hours("02:00", "03:00"), 0),
    Case("from within the hour left out", *IN_SPRING, hours("02:30", "03:30"), 30),
    Case("to within the hour left out", *IN_SPRING, hours("01:30", "02:30"), 30),
    Case("after the hour left out", *IN_SPRING, hours("03:00", "04:00"), 60),
    Case("a night with an hour left out", *IN_SPRING, hours("22:00", "06:00"), 180),
    Case("an hour shown twice", *IN_AUTUMN, hours("02:00", "03:00"), 120),
    Case("from within the hour shown twice", *IN_AUTUMN, hours("02:30", "03:30"), 90),
    Case("to within the hour shown twice", *IN_AUTUMN, hours("01:30", "02:30"), 90),
    Case("after the hour shown twice", *IN_AUTUMN, hours("03:00", "04:00"), 60),
    Case("an hour left out in America", *IN_MARCH, hours("02:00", "03:00"), 0),
    Case("from within it", *IN_MARCH, hours("02:30", "03:30"), 30),
    Case("to within it", *IN_MARCH, hours("01:30", "02:30"), 30),
    Case("an hour shown twice in America", *IN_NOVEMBER, hours("01:00", "02:00"), 120),
    Case("from within it, twice", *IN_NOVEMBER, hours("01:30", "02:30"), 90),
    Case("to within it, twice", *IN_NOVEMBER, hours("00:30", "01:30"), 90),
    Case("half an hour shown twice", *BY_HALF_AN_HOUR, hours("01:30", "02:00"), 60),
    Case("a day without midnight", *WITHOUT_MIDNIGHT, {"day_of_week": ["SUNDAY"]}, 120),
    Case("the date of a day without midnight", *WITHOUT_MIDNIGHT, {"end_date": "2018-11-04"}, 60),
    Case("a day of 25 hours", *LATE_MIDNIGHT, {"day_of_week": ["SATURDAY"]}, 120),
    Case("the day after a day of 25 hours", *LATE_MIDNIGHT, {"start_date": "2018-02-18"}, 60),
    Case("three nights", *THREE_DAYS, hours("22:00", "06:00"), 3 * 8 * 60),
    Case("three days", *THREE_DAYS, hours("06:00", "22:00"), 3 * 16 * 60),
    Case("until midnight", *THREE_DAYS, hours("20:00", "00:00"), 3 * 4 * 60),
    Case("from a time on", *THREE_DAYS, {"start_time": "20:00"}, 3 * 4 * 60),
    Case("until a time", *THREE_DAYS, {"end_time": "06:00"}, 3 * 6 * 60),
    Case("the whole day", *THREE_DAYS, hours("00:00", "00:00"), 3 * 24 * 60),
    Case("one day of three", *THREE_DAYS, {"day_of_week": ["TUESDAY"]}, 24 * 60),
    Case(
        # the night from Tuesday to Wednesday is Tuesday's until midnight only
        "a night of one day",
        *THREE_DAYS,
        {**hours("22:00", "06:00"), "day_of_week": ["TUESDAY"]},
        8 * 60,
    ),
    Case("one date", *THREE_DAYS, {"start_date": "2025-01-07", "end_date": "2025-01-08"}, 24 * 60),
    Case("a date is the station's", *THREE_DAYS, {"end_date": "2025-01-07"}, 14 * 60),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_restriction_holds_while_the_clock_says_so(case: Case) -> None:
    by_the_minute = component("TIME", "60", step=60)
    one = tariff(element(by_the_minute, **case.restriction))
    priced = price(session(case.start, (case.minutes, 1), time_zone=case.zone), one)
    cost = priced.total_time_cost
    assert (cost or euros("0.0000")) == euros(f"{case.held}.0000")
    assert (cost is None) == (case.held == 0)


def test_a_restriction_by_seconds_is_not_moved_by_the_clock() -> None:
    """Half an hour after the start is that, whatever the clock showed meanwhile."""
    one = tariff(element(component("TIME", "60", step=60), min_duration=30 * 60))
    for zone, start, minutes in (IN_SPRING, IN_AUTUMN):
        priced = price(session(start, (minutes, 1), time_zone=zone), one)
        assert priced.total_time_cost == euros(f"{minutes - 30}.0000")

"""What stations do and tariffs say that the specification has no example of."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from consumers.billing.tariffs.metering import MeteredSession, Point, Reservation
from consumers.billing.tariffs.model import Tariff
from consumers.billing.tariffs.pricing import price
from contract.cdrs import Price
from tests.support.tariffs import component, element, euros, moment, session, tariff

START = moment("2025-01-06T08:00")
BY_KWH = component("ENERGY", "1")


def measured(minutes: float, *points: tuple[float, dict[str, Any]]) -> MeteredSession:
    """A session of so many minutes, with what was said after so many."""
    return MeteredSession(
        started_at=START,
        ended_at=START + timedelta(minutes=minutes),
        points=tuple(Point(at=START + timedelta(minutes=after), **said) for after, said in points),
    )


def at_wh(energy_wh: int) -> dict[str, Any]:
    return {"energy_wh": Decimal(energy_wh)}


CHARGES, PARKS = {"is_charging": True}, {"is_charging": False}


def volumes(one: MeteredSession, *elements: dict[str, Any]) -> list[tuple[float, dict[str, float]]]:
    """Of each period after how many minutes it begins, and what was used."""
    return [
        (
            (period.start_date_time - one.started_at) / timedelta(minutes=1),
            {dimension.type: float(dimension.volume) for dimension in period.dimensions},
        )
        for period in price(one, tariff(*elements)).charging_periods
    ]


def test_a_session_of_one_price_is_one_period() -> None:
    one = session("2025-01-06T08:00", (10, 1), (20, 3), (30, 1))
    assert volumes(one, element(BY_KWH)) == [(0, {"ENERGY": 5, "TIME": 1})]


def test_charging_and_parking_are_two_periods_whatever_they_cost() -> None:
    one = session("2025-01-06T08:00", (30, 5), (30, 0, False))
    expected = [(0, {"ENERGY": 5, "TIME": 0.5}), (30, {"PARKING_TIME": 0.5})]
    assert volumes(one, element(BY_KWH)) == expected


def test_a_limit_of_energy_cuts_where_it_is_reached() -> None:
    one = measured(60, (0, at_wh(1000)), (60, at_wh(4000)))
    cheap, dear = element(BY_KWH, max_kwh="1"), element(component("ENERGY", "2"))
    expected = [(0, {"ENERGY": 1, "TIME": 0.3333}), (20, {"ENERGY": 2, "TIME": 0.6667})]
    assert volumes(one, cheap, dear) == expected
    assert price(one, tariff(cheap, dear)).total_cost == euros("5.00")


def test_energy_flows_while_it_charges() -> None:
    """Readings at the beginning and the end only; what parks in between takes nothing."""
    one = measured(60, (0, at_wh(0)), (20, PARKS), (40, CHARGES), (60, at_wh(8000)))
    expected = [
        (0, {"ENERGY": 4, "TIME": 0.3333}),
        (20, {"PARKING_TIME": 0.3333}),
        (40, {"ENERGY": 4, "TIME": 0.3334}),
    ]
    assert volumes(one, element(BY_KWH)) == expected


def test_a_limit_of_energy_is_reached_while_it_charges() -> None:
    one = measured(60, (0, at_wh(0)), (20, PARKS), (40, CHARGES), (60, at_wh(8000)))
    starts = [at for at, _ in volumes(one, element(BY_KWH, max_kwh="6"), element(component("ENERGY", "2")))]
    assert starts == [0, 20, 40, 50]
    starts = [at for at, _ in volumes(one, element(BY_KWH, max_kwh="4"), element(component("ENERGY", "2")))]
    assert starts == [0, 20, 40]


def test_what_a_parked_car_takes_it_takes_evenly() -> None:
    one = measured(60, (0, {**PARKS, **at_wh(0)}), (60, at_wh(2000)))
    split = element(BY_KWH, max_duration=900), element(component("ENERGY", "2"))
    expected = [(0, {"ENERGY": 0.5, "PARKING_TIME": 0.25}), (15, {"ENERGY": 1.5, "PARKING_TIME": 0.75})]
    assert volumes(one, *split) == expected


def test_power_is_what_the_register_rose_by_while_it_charged() -> None:
    one = measured(60, (0, at_wh(0)), (30, PARKS), (60, at_wh(10_000)))
    fast = element(BY_KWH, component("PARKING_TIME", "8", step=1), min_power="20")
    slow = element(component("ENERGY", "3"), component("PARKING_TIME", "2", step=1))
    assert price(one, tariff(fast, slow)).total_cost == euros("11.00")
    assert volumes(one, fast, slow)[0][1] == {"ENERGY": 10, "TIME": 0.5, "MIN_POWER": 20, "MAX_POWER": 20}


def test_a_current_holds_until_another_is_said() -> None:
    one = measured(
        60,
        (0, {**at_wh(0), "current_amperes": Decimal(10)}),
        (15, {"current_amperes": Decimal(32)}),
        (30, at_wh(3000)),
        (45, {"current_amperes": Decimal(31)}),
        (60, at_wh(6000)),
    )
    strong = element(component("TIME", "60", step=1), min_current="32")
    assert price(one, tariff(strong)).total_cost == euros("30.00")
    weak = element(component("TIME", "60", step=1), max_current="32")
    assert price(one, tariff(weak)).total_cost == euros("30.00")


def test_a_current_that_nobody_said_is_neither_low_nor_high() -> None:
    one = session("2025-01-06T08:00", (60, 5))
    low, high = element(BY_KWH, max_current="32"), element(BY_KWH, min_current="0")
    assert price(one, tariff(low, high, element(component("ENERGY", "3")))).total_cost == euros("15.00")


def test_a_parked_car_draws_no_current() -> None:
    one = session("2025-01-06T08:00", (60, 5), (60, 0, False), amperes=16)
    parked = element(component("PARKING_TIME", "7", step=1), max_current="6")
    assert price(one, tariff(parked)).total_cost == euros("7.00")


def test_the_register_may_jump() -> None:
    """Two readings of the same second: what is above the limit costs more, and takes no time."""
    one = measured(60, (0, at_wh(0)), (30, at_wh(0)), (30, at_wh(10_000)), (60, at_wh(10_000)))
    prices = element(BY_KWH, max_kwh="4"), element(component("ENERGY", "2"))
    assert price(one, tariff(*prices)).total_cost == euros("16.00")
    assert volumes(one, *prices) == [(0, {"ENERGY": 4, "TIME": 0.5}), (30, {"ENERGY": 6, "TIME": 0.5})]


def test_a_session_may_take_no_time() -> None:
    one = measured(0, (0, at_wh(0)), (0, at_wh(10_000)))
    assert price(one, tariff(element(BY_KWH))).total_cost == euros("10.00")
    assert volumes(one, element(BY_KWH)) == [(0, {"ENERGY": 10, "TIME": 0})]
    prices = element(BY_KWH, max_kwh="4"), element(component("ENERGY", "2"))
    assert price(one, tariff(*prices)).total_cost == euros("16.00")


def test_a_session_may_be_nothing_at_all() -> None:
    priced = price(measured(0), tariff(element(component("FLAT", "1"), BY_KWH)))
    assert priced.total_cost == euros("1.00")
    assert priced.total_energy == priced.total_time == 0
    assert len(priced.charging_periods) == 1


def test_without_readings_there_is_time_only() -> None:
    priced = price(measured(30, (10, PARKS)), tariff(element(BY_KWH, component("TIME", "6", step=60))))
    assert priced.total_cost == euros("1.00")
    assert priced.total_energy_cost == euros("0.0000")


def test_nothing_is_metered_before_the_first_reading_and_after_the_last() -> None:
    one = measured(60, (20, at_wh(5000)), (40, at_wh(7000)))
    prices = element(BY_KWH, max_duration=30 * 60), element(component("ENERGY", "2"))
    assert price(one, tariff(*prices)).total_cost == euros("3.00")
    outside = element(BY_KWH, min_duration=40 * 60)
    assert price(one, tariff(outside)).total_energy_cost == euros("0.0000")


def test_a_flat_price_is_paid_once_and_it_is_the_first_that_held() -> None:
    late = element(component("FLAT", "5"), min_duration=1800)
    early = element(component("FLAT", "2"), max_duration=1800)
    one = session("2025-01-06T08:00", (60, 5))
    assert price(one, tariff(late, early)).total_fixed_cost == euros("2.0000")
    assert price(one, tariff(late)).total_fixed_cost == euros("5.0000")
    short = session("2025-01-06T08:00", (29, 5))
    assert price(short, tariff(late)).total_fixed_cost is None


def test_each_dimension_has_its_own_first_element() -> None:
    one = session("2025-01-06T08:00", (60, 5))
    elements = element(component("TIME", "3", step=1)), element(BY_KWH, component("TIME", "9", step=1))
    assert price(one, tariff(*elements)).total_cost == euros("8.00")


def test_what_has_no_price_costs_nothing_and_is_not_rounded_up() -> None:
    only_first = element(component("ENERGY", "1", step=1000), max_kwh="1.5")
    priced = price(session("2025-01-06T08:00", (60, 20)), tariff(only_first))
    assert priced.total_cost == euros("2.00")
    assert priced.total_energy == 20


def test_the_step_is_that_of_the_price_used_last_not_of_the_last_that_held() -> None:
    one = session("2025-01-06T16:00", (60, 4.3), (60, 0, False))
    day = element(component("ENERGY", "1", step=500), end_time="17:00")
    evening = element(component("ENERGY", "9", step=1000))
    assert price(one, tariff(day, evening)).total_cost == euros("4.50")


def test_a_component_without_vat_has_none_beside_one_that_has() -> None:
    one = tariff(element(component("ENERGY", "1", vat="10"), component("TIME", "2", step=1)))
    assert price(session("2025-01-06T08:00", (60, 10)), one).total_cost == euros("12.00", "13.00")


@pytest.mark.parametrize(
    ("currency", "cost"), [("EUR", "1.01"), ("JPY", "1"), ("KWD", "1.005"), ("CHF", "1.01"), ("XAF", "1")]
)
def test_what_is_to_be_paid_has_the_decimals_of_its_currency(currency: str, cost: str) -> None:
    one = tariff(element(component("ENERGY", "1.005")), currency=currency)
    assert price(session("2025-01-06T08:00", (60, 1)), one).total_cost.excl_vat == Decimal(cost)


def test_what_is_to_be_paid_is_rounded_once() -> None:
    """Three thirds of a cent are a cent, though each of them is nothing."""
    kwh, hour = component("ENERGY", "0.003333"), component("TIME", "0.003334", step=1)
    one = tariff(element(kwh, hour, component("FLAT", "0.003333")))
    assert price(session("2025-01-06T08:00", (60, 1)), one).total_cost == euros("0.01")


LIMITS: dict[str, Any] = {
    "min_price": {"excl_vat": "3", "incl_vat": "3.30"},
    "max_price": {"excl_vat": "5", "incl_vat": "5.90"},
}


@pytest.mark.parametrize(
    ("kwh", "cost"),
    [
        (0, euros("3.00", "3.30")),
        (2.6, euros("3.00", "3.30")),
        (2.9, euros("3.00", "3.48")),  # one limit is reached before the other
        (4, euros("4.00", "4.80")),
        (4.95, euros("4.95", "5.90")),
        (9, euros("5.00", "5.90")),
    ],
)
def test_limits_hold_without_and_with_vat_each_for_itself(kwh: float, cost: Price) -> None:
    one = tariff(element(component("ENERGY", "1", vat="20")), **LIMITS)
    assert price(session("2025-01-06T08:00", (60, kwh)), one).total_cost == cost


def test_who_did_not_come_owes_no_least_price() -> None:
    one = tariff(element(component("ENERGY", "1", vat="20")), **LIMITS)
    never = price(session("2025-01-06T08:00", reserved=(60, True)), one)
    assert never.total_cost == euros("0.00", "0.00")
    assert never.total_reservation_cost is None


def test_a_reservation_has_its_own_period_cost_and_steps() -> None:
    waiting = element(component("FLAT", "1"), component("TIME", "6", step=600), reservation="RESERVATION")
    one = tariff(waiting, element(component("TIME", "60", step=600)))
    priced = price(session("2025-01-06T08:00", (15, 1), reserved=(25, False)), one)
    assert priced.total_reservation_cost == euros("4.0000")
    assert priced.total_time_cost == euros("20.0000")
    assert priced.total_cost == euros("24.00")
    assert priced.total_time == Decimal("0.25")
    first = priced.charging_periods[0]
    assert first.start_date_time == moment("2025-01-06T07:35")
    assert [(each.type, each.volume) for each in first.dimensions] == [
        ("RESERVATION_TIME", Decimal("0.4167"))
    ]


def test_an_expiry_adds_its_fee_to_that_of_the_reservation() -> None:
    reserved = element(component("FLAT", "1"), reservation="RESERVATION")
    expired = element(component("FLAT", "3"), reservation="RESERVATION_EXPIRES")
    one = tariff(reserved, expired, element(component("FLAT", "9")))
    assert price(session("2025-01-06T08:00", reserved=(60, True)), one).total_cost == euros("4.00")


def test_a_month_of_nights() -> None:
    night = element(component("TIME", "60", step=60), start_time="22:00", end_time="06:00")
    one = session("2025-03-01T00:00", (31 * 24 * 60, 9), time_zone="Europe/Berlin")
    # from 01:00 on the first, 30 nights of which one is short, until 02:00 on the first of April
    hours = 5 + (30 * 8 - 1) + 4
    assert price(one, tariff(night)).total_time_cost == euros(f"{hours * 60}.0000")


BROKEN: dict[str, dict[str, Any]] = {
    "ends before it starts": {"ended_at": START - timedelta(seconds=1)},
    "begins before there were clocks": {"started_at": moment("0001-01-01T00:00")},
    "ends after all clocks": {"ended_at": moment("9999-12-31T23:59")},
    "a point before the start": {"points": (Point(at=START - timedelta(seconds=1)),)},
    "a point after the end": {"points": (Point(at=START + timedelta(hours=2)),)},
    "points out of order": {
        "points": (Point(at=START + timedelta(minutes=2)), Point(at=START + timedelta(minutes=1)))
    },
    "the register falls": {
        "points": (Point(at=START, energy_wh=Decimal(2)), Point(at=START, energy_wh=Decimal(1)))
    },
    "no number": {"points": (Point(at=START, energy_wh=Decimal("NaN")),)},
    "a number without end": {"points": (Point(at=START, energy_wh=Decimal("Infinity")),)},
    "a number beyond all meters": {"points": (Point(at=START, energy_wh=Decimal("1e999999")),)},
    "a number of a million decimals": {"points": (Point(at=START, energy_wh=Decimal("1e-999999")),)},
    "no such zone": {"time_zone": "Europe/Atlantis"},
    "a zone that is a folder": {"time_zone": "Europe"},
    "a zone from elsewhere": {"time_zone": "../etc/passwd"},
    "reserved when it had started": {"reservation": Reservation(made_at=START + timedelta(seconds=1))},
}


def test_readings_have_the_noise_of_floats() -> None:
    """0.1 + 0.2 kWh, as a station computes it."""
    one = measured(60, (0, at_wh(0)), (60, {"energy_wh": Decimal("300.00000000000004")}))
    assert price(one, tariff(element(component("ENERGY", "1", step=100)))).total_energy_cost == euros(
        "0.4000"
    )


def test_the_price_is_found_again_from_what_was_written_down() -> None:
    prices = element(component("ENERGY", "0.49", vat="19"), start_time="08:10", max_kwh="3.3")
    one = tariff(
        prices, element(component("ENERGY", "0.1", vat="7"), component("PARKING_TIME", "3", step=60))
    )
    seen = session("2025-03-30T00:00", (7, 1.234), (600, 7.7), (11, 0, False), time_zone="Europe/Berlin")
    said = msgspec.json.Encoder(decimal_format="number").encode((seen, one))
    again = msgspec.json.decode(said, type=tuple[MeteredSession, Tariff])
    assert price(*again) == price(seen, one)


@pytest.mark.parametrize("fault", BROKEN)
def test_a_session_that_cannot_be_is_refused(fault: str) -> None:
    good: dict[str, Any] = {"started_at": START, "ended_at": START + timedelta(hours=1)}
    MeteredSession(**good)
    with pytest.raises(ValueError, match=r".+"):
        MeteredSession(**good | BROKEN[fault])

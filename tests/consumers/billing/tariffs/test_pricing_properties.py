"""What holds of every price: it agrees with the slow way, adds up, and does not depend on how it was measured."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

import msgspec
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from consumers.billing.tariffs.amounts import rounded
from consumers.billing.tariffs.costs import PricedSession
from consumers.billing.tariffs.metering import MeteredSession, Point
from consumers.billing.tariffs.model import Tariff
from consumers.billing.tariffs.pricing import price
from contract.cdrs import Price
from tests.support.minute_by_minute import DAYS, Leg, billed, metered
from tests.support.tariffs import component, element, tariff, with_points

SLOW = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)

PLACES = {"EUR": 2, "JPY": 0, "KWD": 3}

ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "America/Sao_Paulo",
)

STARTS = st.one_of(
    # around the changes of the clock in Berlin, New York and Lord Howe
    st.sampled_from(["2025-03-29", "2025-10-25", "2025-03-08", "2025-11-01", "2025-04-05", "2025-10-04"]),
    st.dates(datetime(2024, 1, 1, tzinfo=UTC).date(), datetime(2026, 12, 31, tzinfo=UTC).date()).map(str),
)


@st.composite
def starts(draw: st.DrawFn) -> datetime:
    day = datetime.fromisoformat(draw(STARTS)).replace(tzinfo=UTC)
    return day + timedelta(minutes=draw(st.integers(0, 24 * 60 - 1)))


@st.composite
def a_leg(draw: st.DrawFn) -> Leg:
    is_charging = draw(st.booleans())
    rate = draw(st.sampled_from([1, 2, 5, 10])) if is_charging or draw(st.integers(0, 9)) == 0 else 0
    tens = draw(st.one_of(st.integers(1, 6), st.integers(1, 36)))
    return Leg(10 * tens, rate, is_charging, draw(st.sampled_from([0, 6, 16, 32, 63])))


RESTRICTED = ("time", "date", "day", "kwh", "power", "current", "duration")

legs = st.lists(a_leg(), min_size=1, max_size=6)

prices = st.decimals(0, 9, places=2).map(str)


@st.composite
def a_component(draw: st.DrawFn) -> dict[str, Any]:
    return component(
        draw(st.sampled_from(["ENERGY", "FLAT", "TIME", "PARKING_TIME"])),
        draw(prices),
        vat=draw(st.sampled_from([None, "0", "7", "19", "5.2"])),
        step=draw(st.sampled_from([1, 7, 60, 300, 500, 900, 1000])),
    )


def _range(draw: st.DrawFn, name: str, values: st.SearchStrategy[Any]) -> dict[str, Any]:
    chosen = {}
    if draw(st.booleans()):
        chosen[f"min_{name}"] = draw(values)
    if draw(st.booleans()):
        chosen[f"max_{name}"] = draw(values)
    return chosen


@st.composite
def restrictions(draw: st.DrawFn) -> dict[str, Any]:
    clock = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.sampled_from([0, 0, 15, 30, 59]))
    tens_of_wh = st.integers(0, 300).map(lambda tens: str(Decimal(tens) / 100))
    said: dict[str, Any] = {}
    for kind in draw(st.lists(st.sampled_from(RESTRICTED), max_size=2)):
        if kind == "time":
            said |= {key: draw(clock) for key in ("start_time", "end_time") if draw(st.integers(0, 3))}
        elif kind == "date":
            said |= {draw(st.sampled_from(["start_date", "end_date"])): draw(STARTS)}
        elif kind == "day":
            said["day_of_week"] = draw(st.lists(st.sampled_from(DAYS), max_size=5))
        elif kind == "kwh":
            said |= _range(draw, "kwh", tens_of_wh)
        elif kind == "power":
            said |= _range(draw, "power", st.sampled_from(["0", "0.06", "0.1", "0.3", "0.6"]))
        elif kind == "current":
            said |= _range(draw, "current", st.sampled_from(["0", "6", "16", "20", "32"]))
        else:
            said |= _range(draw, "duration", st.integers(0, 900).map(lambda minutes: minutes * 60))
    return said


@st.composite
def tariffs(draw: st.DrawFn) -> Tariff:
    elements = [
        element(*draw(st.lists(a_component(), min_size=1, max_size=3)), **draw(restrictions()))
        for _ in range(draw(st.integers(1, 4)))
    ]
    return tariff(*elements, currency=draw(st.sampled_from(list(PLACES))))


def said(cost: tuple[Fraction, Fraction] | None, *, knows_vat: bool, places: int) -> Price | None:
    if cost is None:
        return None
    return Price(excl_vat=rounded(cost[0], places), incl_vat=rounded(cost[1], places) if knows_vat else None)


@SLOW
@given(starts(), st.sampled_from(ZONES), legs, tariffs())
def test_the_price_is_that_of_the_slow_way(start: datetime, zone: str, taken: list[Leg], one: Tariff) -> None:
    priced = price(metered(start, zone, taken), one)
    slow = billed(start, zone, taken, one)
    knows_vat = any(each.vat is not None for other in one.elements for each in other.price_components)
    total = (
        sum((cost[0] for cost in slow.costs.values()), Fraction(0)),
        sum((cost[1] for cost in slow.costs.values()), Fraction(0)),
    )
    assert priced.total_cost == said(total, knows_vat=knows_vat, places=PLACES[one.currency])
    assert priced.total_energy * 1000 == slow.energy_wh
    assert priced.total_parking_time == rounded(Fraction(slow.minutes["PARKING_TIME"], 60), 4)
    assert priced.total_time == rounded(Fraction(slow.minutes["TIME"], 60), 4) + priced.total_parking_time
    for dimension, name in (
        ("ENERGY", "total_energy_cost"),
        ("TIME", "total_time_cost"),
        ("PARKING_TIME", "total_parking_cost"),
        ("FLAT", "total_fixed_cost"),
    ):
        assert getattr(priced, name) == said(slow.costs.get(dimension), knows_vat=knows_vat, places=4), name


def volume(priced: PricedSession, *kinds: str) -> Decimal:
    return sum(
        (
            dimension.volume
            for period in priced.charging_periods
            for dimension in period.dimensions
            if dimension.type in kinds
        ),
        Decimal(0),
    )


@SLOW
@given(starts(), st.sampled_from(ZONES), legs, tariffs())
def test_the_periods_add_up_to_the_session(start: datetime, zone: str, taken: list[Leg], one: Tariff) -> None:
    session = metered(start, zone, taken)
    priced = price(session, one)
    assert volume(priced, "ENERGY") == priced.total_energy
    assert volume(priced, "TIME", "PARKING_TIME") == priced.total_time
    assert volume(priced, "PARKING_TIME") == priced.total_parking_time
    begin = [period.start_date_time for period in priced.charging_periods]
    assert begin[0] == session.started_at
    assert all(earlier < later for earlier, later in pairwise(begin))
    assert begin[-1] < session.ended_at


@st.composite
def readings(draw: st.DrawFn) -> MeteredSession:
    """Anything that a station may have said: any seconds, any fractions of a Wh, jumps and standstills."""
    start = draw(starts())
    seconds = sorted(draw(st.lists(st.integers(0, 200_000), min_size=2, max_size=12)))
    rises = draw(
        st.lists(
            st.decimals(0, 9000, places=3) | st.just(Decimal(0)), min_size=len(seconds), max_size=len(seconds)
        )
    )
    energy = Decimal(draw(st.integers(0, 10**7)))
    points = []
    for second, rise in zip(seconds, rises, strict=True):
        energy += rise
        points.append(
            Point(
                at=start + timedelta(seconds=second),
                energy_wh=draw(st.sampled_from([energy, energy, None])),
                is_charging=draw(st.sampled_from([True, False, None])),
                current_amperes=draw(st.sampled_from([Decimal(6), Decimal(32), None])),
            )
        )
    return MeteredSession(
        started_at=start,
        ended_at=points[-1].at,
        time_zone=draw(st.sampled_from(ZONES)),
        points=tuple(points),
    )


@SLOW
@given(readings(), tariffs())
def test_whatever_was_measured_adds_up(session: MeteredSession, one: Tariff) -> None:
    priced = price(session, one)
    said = [point.energy_wh for point in session.points if point.energy_wh is not None]
    metered_wh = said[-1] - said[0] if said else Decimal(0)
    assert priced.total_energy == rounded(Fraction(metered_wh) / 1000, 4)
    assert volume(priced, "ENERGY") == priced.total_energy
    assert volume(priced, "TIME", "PARKING_TIME") == priced.total_time
    hours = Fraction((session.ended_at - session.started_at) // timedelta(seconds=1), 3600)
    assert abs(Fraction(priced.total_time) - hours) <= Fraction(1, 10_000)
    assert all(each.volume >= 0 for period in priced.charging_periods for each in period.dimensions)


@SLOW
@given(starts(), st.sampled_from(ZONES), legs, tariffs(), st.data())
def test_more_readings_of_the_same_change_nothing(
    start: datetime, zone: str, taken: list[Leg], one: Tariff, data: st.DataObject
) -> None:
    """A reading between two others, as the meter stood just then: at the quarters of a minute."""
    session = metered(start, zone, taken)
    points = list(session.points)
    at, energy_wh = start, Decimal(0)
    for leg in taken:
        for quarter in data.draw(st.sets(st.integers(1, leg.minutes * 4 - 1), max_size=4)):
            point = Point(
                at=at + timedelta(seconds=15 * quarter),
                energy_wh=energy_wh + Decimal(leg.wh_a_minute * quarter) / 4,
                is_charging=data.draw(st.sampled_from([leg.is_charging, None])),
                current_amperes=data.draw(st.sampled_from([Decimal(leg.amperes), None])),
            )
            points.append(point)
        at += timedelta(minutes=leg.minutes)
        energy_wh += leg.minutes * leg.wh_a_minute
    points.sort(key=lambda point: point.at)
    assert price(with_points(session, points), one) == price(session, one)


@SLOW
@given(readings(), tariffs(), st.integers(1, 10**6))
def test_where_the_register_began_does_not_matter(session: MeteredSession, one: Tariff, more_wh: int) -> None:
    points = [
        msgspec.structs.replace(point, energy_wh=point.energy_wh + more_wh)
        if point.energy_wh is not None
        else point
        for point in session.points
    ]
    assert price(with_points(session, points), one) == price(session, one)


@SLOW
@given(starts(), legs, legs, st.lists(a_component(), min_size=1, max_size=4))
def test_who_goes_on_pays_no_less(
    start: datetime, taken: list[Leg], more: list[Leg], asked: list[Any]
) -> None:
    """Where prices do not change, and no step is given up: parking after charging takes the step from charging."""
    one = tariff(element(*asked))
    assume(all(leg.is_charging for leg in taken) == all(leg.is_charging for leg in taken + more))
    short, long = (price(metered(start, "UTC", all_of), one) for all_of in (taken, taken + more))
    assert short.total_cost.excl_vat <= long.total_cost.excl_vat


@SLOW
@given(starts(), legs, tariffs(), st.decimals(0, 50, places=2), st.decimals(0, 50, places=2))
def test_a_price_keeps_its_limits(
    start: datetime, taken: list[Leg], one: Tariff, least: Decimal, more: Decimal
) -> None:
    limits = {"min_price": Price(excl_vat=least), "max_price": Price(excl_vat=least + more)}
    limited = price(metered(start, "UTC", taken), msgspec.structs.replace(one, currency="EUR", **limits))
    free = price(metered(start, "UTC", taken), msgspec.structs.replace(one, currency="EUR"))
    assert limited.total_cost.excl_vat == min(max(free.total_cost.excl_vat, least), least + more)

"""The price of a session the slow way: minute by minute, with nothing of the program's but its data types.

It is right where everything happens on whole minutes: readings, borders of the tariff, changes of the clock, and
energy limits, which is so where each leg takes 1, 2, 5 or 10 Wh a minute and each limit is a multiple of 10 Wh.
"""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple
from zoneinfo import ZoneInfo

from consumers.billing.tariffs.metering import MeteredSession, Point
from consumers.billing.tariffs.model import PriceComponent, Tariff, TariffRestrictions

DAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
MINUTE = timedelta(minutes=1)


class Leg(NamedTuple):
    """A part of a session in which nothing changes."""

    minutes: int
    wh_a_minute: int
    is_charging: bool
    amperes: int


class Minute(NamedTuple):
    leg: Leg
    local: datetime
    passed: int
    energy_wh: int


class Billed(NamedTuple):
    energy_wh: int
    minutes: dict[str, int]
    costs: dict[str, tuple[Fraction, Fraction]]
    """By dimension, without and with VAT."""


def metered(started_at: datetime, time_zone: str, legs: Sequence[Leg]) -> MeteredSession:
    """The session of these legs, with a reading where one ends and the next begins."""
    at, energy_wh = started_at, 0
    points = [Point(at=at, energy_wh=Decimal(0))]
    for leg in legs:
        points.append(Point(at=at, is_charging=leg.is_charging, current_amperes=Decimal(leg.amperes)))
        at += leg.minutes * MINUTE
        energy_wh += leg.minutes * leg.wh_a_minute
        points.append(Point(at=at, energy_wh=Decimal(energy_wh)))
    return MeteredSession(started_at=started_at, ended_at=at, time_zone=time_zone, points=tuple(points))


def billed(started_at: datetime, time_zone: str, legs: Sequence[Leg], tariff: Tariff) -> Billed:
    used: list[tuple[PriceComponent, Fraction]] = []
    minutes = {"TIME": 0, "PARKING_TIME": 0}
    passed = energy_wh = 0
    flat: PriceComponent | None = None
    for leg in legs:
        for _ in range(leg.minutes):
            local = (started_at + passed * MINUTE).astimezone(ZoneInfo(time_zone))
            now = Minute(leg, local, passed, energy_wh)
            spent = "TIME" if leg.is_charging else "PARKING_TIME"
            flat = flat or _first("FLAT", tariff, now)
            for kind, amount in (
                ("ENERGY", Fraction(leg.wh_a_minute, 1000)),
                (spent, Fraction(1, 60)),
            ):
                component = _first(kind, tariff, now)
                if component:
                    used.append((component, amount))
            minutes[spent] += 1
            passed += 1
            energy_wh += leg.wh_a_minute
    parked = any(component.type == "PARKING_TIME" for component, _ in used)
    for kind, units in (("ENERGY", 1000), ("PARKING_TIME" if parked else "TIME", 3600)):
        of_kind = [(component, amount) for component, amount in used if component.type == kind and amount]
        if of_kind:
            last = of_kind[-1][0]
            step = Fraction(last.step_size, units)
            total = sum((amount for _, amount in of_kind), Fraction(0))
            while total % step:
                missing = step - total % step
                used.append((last, missing))
                total += missing
    if flat:
        used.append((flat, Fraction(1)))
    costs: dict[str, tuple[Fraction, Fraction]] = {}
    for component, amount in used:
        excl, incl = costs.get(component.type, (Fraction(0), Fraction(0)))
        cost = Fraction(component.price) * amount
        costs[component.type] = (excl + cost, incl + cost + cost * Fraction(component.vat or 0) / 100)
    return Billed(energy_wh, minutes, costs)


def _first(kind: str, tariff: Tariff, now: Minute) -> PriceComponent | None:
    for element in tariff.elements:
        for component in element.price_components:
            if component.type == kind and (element.restrictions is None or _met(element.restrictions, now)):
                return component
    return None


def _met(said: TariffRestrictions, now: Minute) -> bool:
    kw = Fraction(now.leg.wh_a_minute * 60, 1000)
    amperes = now.leg.amperes if now.leg.is_charging else 0
    checks = [
        said.min_kwh is None or now.energy_wh >= said.min_kwh * 1000,
        said.max_kwh is None or now.energy_wh < said.max_kwh * 1000,
        said.min_duration is None or now.passed * 60 >= said.min_duration,
        said.max_duration is None or now.passed * 60 < said.max_duration,
        said.min_power is None or kw >= Fraction(said.min_power),
        said.max_power is None or kw < Fraction(said.max_power),
        said.min_current is None or amperes >= said.min_current,
        said.max_current is None or amperes < said.max_current,
        said.start_date is None or now.local.date() >= said.start_date,
        said.end_date is None or now.local.date() < said.end_date,
        not said.day_of_week or DAYS[now.local.weekday()] in said.day_of_week,
    ]
    if said.start_time or said.end_time:
        start, end = (time.fromisoformat(text or "00:00") for text in (said.start_time, said.end_time))
        shown = now.local.time()
        checks.append(start <= shown < end if start < end else not end <= shown < start)
    return all(checks)

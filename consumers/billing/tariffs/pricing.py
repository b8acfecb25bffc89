"""The price of a session by one tariff: the one that was in force when it began, until its end.

Everything between the readings and the result is exact; each number is rounded once, where it is written down. What is
to be paid is rounded from the exact sum, not added up from rounded parts.
"""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import NamedTuple

from consumers.billing.tariffs.amounts import OCPI_DECIMALS, decimals, rounded
from consumers.billing.tariffs.bill import Cost, Item, cost, stepped
from consumers.billing.tariffs.costs import PricedSession
from consumers.billing.tariffs.metering import MeteredSession
from consumers.billing.tariffs.model import (
    DimensionType,
    ReservationRestriction,
    Tariff,
    TariffElement,
)
from consumers.billing.tariffs.periods import HOUR, charging_periods, hours, kwh
from consumers.billing.tariffs.stretches import Stretch, stretches
from contract.cdrs import Period, Price


class _Part(NamedTuple):
    """A reservation, or the session itself: what is billed of it, and how it went."""

    items: list[Item]
    stretches: list[Stretch]
    periods: list[Period]


def price(session: MeteredSession, tariff: Tariff) -> PricedSession:
    """What the session came to, and all that a CDR says of it. The same from the same, always."""
    reserved = _reservation(session, tariff)
    charged = _charging(session, tariff)
    parking_hours = hours(charged.stretches, is_charging=False)

    def part(dimension: DimensionType) -> Price | None:
        items = [item for item in charged.items if item.component.type == dimension]
        return _price(tariff, cost(items), OCPI_DECIMALS) if items else None

    return PricedSession(
        currency=tariff.currency,
        charging_periods=(*reserved.periods, *charged.periods),
        total_cost=_to_pay(session, tariff, cost(reserved.items + charged.items)),
        total_fixed_cost=part("FLAT"),
        total_energy=kwh(charged.stretches[-1].end_wh if charged.stretches else Fraction(0)),
        total_energy_cost=part("ENERGY"),
        total_time=hours(charged.stretches, is_charging=True) + parking_hours,
        total_time_cost=part("TIME"),
        total_parking_time=parking_hours,
        total_parking_cost=part("PARKING_TIME"),
        total_reservation_cost=_price(tariff, cost(reserved.items), OCPI_DECIMALS)
        if reserved.items
        else None,
    )


def _charging(session: MeteredSession, tariff: Tariff) -> _Part:
    if session.reservation and session.reservation.expired:
        return _Part([], [], [])
    found = stretches(session, _elements(tariff, None))
    periods = charging_periods(session.started_at, found, tariff.id)
    return _Part(stepped([*_fixed(found), *_used(found)]), found, list(periods))


def _reservation(session: MeteredSession, tariff: Tariff) -> _Part:
    """A reservation is priced as a session of its own, which takes no energy (mod_tariffs §11.4.3).

    Where it expired, the prices of an expiry count, and for want of an hourly one that of a reservation.
    """
    if session.reservation is None:
        return _Part([], [], [])
    waiting = MeteredSession(
        started_at=session.reservation.made_at, ended_at=session.started_at, time_zone=session.time_zone
    )
    kinds: tuple[ReservationRestriction, ...] = ("RESERVATION",)
    if session.reservation.expired:
        kinds = ("RESERVATION_EXPIRES", "RESERVATION")
    found = stretches(waiting, [element for kind in kinds for element in _elements(tariff, kind)])
    items = list(_used(found))
    for kind in kinds:
        items += _fixed(stretches(waiting, _elements(tariff, kind)))
    periods = charging_periods(waiting.started_at, found, tariff.id, is_reservation=True)
    return _Part(stepped(items), found, list(periods))


def _elements(tariff: Tariff, reservation: ReservationRestriction | None) -> list[TariffElement]:
    return [
        element
        for element in tariff.elements
        if (element.restrictions.reservation if element.restrictions else None) == reservation
    ]


def _fixed(found: Sequence[Stretch]) -> Iterator[Item]:
    """Of the flat prices the first that held, once."""
    flat = next((stretch.prices.flat for stretch in found if stretch.prices.flat), None)
    if flat:
        yield Item(flat, Fraction(1))


def _used(found: Sequence[Stretch]) -> Iterator[Item]:
    for stretch in found:
        if stretch.prices.energy:
            yield Item(stretch.prices.energy, (stretch.end_wh - stretch.start_wh) / 1000)
        if stretch.prices.time:
            yield Item(stretch.prices.time, Fraction(stretch.end - stretch.start) / HOUR)


def _to_pay(session: MeteredSession, tariff: Tariff, owed: Cost) -> Price:
    """Within the limits of the tariff, which hold without and with VAT each for itself (mod_tariffs §11.3.1).

    The least price is a session's: who only reserved does not owe it.
    """
    excl, incl = owed
    least, most = tariff.min_price, tariff.max_price
    if least and not (session.reservation and session.reservation.expired):
        excl = max(excl, Fraction(least.excl_vat))
        incl = max(incl, Fraction(least.excl_vat if least.incl_vat is None else least.incl_vat))
    if most:
        excl = min(excl, Fraction(most.excl_vat))
        incl = incl if most.incl_vat is None else min(incl, Fraction(most.incl_vat))
    return _price(tariff, Cost(excl, incl), decimals(tariff.currency))


def _price(tariff: Tariff, amount: Cost, places: int) -> Price:
    """With VAT only where the tariff says anything of VAT."""
    components = (component for element in tariff.elements for component in element.price_components)
    knows_vat = any(component.vat is not None for component in components)
    return Price(
        excl_vat=rounded(amount.excl_vat, places),
        incl_vat=rounded(amount.incl_vat, places) if knows_vat else None,
    )

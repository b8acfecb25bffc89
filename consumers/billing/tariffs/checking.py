"""What is wrong with a tariff that has the right shape: what could not be meant, or would have to be guessed at."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

import msgspec

from consumers.billing.tariffs.model import (
    DimensionType,
    PriceComponent,
    Tariff,
    TariffElement,
    TariffRestrictions,
)
from contract.cdrs import Price
from contract.checking import Fault

_RESERVABLE = ("FLAT", "TIME")

_FREE = TariffRestrictions()

_MOST_DIGITS = 18
"""Before the point, and zeros behind it."""

_RANGES = (
    ("min_kwh", "max_kwh"),
    ("min_current", "max_current"),
    ("min_power", "max_power"),
    ("min_duration", "max_duration"),
    ("start_date", "end_date"),
)


def tariff_faults(tariff: Tariff, pointer: str = "") -> list[Fault]:
    """All that is wrong with a tariff, by JSON Pointer."""
    return list(_faults(tariff, pointer))


def _faults(tariff: Tariff, pointer: str) -> Iterator[Fault]:
    if tariff.start_date_time and tariff.end_date_time and tariff.start_date_time >= tariff.end_date_time:
        yield Fault(f"{pointer}/end_date_time", "not after start_date_time: it is never in force")
    yield from _price_limits(tariff, pointer)
    for number, element in enumerate(tariff.elements):
        place = f"{pointer}/elements/{number}"
        for other, component in enumerate(element.price_components):
            yield from _component(component, f"{place}/price_components/{other}")
        if element.restrictions:
            yield from _restrictions(element.restrictions, f"{place}/restrictions")
        yield from _reservable(element, f"{place}/price_components")
    yield from _unreached(tariff.elements, f"{pointer}/elements")


def _component(component: PriceComponent, pointer: str) -> Iterator[Fault]:
    yield from _amount(component.price, f"{pointer}/price")
    if component.vat is not None:
        yield from _amount(component.vat, f"{pointer}/vat", most=Decimal(100))
    if component.type != "FLAT" and component.step_size == 0:
        yield Fault(f"{pointer}/step_size", "at least 1")


def _restrictions(restrictions: TariffRestrictions, pointer: str) -> Iterator[Fault]:
    odd = list(_limits(restrictions, pointer))
    yield from odd
    for least, most in _RANGES if not odd else ():
        low, high = getattr(restrictions, least), getattr(restrictions, most)
        if low is not None and high is not None and low >= high:
            yield Fault(f"{pointer}/{most}", f"not above {least}: the element never holds")
    if restrictions.start_time and restrictions.start_time == restrictions.end_time != "00:00":
        yield Fault(f"{pointer}/end_time", "the same as start_time; leave both out if it is the whole day")


def _limits(restrictions: TariffRestrictions, pointer: str) -> Iterator[Fault]:
    for name in (name for names in _RANGES for name in names):
        limit = getattr(restrictions, name)
        if isinstance(limit, Decimal):
            yield from _amount(limit, f"{pointer}/{name}")
        if name.startswith("max_") and limit == 0:
            yield Fault(f"{pointer}/{name}", "0: the element never holds")


def _reservable(element: TariffElement, pointer: str) -> Iterator[Fault]:
    if element.restrictions and element.restrictions.reservation:
        for number, component in enumerate(element.price_components):
            if component.type not in _RESERVABLE:
                yield Fault(f"{pointer}/{number}/type", "a reservation has FLAT and TIME only")


def _unreached(elements: Sequence[TariffElement], pointer: str) -> Iterator[Fault]:
    """Components that never count, because one before them always does."""
    settled: dict[tuple[str | None, DimensionType], str] = {}
    for number, element in enumerate(elements):
        restrictions = element.restrictions or _FREE
        always = msgspec.structs.replace(restrictions, reservation=None) == _FREE
        mine: dict[DimensionType, str] = {}
        for other, component in enumerate(element.price_components):
            place = f"{pointer}/{number}/price_components/{other}"
            before = mine.get(component.type) or settled.get((restrictions.reservation, component.type))
            if before:
                yield Fault(place, f"never counts: {before} has the {component.type} price already")
            mine.setdefault(component.type, place)
        if always:
            for kind, place in mine.items():
                settled.setdefault((restrictions.reservation, kind), place)


def _price_limits(tariff: Tariff, pointer: str) -> Iterator[Fault]:
    components = [component for element in tariff.elements for component in element.price_components]
    knows_vat = any(component.vat is not None for component in components)
    odd = []
    for name in ("min_price", "max_price"):
        limit: Price | None = getattr(tariff, name)
        if limit is None:
            continue
        odd += _amount(limit.excl_vat, f"{pointer}/{name}/excl_vat")
        if limit.incl_vat is None:
            if knows_vat:
                odd.append(Fault(f"{pointer}/{name}", "needs incl_vat, as the prices have VAT"))
            continue
        odd += _amount(limit.incl_vat, f"{pointer}/{name}/incl_vat")
        if not knows_vat:
            odd.append(Fault(f"{pointer}/{name}/incl_vat", "no price has VAT"))
        elif not odd and limit.incl_vat < limit.excl_vat:
            odd.append(Fault(f"{pointer}/{name}/incl_vat", "below excl_vat"))
    yield from odd
    least, most = tariff.min_price, tariff.max_price
    if least and most and not odd and _beyond(least, most):
        yield Fault(f"{pointer}/max_price", "below min_price")


def _beyond(least: Price, most: Price) -> bool:
    return least.excl_vat > most.excl_vat or (least.incl_vat or 0) > (most.incl_vat or 0)


def _amount(amount: Decimal, pointer: str, *, most: Decimal | None = None) -> list[Fault]:
    if not amount.is_finite() or amount.adjusted() > _MOST_DIGITS or amount.adjusted() < -_MOST_DIGITS:
        return [Fault(pointer, "no number that anybody would ask for")]
    if amount < 0 or (most is not None and amount > most):
        return [Fault(pointer, "below 0" if most is None else f"not from 0 to {most}")]
    return []

"""A tariff in words, for the people who must answer for it: what costs what when, and what costs nothing."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from decimal import Decimal

from consumers.billing.tariffs.book import Assignment, TariffBook
from consumers.billing.tariffs.model import (
    DAYS,
    DimensionType,
    PriceComponent,
    Tariff,
    TariffRestrictions,
)
from contract.cdrs import Price

_UNITS: dict[DimensionType, str] = {
    "ENERGY": "per kWh",
    "TIME": "per hour of charging",
    "PARKING_TIME": "per hour of parking",
    "FLAT": "once a session",
}
_RESERVED_UNITS: dict[DimensionType, str] = {
    "TIME": "per hour of reservation",
    "FLAT": "once a reservation",
}
_FREE: dict[DimensionType, str] = {
    "ENERGY": "energy",
    "TIME": "the time of charging",
    "PARKING_TIME": "the time of parking",
}
_RESERVATIONS = {
    "RESERVATION_EXPIRES": "where it expired unused",
}
_WHOLE = {60: "minute", 3600: "hour"}


def explained(book: TariffBook) -> str:
    """The whole book, a paragraph each for a tariff and for the assignments."""
    paragraphs = ["\n".join(_tariff(tariff)) for tariff in book.tariffs]
    paragraphs.append("\n".join(["Who has which:", *(f"  {_assignment(each)}" for each in book.assignments)]))
    return "\n\n".join(paragraphs) + "\n"


def _tariff(tariff: Tariff) -> Iterator[str]:
    yield f"{tariff.id}, in {tariff.currency}{_validity(tariff)}:"
    for element in tariff.elements:
        restrictions = element.restrictions
        when = list(_conditions(restrictions)) if restrictions else []
        for component in element.price_components:
            yield (
                f"  {_component(component, is_reservation=bool(restrictions and restrictions.reservation))}"
                + (f" {', '.join(when)}" if when else "")
            )
    priced = {
        component.type
        for element in tariff.elements
        if not (element.restrictions and element.restrictions.reservation)
        for component in element.price_components
    }
    free = [words for kind, words in _FREE.items() if kind not in priced]
    if free:
        yield f"  nothing for {_listed(free)}"
    for words, limit in (("at least", tariff.min_price), ("at most", tariff.max_price)):
        if limit:
            yield f"  {words} {_price(limit)} a session"
    if len(tariff.elements) > 1:
        yield "  Of several prices for the same the first counts whose conditions are met."


def _component(component: PriceComponent, *, is_reservation: bool) -> str:
    units = _RESERVED_UNITS if is_reservation else _UNITS
    vat = "" if component.vat is None else f" + {_number(component.vat)} % VAT"
    return f"{_number(component.price)}{vat} {units[component.type]}{_step(component)}"


def _step(component: PriceComponent) -> str:
    if component.type == "FLAT" or component.step_size <= 1:
        return ""
    if component.type == "ENERGY":
        return f" (in steps of {component.step_size} Wh)"
    return f" (in steps of {_duration(component.step_size)})"


def _conditions(restrictions: TariffRestrictions) -> Iterator[str]:
    if restrictions.reservation in _RESERVATIONS:
        yield _RESERVATIONS[restrictions.reservation]
    if restrictions.day_of_week:
        yield f"on {_listed(day.capitalize() for day in DAYS if day in restrictions.day_of_week)}"
    if restrictions.start_time or restrictions.end_time:
        yield f"from {restrictions.start_time or '00:00'} to {restrictions.end_time or '24:00'}"
    if restrictions.start_date:
        yield f"from {restrictions.start_date} on"
    if restrictions.end_date:
        yield f"before {restrictions.end_date}"
    yield from _range("after the first", "for the first", restrictions.min_kwh, restrictions.max_kwh, "kWh")
    yield from _range("at", "below", restrictions.min_power, restrictions.max_power, "kW")
    yield from _range("at", "below", restrictions.min_current, restrictions.max_current, "A")
    if restrictions.min_duration:
        yield f"after the first {_duration(restrictions.min_duration)}"
    if restrictions.max_duration:
        yield f"within the first {_duration(restrictions.max_duration)}"


def _range(low: str, high: str, least: Decimal | None, most: Decimal | None, unit: str) -> Iterator[str]:
    if least:
        yield f"{low} {_number(least)} {unit}" + (" and more" if low == "at" else "")
    if most is not None:
        yield f"{high} {_number(most)} {unit}"


def _assignment(assignment: Assignment) -> str:
    named = [
        f"{words} {_listed(names, 'or')}"
        for words, names in (
            ("token", assignment.tokens),
            ("at station", assignment.stations),
            ("in group", assignment.groups),
        )
        if names
    ]
    return f"{assignment.tariff}: {', '.join(named) or 'everybody'}"


def _validity(tariff: Tariff) -> str:
    start = f" from {_moment(tariff.start_date_time)} on" if tariff.start_date_time else ""
    end = f" before {_moment(tariff.end_date_time)}" if tariff.end_date_time else ""
    return f", for sessions that begin{start}{end}" if start or end else ""


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _price(price: Price) -> str:
    vat = "" if price.incl_vat is None else f" ({_number(price.incl_vat)} with VAT)"
    return f"{_number(price.excl_vat)}{vat}"


def _duration(seconds: int) -> str:
    unit = max((each for each in _WHOLE if seconds % each == 0), default=1)
    count = seconds // unit
    return f"{count} {_WHOLE.get(unit, 'second')}{'' if count == 1 else 's'}"


def _number(number: Decimal) -> str:
    return f"{number:f}"


def _listed(words: Iterable[str], joined_by: str = "and") -> str:
    *most, last = words
    return f"{', '.join(most)} {joined_by} {last}" if most else last

"""The items of a bill, exact: what was used at which price, step sizes applied, and what that costs.

Step sizes, as OCPI says (mod_cdrs §10.3.1 "Step_size"): the energy of a session is rounded up once, as a whole, by the
step of the energy price used last, and what was added is billed at that price. Likewise its time, but only one
kind of it: parking where parking was priced, else charging.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from math import ceil
from typing import NamedTuple

from consumers.billing.tariffs.model import DimensionType, PriceComponent

WH_IN_KWH = 1000
SECONDS_IN_HOUR = 3600

_STEPS: dict[DimensionType, int] = {
    "ENERGY": WH_IN_KWH,
    "TIME": SECONDS_IN_HOUR,
    "PARKING_TIME": SECONDS_IN_HOUR,
}
"""How many of the units of a step size the unit of the price has."""


class Item(NamedTuple):
    """So much at this price: kWh, hours, or once."""

    component: PriceComponent
    volume: Fraction


class Cost(NamedTuple):
    """An amount without and with VAT."""

    excl_vat: Fraction
    incl_vat: Fraction


def stepped(items: Sequence[Item]) -> list[Item]:
    """The items of one session with what their step sizes add."""
    used = {item.component.type for item in items if item.volume}
    return [
        *items,
        *_added(items, "ENERGY"),
        *_added(items, "PARKING_TIME" if "PARKING_TIME" in used else "TIME"),
    ]


def cost(items: Iterable[Item]) -> Cost:
    """What they cost together. A component without VAT has none, which costs what it costs with 0 %."""
    excl = incl = Fraction(0)
    for component, volume in items:
        amount = Fraction(component.price) * volume
        excl += amount
        incl += amount * (1 + Fraction(component.vat or Decimal(0)) / 100)
    return Cost(excl, incl)


def _added(items: Sequence[Item], dimension: DimensionType) -> list[Item]:
    used = [item for item in items if item.component.type == dimension and item.volume]
    if not used or not used[-1].component.step_size:
        return []
    last = used[-1].component
    step = Fraction(last.step_size, _STEPS[dimension])
    total = sum((item.volume for item in used), Fraction(0))
    return [Item(last, ceil(total / step) * step - total)]

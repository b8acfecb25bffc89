"""The stretches of a session as the charging periods of a CDR.

Each volume is the difference of two rounded totals, so that the periods add up to the rounded total exactly.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from consumers.billing.tariffs.amounts import OCPI_DECIMALS, rounded
from consumers.billing.tariffs.meter import MICROSECOND, Exact
from consumers.billing.tariffs.stretches import Seen, Stretch
from contract.cdrs import CdrDimensionType, Dimension, Period

HOUR = 3_600_000_000
"""In microseconds."""


def charging_periods(
    started_at: datetime, found: Sequence[Stretch], tariff_id: str, *, is_reservation: bool = False
) -> Iterator[Period]:
    """One a stretch. A reservation's time is RESERVATION_TIME, and has no energy."""
    passed: dict[CdrDimensionType, Exact] = {}
    for stretch in found:
        kind: CdrDimensionType = "TIME" if stretch.is_charging else "PARKING_TIME"
        if is_reservation:
            kind = "RESERVATION_TIME"
        before = passed.get(kind, 0)
        passed[kind] = before + stretch.end - stretch.start
        dimensions = [Dimension(type=kind, volume=_hours(passed[kind]) - _hours(before))]
        energy = kwh(stretch.end_wh) - kwh(stretch.start_wh)
        if energy:
            dimensions.insert(0, Dimension(type="ENERGY", volume=energy))
        dimensions += _seen(stretch.seen)
        yield Period(
            start_date_time=started_at + round(stretch.start) * MICROSECOND,
            dimensions=tuple(dimensions),
            tariff_id=tariff_id,
        )


def kwh(energy_wh: Fraction) -> Decimal:
    return rounded(energy_wh / 1000, OCPI_DECIMALS)


def hours(found: Sequence[Stretch], *, is_charging: bool) -> Decimal:
    """How long it charged, or parked."""
    return _hours(sum(each.end - each.start for each in found if each.is_charging == is_charging))


def _hours(microseconds: Exact) -> Decimal:
    return rounded(Fraction(microseconds, HOUR), OCPI_DECIMALS)


def _seen(seen: Seen) -> Iterator[Dimension]:
    values: dict[CdrDimensionType, Fraction | Decimal | None] = {
        "MIN_POWER": seen.least_kw,
        "MAX_POWER": seen.most_kw,
        "MIN_CURRENT": seen.least_amperes,
        "MAX_CURRENT": seen.most_amperes,
    }
    for kind, value in values.items():
        if value is not None:
            yield Dimension(type=kind, volume=rounded(Fraction(value), OCPI_DECIMALS))

"""When an element of a tariff holds: its restrictions, all of which must be true (mod_tariffs §11.4.6).

Minimum inclusive, maximum exclusive, so that the ranges of two elements can meet and never overlap.
"""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from consumers.billing.tariffs.meter import Exact
from consumers.billing.tariffs.model import DAYS, TariffRestrictions

SECOND = 1_000_000
"""In microseconds."""


class Circumstances(NamedTuple):
    """What restrictions ask of a moment; `since` is in microseconds, `current_amperes` None where unknown."""

    local: datetime
    since: Exact
    energy_wh: Fraction
    power_kw: Fraction
    current_amperes: Decimal | None


def holds(restrictions: TariffRestrictions, now: Circumstances) -> bool:
    """Whether all is true of now. Who reserved is no circumstance: see `pricing`.

    What nobody knows is not true: a restriction of the current does not hold where no current was said.
    """
    return (
        _of_day(restrictions, now.local)
        and _of_date(restrictions, now.local)
        and _within(now.since, _in(restrictions.min_duration, SECOND), _in(restrictions.max_duration, SECOND))
        and _within(now.energy_wh, _in(restrictions.min_kwh, 1000), _in(restrictions.max_kwh, 1000))
        and _within(now.power_kw, restrictions.min_power, restrictions.max_power)
        and _within(now.current_amperes, restrictions.min_current, restrictions.max_current)
    )


def times_of_day(restrictions: TariffRestrictions) -> Iterator[str]:
    """At which times on the clock it may begin or cease to hold."""
    if restrictions.start_time or restrictions.end_time:
        yield restrictions.start_time or "00:00"
        yield restrictions.end_time or "00:00"
    if restrictions.start_date or restrictions.end_date or restrictions.day_of_week:
        yield "00:00"


def _of_day(restrictions: TariffRestrictions, local: datetime) -> bool:
    """From one time until another; until the next day where that is the earlier, or the same."""
    if restrictions.start_time is None and restrictions.end_time is None:
        return True
    start, end = restrictions.start_time or "00:00", restrictions.end_time or "00:00"
    shown = f"{local.hour:02}:{local.minute:02}"
    return start <= shown < end if start < end else shown >= start or shown < end


def _of_date(restrictions: TariffRestrictions, local: datetime) -> bool:
    return (
        (not restrictions.day_of_week or DAYS[local.weekday()] in restrictions.day_of_week)
        and (restrictions.start_date is None or restrictions.start_date <= local.date())
        and (restrictions.end_date is None or local.date() < restrictions.end_date)
    )


def _within(
    value: Fraction | Decimal | int | None, least: Decimal | int | None, less_than: Decimal | int | None
) -> bool:
    if least is None and less_than is None:
        return True
    if value is None:
        return False
    return (least is None or value >= least) and (less_than is None or value < less_than)


def _in(limit: Decimal | int | None, units: int) -> Decimal | int | None:
    return None if limit is None else limit * units

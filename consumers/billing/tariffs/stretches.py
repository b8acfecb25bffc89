"""A session cut where its price changes: each stretch has one set of prices, and charges or parks throughout.

It is cut wherever a restriction of the tariff may begin or cease to hold, judged at the beginning of each
piece, and put together again where nothing changed. So cuts that were not needed leave no trace.
"""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple, TypeVar

from consumers.billing.tariffs.clock import WallClock
from consumers.billing.tariffs.meter import Exact, Meter
from consumers.billing.tariffs.metering import MeteredSession
from consumers.billing.tariffs.model import DimensionType, PriceComponent, TariffElement, TariffRestrictions
from consumers.billing.tariffs.restrictions import SECOND, Circumstances, holds, times_of_day

_Number = TypeVar("_Number", Fraction, Decimal)

_FREE = TariffRestrictions()


class Prices(NamedTuple):
    """What is asked for: once, of a kWh, of an hour. `time` is the price of charging or of parking, as it does."""

    flat: PriceComponent | None = None
    energy: PriceComponent | None = None
    time: PriceComponent | None = None


class Seen(NamedTuple):
    """The least and the most power and current of a stretch, where the tariff asks for them and they are known."""

    least_kw: Fraction | None = None
    most_kw: Fraction | None = None
    least_amperes: Decimal | None = None
    most_amperes: Decimal | None = None


class Stretch(NamedTuple):
    """From one moment (microseconds since the start) and amount of energy (Wh) to another."""

    start: Exact
    end: Exact
    start_wh: Fraction
    end_wh: Fraction
    is_charging: bool
    prices: Prices
    seen: Seen


def stretches(session: MeteredSession, elements: Sequence[TariffElement]) -> list[Stretch]:
    """The session as these elements price it, in order, without gaps; one at least."""
    meter = Meter(session)
    restrictions = [element.restrictions or _FREE for element in elements]
    sight = _Sight(meter, WallClock(session.time_zone, session.started_at), elements, restrictions)
    found: list[Stretch] = []
    for (start, start_wh), (end, end_wh) in pairwise(_borders(meter, sight.clock, restrictions)):
        piece = sight.look(start, end, start_wh, end_wh)
        if found and (piece.prices, piece.is_charging) == (found[-1].prices, found[-1].is_charging):
            found[-1] = _joined(found[-1], piece)
        else:
            found.append(piece)
    return found


def _borders(
    meter: Meter, clock: WallClock, restrictions: Sequence[TariffRestrictions]
) -> list[tuple[Exact, Fraction]]:
    """Beginning, end, and between them each moment at which anything may change, with what was metered until then.

    Where the register jumps several have the same moment.
    """
    total_wh = meter.energy_wh
    moments: set[Exact] = set(meter.change_times)
    times = {text for each in restrictions for text in times_of_day(each)}
    if times:
        moments.update(clock.moments(times, meter.length))
    for each in restrictions:
        moments.update(limit * SECOND for limit in (each.min_duration, each.max_duration) if limit)
    if any(_asks_power(each) for each in restrictions):
        moments.update(meter.reading_times)
    if any(_asks_current(each) for each in restrictions):
        moments.update(meter.current_times)
    borders = {(at, meter.energy_at(at)) for at in moments if 0 < at < meter.length}
    kwh = {limit for each in restrictions for limit in (each.min_kwh, each.max_kwh) if limit}
    limits = (Fraction(limit) * 1000 for limit in kwh)
    borders.update((meter.moment_of(limit), limit) for limit in limits if limit < total_wh)
    beginning, end = (0, Fraction(0)), (meter.length, total_wh)
    return [beginning, *sorted(borders - {beginning, end}), end]


class _Sight:
    """Looks at a piece: which prices hold, and what else the tariff asks for."""

    def __init__(
        self,
        meter: Meter,
        clock: WallClock,
        elements: Sequence[TariffElement],
        restrictions: Sequence[TariffRestrictions],
    ) -> None:
        self._meter = meter
        self.clock = clock
        self._elements = list(zip(elements, restrictions, strict=True))
        self._sees_power = any(_asks_power(each) for each in restrictions)
        self._sees_current = any(_asks_current(each) for each in restrictions)

    def look(self, start: Exact, end: Exact, start_wh: Fraction, end_wh: Fraction) -> Stretch:
        power = self._meter.power_kw(start) if self._sees_power else None
        amperes = self._meter.current_amperes(start) if self._sees_current else None
        is_charging = self._meter.is_charging(start)
        now = Circumstances(self.clock.at(start), start, start_wh, power or Fraction(0), amperes)
        return Stretch(
            start,
            end,
            start_wh,
            end_wh,
            is_charging,
            self._prices(now, is_charging=is_charging),
            Seen(power, power, amperes, amperes),
        )

    def _prices(self, now: Circumstances, *, is_charging: bool) -> Prices:
        """Of each dimension the first component of an element that holds."""
        found: dict[DimensionType, PriceComponent] = {}
        for element, restrictions in self._elements:
            if restrictions is _FREE or holds(restrictions, now):
                for component in element.price_components:
                    found.setdefault(component.type, component)
        time: DimensionType = "TIME" if is_charging else "PARKING_TIME"
        return Prices(found.get("FLAT"), found.get("ENERGY"), found.get(time))


def _joined(one: Stretch, other: Stretch) -> Stretch:
    seen = Seen(
        min(_known(one.seen.least_kw, other.seen.least_kw), default=None),
        max(_known(one.seen.most_kw, other.seen.most_kw), default=None),
        min(_known(one.seen.least_amperes, other.seen.least_amperes), default=None),
        max(_known(one.seen.most_amperes, other.seen.most_amperes), default=None),
    )
    return one._replace(end=other.end, end_wh=other.end_wh, seen=seen)


def _known(*values: _Number | None) -> list[_Number]:
    return [value for value in values if value is not None]


def _asks_power(restrictions: TariffRestrictions) -> bool:
    return restrictions.min_power is not None or restrictions.max_power is not None


def _asks_current(restrictions: TariffRestrictions) -> bool:
    return restrictions.min_current is not None or restrictions.max_current is not None

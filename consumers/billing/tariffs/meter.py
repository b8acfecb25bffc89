"""What was measured, at any moment of a session: energy, power, current, charging or not.

Exact: moments are microseconds since the session began, and whatever falls between two readings is a fraction
of whole numbers. So a stretch can be cut anywhere, and cut again, and the parts add up to it.

Energy flows while the car charges: between two readings it rises evenly over the time of charging that lies between
them. Only where there is none it rises evenly over all of the time. Power is that rise, not what the station
says of its power: of the two only the register is calibrated, and only it agrees with the energy that is billed.
"""

from bisect import bisect_left, bisect_right
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from math import lcm
from typing import TypeVar

from consumers.billing.tariffs.metering import MeteredSession

Exact = Fraction | int
"""A moment (microseconds since the start) or an amount, without any rounding."""

MICROSECOND = timedelta(microseconds=1)
_Said = TypeVar("_Said", bool, Decimal)

_KW = 3_600_000
"""Kilowatts in one Wh a microsecond, thousandfold: an hour has 3.6e9 microseconds, a kilowatt a thousand watts."""


class Meter:
    """Knows the points of one session by their time."""

    def __init__(self, session: MeteredSession) -> None:
        self.length = (session.ended_at - session.started_at) // MICROSECOND
        self.reading_times: list[int] = []
        ratios: list[tuple[int, int]] = []
        self.change_times = [0]
        """When it began to charge, or to park."""
        self._charging = [True]
        self.current_times: list[int] = []
        """When another current was said."""
        self._currents: list[Decimal] = []
        for point in session.points:
            at = (point.at - session.started_at) // MICROSECOND
            if point.energy_wh is not None:
                self.reading_times.append(at)
                ratios.append(point.energy_wh.as_integer_ratio())
            if point.is_charging is not None:
                _hold(self.change_times, self._charging, at, point.is_charging)
            if point.current_amperes is not None:
                _hold(self.current_times, self._currents, at, point.current_amperes)
        self._units = lcm(*(unit for _, unit in ratios))
        """So many in a Wh, that every reading is a whole number of them."""
        self._readings = [count * (self._units // unit) for count, unit in ratios]
        self._charged: list[Exact] = [0]
        """How long it had charged at each change."""
        for number in range(1, len(self.change_times)):
            self._charged.append(self.charged(self.change_times[number], number - 1))

    @property
    def energy_wh(self) -> Fraction:
        """Of the whole session."""
        return (
            Fraction(self._readings[-1] - self._readings[0], self._units) if self._readings else Fraction(0)
        )

    def is_charging(self, at: Exact) -> bool:
        return self._charging[bisect_right(self.change_times, at) - 1]

    def charged(self, at: Exact, stretch: int | None = None) -> Exact:
        """For how long it has charged until then, in microseconds."""
        if stretch is None:
            stretch = bisect_right(self.change_times, at) - 1
        so_far = self._charged[stretch]
        return so_far + at - self.change_times[stretch] if self._charging[stretch] else so_far

    def current_amperes(self, at: Exact) -> Decimal | None:
        """From then on; None where nothing is known."""
        if not self.is_charging(at):
            return Decimal(0)
        known = bisect_right(self.current_times, at)
        return self._currents[known - 1] if known else None

    def power_kw(self, at: Exact) -> Fraction:
        """From then on, until the next reading or change."""
        before = bisect_right(self.reading_times, at) - 1
        if not 0 <= before < len(self._readings) - 1:
            return Fraction(0)
        rise, charging, long = self._interval(before)
        if charging and not self.is_charging(at):
            return Fraction(0)
        return Fraction(rise * _KW, self._units * (charging or long))

    def energy_at(self, at: Exact) -> Fraction:
        """Metered in Wh since the first reading; where the register jumps, after the jump."""
        before = bisect_right(self.reading_times, at) - 1
        if before < 0:
            return Fraction(0)
        start = self.reading_times[before]
        so_far = self._readings[before] - self._readings[0]
        if at == start or before == len(self._readings) - 1:
            return Fraction(so_far, self._units)
        rise, charging, long = self._interval(before)
        passed, of = (self.charged(at) - self.charged(start), charging) if charging else (at - start, long)
        return Fraction(so_far * of + rise * passed, self._units * of)

    def moment_of(self, energy_wh: Fraction) -> Exact:
        """When so much was metered: more than nothing, and not more than all of it."""
        register = energy_wh * self._units + self._readings[0]
        before = bisect_left(self._readings, register) - 1
        rise, charging, long = self._interval(before)
        part = (register - self._readings[before]) / rise
        start = self.reading_times[before]
        if not charging:
            return start + part * long
        charged = self.charged(start) + part * charging
        stretch = bisect_left(self._charged, charged) - 1
        return self.change_times[stretch] + charged - self._charged[stretch]

    def _interval(self, before: int) -> tuple[int, Exact, int]:
        """Of the readings `before` and after: the rise in units, the time of charging, all of the time."""
        start, end = self.reading_times[before], self.reading_times[before + 1]
        rise = self._readings[before + 1] - self._readings[before]
        return rise, self.charged(end) - self.charged(start), end - start


def _hold(times: list[int], values: list[_Said], at: int, value: _Said) -> None:
    """From `at` on the value is this, whatever else was said of the same moment."""
    if times and times[-1] == at:
        values[-1] = value
    elif not values or values[-1] != value:
        times.append(at)
        values.append(value)

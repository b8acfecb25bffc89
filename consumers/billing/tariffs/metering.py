"""A session as it was measured: all that its price depends on, beside the tariff.

It stands in the record of the session, so that the price can be found again from the record alone.
"""

from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from contract.model import Moment, Value

_FIRST_YEAR, _LAST_YEAR = 1970, 9000
_MOST_DIGITS = 18
_MOST_DECIMALS = 40


def is_measurable(reading: Decimal) -> bool:
    """Whether a meter may show this: exact arithmetic with 1e999999 would take for ever."""
    return (
        reading.is_finite()
        and reading.adjusted() < _MOST_DIGITS
        and -int(reading.as_tuple().exponent) <= _MOST_DECIMALS
    )


class Point(Value, frozen=True, kw_only=True):
    """What was known at a moment of the session. What is absent was not said then.

    `energy_wh` is the meter's register, of any origin; between two readings it is taken to rise evenly, while the
    car charges. `is_charging` (else parking) and `current_amperes` (the sum over the phases) hold until they
    are said again; a session begins charging, and its current is unknown until it is said.
    """

    at: Moment
    energy_wh: Decimal | None = None
    current_amperes: Decimal | None = None
    is_charging: bool | None = None


class Reservation(Value, frozen=True, kw_only=True):
    """What came before the session: reserved from `made_at` until it started.

    Where the reservation has `expired`, no session followed: it starts and ends with the expiry.
    """

    made_at: Moment
    expired: bool = False


class MeteredSession(Value, frozen=True, kw_only=True):
    """A session, whole or until now. `time_zone` (IANA) is the station's.

    The points are in the order of time, within the session, and the register never falls: whoever
    collects them has judged what the station said. ValueError otherwise.
    """

    started_at: Moment
    ended_at: Moment
    time_zone: str = "UTC"
    points: tuple[Point, ...] = ()
    reservation: Reservation | None = None

    def __post_init__(self) -> None:
        for why in self._contradictions():
            raise ValueError(why)

    def _contradictions(self) -> Iterator[str]:
        if self.ended_at < self.started_at:
            yield f"ends at {self.ended_at}, before it starts at {self.started_at}"
        if self.started_at.year < _FIRST_YEAR or self.ended_at.year > _LAST_YEAR:
            yield f"a session from {self.started_at} to {self.ended_at}"
        if self.reservation and self.reservation.made_at > self.started_at:
            yield "reserved after it started"
        moments = [self.started_at, *(point.at for point in self.points), self.ended_at]
        if any(later < earlier for earlier, later in pairwise(moments)):
            yield "points out of order, or outside the session"
        readings = [point.energy_wh for point in self.points if point.energy_wh is not None]
        if not all(is_measurable(reading) for reading in readings):
            yield "a reading that no meter shows"
        elif any(later < earlier for earlier, later in pairwise(readings)):
            yield "the register falls"
        try:
            ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            yield f"there is no time zone {self.time_zone!r}"

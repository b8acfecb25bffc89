"""The clock on the wall of a station, with its summer and winter time.

A restriction holds by what that clock shows. In the hour that the clock shows twice it holds twice; of the hour
that the clock leaves out it never does.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from consumers.billing.tariffs.meter import MICROSECOND, Exact

_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)


class WallClock:
    """Knows the zone, and when the session began."""

    def __init__(self, time_zone: str, started_at: datetime) -> None:
        self._zone = ZoneInfo(time_zone)
        self._started_at = started_at.astimezone(UTC)

    def at(self, moment: Exact) -> datetime:
        """What the clock shows, to the microsecond begun."""
        return (self._started_at + int(moment) * MICROSECOND).astimezone(self._zone)

    def moments(self, times: Iterable[str], length: int) -> Iterator[int]:
        """All moments of so many microseconds at which the clock shows one of the times (HH:MM), or is changed.

        A time that the clock leaves out, or shows twice, yields two moments; more than are needed do no harm.
        """
        ends_at = self._started_at + length * MICROSECOND
        shown = [time.fromisoformat(text) for text in times]
        day = self.at(0).date()
        last = self.at(length).date()
        while day <= last:
            for each in shown:
                for fold in (0, 1):
                    local = datetime.combine(day, each.replace(fold=fold), self._zone)
                    yield (local.astimezone(UTC) - self._started_at) // MICROSECOND
            day += _DAY
        yield from ((change - self._started_at) // MICROSECOND for change in self._changes(ends_at))

    def _changes(self, ends_at: datetime) -> Iterator[datetime]:
        """When the zone's distance from UTC changes, to the second."""
        before = self._started_at.replace(microsecond=0)
        while before < ends_at:
            after = before + _DAY
            if self._offset(before) != self._offset(after):
                yield self._change(before, after)
            before = after

    def _change(self, before: datetime, after: datetime) -> datetime:
        while after - before > _SECOND:
            middle = before + (after - before) // 2
            middle = middle.replace(microsecond=0)
            if self._offset(middle) == self._offset(before):
                before = middle
            else:
                after = middle
        return after

    def _offset(self, at: datetime) -> timedelta | None:
        return at.astimezone(self._zone).utcoffset()

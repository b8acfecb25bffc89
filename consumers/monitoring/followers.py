"""Somebody who follows the changes, and may be slow: what is yet to be told is kept once a station, and bounded."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, NamedTuple

import msgspec

from consumers.monitoring import positions
from consumers.monitoring.api.answers import ChangedOverview
from consumers.monitoring.api.fleet import Totals, connectors, station_totals

OWED_AT_MOST: Final = 2000
"""A follower to whom more stations are owed has to ask for them again."""


class News(NamedTuple):
    """What is to be told at once: whether too much was missed, the stations (JSON), the overview, and where that is."""

    reload: bool
    stations: tuple[msgspec.Raw, ...]
    overview: ChangedOverview | None
    position: str


class Follower:
    """Follows these `stations`, or (None) all of them."""

    def __init__(self, stations: frozenset[str] | None, *, overview: bool) -> None:
        self.stations = stations
        self._wants_overview = overview
        self._owed: dict[str, msgspec.Raw] = {}
        self._reload = False
        self._told: Totals | None = None
        self._totals: Totals | None = None
        self._sequences: dict[int, int] = {}
        self._is_new = asyncio.Event()
        self.is_closed = False

    def begin(self, totals: Totals, sequences: Mapping[int, int]) -> None:
        """It knows this already."""
        self._told, self._sequences = totals, dict(sequences)

    def offer(
        self, changed: Mapping[str, msgspec.Raw] | None, totals: Totals, sequences: Mapping[int, int]
    ) -> None:
        """This is so now; None where too much has changed."""
        if changed is None:
            self._reload = True
        elif self.stations is None:
            self._owed.update(changed)
        else:
            self._owed.update({name: said for name, said in changed.items() if name in self.stations})
        if len(self._owed) > OWED_AT_MOST:
            self._reload = True
        if self._reload:
            self._owed.clear()
        self._totals, self._sequences = totals, dict(sequences)
        if self._reload or self._owed or (self._wants_overview and totals != self._told):
            self._is_new.set()

    def catch_up(
        self, missed: Mapping[str, msgspec.Raw] | None, totals: Totals, sequences: Mapping[int, int]
    ) -> None:
        """This it missed until then; what it was offered while that was looked up is newer."""
        if self._totals is None:
            self.offer(missed, totals, sequences)
        else:
            newest = None if missed is None else {**missed, **self._owed}
            self.offer(newest, self._totals, self._sequences)

    def close(self) -> None:
        """Nothing comes any more."""
        self.is_closed = True
        self._is_new.set()

    async def news(self, seconds: float) -> News | None:
        """What there is to tell, as soon as there is; None where there was nothing for so long."""
        try:
            async with asyncio.timeout(seconds):
                await self._is_new.wait()
        except TimeoutError:
            return None
        self._is_new.clear()
        overview = self._overview() if self._wants_overview else None
        told = News(self._reload, tuple(self._owed.values()), overview, positions.written(self._sequences))
        self._reload = False
        self._owed.clear()
        return told

    def _overview(self) -> ChangedOverview | None:
        was, became = self._told, self._totals
        if became is None or became == was:
            return None
        self._told = became
        changes: dict[str, object] = {}
        if was is None or station_totals(was) != station_totals(became):
            changes["stations"] = station_totals(became)
        if was is None or connectors(was) != connectors(became):
            changes["connectors"] = connectors(became)
        changes |= {
            name: became[name] for name in ("sessions", "power_w") if was is None or was[name] != became[name]
        }
        return msgspec.structs.replace(ChangedOverview(at=datetime.now(UTC)), **changes) if changes else None

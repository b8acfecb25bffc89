"""Which dialect a station of a version speaks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.facts import Version
from simulator.v2x.dialect import Dialect2x
from simulator.v16.dialect import Dialect16

if TYPE_CHECKING:
    from simulator.station import Station
    from simulator.story import Dialect


def dialect_of(station: Station) -> Dialect:
    return Dialect16(station) if station.config.version is Version.V16 else Dialect2x(station)

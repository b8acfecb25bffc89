"""The car at the connector: how much power it takes, and when it has had enough."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

_TAPER_FROM = 0.8  # lithium cells take full power up to about 80 %, then ever less
_TAPER_FLOOR = 0.15


@dataclass(slots=True)
class Vehicle:
    """Knows its battery. `charge` and `target` are shares of the capacity, 0 to 1."""

    capacity_wh: float
    charge: float
    target: float
    peak_w: float
    resting: bool = False

    def appetite_w(self) -> float:
        """The power it would take now, if it were offered without limit."""
        if self.resting or self.charge >= self.target:
            return 0.0
        if self.charge <= _TAPER_FROM:
            return self.peak_w
        left = (1 - self.charge) / (1 - _TAPER_FROM)
        return self.peak_w * max(_TAPER_FLOOR, left)

    def wants_wh(self) -> float:
        """What it still takes until its target."""
        return max(0.0, (self.target - self.charge) * self.capacity_wh)

    def take(self, energy_wh: float) -> None:
        self.charge = min(self.target, self.charge + energy_wh / self.capacity_wh)

    @property
    def is_full(self) -> bool:
        return self.charge >= self.target


def arriving(chance: Random, *, direct_current: bool) -> Vehicle:
    """A car as it drives up: a common battery size, rarely empty, charged to a common target."""
    return Vehicle(
        capacity_wh=chance.choice((28_000, 42_000, 58_000, 64_000, 77_000, 95_000)),
        charge=round(chance.uniform(0.08, 0.6), 3),
        target=chance.choice((0.8, 0.9, 1.0)),
        peak_w=chance.choice((50_000, 90_000, 150_000) if direct_current else (3_700, 7_400, 11_000, 22_000)),
    )

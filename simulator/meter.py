"""The meter of one connector: an energy register that only ever rises, and what flows right now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.facts import Reading

if TYPE_CHECKING:
    from random import Random

ENERGY = "Energy.Active.Import.Register"
POWER = "Power.Active.Import"
CURRENT = "Current.Import"
VOLTAGE = "Voltage"
STATE_OF_CHARGE = "SoC"
MEASURANDS = (ENERGY, POWER, CURRENT, VOLTAGE, STATE_OF_CHARGE)

_SECONDS_PER_HOUR = 3600


class Meter:
    """Knows the register and the last interval's power, so that both always tell the same story.

    `power_w` is the mean since the reading before: power times the interval is exactly the register's rise,
    up to the whole Wh that the register shows.
    """

    def __init__(self, chance: Random, *, phases: int) -> None:
        self._chance = chance
        self.phases = phases
        self.exact_wh = float(chance.randrange(50_000, 9_000_000))
        self.power_w = 0.0
        self.state_of_charge: float | None = None

    @property
    def register_wh(self) -> int:
        return int(self.exact_wh)

    def flow(self, energy_wh: float, station_seconds: float) -> None:
        """Counts the energy that flowed since the last call."""
        self.exact_wh += energy_wh
        self.power_w = energy_wh * _SECONDS_PER_HOUR / station_seconds if station_seconds > 0 else 0.0

    def rest(self) -> None:
        """The car is gone: nothing flows, and nobody tells a state of charge."""
        self.power_w = 0.0
        self.state_of_charge = None

    def read(self, measurands: tuple[str, ...]) -> tuple[Reading, ...]:
        """The asked-for values; current and voltage by phase on AC, as one pair on DC (`phases` is 0)."""
        readings: list[Reading] = []
        volts = self._voltages()
        for measurand in measurands:
            match measurand:
                case "Energy.Active.Import.Register":
                    readings.append(Reading(ENERGY, self.register_wh, "Wh"))
                case "Power.Active.Import":
                    readings.append(Reading(POWER, round(self.power_w, 1), "W"))
                case "Current.Import":
                    share_w = self.power_w / len(volts)
                    readings += [
                        Reading(CURRENT, round(share_w / volt, 2), "A", phase) for phase, volt in volts
                    ]
                case "Voltage":
                    readings += [
                        Reading(VOLTAGE, volt, "V", f"{phase}-N" if phase else None) for phase, volt in volts
                    ]
                case "SoC" if self.state_of_charge is not None:
                    readings.append(Reading(STATE_OF_CHARGE, round(self.state_of_charge * 100, 1), "Percent"))
        return tuple(readings)

    def _voltages(self) -> list[tuple[str | None, float]]:
        if not self.phases:
            return [(None, round(self._chance.uniform(380, 420), 1))]
        return [(f"L{n}", round(self._chance.uniform(228, 233), 1)) for n in range(1, self.phases + 1)]

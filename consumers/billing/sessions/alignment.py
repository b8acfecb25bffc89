"""How the readings of a session fit to its registers at start and stop: which may be of another register, or unit.

Stations tell start and stop by the lifetime register and the readings between by one that begins at 0 with each
session, or say Wh where they mean kWh (OCPP field reports). Readings that fit shape the session's profile; the energy
is that of the borders.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from consumers.billing.sessions.facts import Reading

KILO = Decimal(1000)


class Alignment(NamedTuple):
    """A way to read the readings: in which unit, and from where on they count. `flag` names it, if it is a guess."""

    scale: Decimal
    from_start: bool
    flag: str | None


ALIGNMENTS = (
    Alignment(Decimal(1), from_start=False, flag=None),
    Alignment(KILO, from_start=False, flag="readings_scaled"),
    Alignment(Decimal(1), from_start=True, flag="readings_from_zero"),
    Alignment(KILO, from_start=True, flag="readings_scaled"),
    Alignment(1 / KILO, from_start=False, flag="readings_scaled"),
)
"""In the order of trust: of equally good ones the first is taken."""


class Aligned(NamedTuple):
    """The readings that fit, as values of the register at the borders. `left_out` counts the others."""

    readings: tuple[Reading, ...]
    alignment: Alignment
    left_out: int


def align(readings: Sequence[Reading], start_wh: Decimal, stop_wh: Decimal) -> Aligned | None:
    """The readings between the registers at start and stop, by the alignment that fits most of them.

    None where fewer than half of them fit in any.
    """
    best: Aligned | None = None
    for alignment in ALIGNMENTS:
        fitting = _fitting(readings, start_wh, stop_wh, alignment)
        if best is None or len(fitting) > len(best.readings):
            best = Aligned(fitting, alignment, len(readings) - len(fitting))
    return best if best is not None and 2 * len(best.readings) >= len(readings) > 0 else None


def _fitting(
    readings: Sequence[Reading], start_wh: Decimal, stop_wh: Decimal, alignment: Alignment
) -> tuple[Reading, ...]:
    """The readings that lie between the borders and rise, with values in the borders' own unit and base."""
    coarse_wh = alignment.scale if alignment.scale > 1 else Decimal(1)
    fitting: list[Reading] = []
    for reading in readings:
        value = reading.value * alignment.scale + (start_wh if alignment.from_start else 0)
        if not start_wh - coarse_wh < value < stop_wh + coarse_wh:
            continue
        value = min(max(value, start_wh), stop_wh)
        if not fitting or value >= fitting[-1].value:
            fitting.append(Reading(reading.at_ms, value))
    return tuple(fitting)

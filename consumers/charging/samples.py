"""What the samples of one event say of a quantity: the one reader for billing, monitoring and alerting.

A station may tell a quantity as a whole, by phase (`L1`, or against neutral `L1-N`), or as one value that carries a
phase although it is the whole (`N`, or one `L1` alone). OCPP 1.6 §7.31, OCPP 2.0.1 Part 2 §2.60 (PhaseEnumType).
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from contract.model import DEFAULT_LOCATION, Sample

REGISTER: Final = "Energy.Active.Import.Register"
POWER: Final = "Power.Active.Import"
STATE_OF_CHARGE: Final = "SoC"

BEGIN, END = "Transaction.Begin", "Transaction.End"
BORDERS: Final = frozenset({BEGIN, END})
"""Contexts of readings that belong to the start or the end of a session. Some stations repeat them in each message."""

LINES: Final = frozenset({"L1", "L2", "L3", "L1-N", "L2-N", "L3-N"})
"""Phases whose values add up to the whole."""


def periodic(samples: Iterable[Sample]) -> list[Sample]:
    """The samples that were taken when they say so, without repeated readings of the start (or the end)."""
    return [sample for sample in samples if sample.context not in BORDERS]


def total_of(samples: Iterable[Sample], measurand: str, location: str = DEFAULT_LOCATION) -> Decimal | None:
    """A quantity as a whole, in its unit, from samples of one time and place; None where none tells it.

    As it was told as a whole (the last value, where it was told twice), else the sum of its phases, else the one
    value that carries another phase.
    """
    whole: Decimal | None = None
    lines: dict[str, Decimal] = {}
    other: dict[str, Decimal] = {}
    for sample in samples:
        value = sample.value
        if sample.measurand != measurand or sample.location != location or value is None:
            continue
        if not value.is_finite():
            continue
        if sample.phase is None:
            whole = value
        elif sample.phase in LINES:
            lines[sample.phase[:2]] = value
        else:
            other[sample.phase] = value
    if whole is not None:
        return whole
    if lines:
        return sum(lines.values(), Decimal())
    return next(iter(other.values())) if len(other) == 1 else None


def newest(samples: Iterable[Sample]) -> list[Sample]:
    """The samples of the newest time; those without a time count as of now."""
    listed = list(samples)
    if any(sample.at is None for sample in listed):
        return [sample for sample in listed if sample.at is None]
    latest = max((sample.at for sample in listed if sample.at is not None), default=None)
    return [sample for sample in listed if sample.at == latest]

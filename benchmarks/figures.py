"""The arithmetic of the report: percentiles, medians, ratios. Pure."""

from collections.abc import Sequence


def percentile(sample: Sequence[float], percent: float) -> float:
    """The smallest value that at least `percent` of the sample do not exceed (nearest rank)."""
    if not sample:
        raise ValueError("a percentile of nothing")
    ordered = sorted(sample)
    rank = -(-len(ordered) * percent // 100)
    return ordered[max(int(rank), 1) - 1]


def median(sample: Sequence[float]) -> float:
    """The middle value; of an even number, the mean of the two in the middle."""
    if not sample:
        raise ValueError("a median of nothing")
    ordered = sorted(sample)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def ratio(value: float | None, reference: float | None) -> float | None:
    """How many times the reference; None where either was not measured."""
    if value is None or not reference:
        return None
    return value / reference

"""Plain numbers that the message path may touch, and families of them over closed sets of labels.

`prometheus_client`'s `labels().inc()` takes 1.2 µs; four to ten of them a message would be a fifth of
what a message costs. Here a hot path does `cell.n += 1`; the prices are paid at scrape, in
`service.metrics`.
"""

import itertools
import math
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Generic, TypeVar

OTHER = "other"
"""The label value that stands for all that a set does not name, where the set has it."""

PRESET_SERIES = 64
"""Families up to this size show every cell from the start, so that `rate()` sees the first increase."""

Cell = TypeVar("Cell")


class Counter:
    """A number that only rises: `counter.n += 1`."""

    __slots__ = ("n",)

    def __init__(self) -> None:
        self.n: float = 0


class Histogram:
    """How many observations fell in each of a fixed list of buckets, and their sum."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = tuple(bounds)
        self.counts = [0] * (len(self.bounds) + 1)
        self.total = 0.0

    def observe(self, value: float) -> None:
        """Count one observation; a bucket includes its upper bound, as in Prometheus."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value

    @property
    def count(self) -> int:
        """How many observations there were."""
        return sum(self.counts)


class Family(Generic[Cell]):
    """Cells by label values, each value from its label's closed set. A cell is `series` lines at scrape."""

    def __init__(
        self, labels: Mapping[str, Sequence[str]], make: Callable[[], Cell], series: int = 1
    ) -> None:
        self.labels = {name: frozenset(values) for name, values in labels.items()}
        self._make = make
        self._cells: dict[tuple[str, ...], Cell] = {}
        cells = math.prod(len(known) for known in self.labels.values())
        if cells * series <= PRESET_SERIES:
            self._cells.update({values: make() for values in itertools.product(*labels.values())})

    def at(self, *values: str) -> Cell:
        """The cell of these label values. What a set does not name is `other`; ValueError where it has none."""
        cell = self._cells.get(values)
        return cell if cell is not None else self._named(values)

    def items(self) -> Iterator[tuple[tuple[str, ...], Cell]]:
        """Every cell that is there."""
        return iter(sorted(self._cells.items()))

    def _named(self, values: tuple[str, ...]) -> Cell:
        """The slow way: an unknown value is never kept under its own name, or a peer could fill our memory."""
        if len(values) != len(self.labels):
            raise ValueError(f"{values} do not fit the labels {tuple(self.labels)}")
        named = []
        for (label, known), value in zip(self.labels.items(), values, strict=True):
            if value not in known and OTHER not in known:
                raise ValueError(f"{value!r} is not in the closed set of the label {label}")
            named.append(value if value in known else OTHER)
        return self._cells.setdefault(tuple(named), self._make())

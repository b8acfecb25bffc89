"""A program's metrics in one list, and how Prometheus reads them at scrape.

Names follow the practices of prometheus.io/docs/practices/naming: the program's prefix, base units,
`_total` for what only rises. A name that breaks them is a bug and raises where it is declared.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from service.counters import Counter, Family, Histogram

Labels = Mapping[str, Sequence[str]]
Readings = float | Mapping[tuple[str, ...], float] | Mapping[tuple[str], float]

LATENCY_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Buckets for what normally takes milliseconds and at worst a deadline."""

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_NO_BASE_UNIT = re.compile(r"_(ms|milliseconds|micros|minutes|hours|kb|mb|kilobytes|percent)(_|$)")


class Metrics(Collector):
    """Declares counters, histograms and gauges, and is itself what a registry collects.

    Counters and histograms are plain objects for their owner to raise; a gauge is a function that is
    asked at scrape. Declare all of them in one place, before the first scrape.
    """

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._readers: dict[str, Callable[[], Metric]] = {}

    def counters(self, name: str, about: str, labels: Labels) -> Family[Counter]:
        """A family of counters over closed label sets."""
        full = self._declare(name, counter=True)
        family = Family(labels, Counter)

        def read() -> Metric:
            metric = CounterMetricFamily(full, about, labels=list(labels))
            for values, cell in family.items():
                metric.add_metric(values, cell.n)
            return metric

        self._readers[full] = read
        return family

    def counter(self, name: str, about: str) -> Counter:
        """A counter without labels."""
        return self.counters(name, about, {}).at()

    def histograms(self, name: str, about: str, labels: Labels, bounds: Sequence[float]) -> Family[Histogram]:
        """A family of histograms over closed label sets, all with the same buckets."""
        full = self._declare(name)
        family = Family(labels, lambda: Histogram(bounds), series=len(bounds) + 3)

        def read() -> Metric:
            metric = HistogramMetricFamily(full, about, labels=list(labels))
            for values, cell in family.items():
                metric.add_metric(values, list(_cumulative(cell)), cell.total)
            return metric

        self._readers[full] = read
        return family

    def histogram(self, name: str, about: str, bounds: Sequence[float] = LATENCY_SECONDS) -> Histogram:
        """A histogram without labels."""
        return self.histograms(name, about, {}, bounds).at()

    def gauge(self, name: str, about: str, read: Callable[[], Readings], labels: Sequence[str] = ()) -> None:
        """A value that is read at scrape: a number, or one for each tuple of label values."""
        full = self._declare(name)

        def read_all() -> Metric:
            metric = GaugeMetricFamily(full, about, labels=list(labels))
            readings = read()
            for values, value in (readings if isinstance(readings, Mapping) else {(): readings}).items():
                metric.add_metric(values, value)
            return metric

        self._readers[full] = read_all

    def info(self, name: str, about: str, facts: Mapping[str, str]) -> None:
        """Facts that hold for the whole life of the process, as labels of a constant 1."""
        self.gauge(name, about, lambda: {tuple(facts.values()): 1.0}, tuple(facts))

    def collect(self) -> Iterable[Metric]:
        """What Prometheus asks at scrape."""
        return [read() for read in self._readers.values()]

    def _declare(self, name: str, *, counter: bool = False) -> str:
        full = f"{self._prefix}_{name}"
        if not _NAME.fullmatch(full) or _NO_BASE_UNIT.search(full):
            raise ValueError(f"{full} is no name in snake case with a base unit")
        if counter != full.endswith("_total"):
            raise ValueError(f"{full}: counters, and only they, end in _total")
        if full in self._readers:
            raise ValueError(f"{full} is declared twice")
        return full


def registry_of(*every: Metrics) -> CollectorRegistry:
    """A registry with these metrics and what is known of any process: memory, CPU, files, gc, Python."""
    registry = CollectorRegistry()
    for metrics in every:
        registry.register(metrics)
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
    return registry


def _cumulative(histogram: Histogram) -> Iterator[tuple[str, float]]:
    seen = 0
    for bound, count in zip((*histogram.bounds, "+Inf"), histogram.counts, strict=True):
        seen += count
        yield str(bound), seen

"""The metrics of the fleet, in sums and never by station: their number does not grow with the fleet."""

from typing import Final

from consumers.monitoring.state import STATUSES
from consumers.monitoring.watch import Watch
from service.metrics import Metrics

MOST_VALUES: Final = 20
"""Of the values of a label that stations make up, only the most frequent stand for themselves."""
OTHER: Final = "other"
UNKNOWN: Final = "unknown"
METHODS: Final = ("GET", "POST", "DELETE", OTHER)


def declare(metrics: Metrics, watch: Watch, routes: tuple[str, ...]) -> "Requests":
    """All of them; the fleet's are as of the last look at the database, which is the whole fleet's for each member."""
    metrics.gauge(
        "stations",
        "Stations that are known, by whether they are connected.",
        lambda: {
            ("connected",): float(watch.totals.get("connected", 0)),
            ("disconnected",): float(watch.totals.get("stations", 0) - watch.totals.get("connected", 0)),
        },
        ("connectivity",),
    )
    metrics.gauge(
        "connectors",
        "Connectors, by status.",
        lambda: {(status,): float(watch.totals.get(status.lower(), 0)) for status in STATUSES},
        ("status",),
    )
    metrics.gauge(
        "connectors_usable",
        "Connectors whose station is connected and whose status lets them be used.",
        lambda: float(watch.totals.get("usable", 0)),
    )
    metrics.gauge("sessions", "Sessions that run.", lambda: float(watch.totals.get("sessions", 0)))
    metrics.gauge("power_watts", "What they take.", lambda: float(watch.totals.get("power_w", 0)))
    for facet in ("status", "version", "vendor", "model", "firmware"):
        _by_facet(metrics, watch, facet)
    metrics.gauge("followers", "Who follow the changes.", lambda: float(watch.followers))
    return Requests(metrics, routes)


def _by_facet(metrics: Metrics, watch: Watch, facet: str) -> None:
    metrics.gauge(
        f"stations_by_{facet}",
        f"Stations by {facet}: the {MOST_VALUES} most frequent, and the others.",
        lambda: top(watch.facets.get(facet, [])),
        (facet,),
    )


def top(counted: list[tuple[str, int]]) -> dict[tuple[str, ...], float]:
    """The most frequent values, and all others as one. The most frequent come first."""
    found: dict[tuple[str, ...], float] = {}
    for place, (value, stations) in enumerate(counted):
        label = (value or UNKNOWN if place < MOST_VALUES else OTHER,)
        found[label] = found.get(label, 0) + stations
    return found


class Requests:
    """Counts the answers of the API."""

    def __init__(self, metrics: Metrics, routes: tuple[str, ...]) -> None:
        self._family = metrics.counters(
            "http_requests_total",
            "Requests to the page and its API, by what they were answered.",
            {"route": (*routes, OTHER), "method": METHODS, "status": ("2xx", "3xx", "4xx", "5xx")},
        )

    def counted(self, route: str, method: str, status: int) -> None:
        """One was answered."""
        self._family.at(route, method, f"{status // 100}xx").n += 1

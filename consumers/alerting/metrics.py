"""The alerting's own metrics, in one list."""

from collections.abc import Mapping, Sequence
from typing import Final

from consumers.alerting.rules import SEVERITIES, Rules
from service.metrics import LATENCY_SECONDS, Metrics

BOUNDS: Final = ("evses", "sessions", "reservations")
"""The bounds of a station's state beside the watches of each rule (`consumers.alerting.station`)."""

OUTCOMES: Final = ("sent", "failed", "dropped")


class AlertingMetrics:
    """Numbers to be raised by those they belong to; `receivers` are named by kind and place, never by secrets."""

    def __init__(self, metrics: Metrics, rules: Rules, receivers: Sequence[str]) -> None:
        names = tuple(rule.name for rule in rules)
        self.active: Mapping[tuple[str, ...], int] = {}
        self.queued: Mapping[str, int] = {}
        self.failing_seconds: Mapping[str, float] = {}
        metrics.gauge(
            "alerts_active",
            "Alerts that stand, in the shards of this member.",
            lambda: {labels: float(count) for labels, count in self.active.items()},
            ("rule", "severity"),
        )
        self.changes = metrics.counters(
            "alert_changes_total",
            "Alerts raised, updated and resolved.",
            {"rule": names, "severity": SEVERITIES, "became": ("raised", "updated", "resolved")},
        )
        self.evaluation_seconds = metrics.histogram(
            "evaluation_duration_seconds",
            "All rules over the events of a batch, or over a tick.",
            LATENCY_SECONDS,
        )
        self.notifications = metrics.counters(
            "notifications_total",
            "Alerts that receivers were told, or could not be told, by the attempt.",
            {"receiver": tuple(receivers), "outcome": OUTCOMES},
        )
        metrics.gauge(
            "notifications_queued",
            "Alerts that a receiver is yet to be told, in the shards of this member.",
            lambda: {(name,): float(self.queued.get(name, 0)) for name in receivers},
            ("receiver",),
        )
        metrics.gauge(
            "receiver_failing_seconds",
            "For how long a receiver has not taken anything; 0 when it does.",
            lambda: {(name,): self.failing_seconds.get(name, 0.0) for name in receivers},
            ("receiver",),
        )
        self.bounds_reached = metrics.counters(
            "bounds_reached_total",
            "Something of a station was not remembered, because a bound was reached; by the bound.",
            {"bound": (*BOUNDS, *(f"watches of {name}" for name in names))},
        )
        self.uploads = metrics.counter("log_uploads_total", "Log uploads that stations were asked for.")

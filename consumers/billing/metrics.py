"""Every metric of billing, in one list."""

from consumers.billing.sessions.flags import FLAGS
from service.metrics import Metrics


class BillingMetrics:
    """Counts what was done. A batch that is undone and taken again counts twice: the database is exact, these are not."""

    def __init__(self, metrics: Metrics) -> None:
        self.issued = metrics.counter(
            "records_issued_total", "Charge detail records issued, corrections included."
        )
        self.credited = metrics.counter("records_credited_total", "Charge detail records that were credited.")
        self.flagged = metrics.counters(
            "records_flagged_total", "Records by each guess that they carry.", {"flag": tuple(FLAGS)}
        )
        self.failed = metrics.counter(
            "sessions_failed_total",
            "Sessions that could not be billed, or their cost shown, for a fault of ours, by each try.",
        )
        self.late = metrics.counter(
            "events_too_late_total", "Events of sessions that take no correction any more."
        )
        self.shown = metrics.counter("costs_sent_total", "Costs of running sessions sent to stations.")
        self.open_sessions = 0.0
        metrics.gauge(
            "sessions_open", "Sessions in this member's shards without a record.", lambda: self.open_sessions
        )

"""Every metric that all consumers have, in one list: `ocpp_consumer_...`, told apart by the label `consumer`."""

from collections.abc import Mapping, Sequence
from typing import Final

from service.metrics import LATENCY_SECONDS, Metrics

READ: Final = ("handled", "skipped", "dead_letter")
"""What became of a record: taken in; of a type this version does not know; nobody could take it."""
FAULT: Final = ("database", "log", "fenced", "other")


class ConsumerMetrics(Metrics):
    """The numbers of one consumer, to be raised by those they belong to."""

    def __init__(self, name: str, topics: Sequence[str]) -> None:
        super().__init__("ocpp_consumer")
        one = {"consumer": (name,)}
        self._name = name
        self.records = self.counters(
            "records_total",
            "Records read, by what became of them.",
            {**one, "topic": tuple(topics), "result": READ},
        )
        self.batch_seconds = self.histograms(
            "batch_duration_seconds", "From a batch to its commit.", one, LATENCY_SECONDS
        ).at(name)
        self.handling_seconds = self.histograms(
            "handling_duration_seconds", "A batch in the consumer's own code.", one, LATENCY_SECONDS
        ).at(name)
        self.tick_seconds = self.histograms(
            "tick_duration_seconds", "A tick, from its begin to its commit.", one, LATENCY_SECONDS
        ).at(name)
        self.retries = self.counters(
            "retries_total",
            "Attempts that had to be made again, by what was away; fenced: another member has the partitions.",
            {**one, "reason": FAULT},
        )
        self.restarts = self.counters(
            "restarts_total", "Times the consumer has joined its group anew.", one
        ).at(name)
        self.lost = self.counters(
            "records_lost_total",
            "Offsets that retention had deleted before they were read.",
            {**one, "topic": tuple(topics)},
        )
        self.published = self.counters(
            "published_total", "Records of its own that the log has taken.", one
        ).at(name)
        self.lag_records: Mapping[str, float] = {}
        self.lag_seconds: Mapping[str, float] = {}
        self.shards_held = 0
        self.outbox_depth = 0
        self.gauge(
            "lag_records",
            "Offsets between what is taken in and the end of the topic, in the shards of this member.",
            lambda: self._by_topic(self.lag_records),
            ("consumer", "topic"),
        )
        self.gauge(
            "lag_seconds",
            "Age of the last record taken in, where the topic holds newer ones.",
            lambda: self._by_topic(self.lag_seconds),
            ("consumer", "topic"),
        )
        self.gauge(
            "shards_held", "Shards of this member.", lambda: {(name,): float(self.shards_held)}, ("consumer",)
        )
        self.gauge(
            "outbox_records",
            "Records decided and not yet published, in the shards of this member.",
            lambda: {(name,): float(self.outbox_depth)},
            ("consumer",),
        )

    def read(self, topic: str, result: str, count: int = 1) -> None:
        """So many records of this topic have ended so."""
        self.records.at(self._name, topic, result).n += count

    def retried(self, reason: str) -> None:
        """An attempt is made again."""
        self.retries.at(self._name, reason).n += 1

    def missed(self, topic: str, offsets: int) -> None:
        """So many offsets of this topic are gone."""
        self.lost.at(self._name, topic).n += offsets

    def _by_topic(self, values: Mapping[str, float]) -> dict[tuple[str, ...], float]:
        return {(self._name, topic): value for topic, value in values.items()}

"""The gateway's own events that the log has not taken yet."""

import asyncio
from collections import deque
from collections.abc import Iterable
from itertools import islice

from eventlog.port import EventLog, LogUnavailable, Record
from gateway.metrics import GatewayMetrics

BACKLOG_RECORDS = 50_000
"""Connections that came and went while the log was away; about 50 MB at the most."""

AT_ONCE = 200


class Backlog:
    """Kept in order until they are published; beyond the bound the oldest are dropped, and counted."""

    def __init__(self, metrics: GatewayMetrics) -> None:
        self._records: deque[Record] = deque(maxlen=BACKLOG_RECORDS)
        self._metrics = metrics

    def __len__(self) -> int:
        return len(self._records)

    def add(self, records: Iterable[Record]) -> None:
        """Keep records for later."""
        for record in records:
            if len(self._records) == BACKLOG_RECORDS:
                self._metrics.backlog_dropped.n += 1
            self._records.append(record)

    async def publish(self, log: EventLog) -> None:
        """Append all that is kept, in order; what is not taken stays. Raises LogUnavailable.

        After a failure all from the first one on stays, so that the order holds: what was taken behind
        it is appended twice, under the same ids.
        """
        while self._records:
            batch = list(islice(self._records, AT_ONCE))
            outcomes = await asyncio.gather(*(log.append(record) for record in batch), return_exceptions=True)
            for record, outcome in zip(batch, outcomes, strict=True):
                if isinstance(outcome, LogUnavailable):
                    raise outcome
                if isinstance(outcome, BaseException):
                    self._metrics.backlog_dropped.n += 1
                else:
                    self._metrics.appends.n += 1
                if self._records and self._records[0] is record:  # else it was dropped meanwhile
                    self._records.popleft()

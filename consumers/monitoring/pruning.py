"""What is older than it is kept is forgotten, little by little, so that no transaction becomes long."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncConnection

from consumers.monitoring.moments import ms
from consumers.monitoring.series import HOUR_MS
from consumers.monitoring.settings import MonitoringSettings
from consumers.monitoring.tables import FACETS, SERIES, TRANSITIONS, TRENDS
from consumers.monitoring.tally import STEPS_MS

EVERY: Final = timedelta(minutes=1)
"""Of the shard's own time."""
DAY_MS: Final = 86_400_000
KEPT_MS: Final = {60_000: 6 * HOUR_MS, HOUR_MS: 32 * DAY_MS}
"""Trends by minute and by hour; by day, as the settings say."""


class Pruning:
    """Knows how long what is kept. `_pruned` is only a saving: what was pruned twice is gone all the same."""

    def __init__(self, settings: MonitoringSettings) -> None:
        self._series_ms = settings.monitoring_series_hours * HOUR_MS
        self._timeline_ms = settings.monitoring_timeline_days * DAY_MS
        self._trends_ms = {**KEPT_MS, DAY_MS: settings.monitoring_trend_days * DAY_MS}
        self._pruned: dict[int, datetime] = {}

    async def prune(self, now: Mapping[int, datetime], connection: AsyncConnection) -> None:
        """One shard at most: the one that waits for the longest."""
        due = [shard for shard, at in now.items() if at - self._pruned.get(shard, at - EVERY) >= EVERY]
        if not due:
            return
        shard = min(due, key=lambda number: self._pruned.get(number, now[number] - 2 * EVERY))
        self._pruned[shard] = now[shard]
        await self._forget(shard, ms(now[shard]), connection)

    async def _forget(self, shard: int, at_ms: int, connection: AsyncConnection) -> None:
        hour = (at_ms - self._series_ms) // HOUR_MS
        await connection.execute(delete(SERIES).where(SERIES.c.shard == shard, SERIES.c.hour < hour))
        await connection.execute(
            delete(TRANSITIONS).where(
                TRANSITIONS.c.shard == shard, TRANSITIONS.c.at_ms < at_ms - self._timeline_ms
            )
        )
        for step_ms in STEPS_MS:
            await connection.execute(
                delete(TRENDS).where(
                    TRENDS.c.shard == shard,
                    TRENDS.c.step_ms == step_ms,
                    TRENDS.c.began_ms < at_ms - self._trends_ms[step_ms],
                )
            )
        await connection.execute(delete(FACETS).where(FACETS.c.shard == shard, FACETS.c.stations == 0))

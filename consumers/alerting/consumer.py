"""The consumer: events and time in, by the rules; what became of alerts out. One database transaction each."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from consumers.alerting.alerts import Change
from consumers.alerting.engine import Engine
from consumers.alerting.heard import heard_in
from consumers.alerting.ledger import Ledger, Noted
from consumers.alerting.metrics import AlertingMetrics
from consumers.alerting.remembering import register
from consumers.alerting.shard_time import ShardTime
from consumers.alerting.standing import FIRST_SHARD, active, judge_groups, load_groups
from consumers.alerting.station import Station
from consumers.alerting.store import Store, load_times, save_times
from consumers.alerting.sweep import sweep
from consumers.alerting.tables import ALERTS, NOTIFICATIONS
from consumers.alerting.uploads import Uploads
from consumers.runtime.consumer import Message, Work
from contract.events import Event
from contract.registry import RegisteredStation
from contract.topics import (
    COMMAND_RESULTS,
    METER_VALUES,
    SECURITY,
    STATIONS,
    STATIONS_REGISTRY,
    TRANSACTIONS,
)

BEHIND_MS: Final = 60_000
"""What the log took so long ago is history: receivers are told of it only where it still stands at the end."""

TELL_EVERY: Final = timedelta(minutes=5)
"""A station that reaches a bound with each of its events fills no log."""

STATIONS_AT_ONCE: Final = 500
ROUNDS: Final = 4
"""A tick looks at so many stations in so many rounds; what is due beyond that waits for the next."""


_log = structlog.get_logger(__name__)


class Alerting:
    """A `Consumer`. Keeps nothing between calls; `shards` are those of the last tick, for the sender."""

    name = "alerting"
    topics = (STATIONS, TRANSACTIONS, METER_VALUES, SECURITY, COMMAND_RESULTS, STATIONS_REGISTRY)

    def __init__(
        self,
        engine: Engine,
        ledger: Ledger,
        uploads: Uploads,
        metrics: AlertingMetrics,
        now: Callable[[], datetime],
    ) -> None:
        self._engine = engine
        self._store = Store(engine)
        self._ledger = ledger
        self._uploads = uploads
        self._metrics = metrics
        self._now = now
        self._told_bounds: datetime | None = None
        self.shards: frozenset[int] = frozenset()

    async def handle(self, messages: Sequence[Message], work: Work) -> None:
        """Judge the events, in their order."""
        wanted = [message for message in messages if self._is_news(message)]
        times = await load_times(work.database)
        known = await self._store.load(
            work.database, {message.station: message.place.partition for message in wanted}
        )
        groups = active(await load_groups(work.database))
        clock_ms, noted = _ms(self._now()), []
        began = time.perf_counter()
        for message in messages:
            shard, appended_ms = message.place.partition, _ms(message.appended_at)
            times[shard] = at = times.get(shard, ShardTime()).hear(appended_ms)
            if message.station not in known:
                continue
            station, changes = known[message.station].station, list[Change]()
            if isinstance(message.value, Event):
                heard = heard_in(message, message.value)
                changes = self._engine.hear(message.station, station, heard, at, groups)
            elif message.place.topic == STATIONS_REGISTRY.name:
                assert message.value is None or isinstance(message.value, RegisteredStation)
                register(station, message.value, appended_ms)
                if message.value is None:
                    changes = self._engine.retire(message.station, station, appended_ms)
            behind = clock_ms - appended_ms > BEHIND_MS
            noted += [Noted(change, shard, behind) for change in changes]
        self._metrics.evaluation_seconds.observe(time.perf_counter() - began)
        await self._conclude(noted, {name: was.station for name, was in known.items()}, work, clock_ms)
        self._tell_bounds({name: was.station for name, was in known.items()})
        await self._store.save(work.database, known)
        shards = {message.place.partition for message in messages}
        await save_times(work.database, {shard: times[shard] for shard in shards})

    async def tick(self, now: Mapping[int, datetime], work: Work) -> None:
        """Let happen what falls due."""
        database, clock_ms = work.database, _ms(self._now())
        before = await load_times(database)
        times = {shard: before.get(shard, ShardTime()).until(_ms(at)) for shard, at in now.items()}
        await sweep(database, self._engine, times)
        known_groups = await load_groups(database)
        for _ in range(ROUNDS):
            due = await self._store.due(database, times, STATIONS_AT_ONCE)
            if not due:
                break
            noted = []
            began = time.perf_counter()
            for name, was in due.items():
                at = times[was.shard]
                was_ms = before.get(was.shard, at).now_ms
                changes = self._engine.pass_time(name, was.station, at, was_ms, active(known_groups))
                noted += [Noted(change, was.shard, _is_behind(at, clock_ms)) for change in changes]
            self._metrics.evaluation_seconds.observe(time.perf_counter() - began)
            await self._conclude(noted, {name: was.station for name, was in due.items()}, work, clock_ms)
            await self._store.save_due(database, due, times)
        await save_times(database, times)
        if FIRST_SHARD in times:
            everywhere = before | times
            changes = await judge_groups(database, self._engine, known_groups, everywhere)
            behind = any(_is_behind(at, clock_ms) for at in everywhere.values())
            await self._conclude(
                [Noted(change, FIRST_SHARD, behind) for change in changes], {}, work, clock_ms
            )
        await _release(database, [shard for shard, at in times.items() if not _is_behind(at, clock_ms)])
        self.shards = frozenset(now)
        self._metrics.active = await _active(database, self.shards)

    def _is_news(self, message: Message) -> bool:
        if isinstance(message.value, Event):
            return self._engine.hears(message.value)
        return message.place.topic == STATIONS_REGISTRY.name

    async def _conclude(
        self, noted: Sequence[Noted], stations: Mapping[str, Station], work: Work, clock_ms: int
    ) -> None:
        if not noted:
            return
        await self._ledger.note(noted, work, clock_ms)
        await self._uploads.ask(noted, stations, work, clock_ms)
        self._count(one.change for one in noted)

    def _tell_bounds(self, stations: Mapping[str, Station]) -> None:
        """Count what was not remembered of these stations, and log it, at most once in a while."""
        reached = {name: bounds for name, station in stations.items() if (bounds := station.take_dropped())}
        for bounds in reached.values():
            for bound, times in bounds.items():
                self._metrics.bounds_reached.at(bound).n += times
        now = self._now()
        if reached and (self._told_bounds is None or now - self._told_bounds >= TELL_EVERY):
            self._told_bounds = now
            name, bounds = next(iter(reached.items()))
            _log.warning("a bound was reached", station=name, bounds=bounds, stations=len(reached))

    def _count(self, changes: Iterable[Change]) -> None:
        for change in changes:
            if change.alert.rule in self._engine.rules:
                self._metrics.changes.at(change.alert.rule, change.alert.severity, change.became).n += 1


async def _release(database: AsyncConnection, shards: Sequence[int]) -> None:
    """These shards have caught up: what was held back and still stands is told."""
    await database.execute(
        update(NOTIFICATIONS)
        .where(NOTIFICATIONS.c.held.is_(True), NOTIFICATIONS.c.shard.in_(shards))
        .values(held=False)
    )


async def _active(database: AsyncConnection, shards: Iterable[int]) -> dict[tuple[str, ...], int]:
    rows = await database.execute(
        select(ALERTS.c.rule, ALERTS.c.severity, func.count())
        .where(ALERTS.c.shard.in_(sorted(shards)))
        .group_by(ALERTS.c.rule, ALERTS.c.severity)
    )
    return {(rule, severity): count for rule, severity, count in rows}


def _is_behind(at: ShardTime, clock_ms: int) -> bool:
    return clock_ms - at.now_ms > BEHIND_MS


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)

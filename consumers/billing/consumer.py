"""The consumer: events into facts, and when their time has come, sessions into records.

`handle` only adds up what is said. Whatever follows from it is decided in `tick`, when all topics are read up to a
moment, and as of that moment: so it does not matter in which order the topics came.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import structlog
from msgspec.structs import replace

from consumers.billing import store
from consumers.billing.issuing import Desk
from consumers.billing.live import cost_so_far
from consumers.billing.metrics import BillingMetrics
from consumers.billing.places import time_zone
from consumers.billing.rules import keep_ms, owner_of, rules_of
from consumers.billing.sessions import loose as loose_parts
from consumers.billing.sessions.closing import OVER, Case
from consumers.billing.sessions.hearing import Heard, heard
from consumers.billing.sessions.measured import moment, ms
from consumers.billing.sessions.progress import Progress, hinted, taken
from consumers.billing.settings import BillingSettings
from consumers.billing.store import Books, Key, SessionRow, StationRow
from consumers.runtime.consumer import Message, Work
from consumers.runtime.program import Equipment
from contract.events import Event
from contract.registry import RegisteredStation
from contract.topics import METER_VALUES, STATIONS, STATIONS_REGISTRY, TRANSACTIONS, Topic
from eventlog.port import RecordRefused

FRESH = timedelta(minutes=1)
"""A cost that is older by the clock is not shown: nobody stands there any more."""

COUNT_EVERY_TICKS = 30

_log = structlog.get_logger(__name__)


class Billing:
    """Knows nothing between calls but the tariffs it has read, how far its topics are, and counts."""

    name = "billing"
    topics: Sequence[Topic] = (STATIONS, TRANSACTIONS, METER_VALUES, STATIONS_REGISTRY)

    def __init__(self, settings: BillingSettings, equipment: Equipment) -> None:
        self._rules = rules_of(settings)
        self._live = settings.billing_live_cost
        self._live_ms = settings.billing_live_cost_seconds * 1000
        self._now = equipment.now
        self._metrics = BillingMetrics(equipment.metrics)
        self._books = Books()
        self._desk = Desk(self._rules, owner_of(settings), self._books, self._metrics, keep_ms(settings))
        self._ticks = 0
        self._read_ms: dict[int, int] = {}
        """By shard, up to when all topics were read when it was last told: what has become of it since only adds to it."""

    async def handle(self, messages: Sequence[Message], work: Work) -> None:
        told = [
            (message, said)
            for message in messages
            if isinstance(message.value, Event)
            and (said := heard(message.value, ms(message.appended_at), message.id)) is not None
        ]
        registry = [message for message in messages if message.place.topic == STATIONS_REGISTRY.name]
        keys = {(message.station, said.session) for message, said in told if said.session is not None}
        registered = {message.station for message in registry}
        sessions = await store.sessions_of(work.database, keys, _asked_about(told) | registered)
        stations = await store.stations_of(
            work.database,
            {message.station for message, said in told if said.loose is not None} | registered,
        )
        for message in registry:
            row = _station(stations, message)
            row.registered = message.value if isinstance(message.value, RegisteredStation) else None
            row.is_changed = True
        for message, said in told:
            if said.session is not None and said.facts is not None:
                self._take(sessions, message, said)
            if said.loose is not None:
                row = _station(stations, message)
                row.loose = loose_parts.joined(row.loose, said.loose)
                row.is_changed = True
            self._hint(sessions, message, said)
        self._prune(stations.values(), sessions.values())
        if self._live != "off":
            await self._show_costs(sessions, work)
        await store.save(work.database, sessions.values(), stations.values())

    async def tick(self, now: Mapping[int, datetime], work: Work) -> None:
        now_ms = {shard: ms(time) for shard, time in now.items()}
        self._read_ms |= now_ms
        rows = await store.due(work.database, now_ms)
        if rows:
            await self._desk.settle(rows, now_ms, work)
        if self._ticks % COUNT_EVERY_TICKS == 0:
            self._metrics.open_sessions = await store.open_sessions(work.database, now)
        self._ticks += 1

    def _take(self, sessions: dict[Key, SessionRow], message: Message, said: Heard) -> None:
        assert said.session is not None
        assert said.facts is not None
        key = (message.station, said.session)
        row = sessions.get(key)
        if row is None:
            row = SessionRow(message.station, said.session, message.place.partition, Progress())
            sessions[key] = row
        if row.progress is None:
            self._metrics.late.n += 1
            return
        row.progress = taken(row.progress, said.facts, self._rules)
        row.is_changed = True

    def _hint(self, sessions: Mapping[Key, SessionRow], message: Message, said: Heard) -> None:
        """Other sessions of the station may be over by what was said."""
        evses = _evses_asked(said)
        if not evses:
            return
        for row in sessions.values():
            if row.station != message.station or row.session == said.session or not row.is_open:
                continue
            assert row.progress is not None
            if None in evses or row.progress.evse in evses:
                row.progress = hinted(row.progress, ms(message.appended_at), self._rules)
                row.is_changed = True

    def _prune(self, stations: Iterable[StationRow], sessions: Iterable[SessionRow]) -> None:
        """What no open session needs is forgotten once all topics are read up to long after it."""
        needed: dict[str, int] = {}
        for session in sessions:
            if session.is_open and session.progress is not None:
                start = session.progress.start
                start_ms = start.at_ms if start else 0
                needed[session.station] = min(needed.get(session.station, start_ms), start_ms)
        for row in stations:
            read_ms = self._read_ms.get(row.shard)
            if row.is_changed and read_ms is not None:
                from_ms = read_ms - self._rules.loose_ms
                row.loose = loose_parts.pruned(row.loose, min(from_ms, needed.get(row.station, from_ms)))

    async def _show_costs(self, sessions: Mapping[Key, SessionRow], work: Work) -> None:
        fresh_ms = ms(self._now() - FRESH)
        running = [row for row in sessions.values() if self._is_to_be_shown(row, fresh_ms)]
        if not running:
            return
        await self._books.load(work.database)
        stations = await store.stations_of(work.database, {row.station for row in running})
        for row in running:
            assert row.progress is not None
            station = stations.get(row.station, StationRow(row.station, row.shard))
            facts = row.progress.known
            zone = time_zone(station.registered) or "UTC"
            case = Case(row.session, facts, station.loose, (), zone)
            started_ms = facts.start.at_ms if facts.start else facts.at_ms
            tariff = self._desk.tariff(row.station, station.registered, facts, moment(started_ms))
            if tariff is None:
                continue
            row.progress = replace(row.progress, shown_ms=facts.seen_ms)
            try:
                work.emit(cost_so_far(row.station, case, tariff, self._rules))
            except (ArithmeticError, LookupError, RecordRefused, TypeError, ValueError):
                # What was said must be billed, whether or not it can be shown: raised, it would go to the dead letters.
                _log.exception("a cost cannot be shown", station=row.station, session=row.session)
                self._metrics.failed.n += 1
            else:
                self._metrics.shown.n += 1

    def _is_to_be_shown(self, row: SessionRow, fresh_ms: int) -> bool:
        progress = row.progress
        if not row.is_changed or progress is None or not row.is_open or progress.is_ended:
            return False
        last = progress.pending[-1].facts if progress.pending else progress.settled
        speaks = self._live == "all" or (last.version or "").startswith("2.")
        return speaks and last.seen_ms >= max(fresh_ms, progress.shown_ms + self._live_ms)


def _asked_about(told: Iterable[tuple[Message, Heard]]) -> set[str]:
    """The stations whose open sessions may be over, or may need what was said."""
    return {message.station for message, said in told if said.loose is not None or _evses_asked(said)}


def _evses_asked(said: Heard) -> set[int | None]:
    """The EVSEs whose open session may be over by what was said; None means all of the station."""
    if said.facts is not None and said.facts.start is not None and said.facts.evse is not None:
        return {said.facts.evse}
    if said.loose is None:
        return set()
    if said.loose.boots or said.loose.ends:
        return {None}
    return {status.evse for status in said.loose.statuses if status.word in OVER}


def _station(stations: dict[str, StationRow], message: Message) -> StationRow:
    row = stations.get(message.station)
    if row is None:
        row = stations[message.station] = StationRow(message.station, message.place.partition)
    return row

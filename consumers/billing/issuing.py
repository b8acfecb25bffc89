"""Sessions whose time has come become records; records that no longer hold are credited, and followed by new ones."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import structlog
from msgspec.structs import replace

from consumers.billing import store
from consumers.billing.metrics import BillingMetrics
from consumers.billing.places import time_zone
from consumers.billing.records import Owner, credited, differences, issued
from consumers.billing.sessions.assembly import Session
from consumers.billing.sessions.closing import Case, Rules, Sibling
from consumers.billing.sessions.facts import Facts
from consumers.billing.sessions.measured import moment
from consumers.billing.sessions.progress import looked_at
from consumers.billing.store import Books, Key, SessionRow, StationRow
from consumers.billing.tariffs.choosing import Occasion, chosen
from consumers.billing.tariffs.model import Tariff
from consumers.runtime.consumer import Work
from contract import cdrs
from contract.cdrs import CdrFact, CdrIssued
from contract.registry import RegisteredStation
from eventlog.in_flight import DEFAULT_LIMITS, measure
from eventlog.port import Record, RecordRefused

RETRY_MS = 3_600_000

_log = structlog.get_logger(__name__)


class Desk:
    """Issues records."""

    def __init__(
        self, rules: Rules, owner: Owner, books: Books, metrics: BillingMetrics, keep_ms: int
    ) -> None:
        self._rules = rules
        self._owner = owner
        self._books = books
        self._metrics = metrics
        self._keep_ms = keep_ms

    async def settle(self, rows: Sequence[SessionRow], now_ms: Mapping[int, int], work: Work) -> None:
        """Look at each of these sessions as of the moment at which it was due."""
        stations = {row.station for row in rows}
        known = await store.stations_of(work.database, stations)
        siblings = await store.siblings_of(work.database, rows, known)
        billed = [row for row in rows if row.progress is not None and row.progress.revision]
        before = await store.last_records(work.database, billed)
        await self._books.load(work.database)
        records: list[tuple[int, CdrFact]] = []
        for row in rows:
            station = known.get(row.station) or StationRow(row.station, row.shard)
            beside = [one for one in siblings.get(row.station, ()) if one.session != row.session]
            for record, published in self._made(row, station, beside, now_ms[row.shard], before):
                records.append((row.shard, record))
                work.emit(published)
        await store.keep_records(work.database, records)
        await store.save(work.database, rows, ())

    def tariff(
        self, station: str, registered: RegisteredStation | None, facts: Facts, started_at: datetime
    ) -> Tariff | None:
        """The tariff of a session: of the book that was in effect when it began."""
        book = self._books.at(started_at)
        if book is None:
            return None
        groups = registered.groups if registered else ()
        tokens = (facts.bearer.value, *facts.token_groups) if facts.bearer else ()
        return chosen(book, Occasion(station, started_at, groups, tokens))

    def _made(
        self,
        row: SessionRow,
        station: StationRow,
        beside: Sequence[Sibling],
        now_ms: int,
        before: dict[tuple[Key, int], CdrIssued],
    ) -> list[tuple[CdrFact, Record]]:
        """The records of a session, and how they are published.

        One that cannot be billed, or whose record no log takes, is told, waits, and keeps no other from its record.
        """
        progress = row.progress
        try:
            made = self._looked_at(row, station, beside, now_ms, before)
            published = [_published(record) for record in made]
        except (ArithmeticError, LookupError, RecordRefused, TypeError, ValueError):
            _log.exception("a session cannot be billed", station=row.station, session=row.session)
            self._metrics.failed.n += 1
            assert progress is not None
            first, *rest = progress.pending
            later = replace(first, due_ms=now_ms + RETRY_MS)
            row.progress = replace(progress, pending=(later, *rest))
            return []
        return list(zip(made, published, strict=True))

    def _looked_at(
        self,
        row: SessionRow,
        station: StationRow,
        beside: Sequence[Sibling],
        now_ms: int,
        before: dict[tuple[Key, int], CdrIssued],
    ) -> list[CdrFact]:
        progress, made = row.progress, list[CdrFact]()
        assert progress is not None
        row.is_changed = True
        if not progress.pending:
            row.progress = row.forget_ms = None
            return made
        while (due_ms := progress.due_ms) is not None and due_ms <= now_ms:
            zone = time_zone(station.registered) or "UTC"
            case = Case(row.session, Facts(), station.loose, beside, zone)
            progress, session = looked_at(progress, case, self._rules)
            if session is None:
                continue
            row.forget_ms = due_ms + self._keep_ms
            last = before.get(((row.station, row.session), progress.revision))
            now_made = self._records(session, station, last, progress.revision, moment(due_ms))
            if now_made:
                made += now_made
                new = now_made[-1]
                assert isinstance(new, CdrIssued)
                progress = replace(progress, revision=new.revision)
                before[(row.station, row.session), new.revision] = new
        row.progress = progress
        return made

    def _records(
        self, session: Session, station: StationRow, last: CdrIssued | None, revision: int, at: datetime
    ) -> list[CdrFact]:
        tariff = self.tariff(station.station, station.registered, session.facts, session.metered.started_at)
        new = issued(
            session, station.station, station.registered, tariff, self._owner, revision=revision + 1, at=at
        )
        made: list[CdrFact] = []
        if last is not None:
            because = differences(last, new)
            if not because:
                return made
            made.append(credited(last, at, because))
            self._metrics.credited.n += 1
        self._metrics.issued.n += 1
        for flag in new.flags:
            self._metrics.flagged.at(flag).n += 1
        return [*made, new]


def _published(record: CdrFact) -> Record:
    """As it is published. Raises RecordRefused where it is too large for that."""
    made = Record(record.TOPIC.name, record.station, cdrs.encode(record), cdrs.headers(record))
    measure(made, DEFAULT_LIMITS)
    return made

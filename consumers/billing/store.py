"""What billing reads and writes in its database. A batch reads with a few statements, and writes with a few."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from consumers.billing.sessions.closing import Sibling
from consumers.billing.sessions.facts import Border, Facts
from consumers.billing.sessions.loose import NOTHING, Loose
from consumers.billing.sessions.progress import Progress
from consumers.billing.tables import CDRS, SESSIONS, STATIONS, TARIFF_BOOKS
from consumers.billing.tariffs.book import TariffBook
from consumers.runtime.database import upsert
from contract.cdrs import CdrCredited, CdrFact, CdrIssued, decode_issued, encode
from contract.registry import RegisteredStation

Key = tuple[str, str]
"""Station and session."""

AT_ONCE = 500


@dataclass(slots=True)
class SessionRow:
    """A session as it stands in the database. Without `progress` it is forgotten: nothing changes it any more."""

    station: str
    session: str
    shard: int
    progress: Progress | None
    forget_ms: int | None = None
    is_changed: bool = False

    @property
    def is_open(self) -> bool:
        """Whether it has no record yet."""
        return self.progress is not None and self.progress.revision == 0

    @property
    def due_ms(self) -> int | None:
        """When it is to be looked at."""
        due_ms = self.progress.due_ms if self.progress is not None else None
        return self.forget_ms if due_ms is None else due_ms

    def as_row(self) -> dict[str, Any]:
        """Its columns."""
        progress = self.progress
        start = progress.start if progress is not None else None
        return {
            "session": self.session,
            "station": self.station,
            "shard": self.shard,
            "evse": progress.evse if progress is not None else None,
            "start_ms": start.at_ms if start else None,
            "start_seen_ms": start.seen_ms if start else None,
            "is_open": self.is_open,
            "due_ms": self.due_ms,
            "progress": progress,
        }


@dataclass(slots=True)
class StationRow:
    """A station as it stands in the database."""

    station: str
    shard: int
    loose: Loose = NOTHING
    registered: RegisteredStation | None = None
    is_changed: bool = False

    def as_row(self) -> dict[str, Any]:
        """Its columns."""
        return {
            "station": self.station,
            "shard": self.shard,
            "loose": self.loose,
            "registered": self.registered,
        }


class Books:
    """The files of tariffs that were loaded. They never change, so what was read once is kept."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[datetime, TariffBook]] = {}

    async def load(self, connection: AsyncConnection) -> None:
        """Read those that are new."""
        versions = (await connection.execute(select(TARIFF_BOOKS.c.version))).scalars().all()
        self._known = {version: book for version, book in self._known.items() if version in versions}
        missing = [version for version in versions if version not in self._known]
        if missing:
            columns = (TARIFF_BOOKS.c.version, TARIFF_BOOKS.c.effective_from, TARIFF_BOOKS.c.book)
            found = await connection.execute(select(*columns).where(TARIFF_BOOKS.c.version.in_(missing)))
            self._known |= {version: (start, book) for version, start, book in found}

    def at(self, moment: datetime) -> TariffBook | None:
        """The newest that was in effect at a moment."""
        effective = [version for version, (start, _) in self._known.items() if start <= moment]
        return self._known[max(effective)][1] if effective else None


async def sessions_of(
    connection: AsyncConnection, keys: Collection[Key], stations: Collection[str]
) -> dict[Key, SessionRow]:
    """These sessions, and all that are open at these stations."""
    found: dict[Key, SessionRow] = {}
    if keys:
        await _add(connection, found, _among(SESSIONS, keys))
    if stations:
        await _add(connection, found, and_(SESSIONS.c.station.in_(sorted(stations)), SESSIONS.c.is_open))
    return found


async def due(connection: AsyncConnection, now_ms: Mapping[int, int]) -> list[SessionRow]:
    """The sessions whose time has come in each shard, the earliest first; not more than can be looked at in one go."""
    ripe = [and_(SESSIONS.c.shard == shard, SESSIONS.c.due_ms <= now) for shard, now in now_ms.items()]
    found: dict[Key, SessionRow] = {}
    await _add(connection, found, or_(*ripe), order=True)
    return list(found.values())


async def _add(
    connection: AsyncConnection, found: dict[Key, SessionRow], condition: Any, *, order: bool = False
) -> None:
    columns = (
        SESSIONS.c.station,
        SESSIONS.c.session,
        SESSIONS.c.shard,
        SESSIONS.c.due_ms,
        SESSIONS.c.progress,
    )
    statement = select(*columns).where(condition)
    if order:
        statement = statement.order_by(SESSIONS.c.due_ms, SESSIONS.c.session).limit(AT_ONCE)
    for station, session, shard, due_ms, progress in await connection.execute(statement):
        waits = progress is not None and progress.due_ms is not None
        row = SessionRow(station, session, shard, progress, None if waits else due_ms)
        found.setdefault((station, session), row)


async def siblings_of(
    connection: AsyncConnection, rows: Collection[SessionRow], known: Mapping[str, StationRow]
) -> dict[str, list[Sibling]]:
    """The sessions that may tell one of these its end, by station.

    Those that are open; those that began later, of which only where and when is told; and at stations with ends that
    name no session, those that may have had theirs from there. `known` are the stations.
    """
    # Not of those that are only to be forgotten: they began long ago, and nothing asks for their end.
    looked_at = [
        (row.station, row.progress) for row in rows if row.progress is not None and row.progress.pending
    ]
    stations = sorted({station for station, _ in looked_at})
    since_ms = min((progress.began_ms for _, progress in looked_at), default=0)
    columns = (
        SESSIONS.c.station,
        SESSIONS.c.session,
        SESSIONS.c.evse,
        SESSIONS.c.start_ms,
        SESSIONS.c.start_seen_ms,
    )
    statement = select(*columns).where(
        SESSIONS.c.station.in_(stations), ~SESSIONS.c.is_open, SESSIONS.c.start_ms > since_ms
    )
    found: dict[Key, Sibling] = {}
    for station, session, evse, start_ms, seen_ms in await connection.execute(statement):
        start = Border(start_ms, seen_ms, is_timed=True)
        found[station, session] = Sibling(session, Facts(evse=evse, start=start, end=start))
    for key, row in (await sessions_of(connection, (), stations)).items():
        if row.progress is not None:
            found[key] = Sibling(row.session, row.progress.known)
    nameless = sorted(name for name in stations if name in known and known[name].loose.ends)
    if nameless:
        ended: dict[Key, SessionRow] = {}
        remembered = and_(
            SESSIONS.c.station.in_(nameless), ~SESSIONS.c.is_open, SESSIONS.c.due_ms.is_not(None)
        )
        await _add(connection, ended, remembered)
        for key, row in ended.items():
            if row.progress is not None and row.progress.around.ends:
                found[key] = Sibling(row.session, row.progress.known, row.progress.around.ends)
    by_station: dict[str, list[Sibling]] = {}
    for (station, _), sibling in found.items():
        by_station.setdefault(station, []).append(sibling)
    return by_station


async def stations_of(connection: AsyncConnection, stations: Collection[str]) -> dict[str, StationRow]:
    """These stations, as far as anything is known of them."""
    if not stations:
        return {}
    columns = (STATIONS.c.station, STATIONS.c.shard, STATIONS.c.loose, STATIONS.c.registered)
    found = await connection.execute(select(*columns).where(STATIONS.c.station.in_(sorted(stations))))
    return {
        station: StationRow(station, shard, loose or NOTHING, registered)
        for station, shard, loose, registered in found
    }


async def last_records(
    connection: AsyncConnection, rows: Sequence[SessionRow]
) -> dict[tuple[Key, int], CdrIssued]:
    """The issued records of sessions, by session and revision."""
    if not rows:
        return {}
    statement = select(CDRS.c.station, CDRS.c.session, CDRS.c.revision, CDRS.c.document).where(
        _among(CDRS, {(row.station, row.session) for row in rows}), ~CDRS.c.is_credit
    )
    return {
        ((station, session), revision): decode_issued(document)
        for station, session, revision, document in await connection.execute(statement)
    }


def _among(table: Table, keys: Collection[Key]) -> ColumnElement[bool]:
    """These sessions, and few more. Names alone do not tell them: stations that count from 1 share theirs."""
    stations, sessions = (sorted(set(names)) for names in zip(*keys, strict=True))
    return and_(table.c.session.in_(sessions), table.c.station.in_(stations))


async def open_sessions(connection: AsyncConnection, shards: Iterable[int]) -> int:
    """How many sessions of these shards have no record yet."""
    statement = select(func.count()).where(SESSIONS.c.shard.in_(sorted(shards)), SESSIONS.c.is_open)
    return int((await connection.execute(statement)).scalar_one())


async def save(
    connection: AsyncConnection, sessions: Iterable[SessionRow], stations: Iterable[StationRow]
) -> None:
    """Write what has changed."""
    await upsert(connection, SESSIONS, [row.as_row() for row in sessions if row.is_changed])
    await upsert(connection, STATIONS, [row.as_row() for row in stations if row.is_changed])


async def keep_records(connection: AsyncConnection, records: Sequence[tuple[int, CdrFact]]) -> None:
    """Keep records as they are published, each with its shard."""
    rows = [
        {
            "id": record.cdr.id,
            "station": record.station,
            "session": record.transaction_id,
            "shard": shard,
            "revision": record.revision,
            "is_credit": isinstance(record, CdrCredited),
            "issued_at": record.cdr.last_updated,
            "document": encode(record).decode().replace("\\u0000", "\\ufffd"),
        }
        for shard, record in records
    ]
    await upsert(connection, CDRS, rows)

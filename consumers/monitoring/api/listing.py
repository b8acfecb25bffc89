"""The list of stations: searched, filtered, sorted, and page by page from where the last one ended."""

import base64
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec
from sqlalchemy import ColumnElement, and_, or_, select

from consumers.monitoring import state
from consumers.monitoring.api import answers
from consumers.monitoring.api.showing import summary
from consumers.monitoring.state import STATUSES
from consumers.monitoring.tables import STATIONS
from consumers.runtime.database import Database

SORTED_BY: Final = {
    "id": STATIONS.c.id,
    "name": STATIONS.c.name,
    "status": STATIONS.c.rank,
    "seen": STATIONS.c.seen_ms,
    "power": STATIONS.c.power_w,
}
FACTS: Final = ("version", "vendor", "model", "firmware", "site")
"""The filters by what a column says."""


class Wanted(NamedTuple):
    """Which stations, in which order."""

    search: str = ""
    connected: bool | None = None
    charging: bool | None = None
    statuses: tuple[str, ...] = ()
    facts: Mapping[str, Sequence[str]] = {}
    sort: str = "id"
    is_falling: bool = False


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """Where a page ended: what it was sorted by, and the last station."""

    value: str | int
    id: str


class NoCursor(ValueError):
    """It was not made by this list, asked for likewise."""


def write_cursor(cursor: Cursor) -> str:
    """As a text that fits into an address."""
    return base64.urlsafe_b64encode(msgspec.json.encode(cursor)).decode().rstrip("=")


def read_cursor(text: str, sort: str) -> Cursor:
    """Again. Raises NoCursor."""
    try:
        cursor = msgspec.json.decode(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), type=Cursor)
    except (ValueError, msgspec.DecodeError) as error:
        raise NoCursor(str(error)) from None
    wants_text = sort in {"id", "name"}
    is_large = isinstance(cursor.value, int) and abs(cursor.value) >= 2**63
    if isinstance(cursor.value, str) != wants_text or is_large or "\0" in f"{cursor.value}{cursor.id}":
        raise NoCursor("it is of a list in another order")
    return cursor


class Listing:
    """Knows the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, wanted: Wanted, limit: int, after: Cursor | None) -> answers.StationList:
        """So many of them, after where the last page ended."""
        column = SORTED_BY[wanted.sort]
        query = select(STATIONS.c.state, column.label("sorted_by"), STATIONS.c.id).where(*_conditions(wanted))
        if after is not None:
            query = query.where(_beyond(column, after, wanted))
        order = (column, STATIONS.c.id) if wanted.sort != "id" else (STATIONS.c.id,)
        query = query.order_by(*((one.desc() if wanted.is_falling else one.asc()) for one in order))
        async with self._database.reading() as connection:
            rows = (await connection.execute(query.limit(limit + 1))).all()
        stations = tuple(summary(state.unpack(row.state)) for row in rows[:limit])
        last = rows[limit - 1] if len(rows) > limit else None
        next_page = None if last is None else write_cursor(Cursor(last.sorted_by, last.id))
        return answers.StationList(stations=stations, next=next_page)


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.search:
        found += [STATIONS.c.search.contains(word, autoescape=True) for word in wanted.search.lower().split()]
    if wanted.connected is not None:
        found.append(STATIONS.c.connected.is_(wanted.connected))
    if wanted.charging is not None:
        found.append(STATIONS.c.sessions > 0 if wanted.charging else STATIONS.c.sessions == 0)
    if wanted.statuses:
        found.append(STATIONS.c.rank.in_([STATUSES.index(status) for status in wanted.statuses]))
    found += [STATIONS.c[name].in_(values) for name, values in wanted.facts.items() if values]
    return found


def _beyond(column: Any, after: Cursor, wanted: Wanted) -> ColumnElement[bool]:
    """A page begins after the last station of the one before, whatever came or went since."""
    if wanted.sort == "id":
        return STATIONS.c.id < after.id if wanted.is_falling else STATIONS.c.id > after.id
    if wanted.is_falling:
        return or_(column < after.value, and_(column == after.value, STATIONS.c.id < after.id))
    return or_(column > after.value, and_(column == after.value, STATIONS.c.id > after.id))

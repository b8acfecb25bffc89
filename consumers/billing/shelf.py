"""The files of tariffs in the database: each that is loaded is a version of its own, and none is ever changed."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from consumers.billing.tables import TARIFF_BOOKS
from consumers.billing.tariffs.book import TariffBook


class Loaded(NamedTuple):
    """A file of tariffs as it was loaded; `effective_from` is from when on sessions that begin use it."""

    version: int
    effective_from: datetime
    loaded_at: datetime
    source: str
    book: TariffBook


async def put(
    connection: AsyncConnection,
    book: TariffBook,
    *,
    source: str,
    effective_from: datetime,
    loaded_at: datetime,
) -> int:
    """Keep a book as the next version; its number."""
    newest = (await connection.execute(select(func.max(TARIFF_BOOKS.c.version)))).scalar_one_or_none()
    version = (newest or 0) + 1
    row = {
        "version": version,
        "effective_from": effective_from,
        "loaded_at": loaded_at,
        "source": source,
        "book": book,
    }
    await connection.execute(insert(TARIFF_BOOKS), [row])
    return version


async def every(connection: AsyncConnection) -> list[Loaded]:
    """All that were loaded, the newest first."""
    found = await connection.execute(select(TARIFF_BOOKS).order_by(TARIFF_BOOKS.c.version.desc()))
    return [Loaded(*row) for row in found]

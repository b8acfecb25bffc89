"""A consumer's database: one SQLite file, or PostgreSQL; transactions that mean the same on both.

SQLite runs in WAL mode with `synchronous=NORMAL`: no commit waits for the disk, and the last few may be lost
with the machine's power. That is safe here and only here, because the positions are lost with the state that
they belong to: the same records are read again. A killed process loses nothing.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Table, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, Connection
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.sql.dml import Insert

CONNECTIONS = 5
BUSY_SECONDS = 5.0
CONNECT_SECONDS = 10.0
STATEMENT_SECONDS = 60.0
PRAGMAS = (
    "journal_mode = WAL",
    "synchronous = NORMAL",
    "foreign_keys = ON",
    # A batch touches pages all over the file: with the 2 MB that are the default each was read, and with a checkpoint
    # every 4 MB written twice, for most batches. Measured with 30,000 stations: five times the events a second.
    "cache_size = -65536",
    "wal_autocheckpoint = 8000",
)
"""SQLite's settings for each connection."""

SESSION = {
    "application_name": "ocpp-gateway",
    # A member that is paused or cut off while it holds the rows of its positions must not stop its successor.
    "idle_in_transaction_session_timeout": "15s",
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
}
"""PostgreSQL's settings for each connection."""


class Database:
    """Lends connections inside a transaction. Open it, use it, close it; all of it on one event loop."""

    def __init__(self, url: str) -> None:
        """An address that `settings.DatabaseUrl` lets through."""
        self._url = make_url(url)
        self._is_file = self._url.get_backend_name() == "sqlite"
        # SQLite has one writer; within the process it is chosen in turn and not by luck.
        self._writing: contextlib.AbstractAsyncContextManager[Any] = (
            asyncio.Lock() if self._is_file else contextlib.nullcontext()
        )

    def __str__(self) -> str:
        return self._url.render_as_string(hide_password=True)

    async def open(self) -> None:
        """Make the file's folder, or reach the server. Raises what `transience.is_transient` judges."""
        self._engine = _of_file(self._url) if self._is_file else _of_server(self._url)
        async with self.reading() as connection:
            await connection.exec_driver_sql("SELECT 1")

    async def close(self) -> None:
        """Let go of every connection. Harmless when it was never opened."""
        if hasattr(self, "_engine"):
            await self._engine.dispose()

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """One transaction that may write; committed at the end of the block, undone by an exception."""
        async with self._writing, self._engine.begin() as connection:
            yield connection

    @contextlib.asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """One transaction that only reads, and never waits for a writer."""
        async with self._engine.connect() as connection:
            lent = await connection.execution_options(only_reading=True)
            async with lent.begin():
                yield lent


async def upsert(connection: AsyncConnection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert these rows, and where a primary key is there already, set the columns that are given.

    All rows give the same columns. Of two rows with one key the later holds. Any number of rows: they are
    sent as one statement with many parameter sets, which no limit of variables concerns.
    """
    if rows:
        await connection.execute(_upsert(connection.dialect.name, table, tuple(rows[0])), list(rows))


@cache
def _upsert(dialect: str, table: Table, columns: tuple[str, ...]) -> Insert:
    key = [column.name for column in table.primary_key]
    made = postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
    given = {name: made.excluded[name] for name in columns if name not in key}
    if given:
        return made.on_conflict_do_update(index_elements=key, set_=given)
    return made.on_conflict_do_nothing(index_elements=key)


def _of_server(url: URL) -> AsyncEngine:
    return create_async_engine(
        url,
        pool_size=CONNECTIONS,
        max_overflow=0,
        pool_timeout=CONNECT_SECONDS,
        pool_pre_ping=True,  # after a restart of the server the pool is full of dead connections
        connect_args={
            "timeout": CONNECT_SECONDS,
            "command_timeout": STATEMENT_SECONDS,
            "server_settings": SESSION,
        },
    )


def _of_file(url: URL) -> AsyncEngine:
    Path(url.database or "").parent.mkdir(parents=True, exist_ok=True)
    engine = create_async_engine(
        url,
        pool_size=CONNECTIONS,
        max_overflow=0,
        pool_timeout=CONNECT_SECONDS,
        connect_args={"timeout": BUSY_SECONDS},
    )
    event.listen(engine.sync_engine, "connect", _prepare)
    event.listen(engine.sync_engine, "begin", _begin)
    return engine


def _prepare(connection: DBAPIConnection, _record: Any) -> None:
    # Else the driver begins transactions itself, late and deferred, and commits before a CREATE TABLE.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    """IMMEDIATE: a transaction that reads first and writes later could not gain the lock any more."""
    only_reading = connection.get_execution_options().get("only_reading", False)
    connection.exec_driver_sql("BEGIN" if only_reading else "BEGIN IMMEDIATE")

"""Which faults pass by themselves: the log or the database is away, busy, or has undone us for another's sake."""

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from eventlog.port import LogUnavailable

SQLSTATES = (
    "08",  # connection exception
    "25006",  # read only: the server is a standby now
    "25P03",  # idle in transaction: we were paused, and cut off
    "40",  # rolled back: serialization failure, deadlock
    "53",  # insufficient resources
    "55P03",  # lock not available
    "57",  # the operator: shutting down, crashed, starting up, cancelled
    "58",  # system error
)
"""Beginnings of PostgreSQL's codes (PostgreSQL documentation, appendix A)."""

SQLITE_NAMES = (
    "SQLITE_BUSY",
    "SQLITE_CANTOPEN",
    "SQLITE_FULL",
    "SQLITE_IOERR",
    "SQLITE_LOCKED",
    "SQLITE_READONLY",
)
"""Beginnings of SQLite's (https://sqlite.org/rescode.html): another process writes, the disk is full or away."""


def is_transient(error: BaseException) -> bool:
    """Whether the same work may succeed later without anybody changing it."""
    if isinstance(error, LogUnavailable | PoolTimeout | OSError):  # TimeoutError is an OSError
        return True
    if not isinstance(error, DBAPIError):
        return False
    name = getattr(error.orig, "sqlite_errorname", None)
    if name is not None:
        return str(name).startswith(SQLITE_NAMES)
    state = getattr(error.orig, "sqlstate", None)
    return error.connection_invalidated or (state is not None and state.startswith(SQLSTATES))

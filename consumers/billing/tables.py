"""The tables of billing. Of a session all that is known is one value, which pure functions read and write.

Columns beside it are what sessions are looked for by. Times in columns are milliseconds since 1970 (UTC).
"""

from pathlib import Path

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, Table, Text

from consumers.billing.sessions.loose import Loose
from consumers.billing.sessions.progress import Progress
from consumers.billing.tariffs.book import TariffBook
from consumers.runtime.columns import Json, Moment, Words
from consumers.runtime.schema import Schema
from contract.registry import RegisteredStation

SCHEMA = Schema("billing", Path(__file__).parent / "migrations")

SESSIONS = Table(
    "billing_sessions",
    SCHEMA.metadata,
    Column("session", Words, primary_key=True),
    Column("station", Words, primary_key=True),
    Column("shard", Integer, nullable=False),
    Column("evse", Integer),
    Column("start_ms", BigInteger),
    Column("start_seen_ms", BigInteger),
    Column("is_open", Boolean, nullable=False),
    Column("due_ms", BigInteger),
    Column("progress", Json(Progress)),
    Index("billing_sessions_by_due", "shard", "due_ms"),
    Index("billing_sessions_by_station", "station", "is_open", "start_ms"),
)
"""`is_open` until the session has its record. `progress` is forgotten when no correction is taken any more."""

STATIONS = Table(
    "billing_stations",
    SCHEMA.metadata,
    Column("station", Words, primary_key=True),
    Column("shard", Integer, nullable=False),
    Column("loose", Json(Loose)),
    Column("registered", Json(RegisteredStation)),
)
"""What stations said that names no session, and what the registry says of them."""

CDRS = Table(
    "billing_cdrs",
    SCHEMA.metadata,
    Column("id", Text, primary_key=True),
    Column("station", Words, nullable=False),
    Column("session", Words, nullable=False),
    Column("shard", Integer, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("is_credit", Boolean, nullable=False),
    Column("issued_at", Moment, nullable=False),
    Column("document", Text, nullable=False),
    Index("billing_cdrs_by_session", "session", "station"),
    Index("billing_cdrs_by_time", "issued_at"),
)
"""Every record as it was published, for ever."""

TARIFF_BOOKS = Table(
    "billing_tariff_books",
    SCHEMA.metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("effective_from", Moment, nullable=False),
    Column("loaded_at", Moment, nullable=False),
    Column("source", Text, nullable=False),
    Column("book", Json(TariffBook), nullable=False),
)
"""Every file of tariffs that was loaded; a session is priced by the newest that was in effect when it began."""

"""A consumer's tables: its own, and the three that the runtime keeps beside them in every consumer's database."""

from pathlib import Path

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, Table, Text

from consumers.runtime.columns import Moment, Words

RowId = BigInteger().with_variant(Integer, "sqlite")
"""SQLite counts only what it calls an INTEGER PRIMARY KEY."""


class Schema:
    """All tables of one consumer, on `metadata`, their names beginning with its own, and how they came to be.

    `migrations` is the folder of its Alembic scripts; without one, tables that are missing are made as they
    are declared, and never changed: enough for a consumer that can be replayed from an empty database. The runtime's tables: `positions`, how far each
    partition is read and by whom; `outbox`, what is yet to be published; `dead_letters`, which records
    the handler could not take.
    """

    def __init__(self, name: str, migrations: Path | None = None) -> None:
        self.name = name
        self.migrations = migrations
        self.metadata = MetaData()
        self.positions = Table(
            f"{name}_positions",
            self.metadata,
            Column("topic", Text, primary_key=True),
            Column("shard", Integer, primary_key=True, autoincrement=False),
            Column("next_offset", BigInteger, nullable=False, server_default="0"),
            Column("owner", Text, nullable=False),
            Column("taken_at", Moment, nullable=False),
        )
        self.outbox = Table(
            f"{name}_outbox",
            self.metadata,
            Column("id", RowId, primary_key=True),
            Column("shard", Integer, nullable=False),
            Column("topic", Text, nullable=False),
            Column("key", Words, nullable=False),
            Column("value", LargeBinary),
            Column("headers", LargeBinary, nullable=False),
            Column("partition", Integer),
            Index(f"{name}_outbox_by_shard", "shard", "id"),
        )
        self.dead_letters = Table(
            f"{name}_dead_letters",
            self.metadata,
            Column("topic", Text, primary_key=True),
            Column("shard", Integer, primary_key=True, autoincrement=False),
            Column("offset", BigInteger, primary_key=True, autoincrement=False),
            Column("at", Moment, nullable=False),
            Column("why", Text, nullable=False),
            Index(f"{name}_dead_letters_by_time", "at"),
        )

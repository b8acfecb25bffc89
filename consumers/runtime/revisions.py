"""What a consumer's migrations call to make the runtime's tables. History: a change is one more function."""

import sqlalchemy as sa
from alembic import op

from consumers.runtime.columns import Moment
from consumers.runtime.schema import RowId


def create_runtime_tables(name: str) -> None:
    """The first migration of every consumer calls this."""
    op.create_table(
        f"{name}_positions",
        sa.Column("topic", sa.Text, primary_key=True),
        sa.Column("shard", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("next_offset", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("taken_at", Moment, nullable=False),
    )
    op.create_table(
        f"{name}_outbox",
        sa.Column("id", RowId, primary_key=True),
        sa.Column("shard", sa.Integer, nullable=False),
        sa.Column("topic", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("value", sa.LargeBinary),
        sa.Column("headers", sa.LargeBinary, nullable=False),
        sa.Column("partition", sa.Integer),
    )
    op.create_index(f"{name}_outbox_by_shard", f"{name}_outbox", ["shard", "id"])
    op.create_table(
        f"{name}_dead_letters",
        sa.Column("topic", sa.Text, primary_key=True),
        sa.Column("shard", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("offset", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("at", Moment, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
    )
    op.create_index(f"{name}_dead_letters_by_time", f"{name}_dead_letters", ["at"])

"""The tables of billing as it began."""

import sqlalchemy as sa
from alembic import op

from consumers.runtime.columns import Moment
from consumers.runtime.revisions import create_runtime_tables

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make them."""
    create_runtime_tables("billing")
    op.create_table(
        "billing_sessions",
        sa.Column("session", sa.Text, primary_key=True),
        sa.Column("station", sa.Text, primary_key=True),
        sa.Column("shard", sa.Integer, nullable=False),
        sa.Column("evse", sa.Integer),
        sa.Column("start_ms", sa.BigInteger),
        sa.Column("start_seen_ms", sa.BigInteger),
        sa.Column("is_open", sa.Boolean, nullable=False),
        sa.Column("due_ms", sa.BigInteger),
        sa.Column("progress", sa.Text),
    )
    op.create_index("billing_sessions_by_due", "billing_sessions", ["shard", "due_ms"])
    op.create_index("billing_sessions_by_station", "billing_sessions", ["station", "is_open"])
    op.create_table(
        "billing_stations",
        sa.Column("station", sa.Text, primary_key=True),
        sa.Column("shard", sa.Integer, nullable=False),
        sa.Column("loose", sa.Text),
        sa.Column("registered", sa.Text),
    )
    op.create_table(
        "billing_cdrs",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("station", sa.Text, nullable=False),
        sa.Column("session", sa.Text, nullable=False),
        sa.Column("shard", sa.Integer, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("is_credit", sa.Boolean, nullable=False),
        sa.Column("issued_at", Moment, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
    )
    op.create_index("billing_cdrs_by_session", "billing_cdrs", ["session", "station"])
    op.create_index("billing_cdrs_by_time", "billing_cdrs", ["issued_at"])
    op.create_table(
        "billing_tariff_books",
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("effective_from", Moment, nullable=False),
        sa.Column("loaded_at", Moment, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("book", sa.Text, nullable=False),
    )

"""What it counts, and the runtime's tables."""

import sqlalchemy as sa
from alembic import op

from consumers.runtime.columns import Moment
from consumers.runtime.revisions import create_runtime_tables

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_runtime_tables("counting")
    op.create_table(
        "counting_seen",
        sa.Column("station", sa.Text, primary_key=True),
        sa.Column("topic", sa.Text, primary_key=True),
        sa.Column("shard", sa.Integer, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
    )
    op.create_table(
        "counting_ticks",
        sa.Column("shard", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", Moment, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
    )

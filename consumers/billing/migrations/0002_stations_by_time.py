"""A station's sessions are asked for from a time on: in years they are thousands."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """One index that ends with the time in the place of one without it."""
    op.drop_index("billing_sessions_by_station", "billing_sessions")
    op.create_index("billing_sessions_by_station", "billing_sessions", ["station", "is_open", "start_ms"])

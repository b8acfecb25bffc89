"""The tables of the monitoring as it began."""

import sqlalchemy as sa
from alembic import op

from consumers.runtime.revisions import create_runtime_tables

revision = "0001"
down_revision = None

LEVELS = (
    "connected",
    "faulted",
    "unavailable",
    "occupied",
    "reserved",
    "available",
    "unknown",
    "usable",
    "sessions",
    "power_w",
)
COUNTS = ("energy_wh", "sessions_started", "sessions_ended", "faults")


def _key(name: str, kind: type[sa.Text | sa.Integer | sa.BigInteger]) -> sa.Column[object]:
    return sa.Column(name, kind, primary_key=True, autoincrement=False)


def _sum(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False, server_default="0")


def upgrade() -> None:
    """Make them."""
    create_runtime_tables("monitoring")
    op.create_table(
        "monitoring_stations",
        _key("id", sa.Text),
        sa.Column("shard", sa.Integer, nullable=False),
        sa.Column("change", sa.BigInteger, nullable=False),
        sa.Column("connected", sa.Boolean, nullable=False),
        sa.Column("rank", sa.Integer, nullable=False),
        sa.Column("sessions", sa.Integer, nullable=False),
        sa.Column("power_w", sa.BigInteger, nullable=False),
        sa.Column("seen_ms", sa.BigInteger, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("vendor", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("firmware", sa.Text, nullable=False),
        sa.Column("site", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("search", sa.Text, nullable=False),
        sa.Column("state", sa.LargeBinary, nullable=False),
    )
    op.create_index("monitoring_stations_by_change", "monitoring_stations", ["shard", "change"])
    op.create_index("monitoring_stations_by_seen", "monitoring_stations", ["seen_ms", "id"])
    op.create_index("monitoring_stations_by_power", "monitoring_stations", ["power_w", "id"])
    op.create_index("monitoring_stations_by_rank", "monitoring_stations", ["rank", "id"])
    op.create_index("monitoring_stations_by_name", "monitoring_stations", ["name", "id"])
    op.create_table(
        "monitoring_shards",
        _key("shard", sa.Integer),
        _sum("sequence"),
        _sum("stations"),
        *(_sum(level) for level in LEVELS),
    )
    op.create_table(
        "monitoring_trends",
        _key("shard", sa.Integer),
        _key("step_ms", sa.BigInteger),
        _key("began_ms", sa.BigInteger),
        *(_sum(f"{level}_{part}") for level in LEVELS for part in ("carry", "area")),
        *(_sum(count) for count in COUNTS),
    )
    op.create_index("monitoring_trends_by_time", "monitoring_trends", ["step_ms", "began_ms"])
    op.create_table(
        "monitoring_facets",
        _key("shard", sa.Integer),
        _key("facet", sa.Text),
        _key("value", sa.Text),
        _sum("stations"),
    )
    op.create_table(
        "monitoring_transitions",
        _key("station", sa.Text),
        _key("kind", sa.Text),
        _key("evse", sa.Integer),
        _key("connector", sa.Integer),
        _key("at_ms", sa.BigInteger),
        sa.Column("shard", sa.Integer, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("was", sa.Text, nullable=False),
    )
    op.create_index("monitoring_transitions_by_time", "monitoring_transitions", ["shard", "at_ms"])
    op.create_table(
        "monitoring_recent",
        _key("station", sa.Text),
        _key("kind", sa.Text),
        _key("slot", sa.Integer),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "monitoring_series",
        _key("station", sa.Text),
        _key("hour", sa.Integer),
        sa.Column("shard", sa.Integer, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    op.create_index("monitoring_series_by_time", "monitoring_series", ["shard", "hour"])

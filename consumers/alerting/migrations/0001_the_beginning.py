"""Stations, timers, alerts, groups and notifications, and the runtime's tables."""

import sqlalchemy as sa
from alembic import op

from consumers.runtime.revisions import create_runtime_tables

revision = "0001"
down_revision = None

BY = ("site", "tenant", "vendor", "model", "firmware", "version")


def upgrade() -> None:
    create_runtime_tables("alerting")
    op.create_table(
        "alerting_stations",
        sa.Column("station", sa.Text, primary_key=True),
        sa.Column("shard", sa.Integer, nullable=False),
        *(sa.Column(by, sa.Text) for by in BY),
        sa.Column("state", sa.LargeBinary, nullable=False),
    )
    for by in BY:
        op.create_index(f"alerting_stations_by_{by}", "alerting_stations", [by])
    op.create_table(
        "alerting_timers",
        sa.Column("station", sa.Text, primary_key=True),
        sa.Column("shard", sa.Integer, nullable=False),
        sa.Column("due_ms", sa.BigInteger, nullable=False),
    )
    op.create_index("alerting_timers_by_time", "alerting_timers", ["shard", "due_ms"])
    op.create_table(
        "alerting_alerts",
        sa.Column("fingerprint", sa.Text, primary_key=True),
        sa.Column("shard", sa.Integer, nullable=False),
        sa.Column("rule", sa.Text, nullable=False),
        sa.Column("severity", sa.Text, nullable=False),
        sa.Column("station", sa.Text),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_index("alerting_alerts_by_shard", "alerting_alerts", ["shard", "rule"])
    op.create_table(
        "alerting_members",
        sa.Column("rule", sa.Text, primary_key=True),
        sa.Column("station", sa.Text, primary_key=True),
        sa.Column("subject", sa.Text, primary_key=True),
        sa.Column("shard", sa.Integer, nullable=False),
        sa.Column("group", sa.Text, nullable=False),
        sa.Column("since_ms", sa.BigInteger, nullable=False),
    )
    op.create_index("alerting_members_by_group", "alerting_members", ["rule", "group", "since_ms"])
    op.create_table(
        "alerting_groups",
        sa.Column("rule", sa.Text, primary_key=True),
        sa.Column("group", sa.Text, primary_key=True),
        sa.Column("standing", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "alerting_shards",
        sa.Column("shard", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("now_ms", sa.BigInteger, nullable=False),
        sa.Column("heard_ms", sa.BigInteger, nullable=False),
        sa.Column("silent_ms", sa.BigInteger, nullable=False),
        sa.Column("resumed_ms", sa.BigInteger, nullable=False),
        sa.Column("rules", sa.Text, nullable=False, server_default=""),
        sa.Column("uploads_hour", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("uploads", sa.Integer, nullable=False, server_default="0"),
    )
    op.create_table(
        "alerting_notifications",
        sa.Column("receiver", sa.Text, primary_key=True),
        sa.Column("fingerprint", sa.Text, primary_key=True),
        sa.Column("shard", sa.Integer, nullable=False),
        sa.Column("stamp", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("resolved", sa.Boolean, nullable=False),
        sa.Column("told", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("held", sa.Boolean, nullable=False),
        sa.Column("changed_ms", sa.BigInteger, nullable=False),
        sa.Column("next_ms", sa.BigInteger, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
    )
    op.create_index("alerting_notifications_due", "alerting_notifications", ["receiver", "next_ms"])

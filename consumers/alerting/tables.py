"""The tables of the alerting. Times are ms since 1970, as in the engine."""

from pathlib import Path
from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, Table, Text, false

from consumers.alerting.alerts import Alert
from consumers.runtime.columns import Json, Words
from consumers.runtime.schema import Schema

SCHEMA: Final = Schema("alerting", Path(__file__).parent / "migrations")

STATIONS: Final = Table(
    "alerting_stations",
    SCHEMA.metadata,
    Column("station", Words, primary_key=True),
    Column("shard", Integer, nullable=False),
    Column("site", Words),
    Column("tenant", Words),
    Column("vendor", Words),
    Column("model", Words),
    Column("firmware", Words),
    Column("version", Words),
    Column("state", LargeBinary, nullable=False),
    *(
        Index(f"alerting_stations_by_{by}", by)
        for by in ("site", "tenant", "vendor", "model", "firmware", "version")
    ),
)
"""What is remembered of each station; beside it, what groups are counted by."""

TIMERS: Final = Table(
    "alerting_timers",
    SCHEMA.metadata,
    Column("station", Words, primary_key=True),
    Column("shard", Integer, nullable=False),
    Column("due_ms", BigInteger, nullable=False),
    Index("alerting_timers_by_time", "shard", "due_ms"),
)
"""When each station has to be looked at, at the latest: a timer that moved on is found out when it runs out."""

ALERTS: Final = Table(
    "alerting_alerts",
    SCHEMA.metadata,
    Column("fingerprint", Text, primary_key=True),
    Column("shard", Integer, nullable=False),
    Column("rule", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("station", Words),
    Column("body", Json(Alert), nullable=False),
    Index("alerting_alerts_by_shard", "shard", "rule"),
)
"""The alerts that stand."""

MEMBERS: Final = Table(
    "alerting_members",
    SCHEMA.metadata,
    Column("rule", Text, primary_key=True),
    Column("station", Words, primary_key=True),
    Column("subject", Words, primary_key=True),
    Column("shard", Integer, nullable=False),
    Column("group", Words, nullable=False),
    Column("since_ms", BigInteger, nullable=False),
    Index("alerting_members_by_group", "rule", "group", "since_ms"),
)
"""What each group rule counts: written with the station, counted by the holder of the first shard."""

GROUPS: Final = Table(
    "alerting_groups",
    SCHEMA.metadata,
    Column("rule", Text, primary_key=True),
    Column("group", Words, primary_key=True),
    Column("standing", LargeBinary, nullable=False),
)
"""The group alerts that stand."""

SHARDS: Final = Table(
    "alerting_shards",
    SCHEMA.metadata,
    Column("shard", Integer, primary_key=True, autoincrement=False),
    Column("now_ms", BigInteger, nullable=False),
    Column("heard_ms", BigInteger, nullable=False),
    Column("silent_ms", BigInteger, nullable=False),
    Column("resumed_ms", BigInteger, nullable=False),
    Column("rules", Text, nullable=False, server_default=""),
    Column("uploads_hour", BigInteger, nullable=False, server_default="0"),
    Column("uploads", Integer, nullable=False, server_default="0"),
)
"""The time of each shard, the rules that it was last judged by, and the log uploads asked for in an hour."""

NOTIFICATIONS: Final = Table(
    "alerting_notifications",
    SCHEMA.metadata,
    Column("receiver", Text, primary_key=True),
    Column("fingerprint", Text, primary_key=True),
    Column("shard", Integer, nullable=False),
    Column("stamp", Text, nullable=False),
    Column("body", Json(Alert), nullable=False),
    Column("resolved", Boolean, nullable=False),
    Column("told", Boolean, nullable=False, server_default=false()),
    Column("held", Boolean, nullable=False),
    Column("changed_ms", BigInteger, nullable=False),
    Column("next_ms", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Index("alerting_notifications_due", "receiver", "next_ms"),
)
"""What each receiver is to be told: one row an alert, its newest state, so that a dead receiver's queue is bounded."""

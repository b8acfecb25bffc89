"""The tables of the monitoring. All sums and counters are whole numbers, and all times milliseconds.

A station is one row: columns for what it is searched, filtered and sorted by, and all that is known of it in one
value. What grows with time is beside it, each bounded: lists of recent things are rings (`slot`), series and
transitions end with their retention, trends are few.
"""

from pathlib import Path

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, Table, Text

from consumers.monitoring.tally import COUNTS, LEVELS
from consumers.runtime.schema import Schema

SCHEMA = Schema("monitoring", Path(__file__).parent / "migrations")


def _key(name: str, kind: type[Text | Integer | BigInteger]) -> Column[object]:
    return Column(name, kind, primary_key=True, autoincrement=False)


def _sum(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False, server_default="0")


STATIONS = Table(
    "monitoring_stations",
    SCHEMA.metadata,
    _key("id", Text),
    Column("shard", Integer, nullable=False),
    Column("change", BigInteger, nullable=False),
    Column("connected", Boolean, nullable=False),
    Column("rank", Integer, nullable=False),
    Column("sessions", Integer, nullable=False),
    Column("power_w", BigInteger, nullable=False),
    Column("seen_ms", BigInteger, nullable=False),
    Column("version", Text, nullable=False),
    Column("vendor", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("firmware", Text, nullable=False),
    Column("site", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("search", Text, nullable=False),
    Column("state", LargeBinary, nullable=False),
    Index("monitoring_stations_by_change", "shard", "change"),
    Index("monitoring_stations_by_seen", "seen_ms", "id"),
    Index("monitoring_stations_by_power", "power_w", "id"),
    Index("monitoring_stations_by_rank", "rank", "id"),
    Index("monitoring_stations_by_name", "name", "id"),
)
"""`rank` is the place of the station's status in `state.STATUSES`; `search` all that is searched in, in lower case."""

SHARDS = Table(
    "monitoring_shards",
    SCHEMA.metadata,
    _key("shard", Integer),
    _sum("sequence"),
    _sum("stations"),
    *(_sum(level) for level in LEVELS),
)
"""Where each shard is: `sequence` rises by one with each batch, and is the `change` of the stations in it."""

TRENDS = Table(
    "monitoring_trends",
    SCHEMA.metadata,
    _key("shard", Integer),
    _key("step_ms", BigInteger),
    _key("began_ms", BigInteger),
    *(_sum(f"{level}_{part}") for level in LEVELS for part in ("carry", "area")),
    *(_sum(count) for count in COUNTS),
    Index("monitoring_trends_by_time", "step_ms", "began_ms"),
)
"""See `tally`: by how much each level rose in a step, and how much of the step it lasted."""

FACETS = Table(
    "monitoring_facets",
    SCHEMA.metadata,
    _key("shard", Integer),
    _key("facet", Text),
    _key("value", Text),
    _sum("stations"),
)

TRANSITIONS = Table(
    "monitoring_transitions",
    SCHEMA.metadata,
    _key("station", Text),
    _key("kind", Text),
    _key("evse", Integer),
    _key("connector", Integer),
    _key("at_ms", BigInteger),
    Column("shard", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("was", Text, nullable=False),
    Index("monitoring_transitions_by_time", "shard", "at_ms"),
)

RECENT = Table(
    "monitoring_recent",
    SCHEMA.metadata,
    _key("station", Text),
    _key("kind", Text),
    _key("slot", Integer),
    Column("number", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

SERIES = Table(
    "monitoring_series",
    SCHEMA.metadata,
    _key("station", Text),
    _key("hour", Integer),
    Column("shard", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index("monitoring_series_by_time", "shard", "hour"),
)
"""`hour` counts from the epoch."""

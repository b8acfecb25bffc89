"""Billing, monitoring and alerting read the log of the week, each with a database of its own, one after the other."""

import asyncio
from collections import defaultdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import msgspec
from sqlalchemy import select

from cli.families import CONSUMERS, consumer
from consumers.monitoring import tables as monitoring
from consumers.runtime.process import ConsumerProcess
from contract import cdrs
from contract.cdrs import Cdr, CdrIssued
from contract.topics import ALERTS, CDRS
from eventlog.embedded.file import LogFile
from eventlog.port import Partition

AFTERWARDS = timedelta(minutes=8)
"""When the log is read: every session has settled, and no station that left is an alert yet (10 minutes)."""
SETTLE_SECONDS = 60
DAY_MS = 86_400_000
LOOK_SECONDS = 0.1
TICK_SECONDS = 0.2
MOST_RECORDS = 1_000_000


class Alerted(NamedTuple):
    """A fact about an alert."""

    name: str
    rule: str
    station: str
    since: datetime


class Outcome(NamedTuple):
    """What the consumers made of the week."""

    records: list[CdrIssued]
    """The records that hold: the newest of each session that is not credited."""
    alerts: list[Alerted]
    running: dict[str, int]
    """By station, the sessions that the monitoring shows as running."""
    days: dict[int, dict[str, int]]
    """By the day's begin (ms since 1970), the monitoring's sums of the fleet."""
    bytes_of: dict[str, int]
    """The size of each database file."""
    memory_mb: float
    """By how much the resident memory of this process rose while all three consumers read the week."""


async def read(folder: Path, began: datetime, ended: datetime) -> Outcome:
    """Let all three read the log `events.db` of the folder. Raises TimeoutError where one does not come to the end."""
    began_ms = int(began.timestamp() * 1000)
    before_mb = _resident_mb()
    # The log would delete a week that lies further back than its retention: its upkeep lives at the week's begin.
    with patch("eventlog.embedded.upkeep.now_ms", return_value=began_ms):
        outcome = await _read(folder, ended)
    return outcome._replace(memory_mb=_resident_mb() - before_mb)


async def _read(folder: Path, ended: datetime) -> Outcome:
    running: dict[str, int] = {}
    days: dict[int, dict[str, int]] = {}
    for name in CONSUMERS:
        process = _process(name, folder, ended + AFTERWARDS)
        await process.start()
        try:
            await _to_the_end(process)
            if name == "monitoring":
                running, days = await _monitored(process)
        finally:
            await process.stop()
    return _outcome(folder, running, days)


def _outcome(folder: Path, running: dict[str, int], days: dict[int, dict[str, int]]) -> Outcome:
    log = LogFile(folder / "events.db")
    try:
        records, alerts = _billed(log), _alerted(log)
    finally:
        log.connection.close()
    sizes = {path.name: path.stat().st_size for path in sorted(folder.glob("*.db"))}
    return Outcome(records, alerts, running, days, sizes, 0.0)


def _resident_mb() -> float:
    """The resident set of this process (proc(5), VmRSS)."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def _process(name: str, folder: Path, now: datetime) -> ConsumerProcess:
    found = consumer(name)
    given: dict[str, Any] = {
        "event_log": f"sqlite:///{folder / 'events.db'}",
        "internal_host": "127.0.0.1",
        f"{name}_internal_port": 0,
        f"{name}_database": f"sqlite+aiosqlite:///{folder / name}.db",
    }
    own: dict[str, dict[str, Any]] = {
        "billing": {"billing_settle_seconds": SETTLE_SECONDS},
        "monitoring": {"monitoring_port": 0},
        "alerting": {"alerting_rules": Path(__file__).with_name("rules.yaml")},
    }
    given |= own[name]
    return ConsumerProcess(
        found.schema(), found.settings(**given), found.make(), now=lambda: now, tick_seconds=TICK_SECONDS
    )


async def _to_the_end(process: ConsumerProcess) -> None:
    """Until all is read and two ticks more have looked at what is due."""
    async with asyncio.timeout(900):
        while process.loop is None or not process.loop.caught_up:  # noqa: ASYNC110 - it has no event for it
            await asyncio.sleep(LOOK_SECONDS)
        ticked = process.metrics.tick_seconds.count
        while process.metrics.tick_seconds.count < ticked + 2:  # noqa: ASYNC110 - as above
            await asyncio.sleep(LOOK_SECONDS)


async def _monitored(process: ConsumerProcess) -> tuple[dict[str, int], dict[int, dict[str, int]]]:
    stations, trends = monitoring.STATIONS, monitoring.TRENDS
    days: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    async with process.database.transaction() as connection:
        rows = await connection.execute(select(stations.c.id, stations.c.sessions))
        running = {row.id: row.sessions for row in rows}
        for row in await connection.execute(select(trends).where(trends.c.step_ms == DAY_MS)):
            for count in ("energy_wh", "sessions_started", "sessions_ended"):
                days[row.began_ms][count] += getattr(row, count)
    return running, days


def _billed(log: LogFile) -> list[CdrIssued]:
    issued: dict[str, CdrIssued] = {}
    for one in log.read(_partitions(log, CDRS.name), MOST_RECORDS):
        fact = cdrs.decode(list(one.record.headers), one.record.value or b"")
        if isinstance(fact, CdrIssued):
            issued[fact.cdr.id] = fact
        else:
            issued.pop(_credited(fact.cdr), None)
    return list(issued.values())


def _credited(credit: Cdr) -> str:
    assert credit.credit_reference_id is not None
    return credit.credit_reference_id


def _alerted(log: LogFile) -> list[Alerted]:
    alerts = []
    for one in log.read(_partitions(log, ALERTS.name), MOST_RECORDS):
        kind = dict(one.record.headers)["ce_type"] or b""
        said = msgspec.json.decode(one.record.value or b"")
        since = datetime.fromisoformat(said["sinceAt"])
        alerts.append(
            Alerted(kind.decode().removeprefix("ocpp."), said["rule"], said.get("station", ""), since)
        )
    return alerts


def _partitions(log: LogFile, topic: str) -> dict[Partition, int]:
    return {Partition(topic, number): 0 for number in range(len(log.partition_ids(topic)))}

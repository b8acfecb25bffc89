"""The consumer of docs/examples, as somebody runs it: a program with a log, a database, probes and a clean end."""

import asyncio
import contextlib
import os
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from contract import envelope
from contract.envelope import Envelope
from contract.events import TransactionEnded
from contract.model import Meter, Station, Transaction
from contract.topics import EVERY_TOPIC
from eventlog.embedded import EmbeddedLog
from eventlog.port import Record

EXAMPLE = Path(__file__).parents[3] / "docs" / "examples" / "consumer.py"


async def test_the_example_runs(tmp_path: Path) -> None:
    await append(tmp_path / "events.db", 30)
    settings = {
        "OCPP_EVENT_LOG": f"sqlite:///{tmp_path / 'events.db'}",
        "OCPP_SESSIONS_DATABASE": f"sqlite+aiosqlite:///{tmp_path / 'var' / 'sessions.db'}",
        "OCPP_SESSIONS_INTERNAL_PORT": "0",
        "OCPP_INTERNAL_HOST": "127.0.0.1",
    }
    program = started(tmp_path, settings)
    try:
        async with asyncio.timeout(60):
            while await asyncio.to_thread(rows, tmp_path / "var" / "sessions.db") != 30:
                assert program.poll() is None
                await asyncio.sleep(0.1)
        program.terminate()
        assert await asyncio.to_thread(program.wait, 30) == 0
    finally:
        program.kill()


def test_the_example_says_what_is_wrong_with_its_settings(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, EXAMPLE],
        env={**os.environ, "OCPP_SESSIONS_DATABASE": "mysql://", "PYTHONPATH": str(EXAMPLE.parents[2])},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "OCPP_SESSIONS_DATABASE='mysql://': write sqlite:///" in done.stderr


def test_the_example_is_short() -> None:
    """What one reads of it: without imports, the table, the settings and empty lines."""
    text = EXAMPLE.read_text()
    own = text[text.index("class Sessions:") :]
    assert len([line for line in own.splitlines() if line.strip()]) <= 24


def started(folder: Path, settings: dict[str, str]) -> subprocess.Popen[bytes]:
    environment = {**os.environ, **settings, "PYTHONPATH": str(EXAMPLE.parents[2])}
    return subprocess.Popen([sys.executable, EXAMPLE], env=environment, cwd=folder)


async def append(file: Path, count: int) -> None:
    log = EmbeddedLog(file)
    await log.open()
    await log.apply_topics(EVERY_TOPIC.values())
    made = Envelope("test", "CS-1", "2.0.1", "c1")
    now = datetime.now(UTC)
    for number in [*range(count), 3]:
        event = TransactionEnded(
            station=Station(id="CS-1"),
            received_at=now,
            occurred_at=now,
            transaction=Transaction(id=f"T-{number}"),
            meter=Meter(stop_wh=Decimal("7680657.5")),
        )
        headers = made.headers(event, f"e{number}", number)
        await log.append(Record(event.TOPIC.name, "CS-1", envelope.encode(event), headers))
    await log.close()


def rows(file: Path) -> int:
    if not file.exists():
        return 0
    with contextlib.closing(sqlite3.connect(file)) as database, contextlib.suppress(sqlite3.OperationalError):
        return int(database.execute("SELECT count(*) FROM sessions_ended").fetchone()[0])
    return 0

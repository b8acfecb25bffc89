"""What the demo shows is what its stations do: the page's API, its metrics and the summary agree with the simulator."""

import asyncio
import io
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from rich.console import Console

from cli.demo.place import free_port
from cli.demo.show import Demo
from cli.families import loaded
from gateway.settings import GatewaySettings

Json = dict[str, Any]

SECONDS = 14.0
LOOK_SECONDS = 0.1
RECENT_LOOKS = 50


class Truth:
    """How many sessions ran and how many stations were connected, whenever the simulator was looked at."""

    def __init__(self, demo: Demo) -> None:
        self._demo = demo
        self.sessions: list[int] = []
        self.connected: list[int] = []

    async def watch(self) -> None:
        while True:
            if self._demo.fleet is not None:
                total = self._demo.fleet.statistics.total
                self.sessions.append(total.charging)
                self.connected.append(total.connected)
            await asyncio.sleep(LOOK_SECONDS)


@asynccontextmanager
async def running(demo: Demo) -> AsyncIterator[asyncio.Task[int]]:
    task = asyncio.create_task(demo.run(asyncio.Event()))
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def is_recent(shown: int, true: list[int]) -> bool:
    """Whether the number lies between the true ones of the last seconds: the page is a moment behind."""
    recent = true[-RECENT_LOOKS:]
    return min(recent) <= shown <= max(recent)


def oddities(station: Json, began: datetime, now: datetime) -> list[str]:
    """Sessions that cannot be: two at one connector, one at none, at an Available one, or from outside the demo."""
    statuses = {connector["evse"]: connector["status"] for connector in station.get("connectors", [])}
    sessions = station.get("sessions", [])
    found = []
    if len({session["evse"] for session in sessions}) < len(sessions):
        found.append("two sessions at one connector")
    for session in sessions:
        if statuses.get(session["evse"], "Available") == "Available" and session.get("powerW"):
            found.append(f"{session['transactionId']} charges, and its connector does not")
        if not began <= datetime.fromisoformat(session["startedAt"]) <= now + timedelta(seconds=1):
            found.append(f"{session['transactionId']} is not of this demo")
    return found


async def test_page_metrics_and_summary_agree_with_the_simulator(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    page = free_port(0)
    settings = loaded(
        GatewaySettings,
        port=free_port(0),
        internal_host="127.0.0.1",
        internal_port=free_port(0),
        event_log=f"sqlite:///{tmp_path / 'demo.db'}",
        heartbeat_seconds=10,
        drain_grace_seconds=0,
        drain_seconds=1,
    )
    demo = Demo(
        settings, stations=9, seconds=SECONDS, history_days=2, file=tmp_path / "demo.db", page_port=page
    )
    output = io.StringIO()
    monkeypatch.setattr(demo, "_console", Console(file=output, width=160, highlight=False))
    began = datetime.now(UTC)
    truth = Truth(demo)
    looks = 0
    before: set[str] = set()
    async with running(demo) as task, ClientSession() as client, asyncio.TaskGroup() as group:
        watching = group.create_task(truth.watch())
        while demo.fleet is None:
            assert not task.done(), output.getvalue()
            await asyncio.sleep(LOOK_SECONDS)
        while not task.done():
            await asyncio.sleep(1)
            try:
                async with client.get(f"http://127.0.0.1:{page}/api/v1/overview") as answer:
                    overview = await answer.json()
                async with client.get(f"http://127.0.0.1:{page}/api/v1/stations") as answer:
                    stations = (await answer.json())["stations"]
            except OSError:
                assert demo.fleet.statistics.total.charging == 0, "the page ends after the stations"
                break
            looks += 1
            assert is_recent(overview["sessions"], [0, *truth.sessions])
            assert is_recent(overview["stations"]["connected"], [9, *truth.connected])
            assert sum(len(station.get("sessions", [])) for station in stations) <= 13
            assert overview["lastDay"]["sessionsEnded"] > 0, "the history"
            now = datetime.now(UTC)
            found = {oddity for station in stations for oddity in oddities(station, began, now)}
            assert not found & before, "what lasts is no matter of topics that differ by a moment"
            before = found
        assert await task == 0, output.getvalue()
        watching.cancel()
    assert looks > SECONDS / 3
    total = demo.fleet.statistics.total
    assert total.sessions_started == total.sessions_ended > 0
    (row,) = re.findall(r"^all +(\d+) +(\d+) +([\d.]+) kWh", output.getvalue(), re.MULTILINE)
    assert (int(row[0]), int(row[1])) == (total.sessions_started, total.sessions_ended)
    assert float(row[2]) == pytest.approx(total.energy_wh / 1000, abs=0.1)
    billed = re.search(
        r"^billing +(\d+) sessions in priced records: ([\d.]+) kWh", output.getvalue(), re.MULTILINE
    )
    assert billed
    assert int(billed[1]) == total.sessions_ended
    assert float(billed[2]) == pytest.approx(total.energy_wh / 1000, abs=0.1)

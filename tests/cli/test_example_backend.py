"""The example backend of the docs, as one would run it: beside a gateway on Kafka, with its own client."""

import asyncio
import os
import sys
from pathlib import Path
from uuid import uuid4

from contract.topics import EVERY_TOPIC
from eventlog.url import open_log
from simulator.facts import Version
from simulator.fleet import Fleet
from simulator.settings import FleetSettings, Habits, StationConfig
from tests.support.in_process import serving

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "backend.py"
NOBODY = Habits(first_arrival_seconds=(1e6, 1e6))


async def example(*arguments: str) -> str:
    """What it prints."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        EXAMPLE,
        *arguments,
        env={"PATH": os.environ["PATH"]},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(60):
        output, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    return output.decode()


def test_it_is_as_short_as_it_says() -> None:
    code = [line for line in EXAMPLE.read_text().splitlines() if line and not line.startswith('"""')]
    assert len(code) <= 32


async def test_it_starts_charging_and_says_so(kafka: str, tmp_path: Path) -> None:
    log = open_log(kafka)
    await log.open()
    await log.apply_topics(EVERY_TOPIC.values())
    await log.close()
    station = f"CS-{uuid4().hex[:8]}"
    brokers = kafka.removeprefix("kafka://")
    async with serving(tmp_path, event_log=kafka) as gateway:
        fleet = Fleet(
            FleetSettings(
                url=f"ws://127.0.0.1:{gateway.port}/ocpp",
                stations=(StationConfig(id=station, version=Version.V201),),
                habits=NOBODY,
                closing_seconds=2.0,
            )
        )
        running = asyncio.create_task(fleet.run())
        async with asyncio.timeout(30):
            while not (fleet.stations and fleet.stations[0].online.is_set()):  # noqa: ASYNC110 - no event before
                await asyncio.sleep(0.05)
        printed = await example(brokers, station, "04A2B6C3")
        assert printed.startswith(f"{station} accepted")
        assert "remoteStartId" in printed
        away = f"CS-{uuid4().hex[:8]}"
        assert (await example(brokers, away, "04A2B6C3")).startswith(f"{away} offline")
        fleet.stop()
        await running

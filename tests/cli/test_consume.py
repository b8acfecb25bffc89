"""`ocpp-gateway consume` and `database`, for each consumer as an operator runs it: on a log and a database not there yet."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import aiohttp
import pytest

from cli.families import CONSUMERS

PROGRAM = [sys.executable, "-c", "from cli.main import main; main()"]
ROOT = Path(__file__).parents[2]


def environment(folder: Path, name: str) -> dict[str, str]:
    return {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "OCPP_EVENT_LOG": f"sqlite:///{folder / 'events.db'}",
        f"OCPP_{name.upper()}_DATABASE": f"sqlite+aiosqlite:///{folder / 'var' / f'{name}.db'}",
        f"OCPP_{name.upper()}_INTERNAL_PORT": "0",
        "OCPP_MONITORING_PORT": "0",
        "OCPP_INTERNAL_HOST": "127.0.0.1",
        "OCPP_PORT": "9000",  # the gateway's: one environment for all
    }


def database(folder: Path, name: str, command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PROGRAM, "database", command, name],
        env=environment(folder, name),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("name", CONSUMERS)
async def test_a_consumer_starts_from_nothing_is_ready_and_ends_cleanly(tmp_path: Path, name: str) -> None:
    said = tmp_path / "said.log"
    program = started(tmp_path, name, said)
    try:
        port = await internal_port(program, said)
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as client, asyncio.timeout(60):
            while True:
                async with client.get("/ready") as ready:
                    if (told := await ready.json())["ok"]:
                        break
                assert program.poll() is None, told
                await asyncio.sleep(0.2)
            async with client.get("/live") as live:
                assert live.status == 200
            async with client.get("/metrics") as metrics:
                text = await metrics.text()
            assert f'ocpp_consumer_shards_held{{consumer="{name}"}} 12.0' in text
        program.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(program.wait, 30) == 0, said.read_text()
    finally:
        program.kill()
    done = await asyncio.to_thread(database, tmp_path, name, "status")
    assert done.returncode == 0
    assert "up to date" in done.stdout


@pytest.mark.parametrize("name", CONSUMERS)
def test_a_database_is_brought_up_to_date(tmp_path: Path, name: str) -> None:
    before = database(tmp_path, name, "status")
    assert (before.returncode, before.stderr) == (1, "")
    assert before.stdout.startswith(f"{name}: empty, needs ")
    assert "was empty" in database(tmp_path, name, "upgrade").stdout
    assert database(tmp_path, name, "status").returncode == 0
    assert "was" not in database(tmp_path, name, "upgrade").stdout


def test_a_database_that_is_not_there(tmp_path: Path) -> None:
    done = subprocess.run(
        [*PROGRAM, "database", "status", "billing"],
        env={
            **environment(tmp_path, "billing"),
            "OCPP_BILLING_DATABASE": "postgresql+asyncpg://me:hush@127.0.0.1:1/billing",
        },
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "cannot be used" in done.stderr
    assert "hush" not in done.stderr
    assert "Traceback" not in done.stderr


def started(folder: Path, name: str, said: Path) -> subprocess.Popen[bytes]:
    with said.open("wb") as output:
        return subprocess.Popen(
            [*PROGRAM, "consume", name],
            env=environment(folder, name),
            cwd=folder,
            stdout=output,
            stderr=subprocess.STDOUT,
        )


async def internal_port(program: subprocess.Popen[bytes], said: Path) -> int:
    async with asyncio.timeout(60):
        while True:
            text = await asyncio.to_thread(said.read_text)
            if found := re.search(r'^\{.*"internal_port": \d+.*\}$', text, re.MULTILINE):
                return int(json.loads(found[0])["internal_port"])
            assert program.poll() is None, text
            await asyncio.sleep(0.1)

"""The thinnest whole: a station boots at `serve`, is answered, its event is read by `tail`, and SIGTERM ends it."""

import json
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from aiohttp import ClientSession

from cli.demo.place import free_port
from tests.cli.conftest import Ran, Started

BOOT = [2, "1", "BootNotification", {"chargePointVendor": "Kurbel", "chargePointModel": "Wallbox 22"}]


@contextmanager
def serving(start: Started, **variables: str) -> Iterator[tuple[subprocess.Popen[str], int, int]]:
    """A gateway that listens, its port and its internal port; ended at the end if nobody has."""
    process = start(
        "serve",
        OCPP_PORT="0",
        OCPP_INTERNAL_PORT="0",
        OCPP_DRAIN_GRACE_SECONDS="0",
        OCPP_DRAIN_SECONDS="1",
        **variables,
    )
    assert process.stderr
    try:
        listening = next(
            (json.loads(line) for line in process.stderr if "listening for stations" in line), None
        )
        assert listening, "it never listened"
        port = int(re.findall(r":(\d+)/", listening["url"])[0])
        yield process, port, listening["internal_port"]
    finally:
        process.kill()
        process.communicate()


async def test_a_station_boots_and_its_event_is_read_back(start: Started, run: Ran) -> None:
    with serving(start) as (process, port, internal_port):
        url = f"ws://127.0.0.1:{port}/ocpp/CP-001"
        async with ClientSession() as client:
            async with client.get(f"http://127.0.0.1:{internal_port}/ready") as ready:
                assert (await ready.json())["ok"] is True
            async with client.ws_connect(url, protocols=["ocpp1.6"]) as station:
                await station.send_json(BOOT)
                kind, message_id, answer = await station.receive_json(timeout=10)
        assert (kind, message_id, answer["status"]) == (3, "1", "Accepted")
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=30)
        assert process.returncode == 0, errors
        assert all(json.loads(line)["level"] == "info" for line in errors.splitlines())
    done = run("tail", "--from-beginning", "--json", "--count", "1", "--type", "station.booted")
    event = json.loads(done.stdout)
    assert event["subject"] == "CP-001"
    assert event["data"]["hardware"] == {"vendor": "Kurbel", "model": "Wallbox 22"}


def test_a_port_that_is_taken_is_told_in_one_line(start: Started, run: Ran) -> None:
    with serving(start) as (_, port, _):
        done = run("serve", OCPP_PORT=str(port), OCPP_INTERNAL_PORT="0")
    assert done.returncode == 1
    assert "address already in use" in done.stderr
    assert f"OCPP_PORT={port}" in done.stderr
    assert "exc_type" not in done.stderr


@pytest.mark.parametrize(
    "wrong",
    [
        {"OCPP_HOST": "nowhere.invalid"},
        {"OCPP_INTERNAL_HOST": "nowhere.invalid"},
        {"OCPP_TLS_CERTIFICATE": "empty.pem", "OCPP_TLS_KEY": "empty.pem"},
    ],
)
def test_what_leads_to_a_fault_of_the_system_is_named(
    run: Ran, tmp_path: Path, wrong: dict[str, str]
) -> None:
    (tmp_path / "empty.pem").write_text("")
    done = run("serve", **{"OCPP_PORT": "0", "OCPP_INTERNAL_PORT": "0"} | wrong)
    assert done.returncode == 1
    assert all(f"{name}={value}" in done.stderr for name, value in wrong.items()), done.stderr
    assert "exc_type" not in done.stderr


def test_a_broker_that_is_not_there_is_told_and_nothing_hangs(run: Ran) -> None:
    done = run(
        *("serve",),
        OCPP_EVENT_LOG=f"kafka://127.0.0.1:{free_port(0)}",
        OCPP_PORT="0",
        OCPP_INTERNAL_PORT="0",
    )
    assert done.returncode == 1
    assert "the start failed" in done.stderr
    assert "AddressFamily" not in done.stderr, "no inner words"
    assert "exc_type" not in done.stderr

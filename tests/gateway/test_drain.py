"""How a gateway ends and how it starts: not ready, 503, closes 1001 spread over time, bounded; and what an outage does."""

import asyncio
import contextlib
import socket
import sqlite3
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientSession

from eventlog.port import Record
from gateway.app import Gateway
from tests.support.in_process import events, made, serving, stored
from tests.support.raw_station import RawStation

STATUS = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}


async def stations(gateway: Gateway, count: int) -> list[RawStation]:
    connected = [await RawStation.connect(gateway.port, f"CS-{number}") for number in range(count)]
    for station in connected:
        assert (await station.ask("1", "Heartbeat"))[0] == 3
    return connected


async def probe(gateway: Gateway, path: str) -> tuple[int, dict[str, object]]:
    async with (
        ClientSession() as client,
        client.get(f"http://127.0.0.1:{gateway.internal_port}{path}") as answer,
    ):
        return answer.status, await answer.json()


async def test_the_end_of_a_gateway(tmp_path: Path) -> None:
    async with serving(tmp_path, drain_grace_seconds=0.5, drain_seconds=0.6) as gateway:
        crowd = await stations(gateway, 6)
        assert (await probe(gateway, "/ready"))[0] == 200
        started = time.monotonic()
        stopping = asyncio.create_task(gateway.stop())
        await asyncio.sleep(0.1)

        status, said = await probe(gateway, "/ready")
        assert (status, said["reasons"]) == (503, {"draining": "the gateway is going away"})
        assert (await probe(gateway, "/live"))[0] == 200
        refused = await RawStation.connect(gateway.port, "LATE")
        assert (refused.status, refused.headers["retry-after"]) == (503, "5")
        assert (await crowd[0].ask("2", "Heartbeat"))[0] == 3, "stations are served in the grace"

        async def end_of(station: RawStation) -> float:
            assert await station.end() == (1001, "this gateway is going away")
            return time.monotonic() - started

        times = sorted(await asyncio.gather(*(end_of(station) for station in crowd)))
        assert times[0] >= 0.5, "not within the grace"
        assert times[-1] - times[0] > 0.3, "spread"
        await stopping
        assert time.monotonic() - started < 6
        with pytest.raises(ConnectionError):
            await RawStation.socket(gateway.port)


async def test_the_events_of_the_end_are_in_the_log(tmp_path: Path) -> None:
    async with serving(tmp_path) as gateway:
        await stations(gateway, 3)
        await gateway.stop()
    async with serving(tmp_path) as again:
        names = [event.NAME for event in await events(again, 9)]
    assert names.count("station.disconnected") == 3


async def test_what_the_log_did_not_take_before_is_published_at_the_end(tmp_path: Path) -> None:
    async with serving(tmp_path) as gateway:
        gateway._backlog.add([Record("ocpp.stations.v1", "LATE", b"{}")])
        await gateway.stop()
    async with serving(tmp_path) as again:
        assert (await stored(again, 1))[0].record.key == "LATE"


async def test_the_end_is_bounded_where_stations_do_not_answer_the_close(tmp_path: Path) -> None:
    async with serving(tmp_path) as gateway:
        await stations(gateway, 20)
        started = time.monotonic()
        await gateway.stop()
        assert time.monotonic() - started < 8


async def test_a_gateway_without_stations_ends_at_once(tmp_path: Path) -> None:
    async with serving(tmp_path, drain_grace_seconds=30, drain_seconds=30) as gateway:
        started = time.monotonic()
        await gateway.stop()
        assert time.monotonic() - started < 3


@contextlib.asynccontextmanager
async def outage(folder: Path) -> AsyncIterator[None]:
    """Somebody holds the log's file."""
    held = sqlite3.connect(folder / "events.db", isolation_level=None, timeout=5, check_same_thread=False)
    held.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        held.execute("ROLLBACK")
        held.close()


async def test_while_the_log_is_stuck(tmp_path: Path) -> None:
    """No false answer, no lost socket; and afterwards what was refused is asked for."""
    async with serving(tmp_path, publish_deadline_seconds=0.5) as gateway:
        (station,) = await stations(gateway, 1)
        async with outage(tmp_path):
            started = time.monotonic()
            answer = await station.ask("2", "StatusNotification", STATUS)
            assert answer[:3] == [4, "2", "InternalError"]
            assert 0.3 < time.monotonic() - started < 3
            newcomer = await RawStation.connect(gateway.port, "NEW")
            assert newcomer.status == 101
            async with asyncio.timeout(5):
                assert (await station.ask("3", "Heartbeat"))[:2] == [3, "3"]
        frame = await station.hear()
        assert frame[2:] == [
            "TriggerMessage",
            {"requestedMessage": "StatusNotification", "connectorId": 1},
        ]
        station.say([3, frame[1], {"status": "Accepted"}])
        assert (await station.ask("4", "StatusNotification", STATUS))[:2] == [3, "4"]
        assert (await newcomer.ask("1", "Heartbeat"))[:2] == [3, "1"]
        assert [event.NAME for event in await events(gateway, 1, "NEW")] == ["station.connected"]


async def test_the_end_is_bounded_while_the_log_is_stuck(tmp_path: Path) -> None:
    gateway = Gateway(made(tmp_path, publish_deadline_seconds=0.5))
    await gateway.start()
    crowd = await stations(gateway, 5)
    async with outage(tmp_path):
        for station in crowd:
            station.call("2", "StatusNotification", STATUS)
        started = time.monotonic()
        await gateway.stop()
        assert time.monotonic() - started < 12


async def test_a_start_that_fails_can_be_stopped(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        for settings in ({"port": port}, {"internal_port": port}):
            gateway = Gateway(made(tmp_path, **settings))
            with pytest.raises(OSError):
                await gateway.start()
            await gateway.stop()


async def test_a_background_task_that_ends_is_seen_by_liveness(
    tmp_path: Path, said_in_log: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("gateway.recovery.Recovery.watch", fail)
    async with serving(tmp_path) as gateway:
        await asyncio.sleep(0.01)
        status, said = await probe(gateway, "/live")
        assert (status, said["reasons"]) == (503, {"tasks": "ended: recovery"})
    said_in_log.entries.clear()  # type: ignore[attr-defined]

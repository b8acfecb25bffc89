"""The load generator against the real echo: what it counts is what was answered."""

import os
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from benchmarks.contestants import ECHO, Server, Surroundings
from benchmarks.load import Fleet, LoadFailed
from benchmarks.measurements import throughput
from benchmarks.messages import V16, V201
from benchmarks.pacer import Pacer
from benchmarks.processes import ServerFailed
from benchmarks.tls import make_identity


@pytest.fixture(params=["plain", "tls"])
async def server(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Server]:
    identity = make_identity(tmp_path) if request.param == "tls" else None
    server = Server(ECHO, Surroundings(min(os.sched_getaffinity(0)), tmp_path, None), identity)
    await server.start()
    yield server
    server.program.stop()


async def test_a_fleet_counts_its_answers(server: Server) -> None:
    fleet = Fleet(server.target, V201)
    await fleet.connect(5)
    await fleet.start_transactions()
    assert fleet.answered == 15  # a boot, a start and a status each
    waits = await fleet.at_rate(200, 0.25)
    assert fleet.answered == 15 + len(waits)
    assert 45 <= len(waits) <= 60
    assert all(0 < wait < 5 for wait in waits)
    await fleet.leave()


async def test_throughput_is_what_the_server_was_busy_with(server: Server) -> None:
    measured = await throughput(server, V16, None, connections=3, seconds=0.2)
    assert measured.per_second > 0
    assert 0 < measured.server_share < 1.5


async def test_an_answer_that_is_not_the_request_s_fails_the_run(server: Server) -> None:
    # The echo is told to be a CSMS: what it sends back is then a CALL to the station, not a result.
    fleet = Fleet(server.target._replace(echoes=False), V16)
    with pytest.raises(LoadFailed, match="CALL BootNotification"):
        await fleet.connect(1)
    await fleet.leave()


async def test_a_server_that_dies_is_noticed(server: Server) -> None:
    server.program.stop()
    with pytest.raises(ServerFailed, match="echo"):
        server.program.check()


def test_the_pacer_keeps_time() -> None:
    with Pacer(1_000) as pacer:
        ticks, end = 0, time.monotonic() + 0.2
        while time.monotonic() < end:
            time.sleep(0.01)
            ticks += pacer.ticks()
        elapsed = time.monotonic() - pacer.started
    assert ticks == pytest.approx(elapsed * 1_000, abs=15)

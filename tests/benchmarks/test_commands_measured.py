"""The benchmark of commands, small, on the real gateway and a real Kafka: it runs, and it can fail."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from benchmarks.broker import Broker
from benchmarks.commands.backend import Backend
from benchmarks.commands.gateways import Gateways
from benchmarks.commands.relaying import Rates, relay
from benchmarks.commands.restoring import restore
from benchmarks.contestants import Surroundings
from benchmarks.load import LoadFailed, station_id
from contract.topics import EVERY_TOPIC
from eventlog.port import EventLog
from eventlog.url import open_log
from tests.support.kafka import running

STATIONS = 6


@pytest.fixture(scope="module")
def own_kafka() -> Iterator[str]:
    """Of their own, because what is measured is all that a log knows: nobody else's stations."""
    with running() as cluster:
        yield cluster.url


@pytest.fixture
async def log(own_kafka: str) -> AsyncIterator[EventLog]:
    opened = open_log(own_kafka)
    await opened.open()
    try:
        await opened.apply_topics(EVERY_TOPIC.values())
        yield opened
    finally:
        await opened.close()


@pytest.fixture
def surroundings(own_kafka: str, tmp_path: Path) -> Surroundings:
    return Surroundings(min(os.sched_getaffinity(0)), tmp_path, own_kafka)


async def test_commands_are_relayed_and_their_cost_is_told(log: EventLog, surroundings: Surroundings) -> None:
    assert surroundings.kafka is not None
    broker = Broker(surroundings.core, surroundings.folder, surroundings.kafka)
    backend = Backend(log, [station_id(serial) for serial in range(STATIONS)])
    gateways = Gateways(2, surroundings)
    try:
        await gateways.start()
        await gateways.connect(STATIONS, backend.reached)
        measured = await relay(gateways, backend, broker, Rates(commands=40, events=20, seconds=1.0))
        assert 35 <= len(backend.account) <= 45
        assert 0 < measured.to_station.p50_ms <= measured.to_station.p99_ms <= measured.to_station.max_ms
        assert measured.to_station.p50_ms < measured.to_result.p50_ms
        assert measured.events is not None
        assert measured.broker_share is None  # it is not the benchmark's own
        assert len(measured.resident_mb) == 2

        # A command for a station that is not there has a result, which is not accepted.
        elsewhere = Backend(log, ["BENCH-elsewhere"])
        since_ms = int(time.time() * 1000)
        await elsewhere.at_rate(20, 0.2)
        with pytest.raises(LoadFailed, match="a result that is offline"):
            await elsewhere.settle(since_ms)
        await gateways.leave()
    finally:
        await asyncio.to_thread(gateways.stop)


async def test_a_router_restores_what_the_presence_holds(log: EventLog, surroundings: Surroundings) -> None:
    del log  # its topics are there
    restored = await restore(300, surroundings)
    assert restored.stations == 300
    assert 0 < restored.seconds < 60
    assert restored.kept_mb <= restored.peak_mb

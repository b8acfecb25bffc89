"""Members that are killed, stopped and cut off: the state and what is published are those of an undisturbed run.

Real Kafka and real PostgreSQL; what needs neither runs on the embedded log and SQLite as well.
"""

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.consumers.faults.arena import Arena
from tests.support import kafka
from tests.support.kafka import KafkaCluster
from tests.support.postgres import Postgres

pytestmark = pytest.mark.timeout(600)

POINTS = ("before_commit", "after_commit", "after_publishing", "after_positions")


@pytest.fixture(scope="module")
def cluster() -> Iterator[KafkaCluster]:
    """Of this file's own: it is restarted, and each test reads again what those before it have appended."""
    with kafka.running(nodes=1) as started:
        yield started


@pytest.fixture(params=["kafka", "embedded"])
async def arena(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Arena]:
    if request.param == "kafka":
        log = request.getfixturevalue("cluster").url
        database = request.getfixturevalue("postgres").new()
    else:
        log, database = f"sqlite:///{tmp_path / 'events.db'}", f"sqlite+aiosqlite:///{tmp_path / 'state.db'}"
    made = Arena(tmp_path, log, database)
    await made.open()
    yield made
    await made.close()


on_servers = pytest.mark.parametrize("arena", ["kafka"], indirect=True)


async def test_a_replay_from_the_beginning_comes_to_the_same(arena: Arena, tmp_path: Path) -> None:
    await arena.append(500)
    first = arena.member()
    await arena.done()
    first.send(signal.SIGTERM)
    await first.ended(0)
    again = Arena(tmp_path, arena.log_url, f"sqlite+aiosqlite:///{tmp_path / 'replayed.db'}")
    await again.open()
    again.member()
    await again.done()
    await again.judge()
    await arena.judge()
    await again.close()


async def test_killed_at_every_point_and_again(arena: Arena) -> None:
    await arena.append(600)
    for after, point in enumerate(POINTS, 2):
        killed = arena.member(point, signal.SIGKILL, after)
        await killed.until(f"SIGKILL {point}")
        await killed.ended(-signal.SIGKILL)
        await arena.append(100)
    last = arena.member()
    await arena.done()
    await arena.judge()
    last.send(signal.SIGTERM)
    await last.ended(0)


async def test_a_rebalance_in_the_middle_and_a_graceful_end(arena: Arena) -> None:
    await arena.append(600)
    first = arena.member()
    await first.until('"at work"')
    second = arena.member()
    await second.until('"at work"')
    await arena.append(300)
    first.send(signal.SIGTERM)
    await first.ended(0)
    await arena.append(100)
    await arena.done()
    await arena.judge()


@on_servers
@pytest.mark.parametrize("point", ["before_commit", "after_commit"])
async def test_a_zombie_wakes_after_others_have_taken_over(arena: Arena, point: str) -> None:
    """Stopped with its rows locked, or between two batches; either way what it has in hand is void."""
    await arena.append(300)
    zombie = arena.member(point, signal.SIGSTOP, 4)
    await zombie.until(f"SIGSTOP {point}")
    successor = arena.member()
    await arena.done()
    await arena.append(100)
    zombie.send(signal.SIGCONT)
    await arena.append(100)
    await arena.done()
    await arena.judge()
    for member in (zombie, successor):
        assert member.process.poll() is None, member.said()[-4000:]
    if point == "before_commit":  # between two batches the group may have told it first
        assert "what is in hand is dropped" in zombie.said()


@on_servers
async def test_the_database_is_killed_and_restarted(arena: Arena, postgres: Postgres) -> None:
    await arena.append(500)
    member = arena.member()
    await member.until('"at work"')
    await asyncio.sleep(0.3)
    postgres.kill()
    await member.until("waiting for what is away")
    await asyncio.sleep(4.0)  # longer than the session of a member
    postgres.resurrect()
    await asyncio.sleep(1.0)
    postgres.restart()
    await arena.append(100)
    await arena.done()
    await arena.judge()
    assert member.process.poll() is None, member.said()[-4000:]


@on_servers
async def test_the_broker_is_killed_and_restarted(arena: Arena, cluster: KafkaCluster) -> None:
    await arena.append(500)
    member = arena.member()
    await member.until('"at work"')
    await asyncio.sleep(0.3)
    cluster.kill(1)
    await asyncio.sleep(4.0)
    cluster.restart(1)
    await asyncio.to_thread(cluster.wait_ready)
    await arena.append(100)
    await arena.done()
    await arena.judge()
    assert member.process.poll() is None, member.said()[-4000:]

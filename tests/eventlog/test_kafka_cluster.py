"""Three brokers, one of them killed under load: what was confirmed is there, once each, in order."""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Iterator

import pytest

from contract.topics import Topic
from eventlog.in_flight import Limits
from eventlog.kafka import KafkaLog
from eventlog.port import LogUnavailable, Record
from tests.support.kafka import KafkaCluster, running

STATIONS = 60
TOPIC = Topic("cluster.load.v1", "the load", partitions=6)


@pytest.fixture(scope="module")
def cluster() -> Iterator[KafkaCluster]:
    with running(nodes=3) as three:
        yield three


async def test_a_broker_dies_under_load(cluster: KafkaCluster) -> None:
    log = KafkaLog(cluster.bootstrap, Limits(publish_deadline_seconds=4.0))
    await log.open()
    assert await log.apply_topics([TOPIC], replicas=3) == {TOPIC.name: "created"}
    confirmed: dict[str, list[int]] = defaultdict(list)
    slowest = 0.0
    over = asyncio.Event()

    async def station(name: str) -> None:
        """Says its numbers in order, each again until it is confirmed, as a station does with its queue."""
        nonlocal slowest
        loop = asyncio.get_running_loop()
        number = 0
        while not over.is_set():
            began = loop.time()
            try:
                await log.append(Record(TOPIC.name, name, b"%d" % number))
            except LogUnavailable:
                pass
            else:
                confirmed[name].append(number)
                number += 1
            slowest = max(slowest, loop.time() - began)
            await asyncio.sleep(0.02)

    async with asyncio.TaskGroup() as stations:
        for n in range(STATIONS):
            stations.create_task(station(f"CP-{n}"))
        await asyncio.sleep(1.0)
        cluster.kill(1)
        before = _total(confirmed)
        await asyncio.sleep(8.0)
        assert _total(confirmed) > before + STATIONS, "two brokers of three did not go on"
        cluster.restart(1)
        await asyncio.to_thread(cluster.wait_ready)
        await asyncio.sleep(1.0)
        cluster.pause(2)  # silent, not gone
        await asyncio.sleep(6.0)
        cluster.resume(2)
        before = _total(confirmed)
        await asyncio.sleep(2.0)
        assert _total(confirmed) > before + STATIONS, "it did not recover from a silent broker"
        over.set()

    assert slowest < 5.5, "an append outlasted its deadline"
    stored = await _stored(log, {name: numbers[-1] for name, numbers in confirmed.items()})
    await log.close()
    for name, numbers in confirmed.items():
        first_seen = list(dict.fromkeys(stored[name]))  # a retry may have been written twice
        assert first_seen[: len(numbers)] == numbers


def _total(confirmed: dict[str, list[int]]) -> int:
    return sum(map(len, confirmed.values()))


async def _stored(log: KafkaLog, last: dict[str, int]) -> dict[str, list[int]]:
    """All numbers of each station as they stand in the log, up to the last confirmed ones."""
    stored: dict[str, list[int]] = defaultdict(list)
    missing = set(last)
    async with asyncio.timeout(30), contextlib.aclosing(log.tail([TOPIC.name], from_beginning=True)) as tail:
        while missing:
            record = (await anext(tail)).record
            number = int(record.value or b"")
            stored[record.key].append(number)
            if number == last[record.key]:
                missing.discard(record.key)
    return stored

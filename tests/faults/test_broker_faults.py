"""Answer after durable (promises 1 to 3), on a real cluster of three brokers that are killed under load.

200 stations keep and retry as OCPP says, against one gateway process, while brokers are killed and
restarted, leaders move, and the whole cluster is gone for 30 seconds. What the stations were promised
is then held against what independent readers find in the topics.
"""

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer

from contract.topics import METER_VALUES, SECURITY, STATIONS, TRANSACTIONS
from eventlog.port import Record
from simulator.fleet import Fleet
from simulator.journal import Exchange, Outcome
from simulator.settings import FleetSettings, Habits, make_stations
from tests.faults import oracle
from tests.faults.oracle import Entry
from tests.interop.served import Served, run, serving
from tests.support.kafka import KafkaCluster, running
from tests.support.validation import check_record

STATIONS_COUNT = 200
OUTAGE_SECONDS = 30.0
PUBLISH_DEADLINE_SECONDS = 5.0
MEMORY_BOUND_BYTES = 120 * 1024 * 1024
"""How much the gateway may grow over what it was before the load."""


@pytest.mark.timeout(420)
async def test_nothing_acknowledged_is_lost_when_brokers_die(tmp_path: Path) -> None:
    asyncio.get_running_loop().set_debug(False)  # it would slow the stations down more than the gateway
    with running(nodes=3) as cluster:
        await asyncio.to_thread(run, "topics", "apply", "--replicas", "3", log_url=cluster.url)
        settings = {
            "OCPP_PUBLISH_DEADLINE_SECONDS": str(PUBLISH_DEADLINE_SECONDS),
            "OCPP_HEARTBEAT_SECONDS": "3",  # of silence: some are due in the outage
        }
        with serving(cluster.url, tmp_path / "gateway.log", settings) as gateway:
            fleet, outage = await _live_through_faults(cluster, gateway)
        entries = [entry async for entry in _read(cluster.bootstrap)]
    exchanges = [exchange for journal in fleet.journals.values() for exchange in journal]
    _judge(exchanges, entries, outage)


async def _live_through_faults(cluster: KafkaCluster, gateway: Served) -> tuple[Fleet, tuple[float, float]]:
    """The load and the faults; the fleet with its journals, and when the outage was."""
    fleet = Fleet(
        FleetSettings(
            url=gateway.url,
            stations=make_stations(STATIONS_COUNT),
            speed=30,
            rate=200,
            habits=Habits(first_arrival_seconds=(0, 120), idle_seconds=(10, 60), parking_seconds=(60, 600)),
            call_timeout_seconds=20,
            keep_journal=True,
            closing_seconds=40,
        )
    )
    loop = asyncio.get_running_loop()
    memory = asyncio.create_task(_watch_memory(gateway))
    living = asyncio.create_task(fleet.run())
    await asyncio.sleep(12)
    for victim in (1, 2):  # leaders move to the others, and back when it returns
        cluster.kill(victim)
        await asyncio.sleep(8)
        cluster.restart(victim)
        await asyncio.to_thread(cluster.wait_ready)
        await asyncio.sleep(4)
    began = loop.time()
    for number in (1, 2, 3):
        cluster.kill(number)
    await asyncio.sleep(OUTAGE_SECONDS)
    ended = loop.time()
    assert not living.done()
    for number in (1, 2, 3):
        cluster.restart(number)
    await asyncio.to_thread(cluster.wait_ready)
    await asyncio.sleep(20)
    fleet.stop()
    async with asyncio.timeout(90):
        await living
    memory.cancel()
    grown = await asyncio.gather(memory, return_exceptions=True)
    assert isinstance(grown[0], asyncio.CancelledError), grown[0]
    return fleet, (began, ended)


def _judge(exchanges: list[Exchange], entries: list[Entry], outage: tuple[float, float]) -> None:
    accepted = [exchange for exchange in exchanges if exchange.accepted]
    refused = [exchange for exchange in exchanges if exchange.outcome is Outcome.ERROR]
    repeated = [exchange for exchange in exchanges if exchange.kept and exchange.attempt > 1]
    print(  # noqa: T201 - the figures of the run, shown with -s and in a failure
        f"{len(exchanges)} CALLs, {len(accepted)} answered with a result, {len(refused)} with an error,"
        f" {len(repeated)} repeats, {len(entries)} records"
    )
    # The test is one only if there was load before, and pain during, the faults.
    assert len(accepted) > 5_000
    assert repeated
    assert {exchange.error_code for exchange in refused} == {"InternalError"}

    assert oracle.lost(exchanges, entries) == []
    copies = oracle.repeats(exchanges, entries)
    assert [fact for fact, found in copies.items() if len(found) > 1], "no repeat stands in the log twice"
    assert oracle.unlike_repeats(exchanges, entries) == {}
    assert oracle.shared_ids(entries) == {}
    assert oracle.disordered(entries) == []
    assert oracle.disordered_transactions(entries) == []

    # Nothing that a station keeps was left undelivered when all was well again.
    last_of = {(e.station, json.dumps(e.payload, sort_keys=True)): e for e in exchanges if e.kept}
    assert Counter(exchange.outcome for exchange in last_of.values()) == {Outcome.RESULT: len(last_of)}

    # The sockets stayed, and heartbeats were answered all through the outage.
    began, ended = outage
    during = [e for e in exchanges if began + PUBLISH_DEADLINE_SECONDS < e.sent_at < ended - 1]
    assert {e.outcome for e in during if e.action == "Heartbeat"} == {Outcome.RESULT}
    assert not [e for e in during if e.accepted and e.action != "Heartbeat"]
    assert not [e for e in exchanges if e.outcome is Outcome.DISCONNECTED]


async def _watch_memory(gateway: Served) -> None:
    """Fail when the gateway grows beyond the bound."""
    before = gateway.memory_bytes()
    while True:
        grown = gateway.memory_bytes() - before
        assert grown < MEMORY_BOUND_BYTES, f"the gateway has grown by {grown} bytes"
        await asyncio.sleep(0.5)


async def _read(bootstrap: str) -> AsyncIterator[Entry]:
    """Everything in the event topics, by a plain consumer that knows nothing of us; each record is judged."""
    topics = [topic.name for topic in (STATIONS, TRANSACTIONS, METER_VALUES, SECURITY)]
    consumer = AIOKafkaConsumer(*topics, bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    try:
        partitions = list(consumer.assignment())
        assert len(partitions) == len(topics) * STATIONS.partitions
        ends = await consumer.end_offsets(partitions)
        until = time.monotonic() + 60
        while [one for one in partitions if await consumer.position(one) < ends[one]]:
            assert time.monotonic() < until, "the topics could not be read"
            for records in (await consumer.getmany(timeout_ms=500, max_records=5000)).values():
                for record in records:
                    assert record.key is not None
                    assert record.value is not None
                    check_record(Record(record.topic, record.key.decode(), record.value, record.headers))
                    headers = {name: text.decode() for name, text in record.headers}
                    yield Entry(
                        topic=record.topic,
                        partition=record.partition,
                        offset=record.offset,
                        station=record.key.decode(),
                        event_id=headers["ce_id"],
                        type=headers["ce_type"],
                        connection=headers["ce_connection"],
                        sequence=int(headers["ce_sequence"]),
                        data=json.loads(record.value),
                    )
    finally:
        await consumer.stop()

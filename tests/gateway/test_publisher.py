"""Facts become records with the right ids and sequence, and are durable when `publish` returns."""

import asyncio
import gc
from datetime import UTC, datetime

import pytest

from contract.envelope import Envelope
from contract.events import MeterSampled, StationHeartbeat
from contract.model import Sample, Station
from contract.topics import TOPICS
from eventlog.in_flight import Limits
from eventlog.port import LogUnavailable, RecordRefused
from gateway.metrics import GatewayMetrics
from gateway.publisher import Publisher
from gateway.translation.table import Fact
from tests.support.memory_log import MemoryLog
from tests.support.validation import check_record

NOW = datetime(2026, 1, 1, tzinfo=UTC)
HEARTBEAT = StationHeartbeat(station=Station(id="CS-1"), received_at=NOW)
SAMPLED = MeterSampled(station=Station(id="CS-1"), received_at=NOW, samples=(Sample(measurand="Voltage"),))


async def opened(publish_deadline_seconds: float = 5.0) -> tuple[MemoryLog, Publisher]:
    log = MemoryLog(limits=Limits(publish_deadline_seconds=publish_deadline_seconds))
    await log.open()
    await log.apply_topics(TOPICS.values())
    made = Envelope("pod", "CS-1", "1.6", "c1")
    return log, Publisher(log, GatewayMetrics(), made, "CS-1", "c1")


async def test_ids_and_sequence() -> None:
    log, publisher = await opened()
    records = publisher.records(
        [
            Fact(HEARTBEAT, None),
            Fact(HEARTBEAT, "own"),
            Fact(SAMPLED, "own", "/meter"),
            Fact(HEARTBEAT, None),
            Fact(SAMPLED, None, "/meter"),
        ]
    )
    for one in records:
        check_record(one)
    headers = [dict(one.headers) for one in records]
    assert [header["ce_id"] for header in headers] == [b"c1-1", b"own", b"own/meter", b"c1-4", b"c1-4/meter"]
    assert [int(header["ce_sequence"]) for header in headers] == [1, 2, 3, 4, 5]
    assert {one.key for one in records} == {"CS-1"}
    assert [one.topic for one in records][:3] == [
        "ocpp.stations.v1",
        "ocpp.stations.v1",
        "ocpp.meter-values.v1",
    ]
    await log.close()


async def test_it_is_durable_when_it_returns() -> None:
    log, publisher = await opened()
    log.store.down = "down"
    publishing = asyncio.ensure_future(publisher.publish([Fact(HEARTBEAT, None), Fact(SAMPLED, None)]))
    await asyncio.sleep(0.05)
    assert not publishing.done()
    assert publisher._metrics.appending == 2
    log.store.down = None
    await publishing
    assert sum(map(len, log.store.records.values())) == 2
    assert publisher._metrics.appending == 0
    assert publisher._metrics.appends.n == 2
    assert publisher._metrics.append_seconds.count == 1
    await log.close()


async def test_a_log_that_does_not_take_them_is_told_and_counted() -> None:
    log, publisher = await opened(0.1)
    log.store.down = "down"
    with pytest.raises(LogUnavailable):
        await publisher.publish([Fact(HEARTBEAT, None), Fact(SAMPLED, None)])
    assert publisher._metrics.append_failures.n == 1
    assert publisher._metrics.appending == 0
    assert publisher._metrics.append_seconds.count == 0
    await log.close()


async def test_one_record_that_is_refused_fails_the_message() -> None:
    log, publisher = await opened()
    del log.store.topics["ocpp.meter-values.v1"]
    with pytest.raises(RecordRefused):
        await publisher.publish([Fact(SAMPLED, None), Fact(HEARTBEAT, None)])
    await log.close()


async def test_who_gives_up_waiting_leaves_nothing_behind() -> None:
    """The test's own promise (conftest): no exception that nobody has retrieved."""
    log, publisher = await opened(0.1)
    log.store.down = "down"
    publishing = asyncio.ensure_future(publisher.publish([Fact(HEARTBEAT, None), Fact(SAMPLED, None)]))
    await asyncio.sleep(0.02)
    publishing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await publishing
    assert publisher._metrics.appending == 0
    await asyncio.sleep(0.2)
    log.store.down = None
    await asyncio.sleep(0.1)
    await log.close()
    gc.collect()

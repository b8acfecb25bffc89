"""What a consumer is given: everything once and in order, by any route; and what it says is published."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from consumers.runtime.settings import ConsumerSettings
from contract.registry import RegisteredStation
from contract.topics import ALERTS, DEAD_LETTERS, STATIONS, STATIONS_REGISTRY, TRANSACTIONS
from eventlog.port import Partition, Record, Stored
from tests.consumers.runtime.failing import Failing, counts, heartbeat, heartbeats
from tests.support.consumers import Clock, consuming, shard_of
from tests.support.counting.app import SCHEMA, CountingSettings, make
from tests.support.memory_log import MemoryLog

HEARTBEAT = [("ce_type", b"ocpp.station.heartbeat"), ("ce_id", b"x")]


async def test_everything_is_taken_in_once_and_what_is_emitted_published_in_order(
    tmp_path: Path, address: str
) -> None:
    async with consuming(tmp_path, SCHEMA, CountingSettings, make, database=address) as world:
        for _ in range(3):
            await world.append(*heartbeats(70))
        await world.caught_up()
        assert await counts(world) == {f"CS-{n}": 30 for n in range(7)}
        assert of_station("CS-3", world.published(ALERTS)) == list(range(1, 31))
        assert len(world.published(ALERTS)) == 210


async def test_a_member_that_comes_again_reads_on(tmp_path: Path, address: str) -> None:
    log = MemoryLog()
    for times in (1, 2):
        async with consuming(tmp_path, SCHEMA, CountingSettings, make, log=log, database=address) as world:
            await world.append(*heartbeats(70))
            await world.caught_up()
            assert await counts(world) == {f"CS-{n}": 10 * times for n in range(7)}
        log = MemoryLog(log.store)
        log.store.positions.clear()  # what the group believes does not count


async def test_two_members_share_the_shards_and_one_that_leaves_gives_them_back(
    tmp_path: Path, address: str
) -> None:
    log = MemoryLog()
    other = MemoryLog(log.store)
    async with consuming(tmp_path, SCHEMA, CountingSettings, make, log=log, database=address) as first:
        await first.append(*heartbeats(100, 50))
        async with consuming(tmp_path, SCHEMA, CountingSettings, make, log=other, database=address) as second:
            await first.append(*heartbeats(100, 50))
            assert first.process.loop is not None
            assert second.process.loop is not None
            one, two = first.process.loop, second.process.loop
            await second.until(lambda: len(one.shards) == len(two.shards) == 6)
            assert not one.shards & two.shards
            await first.append(*heartbeats(100, 50))
        await first.append(*heartbeats(100, 50))
        await first.caught_up()
        assert await counts(first) == {f"CS-{n}": 8 for n in range(50)}
        assert of_station("CS-3", first.published(ALERTS)) == list(range(1, 9))


async def test_what_nobody_can_read_is_a_dead_letter_and_what_is_new_is_passed_over(tmp_path: Path) -> None:
    async with consuming(tmp_path, SCHEMA, CountingSettings, make) as world:
        await world.append(heartbeat("CS-1"))
        for value, headers in (
            (b"{", HEARTBEAT),
            (b"{}", [("ce_id", b"x")]),
            (None, HEARTBEAT),
            (b"\xff", [("ce_type", b"com.else"), ("ce_id", b"x")]),
        ):
            await world.append_record(Record(STATIONS.name, "CS-1", value, headers))
        await world.append_record(
            Record(STATIONS.name, "CS-1", b"{}", [("ce_type", b"ocpp.station.levitated"), ("ce_id", b"x")])
        )
        await world.append(heartbeat("CS-1"))
        await world.caught_up()
        assert await counts(world) == {"CS-1": 2}
        letters = world.published(DEAD_LETTERS)
        assert [letter.record.value for letter in letters] == [b"{", b"{}", None, b"\xff"]
        told = dict(letters[0].record.headers)
        assert told["ce_type"] == b"ocpp.station.heartbeat"
        assert told["kafka_dlt-original-topic"] == STATIONS.name.encode()
        assert int.from_bytes(told["kafka_dlt-original-offset"], "big") == 1
        assert told["kafka_dlt-original-consumer-group"] == b"counting"
        records = world.process.metrics.records
        assert records.at("counting", STATIONS.name, "handled").n == 2
        assert records.at("counting", STATIONS.name, "dead_letter").n == 4
        assert records.at("counting", STATIONS.name, "skipped").n == 1


async def test_what_is_written_in_bad_faith_stops_nobody(tmp_path: Path, address: str) -> None:
    nothing: Any = None
    deep = b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    bad = (
        Record(STATIONS.name, "CS-1", deep, HEARTBEAT),
        Record(STATIONS.name, "CS-1", b"{}", [("ce_type", nothing), ("ce_id", b"x")]),
        Record(STATIONS.name, "CS-1", b"{}", [("ce_type", b"x" * 200_000), ("ce_id", b"x")]),
        Record(STATIONS.name, "CS-1", b"!" * 850_000, [("ce_type", b"x"), ("else", b"x" * 150_000)]),
        Record(STATIONS.name, "CS\0-1", b"{", HEARTBEAT),
    )
    async with consuming(tmp_path, SCHEMA, CountingSettings, make, database=address) as world:
        for record in bad:
            await world.append_record(record)
        await world.append(heartbeat("CS-1"))
        await world.caught_up()
        assert await counts(world) == {"CS-1": 1}
        assert len(world.published(DEAD_LETTERS)) == len(bad)


async def test_the_registry_is_read_as_what_it_holds(tmp_path: Path) -> None:
    taken: list[object] = []

    class Registering(Failing):
        topics = (STATIONS_REGISTRY, STATIONS)

        async def handle(self, messages, work) -> None:  # type: ignore[no-untyped-def]
            taken.extend((message.station, message.value) for message in messages)

    async with consuming(tmp_path, SCHEMA, CountingSettings, Registering().make) as world:
        known = RegisteredStation(site="Harbour", groups=("fast",))
        await world.append_value(STATIONS_REGISTRY, "CS-1", known)
        await world.append_value(STATIONS_REGISTRY, "CS-1", None)
        await world.caught_up()
    assert taken == [("CS-1", known), ("CS-1", None)]


async def test_a_replay_is_told_the_time_of_its_records_and_then_the_clocks(tmp_path: Path) -> None:
    log, clock = MemoryLog(), Clock()
    clock.at = datetime(2026, 3, 1, 12, tzinfo=UTC)
    consumer = Failing()
    shard = shard_of("CS-1", STATIONS)
    async with consuming(
        tmp_path, SCHEMA, CountingSettings, consumer.make, log=log, clock=clock, consumer_batch_records=10
    ) as world:
        await world.ticked()
        assert consumer.ticks[-1] == dict.fromkeys(range(12), clock.at)
    consumer.ticks.clear()
    began = clock.at - timedelta(hours=10)
    for n in range(100):
        at = int((began + timedelta(minutes=n)).timestamp() * 1000)
        for topic in (STATIONS, TRANSACTIONS):
            log.store.write(Record(topic.name, "CS-1", b"{}", HEARTBEAT), at)
    async with consuming(
        tmp_path,
        SCHEMA,
        CountingSettings,
        consumer.make,
        log=MemoryLog(log.store),
        clock=clock,
        consumer_batch_records=10,
    ) as world:
        await world.ticked()
    times = [ticked[shard] for ticked in consumer.ticks if shard in ticked]
    assert times == sorted(times)
    assert times[-1] == clock.at
    replayed = [time for time in times if time < clock.at]
    assert len(replayed) > 3
    assert all(began <= time < began + timedelta(minutes=100) for time in replayed)


async def test_what_retention_has_deleted_is_counted_and_passed_over(tmp_path: Path) -> None:
    log = MemoryLog()
    partition = Partition(STATIONS.name, shard_of("CS-1", STATIONS))
    async with consuming(tmp_path, SCHEMA, CountingSettings, make, log=log) as world:
        await world.append(*heartbeats(10, 1), heartbeat("CS-1"))
        await world.caught_up()
    for n in range(10):
        log.store.write(
            Record(STATIONS.name, "CS-1", b"{}", [("ce_type", b"ocpp.new"), ("ce_id", b"%d" % n)])
        )
    log.store.begins[partition] = 9
    async with consuming(tmp_path, SCHEMA, CountingSettings, make, log=MemoryLog(log.store)) as world:
        await world.caught_up()
        assert world.process.metrics.lost.at("counting", STATIONS.name).n == 8
        assert world.process.metrics.records.at("counting", STATIONS.name, "skipped").n == 2


async def test_a_log_that_was_made_anew_is_read_from_its_beginning(tmp_path: Path) -> None:
    async with consuming(tmp_path, SCHEMA, CountingSettings, make) as world:
        await world.append(*heartbeats(10, 1))
        await world.caught_up()
    async with consuming(tmp_path, SCHEMA, CountingSettings, make) as world:
        await world.append(heartbeat("CS-0"))
        await world.caught_up()
        assert await counts(world) == {"CS-0": 11}


async def test_a_batch_comes_by_time_across_topics(tmp_path: Path) -> None:
    consumer, log = Failing(), MemoryLog()
    began = datetime(2026, 3, 1, tzinfo=UTC)
    async with consuming(tmp_path, SCHEMA, CountingSettings, consumer.make, log=log) as world:
        store = log.store
        for n in (1, 3, 5, 4):
            headers = [("ce_type", b"ocpp.station.heartbeat"), ("ce_id", b"s%d" % n)]
            value = json.dumps({"station": {"id": "CS-1"}, "receivedAt": "2026-03-01T00:00:00Z"}).encode()
            store.write(Record(STATIONS.name, "CS-1", value, headers), ms(began, n))
        for n in (2, 6):
            headers = [("ce_type", b"ocpp.station.heartbeat"), ("ce_id", b"t%d" % n)]
            store.write(Record(TRANSACTIONS.name, "CS-1", value, headers), ms(began, n))
        await store.tell()
        await world.caught_up()
    assert [i for batch in consumer.batches for i in batch] == ["s1", "t2", "s3", "s5", "s4", "t6"]


def test_all_consumers_have_the_same_settings_beside_their_own() -> None:
    own = CountingSettings.model_fields.keys() - ConsumerSettings.model_fields.keys()
    assert own == {"counting_database", "counting_internal_port"}


async def test_the_metrics_tell_the_lag(tmp_path: Path) -> None:
    consumer = Failing()
    consumer.slow_seconds = 0.3
    async with consuming(
        tmp_path, SCHEMA, CountingSettings, consumer.make, consumer_batch_records=20
    ) as world:
        metrics = world.process.metrics
        hour_ago = datetime.now(UTC) - timedelta(hours=1)
        await world.append(*heartbeats(100, 1), at=hour_ago)
        await world.until(lambda: 0 < metrics.lag_records.get(STATIONS.name, 0) < 100)
        await world.until(lambda: 3000 < metrics.lag_seconds[STATIONS.name] < 4000)
        await world.ticked()
        assert metrics.lag_records[STATIONS.name] == metrics.lag_seconds[STATIONS.name] == 0
        assert metrics.shards_held == 12
        assert metrics.published.n == 100
        assert metrics.outbox_depth == 0
        assert metrics.handling_seconds.count == len(consumer.batches) >= 5


async def test_a_stop_lets_the_batch_in_hand_end(tmp_path: Path) -> None:
    consumer, log = Failing(), MemoryLog()
    consumer.slow_seconds = 0.5
    async with consuming(tmp_path, SCHEMA, CountingSettings, consumer.make, log=log) as world:
        await world.append(*heartbeats(70))
        await world.until(lambda: bool(consumer.batches))
    assert len(world.published(ALERTS)) == len(consumer.batches[0])
    assert len(consumer.batches) == 1


def of_station(station: str, published: list[Stored]) -> list[int]:
    """The counts that were published of a station, in the log's order."""
    return [json.loads(stored.record.value or b"")[1] for stored in published if stored.record.key == station]


def ms(began: datetime, seconds: int) -> int:
    return int((began + timedelta(seconds=seconds)).timestamp() * 1000)

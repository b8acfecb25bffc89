"""What only the Kafka engine has: aiokafka's traps, and brokers that come and go."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition

from contract.topics import Topic, partition_of
from eventlog.in_flight import Limits
from eventlog.kafka import KafkaLog, KafkaSettings
from eventlog.kafka.admin import settings_of
from eventlog.port import LogUnavailable, Record, RecordRefused
from tests.eventlog.reading import everything
from tests.support.kafka import KafkaCluster

WAITING_SENDERS = 5_000
MEASURED_SECONDS = 4.0


@pytest.fixture
async def log(kafka_cluster: KafkaCluster) -> AsyncIterator[KafkaLog]:
    opened = KafkaLog(kafka_cluster.bootstrap, Limits(publish_deadline_seconds=5.0))
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
async def topic(log: KafkaLog, request: pytest.FixtureRequest) -> str:
    name = f"kafka.{request.node.originalname.removeprefix('test_')}.v1"
    await log.apply_topics([Topic(name, "a test's", partitions=4)])
    return name


async def test_thousands_who_wait_do_not_make_it_collapse(kafka_cluster: KafkaCluster, topic: str) -> None:
    """5,000 senders, each with one message on its way: aiokafka as it comes against this engine, in one run."""
    asyncio.get_running_loop().set_debug(False)  # it costs more than what is measured
    producer = AIOKafkaProducer(
        bootstrap_servers=kafka_cluster.bootstrap, enable_idempotence=True, acks="all"
    )
    await producer.start()
    plain = await _per_second(lambda key: _send(producer, topic, key))
    await producer.stop()

    log = KafkaLog(kafka_cluster.bootstrap)
    await log.open()
    ours = await _per_second(lambda key: log.append(Record(topic, key, MESSAGE, HEADERS)))
    await log.close()

    assert ours > 10 * plain, f"{ours:.0f}/s against {plain:.0f}/s"


async def test_a_producer_that_is_out_of_sequence_is_replaced(log: KafkaLog, topic: str) -> None:
    """A hole in the sequence numbers, made by hand: the broker refuses all that follows, for ever."""
    await log.append(Record(topic, "CP-1", b"before"))
    place = TopicPartition(topic, partition_of("CP-1", 4))
    _producer(log)._txn_manager.increment_sequence_number(place, 5)

    with pytest.raises(LogUnavailable, match="OutOfOrder"):
        await log.append(Record(topic, "CP-1", b"lost"))

    after = await log.append(Record(topic, "CP-1", b"after"))  # it waits for the new producer
    assert after.offset == 1
    assert log.restarts == 1
    assert log.trouble is None


async def test_a_producer_whose_sender_died_is_replaced(log: KafkaLog, topic: str) -> None:
    await log.append(Record(topic, "CP-1", b"before"))
    _producer(log)._sender.sender_task.cancel()
    _producer(log)._message_accumulator.fail_all(KafkaError("what a sender ends with"))
    after = await log.append(Record(topic, "CP-1", b"after"))
    assert after.offset == 1
    assert log.restarts == 1


async def test_a_batch_that_is_never_confirmed_has_its_producer_replaced(
    kafka_cluster: KafkaCluster, topic: str
) -> None:
    log = KafkaLog(kafka_cluster.bootstrap, Limits(publish_deadline_seconds=0.4))
    await log.open()
    await log.append(Record(topic, "CP-1", b"before"))
    kafka_cluster.pause(1)
    with pytest.raises(LogUnavailable):
        await log.append(Record(topic, "CP-1", b"during"))
    await _until(log._publisher.broken.is_set, "nothing gave the producer up")
    kafka_cluster.resume(1)
    await _until(lambda: log.restarts > 0, "the producer was not replaced")
    await _until(lambda: log.trouble is None, "it still has trouble")
    await log.append(Record(topic, "CP-1", b"after"))
    await log.close()


async def test_a_close_during_an_outage_leaves_nothing_behind(
    kafka_cluster: KafkaCluster, topic: str, log: KafkaLog
) -> None:
    """It ends aiokafka's tasks by looking inside; here is what tells when its inside has changed."""
    await log.close()  # so that no task but this log's is there
    log = KafkaLog(kafka_cluster.bootstrap, Limits(publish_deadline_seconds=1.0))
    await log.open()
    member = await log.subscribe([topic], "billing")
    await log.append(Record(topic, "CP-1", b"before"))
    kafka_cluster.pause(1)
    try:
        pending = [log.append(Record(topic, f"CP-{n}", b"during")) for n in range(50)]
        fetching = asyncio.create_task(member.fetch(wait_seconds=0.5))
        await asyncio.sleep(0.2)
        began = time.monotonic()
        await log.close(deadline_seconds=0.5)
        assert time.monotonic() - began < 4.0
        assert {type(error) for error in await asyncio.gather(*pending, return_exceptions=True)} == {
            LogUnavailable
        }
        await asyncio.gather(fetching, return_exceptions=True)
        left = [task for task in asyncio.all_tasks() - {asyncio.current_task()} if not task.done()]
        assert left == [], [task.get_coro() for task in left]
    finally:
        kafka_cluster.resume(1)


async def test_no_topic_is_ever_created_by_asking(log: KafkaLog, kafka_cluster: KafkaCluster) -> None:
    """The broker creates topics by itself; nothing that we ask may name one that is missing."""
    missing = "kafka.missing.v1"
    asks: list[Awaitable[object]] = [
        log.append(Record(missing, "CP-1", b"{}")),
        log.partitions(missing),
        log.subscribe([missing], "billing"),
        anext(log.tail([missing])),
        log.read_table(missing),
    ]
    for ask in asks:
        with pytest.raises(RecordRefused, match=missing):
            await ask
    await asyncio.sleep(1.0)
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_cluster.bootstrap)
    await admin.start()
    assert missing not in await admin.list_topics()
    await admin.close()


async def test_topics_have_their_settings_and_keep_those_of_others(
    log: KafkaLog, kafka_cluster: KafkaCluster
) -> None:
    name = "kafka.settings.v1"
    await log.apply_topics([Topic(name, "", partitions=2, retention_seconds=3_600)])
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_cluster.bootstrap)
    await admin.start()
    assert await _own_settings(admin, name) == {"cleanup.policy": "delete", "retention.ms": "3600000"}
    theirs = {"cleanup.policy": "delete", "retention.ms": "3600000", "segment.bytes": "1048576"}
    await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, name, theirs)])

    done = await log.apply_topics([Topic(name, "", partitions=2, retention_seconds=60)])

    assert done == {name: "updated"}
    assert await _own_settings(admin, name) == theirs | {"retention.ms": "60000"}
    await admin.close()


def test_three_replicas_need_two_in_sync() -> None:
    topic, table = Topic("a.v1", ""), Topic("b.v1", "", compacted=True)
    assert "min.insync.replicas" not in settings_of(topic, replicas=1)
    assert settings_of(topic, replicas=3)["min.insync.replicas"] == "2"
    assert settings_of(table, replicas=3) == {"cleanup.policy": "compact", "min.insync.replicas": "2"}


async def test_a_killed_broker_comes_back_with_all_that_was_confirmed(
    log: KafkaLog, topic: str, kafka_cluster: KafkaCluster
) -> None:
    for n in range(20):
        await log.append(Record(topic, f"CP-{n}", b"before"))
    kafka_cluster.kill(1)
    with pytest.raises(LogUnavailable):
        await log.append(Record(topic, "CP-1", b"during"))
    assert log.trouble is not None
    kafka_cluster.restart(1)
    await asyncio.to_thread(kafka_cluster.wait_ready)
    await _until(lambda: log.trouble is None, "it still has trouble")
    await log.append(Record(topic, "CP-1", b"after"))

    said: list[bytes | None] = []
    async with asyncio.timeout(20), contextlib.aclosing(log.tail([topic], from_beginning=True)) as tail:
        while said.count(b"before") < 20 or b"after" not in said:
            said.append((await anext(tail)).record.value)
    assert said.count(b"before") == 20


async def test_no_broker_at_all_is_unavailable() -> None:
    nowhere = KafkaLog("127.0.0.1:1", settings=KafkaSettings(open_seconds=2.0))
    with pytest.raises(LogUnavailable, match=r"127\.0\.0\.1:1"):
        await nowhere.open()


@pytest.mark.parametrize("compression", ["lz4", "gzip"])
async def test_compressed_batches_are_read_back(
    kafka_cluster: KafkaCluster, topic: str, compression: str
) -> None:
    log = KafkaLog(kafka_cluster.bootstrap, settings=KafkaSettings(compression=compression))  # type: ignore[arg-type]
    await log.open()
    await asyncio.gather(*[log.append(Record(topic, f"CP-{n}", MESSAGE, HEADERS)) for n in range(100)])
    stored = await everything(log, topic, 100)
    await log.close()
    assert {s.record.value for s in stored} == {MESSAGE}


MESSAGE = b'{"transaction_id": "1", "meter_wh": 1234, "raw": "' + b"x" * 300 + b'"}'
HEADERS = [(f"ce_attribute{n}", b"some value of usual length") for n in range(10)]


def _producer(log: KafkaLog) -> AIOKafkaProducer:
    assert log._keeper._producer is not None
    return log._keeper._producer


async def _send(producer: AIOKafkaProducer, topic: str, key: str) -> None:
    await producer.send_and_wait(topic, MESSAGE, key.encode(), headers=HEADERS)


async def _per_second(send: Callable[[str], Awaitable[object]]) -> float:
    """Messages a second that so many senders get through, each waiting for its own before the next."""
    loop = asyncio.get_running_loop()
    sent = 0
    until = loop.time() + MEASURED_SECONDS

    async def sender(key: str) -> None:
        nonlocal sent
        while loop.time() < until:
            await send(key)
            sent += 1

    began = loop.time()
    await asyncio.gather(*[sender(f"CP-{n:05d}") for n in range(WAITING_SENDERS)])
    return sent / (loop.time() - began)


async def _until(condition: Callable[[], bool], otherwise: str, seconds: float = 30.0) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, otherwise
        await asyncio.sleep(0.05)


async def _own_settings(admin: AIOKafkaAdminClient, topic: str) -> dict[str, str]:
    [answer] = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
    entries = answer.resources[0][4]  # type: ignore[attr-defined]
    return {entry[0]: entry[1] for entry in entries if entry[3] == 1}


async def test_a_member_may_be_silent_for_days(log: KafkaLog, topic: str) -> None:
    """The client would leave the group after five minutes without a fetch; a database can be away for longer."""
    member = await log.subscribe([topic], "silent")
    coordinator = member._consumer._coordinator
    assert coordinator is not None
    assert coordinator._max_poll_interval > 10 * 86_400
    await member.close()

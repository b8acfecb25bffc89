"""Fetch sessions, and the clients of a member: what is asked of a broker, and that nothing is left of them."""

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.protocol.fetch import FetchRequest, FetchRequest_v6, FetchRequest_v11
from aiokafka.structs import TopicPartition

from contract.topics import Topic
from eventlog.kafka import KafkaLog, subscription
from eventlog.kafka.fetch_sessions import keep_sessions
from eventlog.port import LogUnavailable, Record
from tests.support.kafka import KafkaCluster

SESSION = 77
FORGOTTEN = 70
"""The error FETCH_SESSION_ID_NOT_FOUND."""


class Broker:
    """Answers fetches as it is told, and keeps what was asked."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.answer: Any = SimpleNamespace(API_VERSION=11, error_code=0, session_id=SESSION)
        self.speaks: Any = FetchRequest_v11
        self.client = SimpleNamespace(send=self.send)
        keep_sessions(SimpleNamespace(_client=self.client))  # type: ignore[arg-type]

    async def send(self, node_id: int, request: Any) -> Any:
        del node_id
        self.asked.append(request.build(self.speaks))
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer

    async def fetch(self, node: int = 1, **offsets: int) -> Any:
        """Fetch from these offsets of the partitions p0, p1 and so on; what the broker was asked."""
        wanted = [(int(name[1:]), offset, 1_000) for name, offset in offsets.items()]
        await self.client.send(node, FetchRequest(500, 1, 10_000, 1, [("t", wanted)] if wanted else []))
        return self.asked[-1]


def _named(request: Any) -> dict[int, int]:
    return {number: offset for _, several in request.topics for number, _, offset, _, _ in several}


async def test_a_fetch_names_what_has_changed_since_the_last() -> None:
    broker = Broker()
    first = await broker.fetch(p0=5, p1=6, p2=7)
    assert (first.session_id, first.session_epoch, _named(first)) == (0, 0, {0: 5, 1: 6, 2: 7})
    second = await broker.fetch(p0=5, p1=9, p2=7)
    assert (second.session_id, second.session_epoch, _named(second)) == (SESSION, 1, {1: 9})
    third = await broker.fetch(p0=5, p3=1)
    assert (third.session_epoch, _named(third), third.forgotten_topics_data) == (2, {3: 1}, [("t", [1, 2])])
    last = await broker.fetch(p0=5, p3=1)
    assert (last.session_epoch, _named(last), last.forgotten_topics_data) == (3, {}, [])


async def test_each_broker_has_a_session_of_its_own() -> None:
    broker = Broker()
    await broker.fetch(node=1, p0=5)
    assert _named(await broker.fetch(node=2, p0=5)) == {0: 5}
    assert _named(await broker.fetch(node=1, p0=5)) == {}


async def test_a_session_that_the_broker_has_forgotten_is_opened_anew() -> None:
    broker = Broker()
    await broker.fetch(p0=5)
    broker.answer = SimpleNamespace(API_VERSION=11, error_code=FORGOTTEN, session_id=0)
    await broker.fetch(p0=5)
    broker.answer = SimpleNamespace(API_VERSION=11, error_code=0, session_id=78)
    anew = await broker.fetch(p0=5)
    assert (anew.session_epoch, _named(anew)) == (0, {0: 5})
    assert (await broker.fetch(p0=6)).session_epoch == 1


@pytest.mark.parametrize(
    "fault", [OSError("it is gone"), asyncio.CancelledError()], ids=["lost", "cancelled"]
)
async def test_after_a_fetch_without_an_answer_everything_is_named_again(fault: BaseException) -> None:
    broker = Broker()
    await broker.fetch(p0=5, p1=6)
    granted, broker.answer = broker.answer, fault
    with pytest.raises(type(fault)):
        await broker.fetch(p0=9, p1=6)
    broker.answer = granted
    anew = await broker.fetch(p0=9, p1=6)
    assert (anew.session_id, anew.session_epoch, _named(anew)) == (SESSION, 0, {0: 9, 1: 6})


async def test_a_broker_that_grants_no_session_is_asked_for_everything() -> None:
    broker = Broker()
    broker.answer = SimpleNamespace(API_VERSION=11, error_code=0, session_id=0)
    await broker.fetch(p0=5, p1=6)
    again = await broker.fetch(p0=5, p1=6)
    assert (again.session_id, again.session_epoch, _named(again)) == (0, 0, {0: 5, 1: 6})


async def test_a_broker_without_sessions_is_asked_as_ever() -> None:
    broker = Broker()
    broker.speaks = FetchRequest_v6
    broker.answer = SimpleNamespace(API_VERSION=6)
    await broker.fetch(p0=5)
    again = await broker.fetch(p0=5)
    assert [(topic, [one[:2] for one in several]) for topic, several in again.topics] == [("t", [(0, 5)])]


@pytest.fixture
async def log(kafka_cluster: KafkaCluster) -> AsyncIterator[KafkaLog]:
    opened = KafkaLog(kafka_cluster.bootstrap)
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
async def topic(log: KafkaLog, request: pytest.FixtureRequest) -> str:
    name = f"fetching.{request.node.originalname.removeprefix('test_')}.v1"
    await log.apply_topics([Topic(name, "a test's", partitions=12)])
    return name


async def test_a_real_broker_keeps_the_session_and_gives_all_there_is(
    log: KafkaLog, kafka_cluster: KafkaCluster, topic: str
) -> None:
    consumer = AIOKafkaConsumer(
        bootstrap_servers=kafka_cluster.bootstrap, group_id=None, isolation_level="read_committed"
    )
    client: Any = vars(consumer)["_client"]
    asked: list[Any] = []
    send_plainly = client.send

    async def send(node_id: int, request: Any, **options: Any) -> Any:
        if isinstance(request, FetchRequest):
            asked.append(request.build(FetchRequest_v11))
        return await send_plainly(node_id, request, **options)

    client.send = send
    keep_sessions(consumer)
    await consumer.start()
    try:
        partitions = [TopicPartition(topic, number) for number in range(12)]
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        found = []
        for number in range(40):
            await log.append(Record(topic, "k", str(number).encode(), partition=number % 12))
            for records in (await consumer.getmany(timeout_ms=2_000)).values():
                found += [int(record.value or b"") for record in records]
    finally:
        await consumer.stop()
    assert found == list(range(40))
    of_records = [sum(len(several) for _, several in request.topics) for request in asked]
    assert max(of_records) == 12
    assert sum(of_records) < 3 * len(of_records), f"partitions named: {of_records}"
    assert len({request.session_id for request in asked} - {0}) == 1


async def test_a_member_that_is_not_told_where_its_group_stands_says_so(
    log: KafkaLog, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(*_: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(subscription, "COMMITTED_SECONDS", 0.2)
    monkeypatch.setattr(AIOKafkaConsumer, "committed", never)
    member = await log.subscribe([topic], "never-told")
    try:
        with pytest.raises(LogUnavailable, match="where group 'never-told' stands"):
            await member.fetch(wait_seconds=2.0)
    finally:
        await member.close()


@pytest.mark.parametrize("seconds", [0.0, 0.02, 0.1, 0.3])
async def test_a_join_that_is_broken_off_leaves_nothing(log: KafkaLog, topic: str, seconds: float) -> None:
    before = asyncio.all_tasks()
    joining = asyncio.create_task(log.subscribe([topic], f"broken-off-{seconds}"))
    await asyncio.sleep(seconds)
    joining.cancel()
    await asyncio.wait([joining])
    if not joining.cancelled():  # on a fast machine
        await joining.result().close()
    async with asyncio.timeout(5.0):
        while left := asyncio.all_tasks() - before:
            await asyncio.wait(left, timeout=0.05)

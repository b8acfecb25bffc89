"""A backend is asked through the log, in the words of Spring Kafka's request-reply."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from contract.decisions import CORRELATION_ID, DecisionRequest
from contract.deliveries import inbox_of
from contract.model import Meter
from contract.topics import DECISION_REPLIES, DECISION_REQUESTS, DECISION_TOPICS
from eventlog.port import LogUnavailable, Record, Stored
from gateway.asking_backend import Backend, Silent
from tests.support.deciding import reply
from tests.support.memory_log import MemoryLog, MemoryStore

REQUEST = DecisionRequest(
    id="1",
    action="Authorize",
    version="1.6",
    event="authorization.requested",
    deadline_at=datetime(2026, 8, 4, 13, 40, tzinfo=UTC),
    data=Meter(start_wh=Decimal("12.50")),
)


class World:
    """A gateway's backend port and the log in which a backend answers."""

    def __init__(self, store: MemoryStore, gateway: str = "gateway-1") -> None:
        self.log = MemoryLog(store)
        self.backend = Backend(self.log, gateway)

    async def asked(self) -> Stored:
        """The first request."""
        async with contextlib.aclosing(self.log.tail([DECISION_REQUESTS.name], from_beginning=True)) as found:
            return await anext(found)

    async def replied(self, **changes: Any) -> bytes | None:
        """What came of one question, when it was answered with a record changed so."""
        asking = asyncio.create_task(self.backend.ask("CS-1", REQUEST, 0.5))
        answer = reply(await self.asked(), b"the reply")
        await self.log.append(msgspec.structs.replace(answer, **changes))
        return await asking


@contextlib.asynccontextmanager
async def worlds(*gateways: str) -> AsyncIterator[list[World]]:
    store = MemoryStore()
    made = [World(store, gateway) for gateway in gateways]
    for world in made:
        await world.log.open()
    await made[0].log.apply_topics(DECISION_TOPICS.values())
    tasks = [asyncio.create_task(world.backend.watch()) for world in made]
    try:
        yield made
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for world in made:
            await world.log.close()


@pytest.fixture
async def world(nothing_left: None) -> AsyncIterator[World]:
    async with worlds("gateway-1") as (made,):
        yield made


async def test_a_request_has_springs_headers_and_the_stations_key(world: World) -> None:
    asking = asyncio.create_task(world.backend.ask("CS-1", REQUEST, 0.5))
    stored = await world.asked()
    headers = dict(stored.record.headers)
    assert stored.record.key == "CS-1"
    assert set(headers) == {
        "content-type",
        "kafka_correlationId",
        "kafka_replyTopic",
        "kafka_replyPartition",
    }
    assert len(headers["kafka_correlationId"]) == 16
    assert headers["kafka_replyTopic"] == b"ocpp.decision-replies.v1"
    partition = inbox_of("gateway-1", DECISION_REPLIES.partitions)
    assert headers["kafka_replyPartition"] == bytes([0, 0, 0, partition])
    said = b'{"id":"1","action":"Authorize","version":"1.6","event":"authorization.requested",'
    said += b'"deadlineAt":"2026-08-04T13:40:00Z","data":{"startWh":12.50}}'
    assert stored.record.value == said, "decimals are exact numbers"
    await world.log.append(reply(stored, b"the reply"))
    assert await asking == b"the reply"


async def test_a_correlation_id_may_come_back_as_the_text_of_a_uuid(world: World) -> None:
    asking = asyncio.create_task(world.backend.ask("CS-1", REQUEST, 0.5))
    stored = await world.asked()
    as_text = str(UUID(bytes=dict(stored.record.headers)[CORRELATION_ID])).encode()
    answer = reply(stored, b"the reply")
    await world.log.append(msgspec.structs.replace(answer, headers=[(CORRELATION_ID, as_text)]))
    assert await asking == b"the reply"


async def test_a_reply_without_a_value_is_a_reply(world: World) -> None:
    assert await world.replied(value=None) is None


@pytest.mark.parametrize(
    "headers", [[], [(CORRELATION_ID, uuid4().bytes)], [(CORRELATION_ID, b"\xff")], [("other", b"1")]]
)
async def test_a_reply_to_nobody_is_passed_over(world: World, headers: list[tuple[str, bytes]]) -> None:
    with pytest.raises(Silent):
        await world.replied(headers=headers)


async def test_a_reply_in_another_gateways_partition_is_not_heard(world: World) -> None:
    other = (inbox_of("gateway-1", DECISION_REPLIES.partitions) + 1) % DECISION_REPLIES.partitions
    with pytest.raises(Silent):
        await world.replied(partition=other)


async def test_the_first_reply_counts_and_late_ones_are_harmless(world: World) -> None:
    asking = asyncio.create_task(world.backend.ask("CS-1", REQUEST, 0.5))
    stored = await world.asked()
    await asyncio.gather(*(world.log.append(reply(stored, b"%d" % number)) for number in range(3)))
    assert await asking == b"0"
    with pytest.raises(Silent):
        await world.backend.ask("CS-1", REQUEST, 0.05)
    assert not world.backend._waiting


async def test_gateways_that_share_a_partition_do_not_hear_each_others_replies() -> None:
    partition = inbox_of("gateway-1", DECISION_REPLIES.partitions)
    name = next(
        f"gateway-{number}"
        for number in range(2, 1_000)
        if inbox_of(f"gateway-{number}", DECISION_REPLIES.partitions) == partition
    )
    async with worlds("gateway-1", name) as (one, other):
        asking = [asyncio.create_task(each.backend.ask("CS-1", REQUEST, 0.5)) for each in (one, other)]
        async with contextlib.aclosing(one.log.tail([DECISION_REQUESTS.name], from_beginning=True)) as found:
            requests = [await anext(found), await anext(found)]
        await one.log.append(reply(requests[1], b"second"))
        await one.log.append(reply(requests[0], b"first"))
        assert await asyncio.gather(*asking) == [b"first", b"second"]


async def test_a_log_that_is_down_is_not_waited_for(world: World) -> None:
    world.log.store.down = "gone"
    with pytest.raises(LogUnavailable):
        await world.backend.ask("CS-1", REQUEST, 60)
    world.log.store.down = None


async def test_replies_are_heard_again_after_an_outage(world: World) -> None:
    await world.backend.hears.wait()
    world.log.store.down = "gone"
    async with asyncio.timeout(5):
        while world.backend.hears.is_set():  # noqa: ASYNC110 - cleared, not set
            await asyncio.sleep(0.01)
    world.log.store.down = None
    asking = asyncio.create_task(world.backend.ask("CS-1", REQUEST, 3))
    await world.log.append(reply(await world.asked(), b"the reply"))
    assert await asking == b"the reply"


async def test_a_backend_may_write_anything_into_the_topic(world: World) -> None:
    await world.backend.hears.wait()
    partition = inbox_of("gateway-1", DECISION_REPLIES.partitions)
    await world.log.append(
        Record(DECISION_REPLIES.name, "x", b"\x00", [("kafka_correlationId", b"")], partition)
    )
    assert await world.replied() == b"the reply"

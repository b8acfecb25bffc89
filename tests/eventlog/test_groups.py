"""What a consumer group promises, on every engine."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

import pytest

from eventlog.port import EventLog, Partition, Record, RecordRefused, Stored, Subscription
from tests.eventlog.engines import SESSION_SECONDS, Engine


async def test_a_new_group_reads_from_the_beginning_and_again_where_it_committed(
    engine: Engine, topic: str, log: EventLog
) -> None:
    await _append(log, topic, range(40))
    async with _member(log, topic) as first:
        seen = await _fetch(first, 40)
        half = [s for s in seen if int(s.record.value or b"") < 20]
        await first.commit(_behind(half))

    again = engine.log()
    await again.open()
    async with _member(again, topic) as second:
        assert {int(s.record.value or b"") for s in await _fetch(second, 20)} == set(range(20, 40))
        assert await second.fetch(wait_seconds=0.2) == []
    await again.close()


async def test_two_members_share_the_partitions_and_one_that_leaves_gives_them_back(
    engine: Engine, topic: str, log: EventLog
) -> None:
    everything = frozenset(Partition(topic, number) for number in range(4))
    other = engine.log()
    await other.open()
    async with _member(log, topic) as stays:
        assert await _settled(stays, lambda own: own == everything)
        leaves = await other.subscribe([topic], "billing")
        halves = (
            await _settled(stays, lambda own: len(own) == 2),
            await _settled(leaves, lambda own: len(own) == 2),
        )
        assert halves[0] | halves[1] == everything
        assert not halves[0] & halves[1]

        await _append(log, topic, range(60))
        mine: list[Stored] = []
        theirs: list[Stored] = []
        async with asyncio.timeout(20):
            while len(mine) + len(theirs) < 60:
                mine += await stays.fetch(wait_seconds=0.05)
                theirs += await leaves.fetch(wait_seconds=0.05)
        assert {s.place.partition for s in mine}.isdisjoint({s.place.partition for s in theirs})
        await leaves.commit(_behind(theirs))
        await stays.commit(_behind(mine))
        await leaves.close()

        assert await _settled(stays, lambda own: own == everything)
        await _append(log, topic, range(100, 140))
        assert {int(s.record.value or b"") for s in await _fetch(stays, 40)} == set(range(100, 140))
    await other.close()


async def test_the_callbacks_stand_around_the_records(engine: Engine, topic: str, log: EventLog) -> None:
    told: list[tuple[str, frozenset[Partition]]] = []

    async def assigned(partitions: frozenset[Partition]) -> None:
        told.append(("assigned", partitions))

    async def revoked(partitions: frozenset[Partition]) -> None:
        told.append(("revoked", partitions))

    await _append(log, topic, range(4))
    subscription = await log.subscribe([topic], "billing", assigned, revoked)
    await _fetch(subscription, 4)
    assert frozenset().union(*(p for what, p in told if what == "assigned")) == subscription.assigned
    await subscription.close()
    given = frozenset().union(*(p for what, p in told if what == "revoked"))
    assert given == {Partition(topic, number) for number in range(4)}


async def test_a_position_may_be_set_when_a_partition_is_assigned(topic: str, log: EventLog) -> None:
    await _append(log, topic, range(20))

    async def rewind(partitions: frozenset[Partition]) -> None:
        for partition in partitions:
            subscription.seek(partition, 2)

    async with _member(log, topic) as subscription:
        await _fetch(subscription, 20)
        await rewind(subscription.assigned)
        again = await _fetch(subscription, 1)
    assert all(stored.place.offset >= 2 for stored in again)


async def test_seek_reads_again(topic: str, log: EventLog) -> None:
    await _append(log, topic, range(10))
    async with _member(log, topic) as member:
        first = await _fetch(member, 10)
        for partition in member.assigned:
            member.seek(partition, 0)
        again = await _fetch(member, 10)
    assert {s.place for s in again} == {s.place for s in first}


async def test_a_member_knows_the_ends_and_when_it_has_reached_them(topic: str, log: EventLog) -> None:
    await _append(log, topic, range(40))
    async with _member(log, topic) as member:
        ends = await member.ends(member.assigned)
        assert sum(ends.values()) == 40
        await _append(log, topic, range(100, 120))
        await _fetch(member, 60)
        now = await member.ends(member.assigned)
        assert sum(now.values()) == 60
        assert {p: await member.position(p) for p in member.assigned} == now


async def test_asking_for_the_ends_does_not_wait_for_records_to_come(topic: str, log: EventLog) -> None:
    """On Kafka a fetch waits half a second at the broker, and what is asked behind it on its connection too."""
    loop = asyncio.get_running_loop()
    took: list[float] = []
    async with _member(log, topic) as member:
        for _ in range(6):
            assert await member.fetch(wait_seconds=0.05) == []
            began = loop.time()
            await member.ends(member.assigned)
            took.append(loop.time() - began)
    assert sorted(took)[2] < 0.25


async def test_the_position_in_a_partition_without_records_is_its_end(topic: str, log: EventLog) -> None:
    async with _member(log, topic) as member:
        assert await member.fetch(wait_seconds=0.2) == []
        assert {p: await member.position(p) for p in member.assigned} == await member.ends(member.assigned)
        with pytest.raises(ValueError, match="not assigned"):
            await member.position(Partition(topic, 77))


async def test_a_partition_begins_behind_what_retention_has_deleted(
    engine: Engine, topic: str, log: EventLog
) -> None:
    await _append(log, topic, range(40))
    async with _member(log, topic) as member:
        assert await member.begins(member.assigned) == dict.fromkeys(member.assigned, 0)
        assert await member.begins([]) == await member.ends([]) == {}
        first = min(member.assigned)
        ends = await member.ends(member.assigned)
        await engine.forget(first, ends[first] - 1)
        assert (await member.begins([first])) == {first: ends[first] - 1}
        # Who reads from before it is given what is left.
        await _fetch(member, 1)
        member.seek(first, 0)
        async with asyncio.timeout(30):
            while not (left := [s for s in await member.fetch() if s.place[:2] == first]):
                pass
        assert left[0].place.offset == ends[first] - 1


async def test_a_member_that_does_not_fetch_stays_one(engine: Engine, topic: str, log: EventLog) -> None:
    """It has a batch in hand, and waits for its database."""
    other = engine.log()
    await other.open()
    await _append(log, topic, range(40))
    async with _member(log, topic) as waits:
        await _fetch(waits, 40)
        held = waits.assigned
        await asyncio.sleep(2.5 * SESSION_SECONDS)
        assert waits.assigned == held
        joins = await other.subscribe([topic], "billing")
        assert joins.assigned.isdisjoint(waits.assigned)
        await joins.close()
    await other.close()


async def test_what_is_taken_away_may_still_be_committed(engine: Engine, topic: str, log: EventLog) -> None:
    """Else each rebalance would have the next member read again what is done."""
    other = engine.log()
    await other.open()
    read: list[Stored] = []

    async def revoked(partitions: frozenset[Partition]) -> None:
        behind = {p: offset for p, offset in _behind(read).items() if p in partitions}
        await first.commit(behind)

    await _append(log, topic, range(40))
    first = await log.subscribe([topic], "billing", on_revoked=revoked)
    read += await _fetch(first, 40)
    second = await other.subscribe([topic], "billing")
    await _settled(first, lambda own: len(own) == 2)
    await _settled(second, lambda own: len(own) == 2)
    await first.close()
    await _settled(second, lambda own: len(own) == 4)
    await second.close()
    await other.close()


async def test_groups_do_not_know_each_other(topic: str, log: EventLog) -> None:
    await _append(log, topic, range(5))
    async with _member(log, topic, "billing") as billing, _member(log, topic, "alerts") as alerts:
        await billing.commit(_behind(await _fetch(billing, 5)))
        assert len(await _fetch(alerts, 5)) == 5


async def test_no_more_than_asked_for(topic: str, log: EventLog) -> None:
    await _append(log, topic, range(100))
    async with _member(log, topic) as member:
        seen: list[Stored] = []
        async with asyncio.timeout(20):
            while len(seen) < 100:
                some = await member.fetch(max_records=3)
                assert len(some) <= 3
                seen += some
    assert sorted(int(s.record.value or b"") for s in seen) == list(range(100))


async def test_fetch_waits_for_what_comes(topic: str, log: EventLog) -> None:
    async with _member(log, topic) as member:
        await member.fetch(wait_seconds=0.1)
        waiting = asyncio.create_task(_fetch(member, 1))
        await asyncio.sleep(0.2)
        await log.append(Record(topic, "CP-1", b"7"))
        [stored] = await waiting
    assert stored.record.value == b"7"


async def test_a_group_on_a_topic_that_does_not_exist(log: EventLog) -> None:
    with pytest.raises(RecordRefused, match=r"test\.nowhere\.v1"):
        await log.subscribe(["test.nowhere.v1"], "billing")


@contextlib.asynccontextmanager
async def _member(log: EventLog, topic: str, group: str = "billing") -> AsyncIterator[Subscription]:
    subscription = await log.subscribe([topic], group)
    try:
        yield subscription
    finally:
        await subscription.close()


async def _append(log: EventLog, topic: str, numbers: range) -> None:
    await asyncio.gather(*[log.append(Record(topic, f"CP-{n}", b"%d" % n)) for n in numbers])


async def _fetch(subscription: Subscription, count: int) -> list[Stored]:
    seen: list[Stored] = []
    async with asyncio.timeout(30):
        while len(seen) < count:
            seen += await subscription.fetch(wait_seconds=0.2)
    return seen


async def _settled(
    subscription: Subscription, wanted: Callable[[frozenset[Partition]], bool]
) -> frozenset[Partition]:
    """The member's partitions when they are as wanted; it fetches meanwhile, as a member must."""
    async with asyncio.timeout(30):
        while not wanted(subscription.assigned):
            assert await subscription.fetch(wait_seconds=0.05) == []
            await asyncio.sleep(0.02)
    return subscription.assigned


def _behind(stored: list[Stored]) -> dict[Partition, int]:
    """The positions behind these records."""
    behind: dict[Partition, int] = {}
    for _, (topic, number, offset), _ in ((s.record, s.place, s.appended_ms) for s in stored):
        partition = Partition(topic, number)
        behind[partition] = max(behind.get(partition, 0), offset + 1)
    return behind

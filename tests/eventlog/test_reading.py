"""What tail, tables and topics promise, on every engine."""

import asyncio

import pytest

from contract.topics import Topic, partition_of
from eventlog.port import EventLog, Record, RecordRefused
from tests.eventlog.reading import everything


async def test_a_tail_from_now_leaves_the_past(topic: str, log: EventLog) -> None:
    await log.append(Record(topic, "CP-1", b"past"))
    tail = log.tail([topic])
    first = asyncio.ensure_future(anext(tail))
    seen = []
    async with asyncio.timeout(20):
        while not first.done():  # until it has found out where "now" is
            await log.append(Record(topic, "CP-1", b"present"))
            await asyncio.wait([first], timeout=0.2)
        seen.append((await first).record.value)
        await log.append(Record(topic, "CP-1", b"last"))
        while seen[-1] != b"last":
            seen.append((await anext(tail)).record.value)
    await tail.aclose()
    assert set(seen) == {b"present", b"last"}


async def test_a_tail_from_the_beginning_follows_several_topics(
    topic: str, table: str, log: EventLog
) -> None:
    await log.append(Record(topic, "CP-1", b"1"))
    await log.append(Record(table, "CP-1", b"2"))
    seen = set()
    async with asyncio.timeout(20):
        tail = log.tail([topic, table], from_beginning=True)
        async for stored in tail:
            seen.add((stored.record.topic, stored.record.value))
            if len(seen) == 2:
                await log.append(Record(topic, "CP-1", b"3"))
            if len(seen) == 3:
                break
        await tail.aclose()
    assert seen == {(topic, b"1"), (table, b"2"), (topic, b"3")}


async def test_a_tail_says_from_when_on_it_misses_nothing(topic: str, log: EventLog) -> None:
    started = asyncio.Event()
    await log.append(Record(topic, "CP-1", b"past"))
    tail = log.tail([topic], started=started.set)
    first = asyncio.ensure_future(anext(tail))
    async with asyncio.timeout(20):
        await started.wait()
        await log.append(Record(topic, "CP-1", b"present"))
        assert (await first).record.value == b"present"
    await tail.aclose()


async def test_a_tail_of_one_partition_sees_no_other(topic: str, log: EventLog) -> None:
    keys = [f"CP-{n}" for n in range(20)]
    await asyncio.gather(*[log.append(Record(topic, key, b"{}")) for key in keys])
    wanted = {key for key in keys if partition_of(key, 4) == 2}
    seen: set[str] = set()
    tail = log.tail([topic], from_beginning=True, partitions=[2])
    async with asyncio.timeout(20):
        while seen < wanted:
            seen.add((await anext(tail)).record.key)
        await log.append(Record(topic, "elsewhere", b"{}", partition=1))
        await log.append(Record(topic, "here", b"{}", partition=2))
        assert (await anext(tail)).record.key == "here"
    await tail.aclose()
    assert seen == wanted != set()


async def test_a_tail_of_a_topic_that_does_not_exist(log: EventLog) -> None:
    with pytest.raises(RecordRefused, match=r"test\.nowhere\.v1"):
        await anext(log.tail(["test.nowhere.v1"]))


async def test_a_table_is_the_newest_of_each_key(table: str, log: EventLog) -> None:
    for key, value in (
        ("a", b"1"),
        ("b", b"1"),
        ("a", b"2"),
        ("c", b"1"),
        ("c", None),
        ("b", None),
        ("b", b"3"),
    ):
        await log.append(Record(table, key, value))

    read = await log.read_table(table)

    assert {key: stored.record.value for key, stored in read.items()} == {"a": b"2", "b": b"3"}


async def test_an_empty_table_is_read_at_once(table: str, log: EventLog) -> None:
    async with asyncio.timeout(5):
        assert await log.read_table(table) == {}


async def test_a_table_may_be_read_in_part(table: str, log: EventLog) -> None:
    keys = [f"CP-{n}" for n in range(40)]
    await asyncio.gather(*[log.append(Record(table, key, b"{}")) for key in keys])
    wanted = {key for key in keys if partition_of(key, 4) in {1, 3}}
    assert set(await log.read_table(table, partitions=[1, 3])) == wanted
    assert wanted < set(keys)


async def test_a_large_table_is_read_quickly(table: str, log: EventLog) -> None:
    count = 8_000
    for first in range(0, count, 1_000):
        records = (Record(table, f"CP-{n % 2_000}", b"%d" % n) for n in range(first, first + 1_000))
        await asyncio.gather(*map(log.append, records))
    async with asyncio.timeout(5):
        read = await log.read_table(table)
    assert len(read) == 2_000
    assert {int(stored.record.value or b"") for stored in read.values()} == set(range(count - 2_000, count))


async def test_a_record_says_when_it_was_appended(topic: str, log: EventLog) -> None:
    places = [await log.append(Record(topic, "CP-1", b"%d" % n)) for n in range(3)]
    stored = await everything(log, topic, 3)
    assert [s.place for s in stored] == places
    assert stored[0].appended_ms <= stored[1].appended_ms <= stored[2].appended_ms
    assert stored[0].appended_ms > 1_700_000_000_000


async def test_topics_are_applied_once_and_their_partitions_never_change(log: EventLog) -> None:
    name = "test.applied.v1"
    assert await log.apply_topics([Topic(name, "", partitions=3)]) == {name: "created"}
    assert await log.apply_topics([Topic(name, "", partitions=3)]) == {name: "unchanged"}
    assert await log.apply_topics([Topic(name, "", partitions=3, retention_seconds=60)]) == {name: "updated"}
    assert await log.apply_topics([Topic(name, "", partitions=3, compacted=True)]) == {name: "updated"}
    done = (await log.apply_topics([Topic(name, "", partitions=5, compacted=True)]))[name]
    assert done.startswith("unchanged; has 3 partitions, not 5")
    assert await log.partitions(name) == 3


async def test_what_stands_there_is_read_to_its_end(topic: str, table: str, log: EventLog) -> None:
    for number in range(3):
        await log.append(Record(topic, "CP-1", b"%d" % number))
    await log.append(Record(table, "CP-1", b"online"))
    await log.append(Record(table, "CP-1", None))
    async with asyncio.timeout(20):
        read = [stored async for stored in log.read([topic, table])]
    said: dict[str, list[bytes | None]] = {topic: [], table: []}
    for stored in read:
        said[stored.record.topic].append(stored.record.value)
    assert said == {topic: [b"0", b"1", b"2"], table: [b"online", None]}


async def test_nothing_is_read_of_an_empty_topic(topic: str, log: EventLog) -> None:
    async with asyncio.timeout(5):
        assert [stored async for stored in log.read([topic])] == []


async def test_single_partitions_are_read(topic: str, log: EventLog) -> None:
    keys = [f"CP-{n}" for n in range(40)]
    await asyncio.gather(*[log.append(Record(topic, key, b"{}")) for key in keys])
    count = await log.partitions(topic)
    read = {stored.record.key async for stored in log.read([topic], partitions=[1])}
    assert read == {key for key in keys if partition_of(key, count) == 1}


async def test_what_is_older_than_asked_for_is_left(topic: str, log: EventLog) -> None:
    for number in range(25):
        await log.append(Record(topic, "CP-1", b"old %d" % number))
    await asyncio.sleep(0.02)
    first = await log.append(Record(topic, "CP-1", b"new 0"))
    await log.append(Record(topic, "CP-1", b"new 1"))
    (begin,) = [stored.appended_ms async for stored in log.read([topic]) if stored.place == first]

    read = [stored.record.value async for stored in log.read([topic], since_ms=begin)]
    assert read == [b"new 0", b"new 1"]
    assert [stored async for stored in log.read([topic], since_ms=begin + 60_000)] == []


async def test_reading_may_be_left_early(topic: str, log: EventLog) -> None:
    for number in range(3):
        await log.append(Record(topic, "CP-1", b"%d" % number))
    reading = log.read([topic])
    assert (await anext(reading)).record.value == b"0"
    await reading.aclose()
    with pytest.raises(StopAsyncIteration):
        await anext(reading)

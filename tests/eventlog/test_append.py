"""What an append promises, on every engine."""

import asyncio
from typing import Any

import pytest

from contract.topics import Topic, partition_of
from eventlog.in_flight import Limits
from eventlog.port import EventLog, LogUnavailable, Record, RecordRefused
from tests.eventlog.engines import Engine
from tests.eventlog.reading import everything

ODD_BYTES = bytes(range(256))


async def test_what_was_appended_is_there_after_a_restart(engine: Engine, topic: str, log: EventLog) -> None:
    place = await log.append(Record(topic, "CP-1", b"booted"))
    await log.close()

    again = engine.log()
    await again.open()
    [stored] = await everything(again, topic, 1)
    await again.close()

    assert stored.place == place
    assert (stored.record.key, stored.record.value) == ("CP-1", b"booted")


async def test_the_partition_is_the_key_s_as_in_the_java_client(topic: str, log: EventLog) -> None:
    for key in ("CP-1", "CP-2", "ladesäule", "a" * 48):
        place = await log.append(Record(topic, key, b"{}"))
        assert place.partition == partition_of(key, 4)


async def test_a_record_may_name_its_partition(topic: str, log: EventLog) -> None:
    for number in range(4):
        assert (await log.append(Record(topic, "CP-1", b"{}", partition=number))).partition == number


async def test_headers_and_bytes_come_back_as_they_were(topic: str, log: EventLog) -> None:
    headers = [("ce_type", b"ocpp.station.booted"), ("ce_type", b"twice"), ("leer", b""), ("odd", ODD_BYTES)]
    await log.append(Record(topic, "säule 1", ODD_BYTES, headers))

    [stored] = await everything(log, topic, 1)

    assert stored.record.value == ODD_BYTES
    assert [(name, value) for name, value in stored.record.headers] == headers
    assert stored.record.key == "säule 1"


async def test_headers_may_be_a_tuple(topic: str, log: EventLog) -> None:
    await log.append(Record(topic, "CP-1", b"{}", (("a", b"1"), ("b", b"2"))))
    [stored] = await everything(log, topic, 1)
    assert list(map(tuple, stored.record.headers)) == [("a", b"1"), ("b", b"2")]


async def test_an_empty_value_is_no_tombstone(topic: str, log: EventLog) -> None:
    await log.append(Record(topic, "CP-1", b""))
    [stored] = await everything(log, topic, 1)
    assert stored.record.value == b""


async def test_records_of_a_key_keep_the_order_of_the_calls(topic: str, log: EventLog) -> None:
    pending = [log.append(Record(topic, f"CP-{n % 7}", b"%d" % n)) for n in range(700)]
    await asyncio.gather(*pending)

    stored = await everything(log, topic, 700)

    for station in range(7):
        said = [int(s.record.value or b"") for s in stored if s.record.key == f"CP-{station}"]
        assert said == list(range(station, 700, 7))


async def test_offsets_rise_within_a_partition(topic: str, log: EventLog) -> None:
    places = await asyncio.gather(*[log.append(Record(topic, "CP-1", b"{}")) for _ in range(50)])
    offsets = [place.offset for place in places]
    assert offsets == sorted(set(offsets))


async def test_a_topic_that_does_not_exist_refuses(log: EventLog) -> None:
    with pytest.raises(RecordRefused, match=r"test\.nowhere\.v1"):
        await log.append(Record("test.nowhere.v1", "CP-1", b"{}"))
    with pytest.raises(RecordRefused, match=r"test\.nowhere\.v1"):
        await log.partitions("test.nowhere.v1")


async def test_a_topic_is_found_as_soon_as_it_is_made(engine: Engine, log: EventLog, topic: str) -> None:
    """A log that was open before somebody else made the topic, and was refused there."""
    with pytest.raises(RecordRefused):
        await log.append(Record(f"{topic}.later", "CP-1", b"{}"))
    other = engine.log()
    await other.open()
    await other.apply_topics([Topic(f"{topic}.later", "made later")])
    await other.close()

    await _appended_soon(log, Record(f"{topic}.later", "CP-1", b"{}"))


async def test_a_record_too_large_is_refused_and_harms_no_other(topic: str, log: EventLog) -> None:
    small = log.append(Record(topic, "CP-1", b"before"))
    large = log.append(Record(topic, "CP-1", b"x" * 1_000_000))
    headed = log.append(Record(topic, "CP-1", b"{}", [("h", b"x" * 1_000_000)]))
    after = log.append(Record(topic, "CP-1", b"after"))

    for refused in (large, headed):
        with pytest.raises(RecordRefused, match="bytes"):
            await refused
    assert (await small).offset < (await after).offset


async def test_a_record_that_cannot_be_encoded_is_refused_and_harms_no_other(
    topic: str, log: EventLog
) -> None:
    text: Any = "text"  # where bytes belong
    broken = [
        log.append(Record(topic, "\ud800", b"{}", partition=0)),
        log.append(Record(topic, "CP-1", b"{}", [("sound", b"1"), ("broken", text)], partition=0)),
    ]
    sound = log.append(Record(topic, "CP-1", b"{}", [("sound", b"1")], partition=0))
    broken += [
        log.append(Record(topic, "CP-1", b"{}", [("sound", b"1"), ("\udc80", b"2")], partition=0)),
        log.append(Record(topic, "CP-1", b"{}", [("sound", b"1"), ("broken", text)], partition=0)),
    ]
    last = log.append(Record(topic, "CP-1", b"last", partition=0))
    for refused in broken:
        with pytest.raises(RecordRefused):
            await refused
    assert (await sound).offset < (await last).offset
    assert [s.record.value for s in await everything(log, topic, 2)] == [b"{}", b"last"]


async def test_a_partition_that_does_not_exist_refuses(topic: str, log: EventLog) -> None:
    with pytest.raises(RecordRefused, match="partition 4"):
        await log.append(Record(topic, "CP-1", b"{}", partition=4))


async def test_an_append_nobody_waits_for_any_more_harms_no_other(topic: str, log: EventLog) -> None:
    abandoned = asyncio.ensure_future(log.append(Record(topic, "CP-1", b"abandoned")))
    abandoned.cancel()
    kept = await log.append(Record(topic, "CP-1", b"kept"))
    assert (await everything(log, topic, kept.offset + 1))[-1].record.value == b"kept"


async def test_more_than_may_be_in_flight_waits_its_turn(engine: Engine, topic: str) -> None:
    """A hundred times the bound, all at once: each is taken, in order."""
    narrow = engine.log(Limits(publish_deadline_seconds=20.0, max_in_flight_bytes=10_000))
    await narrow.open()
    try:
        await asyncio.gather(*[narrow.append(Record(topic, "CP-1", b"%04d" % n * 250)) for n in range(1_000)])
        stored = await everything(narrow, topic, 1_000)
    finally:
        await narrow.close()
    assert [int((s.record.value or b"")[:4]) for s in stored] == list(range(1_000))


async def test_a_closed_log_takes_nothing(topic: str, log: EventLog) -> None:
    await log.close()
    with pytest.raises(LogUnavailable, match="closed"):
        await log.append(Record(topic, "CP-1", b"{}"))
    assert log.trouble is not None


async def test_close_flushes_what_is_in_flight(engine: Engine, topic: str, log: EventLog) -> None:
    pending = [log.append(Record(topic, "CP-1", b"%d" % n)) for n in range(200)]
    await log.close()
    await asyncio.gather(*pending)


async def _appended_soon(log: EventLog, record: Record, seconds: float = 10.0) -> None:
    """Append as soon as the log knows the topic."""
    async with asyncio.timeout(seconds):
        while True:
            try:
                await log.append(record)
            except RecordRefused:
                await asyncio.sleep(0.1)
            else:
                return

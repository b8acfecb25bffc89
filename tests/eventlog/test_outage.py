"""What happens on every engine while the log takes nothing, and when it is back."""

import asyncio
import time

import pytest

from eventlog.port import EventLog, LogUnavailable, Record
from tests.eventlog.engines import LIMITS, Engine
from tests.eventlog.reading import everything

LATE_SECONDS = 1.0


async def test_an_append_ends_by_its_deadline(engine: Engine, topic: str, log: EventLog) -> None:
    await log.append(Record(topic, "CP-1", b"before"))
    async with engine.down():
        began = time.monotonic()
        outcomes = await asyncio.gather(
            *[log.append(Record(topic, f"CP-{n}", b"during")) for n in range(100)], return_exceptions=True
        )
        took = time.monotonic() - began

    assert {type(outcome) for outcome in outcomes} == {LogUnavailable}
    assert LIMITS.publish_deadline_seconds * 0.7 < took < LIMITS.publish_deadline_seconds + LATE_SECONDS


async def test_trouble_says_why_and_passes(engine: Engine, topic: str, log: EventLog) -> None:
    await log.append(Record(topic, "CP-1", b"before"))
    assert log.trouble is None
    async with engine.down():
        with pytest.raises(LogUnavailable) as raised:
            await log.append(Record(topic, "CP-1", b"during"))
        assert len(log.trouble or "") > 10
        assert len(str(raised.value)) > 10
    async with asyncio.timeout(15):
        while log.trouble is not None:  # noqa: ASYNC110 no event tells; without an append a probe must find out
            await asyncio.sleep(0.05)


async def test_it_takes_records_again_in_order(engine: Engine, topic: str, log: EventLog) -> None:
    await log.append(Record(topic, "CP-1", b"before"))
    async with engine.down():
        with pytest.raises(LogUnavailable):
            await log.append(Record(topic, "CP-1", b"during"))
    async with asyncio.timeout(20):
        for said in (b"after", b"after that"):
            while True:
                try:
                    await log.append(Record(topic, "CP-1", said))
                    break
                except LogUnavailable:
                    continue

    told = []
    async with asyncio.timeout(20):
        async for stored in log.tail([topic], from_beginning=True):
            told.append(stored.record.value)
            if told[-1] == b"after that":
                break
    told = [said for said in told if said != b"during"]  # it may have been written after its append failed
    assert told[0] == b"before"
    assert list(dict.fromkeys(told)) == [b"before", b"after", b"after that"]


async def test_close_is_bounded_while_it_is_down(engine: Engine, topic: str) -> None:
    log = engine.log()
    await log.open()
    await log.append(Record(topic, "CP-1", b"before"))
    async with engine.down():
        pending = asyncio.ensure_future(log.append(Record(topic, "CP-1", b"during")))
        await asyncio.sleep(0.1)
        began = time.monotonic()
        await log.close(deadline_seconds=0.5)
        assert time.monotonic() - began < 0.5 + LATE_SECONDS
        with pytest.raises(LogUnavailable):
            await pending


async def test_what_waits_outlasts_a_short_outage(engine: Engine, topic: str, log: EventLog) -> None:
    await log.append(Record(topic, "CP-1", b"before"))
    async with engine.down():
        pending = [asyncio.ensure_future(log.append(Record(topic, "CP-1", b"%d" % n))) for n in range(20)]
        await asyncio.sleep(LIMITS.publish_deadline_seconds / 4)
    await asyncio.gather(*pending)
    said = [stored.record.value for stored in await everything(log, topic, 21)]
    assert said == [b"before", *(b"%d" % n for n in range(20))]

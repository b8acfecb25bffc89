"""A handler that fails: what it cannot take is found and buried, what is away is waited for, a bug stops it."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from consumers.runtime import batches
from consumers.runtime.batches import BURIALS, HandlerBroken
from contract.topics import ALERTS, DEAD_LETTERS
from eventlog.port import LogUnavailable, Record
from tests.consumers.runtime.failing import Failing, counts, heartbeats
from tests.support.consumers import World, consuming
from tests.support.counting.app import SCHEMA, CountingSettings
from tests.support.memory_log import MemoryLog


@pytest.mark.parametrize("breaks_statement", [False, True])
async def test_the_one_record_that_fails_is_buried_and_all_others_are_taken_in(
    tmp_path: Path, address: str, *, breaks_statement: bool
) -> None:
    consumer, log = Failing(), MemoryLog()
    consumer.breaks_statement = breaks_statement
    consumer.poison = {"c1-5", "c1-6", "c1-40"}
    async with consuming(
        tmp_path, SCHEMA, CountingSettings, consumer.make, log=log, database=address
    ) as world:
        await world.append(*heartbeats(70))
        await world.caught_up()
        assert sum((await counts(world)).values()) == 67
        letters = world.published(DEAD_LETTERS)
        assert {dict(letter.record.headers)["ce_id"].decode() for letter in letters} == consumer.poison
        assert len(world.published(ALERTS)) == 67
        async with world.database.reading() as connection:
            rows = (await connection.execute(select(SCHEMA.dead_letters.c.why))).scalars().all()
        assert len(rows) == 3
        assert breaks_statement or set(rows) == {"ValueError: the handler does not understand"}
        assert world.process.metrics.records.at("counting", "ocpp.stations.v1", "dead_letter").n == 3


async def test_a_record_that_the_log_will_never_take_fails_where_it_is_emitted(tmp_path: Path) -> None:
    class Shouting(Failing):
        async def handle(self, messages, work) -> None:  # type: ignore[no-untyped-def]
            await super().handle(messages, work)
            if any(message.id == "c1-3" for message in messages):
                work.emit(Record(ALERTS.name, "CS-1", b"!" * 2_000_000))

    async with consuming(tmp_path, SCHEMA, CountingSettings, Shouting().make) as world:
        await world.append(*heartbeats(14))
        await world.caught_up()
        assert sum((await counts(world)).values()) == 13
        assert len(world.published(DEAD_LETTERS)) == 1


async def test_a_handler_that_fails_on_everything_stops_and_a_restart_does_not_go_on_burying(
    tmp_path: Path,
) -> None:
    consumer, log = Failing(), MemoryLog()
    consumer.everything = True
    for _ in range(2):
        async with consuming(tmp_path, SCHEMA, CountingSettings, consumer.make, log=log) as world:
            if not world.published(DEAD_LETTERS):
                await world.append(*heartbeats(40))
            with pytest.raises(HandlerBroken, match="the handler does not understand"):
                await world.until(lambda: False)
            assert "loop" in (world.process._dead_task() or "")
        assert len(world.published(DEAD_LETTERS)) == BURIALS
        log = MemoryLog(log.store)
    consumer.everything = False
    async with consuming(tmp_path, SCHEMA, CountingSettings, consumer.make, log=log) as world:
        await world.caught_up()
        assert sum((await counts(world)).values()) == 40 - BURIALS


async def test_burials_of_long_ago_do_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "BURIALS_SECONDS", 0.0)
    monkeypatch.setattr(batches, "KEEP_SECONDS", 0.0)
    consumer = Failing()
    consumer.everything = True
    async with consuming(tmp_path, SCHEMA, CountingSettings, consumer.make) as world:
        await world.append(*heartbeats(BURIALS + 5))
        await world.caught_up()
        assert len(world.published(DEAD_LETTERS)) == BURIALS + 5
        async with world.database.reading() as connection:
            kept = await connection.execute(select(func.count()).select_from(SCHEMA.dead_letters))
            assert kept.scalar_one() <= 1


@pytest.mark.parametrize(
    "fault",
    [LogUnavailable("away"), ConnectionResetError("away"), OperationalError("", {}, _ := Exception())],
)
async def test_what_is_away_is_waited_for_and_nothing_is_buried(tmp_path: Path, fault: Exception) -> None:
    if isinstance(fault, OperationalError):
        fault.orig.sqlite_errorname = "SQLITE_BUSY"  # type: ignore[union-attr]
    consumer = Failing()
    consumer.fault = fault
    async with consuming(tmp_path, SCHEMA, CountingSettings, consumer.make) as world:
        await world.append(*heartbeats(70))
        await world.until(lambda: len(consumer.batches) >= 3)
        assert world.process.loop is not None
        assert world.process.loop.trouble
        assert await counts(world) == {}
        consumer.fault = None
        await world.caught_up()
        assert await counts(world) == {f"CS-{n}": 10 for n in range(7)}
        await world.until(lambda: world.process.loop is not None and world.process.loop.trouble is None)
        assert world.published(DEAD_LETTERS) == []
        assert len(world.published(ALERTS)) == 70


async def test_a_log_that_goes_away_and_comes_back(tmp_path: Path) -> None:
    async with consuming(tmp_path, SCHEMA, CountingSettings, Failing().make) as world:
        await world.append(*heartbeats(70))
        await world.caught_up()
        world.log.store.down = "a test took it down"
        await world.until(lambda: bool(world.process.loop and world.process.loop.trouble))
        await asyncio.sleep(0.3)
        world.log.store.down = None
        await world.append(*heartbeats(70))
        await world.caught_up()
        assert await counts(world) == {f"CS-{n}": 20 for n in range(7)}
        assert world.process.metrics.restarts.n > 0


async def test_what_was_emitted_while_the_log_was_away_is_published_by_the_next_member(
    tmp_path: Path,
) -> None:
    consumer, log = Failing(), MemoryLog()

    class Unpublished(MemoryLog):
        def append(self, record):  # type: ignore[no-untyped-def]
            future = asyncio.get_running_loop().create_future()
            future.set_exception(LogUnavailable("it takes nothing"))
            return future

    reading = Unpublished(log.store)
    async with consuming(tmp_path, SCHEMA, CountingSettings, consumer.make, log=reading) as world:
        await world.append(*heartbeats(70))
        await world.until(world._is_read)
        await world.until(lambda: world.process.outbox.trouble is not None)
        assert world.process.metrics.outbox_depth == 70
        assert world.published(ALERTS) == []
    async with consuming(tmp_path, SCHEMA, CountingSettings, consumer.make, log=log) as world:
        await world.caught_up()
        assert len(world.published(ALERTS)) == 70


async def test_a_tick_that_fails_is_tried_again_and_at_last_stops_it(tmp_path: Path) -> None:
    consumer = Failing()
    consumer.on_ticks = True
    async with consuming(tmp_path, SCHEMA, CountingSettings, consumer.make) as world:
        await world.append(*heartbeats(70))
        await world.until(lambda: len(consumer.ticks) > 3)
        consumer.on_ticks = False
        await world.ticked()
        assert sum((await counts(world)).values()) == 70
        consumer.on_ticks = True
        with pytest.raises(HandlerBroken, match="ticks in a row"):
            await world.until(lambda: False)


async def test_a_commit_whose_answer_was_lost_is_not_made_twice(tmp_path: Path) -> None:
    """The transaction became true, and the connection broke before we knew."""
    consumer = Failing()
    async with consuming(tmp_path, SCHEMA, CountingSettings, consumer.make) as world:
        lose_next_answers(world, 3)
        await world.append(*heartbeats(70))
        await world.caught_up()
        assert await counts(world) == {f"CS-{n}": 10 for n in range(7)}
        assert len(world.published(ALERTS)) == 70
        assert world.process.metrics.retries.at("counting", "database").n > 0


def lose_next_answers(world: World, times: int) -> None:
    assert world.process.loop is not None
    transactions = world.process.loop._transactions
    handle = transactions.handle
    left = times

    async def losing(batch) -> None:  # type: ignore[no-untyped-def]
        nonlocal left
        await handle(batch)
        if left:
            left -= 1
            raise ConnectionResetError("after the commit")

    transactions.handle = losing  # type: ignore[method-assign]
    world.process.loop._batches._transactions = transactions

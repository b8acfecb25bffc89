"""The shell of the routers: what comes and goes around a partition, and what it does about appends that fail."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable
from typing import Any

import msgspec
import pytest
from structlog.testing import LogCapture

from contract.results import CommandCompleted, CommandRequest
from contract.topics import COMMAND_RESULTS, COMMAND_TOPICS, COMMANDS, DEAD_LETTERS, ROUTES, partition_of
from eventlog.in_flight import Pending
from eventlog.port import Assigned, LogUnavailable, Partition, Record
from gateway.metrics import GatewayMetrics
from gateway.routing import words
from gateway.routing.living import Living
from gateway.routing.router import FETCH_RECORDS, GROUP, Router
from tests.support.memory_log import MemoryLog, MemorySubscription


class Unsettled(MemorySubscription):
    """At the last question before a partition acts, a rebalance takes everything and gives it back."""

    rebalances = 0

    async def ends(self, partitions: Iterable[Partition]) -> dict[Partition, int]:
        wanted = list(partitions)
        found = await super().ends(wanted)
        if wanted[0].topic == COMMANDS.name and not self.rebalances:
            self.rebalances += 1
            everything = self.assigned
            await self.give(everything)
            await self.take(everything)
        return found


class UnsettledLog(MemoryLog):
    async def subscribe(
        self,
        topics: Iterable[str],
        group: str,
        on_assigned: Assigned | None = None,
        on_revoked: Assigned | None = None,
    ) -> MemorySubscription:
        self.joined = Unsettled(self.store, tuple(topics), group, on_assigned, on_revoked)
        await self.joined.join()
        return self.joined


@contextlib.asynccontextmanager
async def routing(log: MemoryLog) -> AsyncIterator[tuple[Router, asyncio.Task[None]]]:
    await log.open()
    await log.apply_topics(COMMAND_TOPICS.values())
    router = Router(log, "gw-1", Living("gw-1"), GatewayMetrics())
    running = asyncio.create_task(router.run())
    try:
        yield router, running
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await log.close()


async def test_a_rebalance_while_a_partition_is_let_act_ends_nothing() -> None:
    log = UnsettledLog()
    async with routing(log) as (router, running), asyncio.timeout(10):
        asked = CommandRequest(id="c-1", command="station.reset", arguments={"type": "OnIdle"})
        await log.append(Record(COMMANDS.name, "CP-1", msgspec.json.encode(asked)))
        async for stored in log.tail([COMMAND_RESULTS.name], from_beginning=True):
            told = msgspec.json.decode(stored.record.value or b"", type=CommandCompleted)
            break
        assert log.joined.rebalances == 1
        assert (told.command_id, told.status) == ("c-1", "offline")
        while router.partitions < 12:  # noqa: ASYNC110 - what is waited for is a property
            await asyncio.sleep(0.02)
        assert not running.done()


async def ask(log: MemoryLog, id_: str, station: str = "CP-1", **more: Any) -> None:
    request = CommandRequest(id=id_, command="authorization.clear_cache", **more)
    await log.append(Record(COMMANDS.name, station, msgspec.json.encode(request)))


async def results(log: MemoryLog, count: int) -> dict[str, str]:
    """The status of so many commands, by id; none of them has two."""
    found: dict[str, str] = {}
    async with asyncio.timeout(15):
        async for stored in log.tail([COMMAND_RESULTS.name], from_beginning=True):
            told = msgspec.json.decode(stored.record.value or b"", type=CommandCompleted)
            assert told.command_id not in found
            found[told.command_id] = told.status
            if len(found) == count:
                break
    return found


async def test_what_comes_while_a_partition_is_away_is_done_when_it_is_back() -> None:
    log = UnsettledLog()
    async with routing(log):
        await ask(log, "before")
        await results(log, 1)
        everything = log.joined.assigned
        await log.joined.give(everything)
        await ask(log, "meanwhile")
        await log.joined.take(everything)
        await ask(log, "after")
        assert await results(log, 3) == dict.fromkeys(("before", "meanwhile", "after"), "offline")


async def test_commands_that_are_read_before_the_notes_are_read_again() -> None:
    log = MemoryLog()
    number = partition_of("CP-1", COMMANDS.partitions)
    await log.open()
    await log.apply_topics(COMMAND_TOPICS.values())
    for _ in range(3 * FETCH_RECORDS // 2):
        log.store.write(Record(ROUTES.name, "", b"no note", partition=number))
    ids = [str(n) for n in range(20)]
    for id_ in ids:
        log.store.write(Record(COMMANDS.name, "CP-1", b'{"id": "%s"}' % id_.encode()))
    await log.close()
    async with routing(log):
        assert await results(log, len(ids)) == dict.fromkeys(ids, "offline")


async def test_what_is_settled_is_committed() -> None:
    log = MemoryLog()
    commands = GROUP, Partition(COMMANDS.name, partition_of("CP-1", COMMANDS.partitions))
    async with routing(log), asyncio.timeout(10):
        for number in range(3):
            await ask(log, str(number))
        while log.store.positions.get(commands, 0) < 3:  # noqa: ASYNC110 - what is waited for is in the log
            await asyncio.sleep(0.05)


class Forgetful(MemoryLog):
    """It does not take the first records of a topic."""

    forgets: str
    times = 2

    def append(self, record: Record) -> Pending:
        if record.topic != self.forgets or not self.times:
            return super().append(record)
        self.times -= 1
        refused: Pending = asyncio.get_running_loop().create_future()
        refused.set_exception(LogUnavailable("not just now"))
        return refused


@pytest.mark.parametrize("topic", [COMMAND_RESULTS.name, ROUTES.name, DEAD_LETTERS.name])
async def test_an_append_that_fails_is_made_again(topic: str) -> None:
    log = Forgetful()
    log.forgets = topic
    async with routing(log):
        await log.apply_topics([DEAD_LETTERS])
        log.store.write(Record(COMMANDS.name, "CP-1", b"no command"))
        await ask(log, "1")
        assert await results(log, 1) == {"1": "offline"}
        async with asyncio.timeout(10):
            async for stored in log.tail([DEAD_LETTERS.name], from_beginning=True):
                assert stored.record.value == b"no command"
                break
    assert not log.times


async def test_a_fault_of_ours_with_one_command_stops_no_other(
    monkeypatch: pytest.MonkeyPatch, said_in_log: LogCapture
) -> None:
    real = words.result

    def breaks(*, command_id: str, **more: Any) -> Record:
        if command_id == "broken":
            raise ZeroDivisionError
        return real(command_id=command_id, **more)

    monkeypatch.setattr(words, "result", breaks)
    log = MemoryLog()
    async with routing(log) as (_, running):
        await ask(log, "broken", when_offline="wait", deadline_seconds=0.2)
        await ask(log, "whole", when_offline="wait", deadline_seconds=1.0)
        assert await results(log, 1) == {"whole": "offline"}
        assert not running.done()
    assert {entry["event"] for entry in said_in_log.entries} == {"a command could not be routed"}
    said_in_log.entries.clear()

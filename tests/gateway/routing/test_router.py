"""The shell of the routers: what a rebalance in the middle of a wait does to it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable

import msgspec

from contract.results import CommandCompleted, CommandRequest
from contract.topics import COMMAND_RESULTS, COMMAND_TOPICS, COMMANDS
from eventlog.port import Assigned, Partition, Record
from gateway.metrics import GatewayMetrics
from gateway.routing.living import Living
from gateway.routing.router import Router
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

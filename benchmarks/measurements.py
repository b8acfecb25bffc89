"""One measurement each: throughput, latency, memory. What is measured, and over which window."""

import asyncio
import os
import time
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.broker import Broker
from benchmarks.contestants import Contestant, Server, Surroundings
from benchmarks.figures import percentile
from benchmarks.load import Fleet, LoadFailed
from benchmarks.messages import V16, Script
from benchmarks.processes import cpu_seconds
from benchmarks.tls import Identity

WARM_UP_SECONDS = 0.7
SETTLE_SECONDS = 2.0
FIRST_CONNECTIONS = 50
LONGER = 3  # windows more, at most


@dataclass(frozen=True)
class Throughput:
    """A closed loop over `connections`. Shares are of one core; the broker's is None if not ours.

    A server can collapse, and answer nothing at all in the window: it then has no CPU per message.
    """

    connections: int
    per_second: float
    cpu_us: float | None
    server_share: float
    generator_share: float
    broker_share: float | None


@dataclass(frozen=True)
class Latency:
    """An open loop, from the instant a message was due to its answer."""

    per_second: float
    p50_ms: float
    p99_ms: float
    max_ms: float
    server_share: float


@dataclass(frozen=True)
class Memory:
    """The resident set per connection, over that of a process that had connections and has none."""

    connections: int
    base_mb: float
    kb_each: float


class Window:
    """The processor time of servers, load and broker over a span of time. `server` tells that of the servers."""

    def __init__(self, server: Callable[[], float], broker: Broker | None) -> None:
        self._server, self._broker = server, broker
        self._began = self._now()

    def _now(self) -> tuple[float, float, float, float | None]:
        broker = self._broker.cpu_seconds() if self._broker else None
        return time.monotonic(), self._server(), cpu_seconds(os.getpid()), broker

    def close(self) -> None:
        began, ended = self._began, self._now()
        self.seconds = ended[0] - began[0]
        self.server_seconds = ended[1] - began[1]
        self.server_share = self.server_seconds / self.seconds
        self.generator_share = (ended[2] - began[2]) / self.seconds
        self.broker_share = (
            None if ended[3] is None or began[3] is None else (ended[3] - began[3]) / self.seconds
        )


async def throughput(
    server: Server, script: Script, broker: Broker | None, connections: int, seconds: float
) -> Throughput:
    """As many messages as the server answers, with one request open on each connection."""
    before = await _stored(server, broker)
    fleet = Fleet(server.target, script)
    await fleet.connect(connections)
    await fleet.start_transactions()
    async with fleet.asking():
        await asyncio.sleep(WARM_UP_SECONDS)
        window, answered = Window(server.program.cpu_seconds, broker), fleet.answered
        await asyncio.sleep(seconds)
        # A slow server with many stations answers in waves: see a whole one, if it comes in time.
        for _ in range(LONGER):
            if fleet.answered - answered >= connections:
                break
            await asyncio.sleep(seconds)
        window.close()
        answered = fleet.answered - answered
    server.program.check()
    if server.contestant.log and (stored := await _stored(server, broker) - before) < fleet.answered:
        raise LoadFailed(f"{server.contestant.name}: {fleet.answered} answered, only {stored} in the log")
    await fleet.leave()
    return Throughput(
        connections=connections,
        per_second=answered / window.seconds,
        cpu_us=window.server_seconds / answered * 1e6 if answered else None,
        server_share=window.server_share,
        generator_share=window.generator_share,
        broker_share=window.broker_share,
    )


async def _stored(server: Server, broker: Broker | None) -> int:
    """How many records stand in the server's log: what was answered must be among them."""
    if server.contestant.log == "kafka":
        assert broker is not None
        return await broker.records()
    return server.embedded_records() if server.contestant.log == "sqlite" else 0


async def latency(server: Server, per_second: float, connections: int, seconds: float) -> Latency:
    """The time to the answer at a fixed rate."""
    fleet = Fleet(server.target, V16)
    await fleet.connect(connections)
    await fleet.start_transactions()
    await fleet.at_rate(per_second, WARM_UP_SECONDS)
    window = Window(server.program.cpu_seconds, None)
    waits = await fleet.at_rate(per_second, seconds)
    window.close()
    server.program.check()
    await fleet.leave()
    return Latency(
        per_second=len(waits) / seconds,
        p50_ms=percentile(waits, 50) * 1e3,
        p99_ms=percentile(waits, 99) * 1e3,
        max_ms=max(waits) * 1e3,
        server_share=window.server_share,
    )


async def memory(
    contestant: Contestant, surroundings: Surroundings, connections: int, identity: Identity | None
) -> Memory:
    """What an idle station costs that has connected and booted, in a process that does nothing else."""
    server = Server(contestant, surroundings, identity)
    try:
        await server.start()
        # The first connections load code and fill caches: that is the process's cost, not a station's.
        first = Fleet(server.target, V16)
        await first.connect(FIRST_CONNECTIONS)
        await first.leave()
        await asyncio.sleep(SETTLE_SECONDS / 2)
        base_kb = server.program.resident_kb()
        fleet = Fleet(server.target, V16)
        await fleet.connect(connections)
        await asyncio.sleep(SETTLE_SECONDS)
        kb = server.program.resident_kb()
        server.program.check()
        await fleet.leave()
    finally:
        server.program.stop()
    return Memory(connections, base_kb / 1024, (kb - base_kb) / connections)

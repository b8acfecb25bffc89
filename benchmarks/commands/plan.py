"""What of commands is measured, and in which order: one gateway, then more of them, then a restore."""

import asyncio
import gc
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.attempts import attempt
from benchmarks.broker import Broker
from benchmarks.commands.backend import Backend
from benchmarks.commands.gateways import Gateways
from benchmarks.commands.relaying import Rates, Relay, relay
from benchmarks.commands.restoring import Restore, restore
from benchmarks.contestants import Surroundings
from benchmarks.load import LoadFailed, station_id
from benchmarks.machine import Cores
from eventlog.url import open_log

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class CommandPlan(NamedTuple):
    """How much a run measures. `pods`: of how many gateways; `shared` is what they relay together.

    `warm_up` comes before all, and its figures are forgotten: a broker that has just started is several times
    slower than one that has run for a minute.
    """

    stations: int
    warm_up: Rates
    alone: Sequence[Rates]
    pods: Sequence[int]
    shared: Rates
    restored: int


FULL = CommandPlan(
    stations=1_000,
    warm_up=Rates(600, 600, 40),
    alone=(Rates(500, 1_000, 8), Rates(1_000, 0, 8), Rates(1_000, 2_000, 8), Rates(100, 0, 20)),
    pods=(1, 2, 4, 8),
    shared=Rates(200, 0, 8),
    restored=100_000,
)
QUICK = CommandPlan(
    stations=200,
    warm_up=Rates(200, 200, 3),
    alone=(Rates(100, 0, 2), Rates(500, 500, 2)),
    pods=(1, 2),
    shared=Rates(100, 0, 2),
    restored=10_000,
)

UNTIL_SECONDS = 300.0
"""No gateways are started after that."""

GATEWAYS_SECONDS = 240.0
LIMIT_SECONDS = 900.0
"""Longer than any part takes unless something hangs."""

Tell = Callable[[str], None]


@dataclass
class CommandResults:
    """All that was measured, and what could not be: a measurement with a fault has no figures."""

    alone: list[Relay] = field(default_factory=list)
    shared: list[Relay] = field(default_factory=list)
    restore: Restore | None = None
    failed: list[str] = field(default_factory=list)


async def measure(
    plan: CommandPlan, used: Cores, kafka: str | None, results: CommandResults, tell: Tell
) -> None:
    """Measure everything on this broker, or on others of its own, into `results`. A part that fails is noted there."""
    os.sched_setaffinity(0, {used.load})
    async with attempt(results.failed, "relaying commands", LIMIT_SECONDS), _broker(used, kafka) as run_on:
        await relay_all(plan, run_on.surroundings, run_on.broker, results, tell)
    # On another broker, so that what is restored is presence, and not the notes of so many commands. And last:
    # these stations' gateways do not live, and others on this broker would declare them disconnected.
    tell(f"a router restores {plan.restored:,} stations")
    async with attempt(results.failed, "restoring presence", LIMIT_SECONDS), _broker(used, kafka) as run_on:
        results.restore = await restore(plan.restored, run_on.surroundings)


async def relay_all(
    plan: CommandPlan, surroundings: Surroundings, broker: Broker, results: CommandResults, tell: Tell
) -> None:
    """Measure what is relayed, into the results, as far as the time suffices."""
    end = time.monotonic() + UNTIL_SECONDS
    log = open_log(broker.url)
    await log.open()
    backend = Backend(log, [station_id(serial) for serial in range(plan.stations)])
    try:
        async with (
            attempt(results.failed, "the warm-up", GATEWAYS_SECONDS),
            _gateways(1, plan.stations, surroundings, backend) as gateways,
        ):
            tell(f"a warm-up of {plan.warm_up.seconds:g} s")
            await relay(gateways, backend, broker, plan.warm_up)
        for count, several, into in (
            (1, plan.alone, results.alone),
            *((count, [plan.shared], results.shared) for count in plan.pods),
        ):
            if time.monotonic() > end:
                results.failed.append(f"no time was left: {count} gateways")
                continue
            part = f"{count} gateway{'s'[: count > 1]}"
            async with (
                attempt(results.failed, part, GATEWAYS_SECONDS),
                _gateways(count, plan.stations, surroundings, backend) as gateways,
            ):
                for rates in several:
                    step = f"{part}: {rates.commands:g} commands/s"
                    tell(f"{step} beside {rates.events:g} messages/s")
                    try:
                        into.append(await relay(gateways, backend, broker, rates))
                    except LoadFailed as fault:
                        results.failed.append(f"{step}: {fault}")
                        break  # what is still on its way would disturb the next
    finally:
        await log.close()


class _RunOn(NamedTuple):
    """Where a part of the run takes place."""

    broker: Broker
    surroundings: Surroundings


@asynccontextmanager
async def _broker(used: Cores, kafka: str | None) -> "AsyncIterator[_RunOn]":
    """A broker with all topics, for the length of a block."""
    with tempfile.TemporaryDirectory(prefix="ocpp-bench-", ignore_cleanup_errors=True) as folder:
        broker = Broker(used.broker, Path(folder), kafka, lasting=True)
        try:
            await broker.start(with_gateway=True)
            yield _RunOn(broker, Surroundings(used.server, Path(folder), broker.url))
        finally:
            broker.stop()


@asynccontextmanager
async def _gateways(
    count: int, stations: int, surroundings: Surroundings, backend: Backend
) -> "AsyncIterator[Gateways]":
    """So many gateways with their stations connected, for the length of a block."""
    gateways = Gateways(count, surroundings)
    try:
        await gateways.start()
        await gateways.connect(stations, backend.reached)
        gc.collect()
        gc.freeze()  # a collection over all stations would stall the load
        yield gateways
        await gateways.leave()
    finally:
        await asyncio.to_thread(gateways.stop)

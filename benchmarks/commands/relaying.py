"""Commands relayed at a rate: how long each takes to its station and back, and what it costs."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from benchmarks.broker import Broker
from benchmarks.commands.account import Account
from benchmarks.commands.backend import Backend
from benchmarks.commands.gateways import Gateways
from benchmarks.figures import percentile
from benchmarks.measurements import Window

WARM_UP_SECONDS = 1.0
BASELINE_SECONDS = 4.0
DRAINED_SECONDS = 0.5
"""What has not reached its station so long after the last command was due has been left behind."""


class Rates(NamedTuple):
    """What the load does each second, and for how many seconds it is measured."""

    commands: float
    events: float
    seconds: float


@dataclass(frozen=True)
class Waits:
    """A sample of waits, each from when something was due."""

    p50_ms: float
    p99_ms: float
    max_ms: float


@dataclass(frozen=True)
class Relay:
    """Commands at a rate. Shares are of one core; the gateways have one together.

    `cpu_us` is a command's, over all gateways: what they used, less what they use in the same time under the
    same events without commands (`baseline_share`). `behind`: commands that were left behind; where there are
    any, the window is longer than the load, and says nothing of the cost of one.
    """

    gateways: int
    commands_per_second: float
    events_per_second: float
    to_station: Waits
    to_result: Waits
    events: Waits | None
    behind: int
    cpu_us: float | None
    baseline_share: float
    gateway_share: float
    broker_share: float | None
    load_share: float
    resident_mb: tuple[float, ...]

    @property
    def kept_up(self) -> bool:
        """Whether the commands reached their stations as fast as they were asked for."""
        return self.behind == 0


def waits(seconds: Sequence[float]) -> Waits:
    """The figures of a sample."""
    return Waits(percentile(seconds, 50) * 1e3, percentile(seconds, 99) * 1e3, max(seconds) * 1e3)


async def relay(gateways: Gateways, backend: Backend, broker: Broker, rates: Rates) -> Relay:
    """The baseline, and then the commands. Raises LoadFailed when a command has not exactly one accepted result."""
    since_ms = int(time.time() * 1000)
    await _load(gateways, backend, rates._replace(seconds=WARM_UP_SECONDS))
    await backend.settle(since_ms)
    baseline = Window(gateways.cpu_seconds, broker)
    await _load(gateways, backend, rates._replace(commands=0.0, seconds=BASELINE_SECONDS))
    baseline.close()

    backend.account = account = Account()
    since_ms = int(time.time() * 1000)
    window = Window(gateways.cpu_seconds, broker)
    events = await _load(gateways, backend, rates)
    await asyncio.sleep(DRAINED_SECONDS)
    window.close()
    gateways.check()
    await backend.settle(since_ms)
    behind = account.behind(DRAINED_SECONDS)
    used_seconds = window.server_seconds - baseline.server_share * window.seconds
    return Relay(
        gateways=gateways.count,
        commands_per_second=rates.commands,
        events_per_second=rates.events,
        to_station=waits(account.seconds()),
        to_result=waits(account.result_seconds),
        events=waits(events) if events else None,
        behind=behind,
        cpu_us=None if behind else used_seconds / len(account) * 1e6,
        baseline_share=baseline.server_share,
        gateway_share=window.server_share,
        broker_share=window.broker_share,
        load_share=window.generator_share,
        resident_mb=tuple(gateways.resident_mb()),
    )


async def _load(gateways: Gateways, backend: Backend, rates: Rates) -> list[float]:
    """Commands and events at once; the seconds that each event waited for its answer. Raises LoadFailed."""
    try:
        async with asyncio.TaskGroup() as loads:
            loads.create_task(backend.at_rate(rates.commands, rates.seconds))
            telling = [
                loads.create_task(fleet.at_rate(rates.events / gateways.count, rates.seconds))
                for fleet in gateways.fleets
                if rates.events
            ]
    except ExceptionGroup as faults:
        raise faults.exceptions[0] from faults
    return [second for one in telling for second in one.result()]

"""What a run measures, in which order, and when it stops.

Rounds go over all contestants in turn, so that a slow minute of the machine meets every one of them; a
figure is the median of its rounds, of which there are as many as the time allows.
"""

import asyncio
import collections
import gc
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

from benchmarks import measurements, stages
from benchmarks.attempts import attempt
from benchmarks.broker import Broker
from benchmarks.contestants import Contestant, Server, Surroundings
from benchmarks.measurements import Latency, Memory, Throughput
from benchmarks.messages import V16, V201
from benchmarks.tls import make_identity


class Plan(NamedTuple):
    """How much a run measures. Seconds are those of one measuring window."""

    levels: Sequence[int]
    rounds: int
    throughput_seconds: float
    latency_seconds: float
    idle_connections: int
    until_seconds: float  # no step begins after that, none of a later round that would not end by then


FULL = Plan((100, 1_000, 5_000), 3, 2.0, 3.0, 5_000, 255.0)
QUICK = Plan((1_000, 5_000), 1, 1.0, 1.0, 1_000, 60.0)
LATENCY_RATE = 5_000.0
LATENCY_CONNECTIONS = 1_000
V201_CONNECTIONS = 1_000
STEP_SECONDS = 60.0
"""No step of a run takes so long unless its server hangs."""

Tell = Callable[[str], None]


@dataclass
class Results:
    """All that was measured, by the contestant's name; of each round what it measured."""

    throughput: dict[str, list[Throughput]] = field(default_factory=lambda: collections.defaultdict(list))
    throughput_201: dict[str, list[Throughput]] = field(default_factory=lambda: collections.defaultdict(list))
    latency: dict[str, list[Latency]] = field(default_factory=lambda: collections.defaultdict(list))
    memory_plain: dict[str, Memory] = field(default_factory=dict)
    memory_tls: dict[str, Memory] = field(default_factory=dict)
    stages: dict[str, dict[str, float]] = field(default_factory=dict)  # µs a message, by version and stage
    failed: list[str] = field(default_factory=list)  # the parts without figures, and why


class Step(NamedTuple):
    """One measurement of a round: its name, its server, what makes its figures, and where they go."""

    label: str
    server: Server
    measure: Callable[[], Any]
    into: list[Any]


async def run(
    plan: Plan,
    contestants: Sequence[Contestant],
    surroundings: Surroundings,
    broker: Broker | None,
    *,
    results: Results,
    tell: Tell,
) -> None:
    """Measure everything, into `results`. A part that fails is noted there, and the rest is measured."""
    end = time.monotonic() + plan.until_seconds
    if any(contestant.is_gateway for contestant in contestants):
        tell("the pure stages of a message")
        results.stages = stages.costs()
    await _memory(plan, contestants, surroundings, results, tell)
    servers = [Server(contestant, surroundings) for contestant in contestants]
    took: dict[str, float] = {}
    try:
        for number in range(1, plan.rounds + 1):
            for step in _steps(plan, servers, broker, results):
                began = time.monotonic()
                if began + (took.get(step.label, 0.0) if number > 1 else 0.0) > end:
                    if number == 1:
                        results.failed.append(f"{step.label} and all after it: no time was left")
                    return
                tell(f"round {number}: {step.label}")
                await _measure(step, results, tell)
                took[step.label] = time.monotonic() - began
    finally:
        for server in servers:
            server.program.stop()


async def _measure(step: Step, results: Results, tell: Tell) -> None:
    """One step, on its running server. A server that failed is ended, and its next step starts it anew."""
    failures = len(results.failed)
    async with attempt(results.failed, step.label, STEP_SECONDS):
        if not step.server.program.is_running:
            await step.server.start()
        gc.collect()
        gc.freeze()  # a collection over 5,000 stations would stall the load
        step.into.append(await step.measure())
    if len(results.failed) > failures:
        tell(f"failed: {results.failed[-1]}")
        await asyncio.to_thread(step.server.program.stop)


async def _memory(
    plan: Plan, contestants: Sequence[Contestant], surroundings: Surroundings, results: Results, tell: Tell
) -> None:
    identity = make_identity(surroundings.folder)
    for contestant in contestants:
        if contestant.is_chargepoint:
            continue
        measure = partial(measurements.memory, contestant, surroundings, plan.idle_connections)
        for into, used in ((results.memory_plain, None), (results.memory_tls, identity)):
            part = f"{contestant.name}: {plan.idle_connections} idle connections{' with TLS' if used else ''}"
            tell(part)
            async with attempt(results.failed, part, STEP_SECONDS):
                into[contestant.name] = await measure(used)


def _steps(plan: Plan, servers: Sequence[Server], broker: Broker | None, results: Results) -> Iterator[Step]:
    for level in plan.levels:
        for server in servers:
            name = server.contestant.name
            measure = partial(measurements.throughput, server, V16, broker, level, plan.throughput_seconds)
            yield Step(f"{name}, {level} connections", server, measure, results.throughput[name])
    for server in servers:
        name = server.contestant.name
        if not server.contestant.is_chargepoint:
            load = (LATENCY_RATE, LATENCY_CONNECTIONS, plan.latency_seconds)
            measure_wait = partial(measurements.latency, server, *load)
            yield Step(f"{name}, {LATENCY_RATE:.0f} messages/s", server, measure_wait, results.latency[name])
            load_201 = (V201, broker, V201_CONNECTIONS, plan.throughput_seconds)
            measure_201 = partial(measurements.throughput, server, *load_201)
            yield Step(f"{name}, OCPP 2.0.1", server, measure_201, results.throughput_201[name])

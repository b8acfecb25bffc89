"""`python -m benchmarks`: measure the gateway beside its references, print the tables, write them as JSON."""

import argparse
import asyncio
import os
import platform
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
import uvloop
from rich.console import Console

from benchmarks import report
from benchmarks.broker import Broker
from benchmarks.contestants import CONTESTANTS, Contestant, Surroundings
from benchmarks.load import LoadFailed
from benchmarks.plan import FULL, QUICK, Plan, Results, run
from benchmarks.processes import ServerFailed

if TYPE_CHECKING:
    from collections.abc import Sequence

DESCRIPTORS = 20_000
OUTPUT = Path("var/bench.json")
LIMIT_SECONDS = 300.0


def cores() -> tuple[int, int, int]:
    """The cores of the server, of the load and of the broker; the last two share one if there are only two."""
    own = sorted(os.sched_getaffinity(0))
    if len(own) < 2:
        raise SystemExit("the benchmark needs two cores: one for the server, one for the load")
    return own[0], own[-1], own[1]


def machine(plan: Plan, broker_core: int, load_core: int) -> dict[str, str]:
    """What the figures depend on."""
    models = {
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    }
    shared = "shared with the load generator" if broker_core == load_core else "a core of its own"
    return {
        "machine": f"{', '.join(models)}; {len(os.sched_getaffinity(0))} cores; Python {platform.python_version()}",
        "server": "one process on one core of its own",
        "kafka": f"one broker, no replicas, on {shared}",
        "load": "one process; per 20 messages 14 MeterValues (5 samples), 3 StatusNotification, Heartbeat, Start, Stop",
        "windows": f"{plan.throughput_seconds:g} s, up to {plan.rounds} rounds, medians",
    }


async def measure(options: argparse.Namespace, console: Console) -> tuple[Results, dict[str, str]]:
    plan: Plan = QUICK if options.quick else FULL
    contestants: Sequence[Contestant] = [
        one for one in CONTESTANTS if not options.only or one.name in options.only
    ]
    server_core, load_core, broker_core = cores()
    facts = machine(plan, broker_core, load_core)
    with tempfile.TemporaryDirectory(prefix="ocpp-bench-", ignore_cleanup_errors=True) as folder:
        broker = None
        if any(one.log == "kafka" for one in contestants):
            broker = Broker(broker_core, Path(folder), options.kafka)
        os.sched_setaffinity(0, {load_core})
        try:
            async with asyncio.timeout(LIMIT_SECONDS):
                if broker:
                    await broker.start(with_gateway=any(one.is_gateway for one in contestants))
                surroundings = Surroundings(server_core, Path(folder), broker.url if broker else None)
                results = await run(plan, contestants, surroundings, broker, console.log)
        finally:
            if broker:
                broker.stop()
    return results, facts


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short round, in about a minute")
    names = [contestant.name for contestant in CONTESTANTS]
    parser.add_argument("--only", nargs="+", choices=names, help="measure these servers only")
    parser.add_argument(
        "--kafka", metavar="URL", help="kafka://host:port of a broker that runs; else one is started"
    )
    parser.add_argument("--output", type=Path, default=OUTPUT, help=f"the JSON file (default {OUTPUT})")
    options = parser.parse_args()
    resource.setrlimit(
        resource.RLIMIT_NOFILE, (DESCRIPTORS, max(DESCRIPTORS, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    )
    began = time.monotonic()
    try:
        results, facts = uvloop.run(measure(options, Console(stderr=True)))
    except (LoadFailed, ServerFailed, TimeoutError) as failure:
        sys.exit(f"the benchmark failed: {failure!r}")
    facts["took"] = f"{time.monotonic() - began:.0f} s"
    report.show(Console(width=160), results, facts)
    goals = [{**goal._asdict(), "reached": goal.reached} for goal in report.goals(results)]
    options.output.parent.mkdir(parents=True, exist_ok=True)
    document = {"about": facts, "goals": goals, "results": results}
    options.output.write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2))


if __name__ == "__main__":
    main()

"""`python -m benchmarks`: measure the gateway beside its references, print the tables, write them as JSON."""

import argparse
import asyncio
import os
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
from benchmarks.machine import Cores, allow_descriptors, cores, facts
from benchmarks.plan import FULL, QUICK, Plan, Results, run
from benchmarks.processes import ServerFailed

if TYPE_CHECKING:
    from collections.abc import Sequence

OUTPUT = Path("var/bench.json")
LIMIT_SECONDS = 300.0


def about(plan: Plan, used: Cores) -> dict[str, str]:
    """What the figures depend on."""
    return {
        **facts(used),
        "server": "one process on one core of its own",
        "load": "one process; per 20 messages 14 MeterValues (5 samples), 3 StatusNotification, Heartbeat, Start, Stop",
        "windows": f"{plan.throughput_seconds:g} s, up to {plan.rounds} rounds, medians",
    }


async def measure(options: argparse.Namespace, console: Console) -> tuple[Results, dict[str, str]]:
    plan: Plan = QUICK if options.quick else FULL
    contestants: Sequence[Contestant] = [
        one for one in CONTESTANTS if not options.only or one.name in options.only
    ]
    used = cores()
    told = about(plan, used)
    with tempfile.TemporaryDirectory(prefix="ocpp-bench-", ignore_cleanup_errors=True) as folder:
        broker = None
        if any(one.log == "kafka" for one in contestants):
            broker = Broker(used.broker, Path(folder), options.kafka)
        os.sched_setaffinity(0, {used.load})
        try:
            async with asyncio.timeout(LIMIT_SECONDS):
                if broker:
                    await broker.start(with_gateway=any(one.is_gateway for one in contestants))
                surroundings = Surroundings(used.server, Path(folder), broker.url if broker else None)
                results = await run(plan, contestants, surroundings, broker, console.log)
        finally:
            if broker:
                broker.stop()
    return results, told


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
    allow_descriptors()
    began = time.monotonic()
    try:
        results, told = uvloop.run(measure(options, Console(stderr=True)))
    except (LoadFailed, ServerFailed, TimeoutError) as failure:
        sys.exit(f"the benchmark failed: {failure!r}")
    told["took"] = f"{time.monotonic() - began:.0f} s"
    report.show(Console(width=160), results, told)
    goals = [{**goal._asdict(), "reached": goal.reached} for goal in report.goals(results)]
    options.output.parent.mkdir(parents=True, exist_ok=True)
    document = {"about": told, "goals": goals, "results": results}
    options.output.write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2))


if __name__ == "__main__":
    main()

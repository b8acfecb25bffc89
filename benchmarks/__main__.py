"""`python -m benchmarks`: measure the gateway beside its references, print the tables, write them as JSON."""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import orjson
import uvloop
from rich.console import Console

from benchmarks import report
from benchmarks.attempts import attempt
from benchmarks.broker import Broker
from benchmarks.commands import plan as commands
from benchmarks.commands import report as command_report
from benchmarks.commands.plan import CommandResults
from benchmarks.contestants import CONTESTANTS, Contestant, Surroundings
from benchmarks.machine import Cores, allow_descriptors, cores, facts
from benchmarks.plan import FULL, QUICK, Plan, Results, Tell, run

OUTPUT = Path("var/bench.json")
COMMANDS = "commands"
LIMIT_SECONDS = 600.0


def about(plan: Plan, used: Cores) -> dict[str, str]:
    """What the figures depend on."""
    return {
        **facts(used),
        "server": "one process on one core of its own",
        "load": "one process; per 20 messages 14 MeterValues (5 samples), 3 StatusNotification, Heartbeat, Start, Stop",
        "windows": f"{plan.throughput_seconds:g} s, up to {plan.rounds} rounds, medians",
    }


async def measure(
    plan: Plan,
    contestants: Sequence[Contestant],
    used: Cores,
    kafka: str | None,
    *,
    results: Results,
    tell: Tell,
) -> None:
    """Measure these servers, on this broker or on one of its own, into `results`."""
    with tempfile.TemporaryDirectory(prefix="ocpp-bench-", ignore_cleanup_errors=True) as folder:
        broker = None
        if any(one.log == "kafka" for one in contestants):
            broker = Broker(used.broker, Path(folder), kafka)
        os.sched_setaffinity(0, {used.load})
        try:
            async with attempt(results.failed, "servers", LIMIT_SECONDS):
                if broker:
                    await broker.start(with_gateway=any(one.is_gateway for one in contestants))
                surroundings = Surroundings(used.server, Path(folder), broker.url if broker else None)
                await run(plan, contestants, surroundings, broker, results=results, tell=tell)
        finally:
            if broker:
                broker.stop()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short round, in about a minute")
    names = [contestant.name for contestant in CONTESTANTS]
    parser.add_argument("--only", nargs="+", choices=[*names, COMMANDS], help="measure these only")
    parser.add_argument(
        "--kafka", metavar="URL", help="kafka://host:port of a broker that runs; else one is started"
    )
    parser.add_argument("--output", type=Path, default=OUTPUT, help=f"the JSON file (default {OUTPUT})")
    options = parser.parse_args()
    allow_descriptors()
    used, began, tell = cores(), time.monotonic(), Console(stderr=True).log
    plan = QUICK if options.quick else FULL
    told = about(plan, used)
    contestants = [one for one in CONTESTANTS if not options.only or one.name in options.only]
    results, commanded = Results(), CommandResults()
    if contestants:
        uvloop.run(measure(plan, contestants, used, options.kafka, results=results, tell=tell))
    if not options.only or COMMANDS in options.only:
        command_plan = commands.QUICK if options.quick else commands.FULL
        uvloop.run(commands.measure(command_plan, used, options.kafka, commanded, tell))
    told["took"] = f"{time.monotonic() - began:.0f} s"
    console = Console(width=160)
    report.show(console, results, told)
    command_report.show(console, commanded)
    goals = [*report.goals(results), *command_report.goals(commanded)]
    report.show_goals(console, goals)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    judged = [{**goal._asdict(), "reached": goal.reached} for goal in goals]
    document = {"about": told, "goals": judged, "results": results, "commands": commanded}
    options.output.write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2))
    if results.failed or commanded.failed:
        sys.exit("some measurements failed")


if __name__ == "__main__":
    main()

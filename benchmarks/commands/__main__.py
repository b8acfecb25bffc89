"""`python -m benchmarks.commands`: measure commands alone, print the tables, write them as JSON."""

import argparse
import sys
import time
from pathlib import Path

import orjson
import uvloop
from rich.console import Console

from benchmarks.commands import report
from benchmarks.commands.plan import FULL, QUICK, CommandResults, measure
from benchmarks.machine import allow_descriptors, cores, facts
from benchmarks.report import show_goals

OUTPUT = Path("var/bench-commands.json")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.commands", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="less of everything, in about a minute")
    parser.add_argument(
        "--kafka", metavar="URL", help="kafka://host:port of a broker that runs; else one is started"
    )
    parser.add_argument("--output", type=Path, default=OUTPUT, help=f"the JSON file (default {OUTPUT})")
    options = parser.parse_args()
    allow_descriptors()
    used, began = cores(), time.monotonic()
    told = facts(used)
    results = CommandResults()
    plan = QUICK if options.quick else FULL
    uvloop.run(measure(plan, used, options.kafka, results, Console(stderr=True).log))
    told["took"] = f"{time.monotonic() - began:.0f} s"
    console = Console(width=160)
    for name, value in told.items():
        console.print(f"{name}: {value}", highlight=False)
    goals = report.goals(results)
    report.show(console, results)
    show_goals(console, goals)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    judged = [{**goal._asdict(), "reached": goal.reached} for goal in goals]
    document = {"about": told, "goals": judged, "results": results}
    options.output.write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2))
    if results.failed:
        sys.exit("some measurements failed")


if __name__ == "__main__":
    main()

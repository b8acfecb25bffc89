"""`python -m tests.soak`: a fleet lives a week; the oracles' table, and 1 where anything is wrong."""

import argparse
import asyncio
import logging
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import structlog

from tests.soak.oracles import Verdict, judge, table
from tests.soak.reading import read
from tests.soak.week import SOAKED, fleet_of, live, write


def soak(habits: Sequence[str], days: float, per_habit: int, folder: Path) -> list[Verdict]:
    """Live, write, read and judge; the folder (empty) keeps the log and the databases."""
    week = live(fleet_of(habits, per_habit), days)
    write(week, folder / "events.db")
    return judge(week, asyncio.run(read(folder, week.began, week.ended)))


def main() -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--days", type=float, default=7)
    parser.add_argument("--stations", type=int, default=1, help="of each version for each habit")
    parser.add_argument("--habits", default=",".join(SOAKED), help="profiles of the simulator, with commas")
    given = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        verdicts = soak(given.habits.split(","), given.days, given.stations, Path(folder))
    sys.stdout.write(f"{table(verdicts)}\n{given.days:g} days in {time.monotonic() - began:.0f} s\n")
    return 1 if any(verdict.wrong for verdict in verdicts) else 0


if __name__ == "__main__":
    sys.exit(main())

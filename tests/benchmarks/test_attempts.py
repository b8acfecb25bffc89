"""A run of the benchmark keeps what it measured: a part that fails is named, and the rest goes on."""

import asyncio
import io
import os
from pathlib import Path

import pytest
from rich.console import Console

from benchmarks.attempts import attempt
from benchmarks.contestants import CHARGEPOINT, Surroundings
from benchmarks.load import LoadFailed
from benchmarks.plan import Plan, Results, run
from benchmarks.report import show

SMALL = Plan((2,), 1, 0.2, 0.2, 2, 60.0)


async def test_a_failure_is_noted_with_its_part() -> None:
    failed: list[str] = []
    async with attempt(failed, "the load", 60):
        raise LoadFailed("an answer was wrong")
    async with attempt(failed, "the echo", 60):
        raise TimeoutError
    assert failed == ["the load: an answer was wrong", "the echo: TimeoutError"]


async def test_a_part_that_hangs_is_broken_off() -> None:
    failed: list[str] = []
    async with attempt(failed, "the broker", 0.01):
        await asyncio.Event().wait()
    assert failed == ["the broker: not done after 0.01 s"]


async def test_a_mistake_of_the_benchmark_itself_is_no_failed_part() -> None:
    with pytest.raises(ZeroDivisionError):
        async with attempt([], "the figures", 60):
            raise ZeroDivisionError


async def test_a_server_that_ends_at_once_costs_only_its_own_figures(tmp_path: Path) -> None:
    broken = CHARGEPOINT._replace(name="broken", module="of_nobody")
    surroundings = Surroundings(min(os.sched_getaffinity(0)), tmp_path, None)
    results = Results()
    await run(SMALL, (broken, CHARGEPOINT), surroundings, None, results=results, tell=lambda _: None)
    assert results.throughput["chargepoint"][0].per_second > 0
    assert all(part.startswith("broken") for part in results.failed)
    assert any(part.startswith("broken, 2 connections: broken ended with 1") for part in results.failed)
    output = io.StringIO()
    show(Console(file=output, width=160), results, {})
    assert "Not measured, broken, 2 connections" in output.getvalue()

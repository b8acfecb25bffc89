"""Rates, and the processor time that is charged to them."""

import asyncio
import time
from types import SimpleNamespace

import pytest

from gateway.limits import Allowance, Stopwatch


class Clock:
    """Both clocks of `gateway.limits`, moved by the test."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.worked = 0.0

    def monotonic(self) -> float:
        return self.now

    def thread_time(self) -> float:
        return self.worked


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(
        "gateway.limits.time", SimpleNamespace(monotonic=made.monotonic, thread_time=made.thread_time)
    )
    return made


def test_amounts_add_up_and_some_seconds_are_saved(clock: Clock) -> None:
    allowance = Allowance(per_second=100, saved_seconds=4)
    assert allowance.spend(400) <= 0
    assert allowance.spend(50) == pytest.approx(0.5)
    assert allowance.wait_seconds() == pytest.approx(0.5)
    clock.now += 0.5
    assert allowance.wait_seconds() == pytest.approx(0)
    clock.now += 1000
    assert allowance.spend(401) == pytest.approx(0.01), "no more than 4 seconds are saved"


async def test_a_stopwatch_measures_work_and_no_waits(clock: Clock) -> None:
    go = asyncio.Event()

    async def work() -> str:
        clock.worked += 1
        await go.wait()
        clock.worked += 2
        return "done"

    stopwatch = Stopwatch()
    measured = asyncio.ensure_future(_awaited(stopwatch, work()))
    await asyncio.sleep(0)
    assert stopwatch.seconds == 1
    clock.worked += 50  # others work meanwhile
    go.set()
    assert await measured == "done"
    assert stopwatch.seconds == 3


async def test_faults_and_cancellations_pass_through_a_stopwatch(clock: Clock) -> None:
    async def fails() -> None:
        clock.worked += 1
        raise ZeroDivisionError

    stopwatch = Stopwatch()
    with pytest.raises(ZeroDivisionError):
        await stopwatch.measure(fails())
    assert stopwatch.seconds == 1

    async def survives() -> str:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            clock.worked += 1
            return "cleaned up"
        raise AssertionError

    measured = asyncio.ensure_future(_awaited(stopwatch, survives()))
    await asyncio.sleep(0)
    measured.cancel()
    assert await measured == "cleaned up"
    assert stopwatch.seconds == 2


def test_the_real_clock_is_the_processors() -> None:
    """A wait costs nothing, whatever the machine does meanwhile."""

    async def waits() -> float:
        stopwatch = Stopwatch()
        await stopwatch.measure(asyncio.sleep(0.05))
        return stopwatch.seconds

    started = time.monotonic()
    spent = asyncio.run(waits())
    assert spent < (time.monotonic() - started) / 2


async def _awaited(stopwatch: Stopwatch, work: object) -> object:
    return await stopwatch.measure(work)  # type: ignore[arg-type]

"""Deadlines on the wheel: not early, at most two ticks late, cancelled ones never, and no fault stops the rest."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
import structlog
from structlog.testing import capture_logs

from service.wheel import Wheel

TICK = 0.02


@pytest.fixture
async def wheel() -> AsyncIterator[Wheel]:
    made = Wheel(TICK)
    turning = asyncio.create_task(made.turn())
    yield made
    turning.cancel()
    await asyncio.gather(turning, return_exceptions=True)


async def test_a_deadline_made_after_a_stall_does_not_come_early(wheel: Wheel) -> None:
    loop = asyncio.get_running_loop()
    time.sleep(0.2)  # noqa: ASYNC251 - the stall: the wheel has not noticed yet how late it is
    called = loop.create_future()
    started = loop.time()
    wheel.after(0.1, lambda: called.set_result(loop.time()))
    assert await called - started >= 0.1


@pytest.mark.parametrize("seconds", [0.0, 0.001, TICK, 0.05, 0.099, 0.1, 0.3])
async def test_a_callback_comes_in_its_time(wheel: Wheel, seconds: float) -> None:
    loop = asyncio.get_running_loop()
    await asyncio.sleep(TICK * 0.7)  # between two ticks
    called = loop.create_future()
    started = loop.time()
    wheel.after(seconds, lambda: called.set_result(loop.time()))
    took = await called - started
    assert took >= seconds
    # The machine may be busy; without a stall it is two ticks.
    assert took < seconds + 2 * TICK + 0.25


async def test_it_waits_for_turning(wheel: Wheel) -> None:
    early = Wheel(TICK)
    called = asyncio.Event()
    early.after(0, called.set)
    await asyncio.sleep(0.05)
    assert not called.is_set()
    turning = asyncio.create_task(early.turn())
    await asyncio.wait_for(called.wait(), 1)
    turning.cancel()


async def test_a_cancelled_callback_never_comes(wheel: Wheel) -> None:
    called = []
    entry = wheel.after(0.03, lambda: called.append(1))
    wheel.after(0.03, lambda: called.append(2))
    entry.cancel()
    entry.cancel()
    await asyncio.sleep(0.15)
    assert called == [2]


async def test_a_callback_may_ask_for_the_next(wheel: Wheel) -> None:
    called = []

    def again() -> None:
        called.append(1)
        if len(called) < 5:
            wheel.after(0, again)

    again()
    await asyncio.sleep(0.5)
    assert len(called) == 5


async def test_a_stall_of_the_loop_is_made_up_for(wheel: Wheel) -> None:
    called = []
    for number in range(5):
        wheel.after(number * TICK, lambda number=number: called.append(number))  # type: ignore[misc]
    time.sleep(0.3)  # noqa: ASYNC251 - the stall
    await asyncio.sleep(2 * TICK)
    assert called == [0, 1, 2, 3, 4]


async def test_one_callbacks_fault_stops_neither_the_others_nor_the_wheel(wheel: Wheel) -> None:
    called = []
    structlog.reset_defaults()
    with capture_logs() as logged:
        wheel.after(0, lambda: 1 / 0)  # type: ignore[arg-type]
        wheel.after(0, lambda: called.append(1))
        wheel.after(0.05, lambda: called.append(2))
        await asyncio.sleep(0.2)
    assert called == [1, 2]
    assert [entry["event"] for entry in logged] == ["a timer's callback failed"]


async def test_thousands_are_cheap_and_all_come(wheel: Wheel) -> None:
    called = []
    for number in range(20_000):
        wheel.after(number % 10 * TICK, lambda: called.append(1))
    await asyncio.sleep(0.6)
    assert len(called) == 20_000
    assert not wheel._slots, "what has come is forgotten"

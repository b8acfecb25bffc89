"""Station time: as fast as it is told, and no further than the present where it catches up."""

from datetime import UTC, datetime, timedelta

import pytest

from simulator.clock import Clock

HOUR = 3600.0


class Wall:
    def __init__(self) -> None:
        self.seconds = 50.0

    def __call__(self) -> float:
        return self.seconds


def test_station_time_runs_fast_without_end() -> None:
    wall = Wall()
    clock = Clock(speed=60, monotonic=wall)
    wall.seconds += HOUR
    assert clock.station_seconds() == 60 * HOUR
    assert clock.speed == 60
    assert clock.to_wall(120) == 2


def test_a_clock_that_catches_up_runs_with_the_wall_from_then_on() -> None:
    wall = Wall()
    began = datetime.now(UTC)
    clock = Clock(speed=61, origin=began - timedelta(hours=10), catches_up=True, monotonic=wall)
    wall.seconds += 0.5 * 600
    assert clock.speed == 61
    assert clock.station_seconds() == pytest.approx(61 * 300)
    wall.seconds += 0.5 * 600  # by then it has run ten hours and ten minutes, and so has the wall
    assert (clock.now() - began).total_seconds() == pytest.approx(600, abs=1)
    wall.seconds += HOUR
    assert clock.speed == 1
    assert (clock.now() - began).total_seconds() == pytest.approx(600 + HOUR, abs=1)


def test_a_wait_across_the_present_takes_as_long_as_it_does() -> None:
    wall = Wall()
    origin = datetime.now(UTC) - timedelta(hours=10)
    clock = Clock(speed=61, origin=origin, catches_up=True, monotonic=wall)
    wait_seconds = 12 * HOUR
    until = clock.station_seconds() + wait_seconds
    took_seconds = clock.to_wall(wait_seconds)
    assert took_seconds == pytest.approx(600 + wait_seconds - 61 * 600, abs=1)
    wall.seconds += took_seconds
    assert clock.station_seconds() == pytest.approx(until)
    assert clock.to_wall(60) == 60


def test_there_is_nothing_to_catch_up_with_from_now_on() -> None:
    wall = Wall()
    clock = Clock(speed=100, origin=datetime.now(UTC) + timedelta(hours=1), catches_up=True, monotonic=wall)
    wall.seconds += 10
    assert clock.station_seconds() == 10

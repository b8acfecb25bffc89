"""Station time: as fast as it is told."""

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

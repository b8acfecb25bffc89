"""How stations are admitted, come back after a loss of the connection, and restart."""

import asyncio

import pytest

from simulator.facts import Version
from simulator.profiles import PROFILES
from simulator.settings import BackOff
from tests.simulator.central_system import NOW, CentralSystem
from tests.simulator.fleets import SOON, STATION, Run, config, live, settings


@pytest.mark.parametrize("version", Version)
@pytest.mark.parametrize("status", ["Pending", "Rejected"])
def test_nothing_is_said_until_the_boot_is_accepted(version: Version, status: str) -> None:
    system = CentralSystem()
    system.boot_answers.extend({"status": status, "currentTime": NOW, "interval": 40} for _ in range(3))

    async def scenario(run: Run) -> None:
        await asyncio.sleep(119)
        assert run.said == ["BootNotification"] * 3
        assert not run.station.online.is_set()
        await asyncio.sleep(2)
        assert run.said[:4] == ["BootNotification"] * 4
        assert "StatusNotification" in run.said[4:]
        assert run.station.online.is_set()

    live(settings(config(version), habits=SOON), scenario, system)


def test_a_boot_that_fails_is_tried_again() -> None:
    system = CentralSystem(fail=lambda heard: "InternalError" if len(system.heard) < 3 else None)

    async def scenario(run: Run) -> None:
        await asyncio.sleep(25)
        assert run.said[:3] == ["BootNotification"] * 3
        assert run.station.online.is_set()

    live(settings(config(Version.V201)), scenario, system)


def test_the_interval_of_the_boot_answer_is_the_heartbeats() -> None:
    system = CentralSystem()
    system.boot_answers.append({"status": "Accepted", "currentTime": NOW, "interval": 17})

    async def scenario(run: Run) -> None:
        await asyncio.sleep(100)
        assert run.said.count("Heartbeat") == 5

    live(settings(config(Version.V16)), scenario, system)


@pytest.mark.parametrize("version", Version)
def test_a_reconnect_is_no_boot_and_tells_only_changed_connectors(version: Version) -> None:
    async def scenario(run: Run) -> None:
        await run.online()
        await asyncio.sleep(1)
        before = len(run.said)
        run.system.wires[STATION].hang_up()
        await asyncio.sleep(5)
        assert run.said[before:] == []
        assert run.fleet.statistics.total.connections == 2

        run.system.away = True
        run.system.wires[STATION].hang_up()
        await asyncio.sleep(1)
        run.station.controls.change_availability(1, operative=False)
        run.system.away = False
        await run.online()
        await asyncio.sleep(1)
        assert run.said[before:] == ["StatusNotification"]

    run = live(settings(config(version)), scenario)
    assert run.said.count("BootNotification") == 1


def test_profiles_may_boot_on_every_connect_or_never() -> None:
    async def scenario(run: Run) -> None:
        for _ in range(3):
            await run.online()
            run.system.wires[STATION].hang_up()
            await asyncio.sleep(2)

    eager = live(settings(config(Version.V16, PROFILES["boots-on-connect"])), scenario)
    assert eager.said.count("BootNotification") == eager.fleet.statistics.total.connections == 4
    silent = live(settings(config(Version.V16, PROFILES["never-boots"])), scenario)
    assert "BootNotification" not in silent.said
    assert "StatusNotification" in silent.said


def test_the_back_off_doubles_and_stays_bounded() -> None:
    back_off = BackOff(wait_minimum_seconds=2, repeat_times=3, random_range_seconds=10)
    assert [back_off.seconds(attempt, 0.0) for attempt in range(1, 7)] == [2, 4, 8, 16, 16, 16]
    assert back_off.seconds(1, 0.5) == 7


def test_a_station_backs_off_from_a_system_that_is_away() -> None:
    system = CentralSystem(away=True)
    tried: list[float] = []

    async def scenario(run: Run) -> None:
        loop, start = asyncio.get_running_loop(), asyncio.get_running_loop().time()
        for failures in range(1, 8):
            await run.until(lambda: run.fleet.statistics.total.connects_failed >= failures)  # noqa: B023 -- awaited at once
            tried.append(round(loop.time() - start))
        assert run.fleet.statistics.total.connections == 0

    live(settings(config(Version.V21), back_off=BackOff(1, 4, 0.0)), scenario, system)
    assert tried == [0, 1, 3, 7, 15, 31, 47]

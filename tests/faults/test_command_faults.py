"""Commands among faults (promises 4 and 5), on real Kafka: three gateway processes, 300 stations that move.

Gateways are killed one and two at a time, others come and go, the log is away, records are repeated, and
stations hang up with commands in flight. What a backend was told is then held against what stations heard.
"""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from contract.events import StationDisconnected
from contract.presence import GATEWAY_LOST
from contract.topics import STATIONS
from eventlog.kafka import KafkaLog
from gateway.api.stations import read_presence
from simulator.fleet import Fleet
from simulator.settings import BackOff, FleetSettings, Habits, make_stations
from tests.faults import backend
from tests.faults.backend import Backend, Listener, Outage
from tests.faults.roaming import Roaming
from tests.interop.served import Launched, launch, run
from tests.support.kafka import KafkaCluster, running

STATIONS_COUNT = 300
COMMANDS_PER_SECOND = 25.0
MOVES_PER_SECOND = 3
OUTAGE_SECONDS = 15.0
SLACK_SECONDS = 5.0


class Gateways:
    """The processes that are up, by number."""

    def __init__(self, cluster: KafkaCluster, folder: Path, roaming: Roaming) -> None:
        self._cluster = cluster
        self._folder = folder
        self._roaming = roaming
        self._lives = 0
        self.up: dict[int, Launched] = {}
        self.killed: list[Launched] = []

    async def start(self, number: int) -> None:
        self._lives += 1
        errors = self._folder / f"gateway-{number}-{self._lives}.log"
        settings = {"OCPP_GATEWAY_ID": f"gw-{number}"}
        launched = await asyncio.to_thread(launch, self._cluster.url, errors, settings)
        self.up[number] = launched
        await self._roaming.add(launched.served.url)

    def kill(self, *numbers: int) -> None:
        for number in numbers:
            self.up[number].process.kill()
        for number in numbers:
            launched = self.up.pop(number)
            launched.kill()
            self.killed.append(launched)
            self._roaming.remove(launched.served.url)

    async def stop(self, number: int) -> None:
        """In good order."""
        launched = self.up.pop(number)
        self._roaming.remove(launched.served.url)
        await asyncio.to_thread(launched.stop)

    def end(self) -> None:
        for launched in self.up.values():
            launched.kill()


@contextlib.contextmanager
def ended(gateways: Gateways) -> Iterator[None]:
    try:
        yield
    finally:
        gateways.end()


@pytest.mark.timeout(560)
async def test_each_command_has_one_result_whatever_fails(tmp_path: Path) -> None:
    asyncio.get_running_loop().set_debug(False)  # it would slow the stations down more than the gateways
    stations = make_stations(STATIONS_COUNT)
    fleet_settings = FleetSettings(
        url="",
        stations=stations,
        habits=Habits(first_arrival_seconds=(1e6, 1e6)),
        back_off=BackOff(wait_minimum_seconds=0.5, repeat_times=2, random_range_seconds=0.5),
        call_timeout_seconds=20,
        closing_seconds=5,
    )
    with running(nodes=1) as cluster:
        await asyncio.to_thread(run, "topics", "apply", log_url=cluster.url)
        roaming = Roaming(fleet_settings, seed=1)
        gateways = Gateways(cluster, tmp_path, roaming)
        sender = Backend(cluster.bootstrap, [station.id for station in stations], seed=2)
        listener = Listener(cluster.bootstrap)
        with ended(gateways):
            for number in (1, 2, 3):
                await gateways.start(number)
            fleet = Fleet(fleet_settings, dial=roaming.dial)
            async with living(fleet, listener):
                outages = await _live_through_faults(cluster, gateways, roaming, sender)
                await _until(lambda: not backend.lost(sender.asked, listener.told), 60)
                await _judge_presence(cluster, gateways)
            for number in list(gateways.up):
                await gateways.stop(number)
            for launched in gateways.killed:
                launched.check()
            lost_events = [event async for event in _declared_lost(cluster)]
        await roaming.close()
    _judge(sender, listener, roaming.heard, outages)
    assert lost_events
    assert len({event_id for event_id, _ in lost_events}) >= STATIONS_COUNT / 3


@contextlib.asynccontextmanager
async def living(fleet: Fleet, listener: Listener) -> AsyncIterator[None]:
    """The stations live, and every result is heard."""
    tasks = [asyncio.create_task(fleet.run()), asyncio.create_task(listener.listen())]
    try:
        yield
    finally:
        fleet.stop()
        await asyncio.wait(tasks[:1], timeout=60)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _live_through_faults(
    cluster: KafkaCluster, gateways: Gateways, roaming: Roaming, sender: Backend
) -> list[Outage]:
    await asyncio.sleep(8)  # all stations come in
    enough = asyncio.Event()
    sending = asyncio.create_task(sender.send(COMMANDS_PER_SECOND, enough))
    moving = asyncio.create_task(_move(roaming, enough))
    await asyncio.sleep(10)

    gateways.kill(1)  # it routes a third of the commands, and holds a third of the stations
    await asyncio.sleep(20)
    await gateways.start(1)
    await asyncio.sleep(8)

    gateways.kill(2, 3)  # the router and the owner of many a command at once
    await asyncio.sleep(20)
    await gateways.start(2)
    await gateways.start(3)
    await asyncio.sleep(8)

    await gateways.start(4)  # a rebalance in the middle of it, and another
    await asyncio.sleep(6)
    await gateways.stop(4)
    await asyncio.sleep(8)

    began = _ms()
    cluster.kill(1)
    await asyncio.sleep(OUTAGE_SECONDS)
    cluster.restart(1)
    await asyncio.to_thread(cluster.wait_ready)
    await asyncio.sleep(15)
    outage = Outage(began, _ms())
    await asyncio.sleep(10)

    enough.set()
    await asyncio.gather(sending, moving)
    return [outage]


async def _move(roaming: Roaming, enough: asyncio.Event) -> None:
    while not enough.is_set():
        await roaming.hang_up(MOVES_PER_SECOND)
        await asyncio.sleep(1)


def _judge(sender: Backend, listener: Listener, heard: Counter[str], outages: list[Outage]) -> None:
    asked, told = sender.asked, listener.told
    statuses = Counter({one.id: one.status for one in told}.values())
    print(  # noqa: T201 - the figures of the run, shown with -s and in a failure
        f"{len(asked)} commands, {sender.repeated} repeated; {len(told)} results: {dict(statuses)};"
        f" {sum(heard.values())} CALLs heard"
    )
    assert len(asked) > 2_000
    assert sender.repeated > 100
    assert statuses["rejected"] + statuses["accepted"] > len(asked) / 2, "most found their station"

    assert backend.lost(asked, told) == []
    assert backend.unlike(told) == {}
    assert backend.ran_twice(heard) == {}
    assert backend.lied(told, heard) == []
    assert backend.late(asked, told, outages, SLACK_SECONDS) == []
    assert {one.id for one in told} == set(asked)


async def _judge_presence(cluster: KafkaCluster, gateways: Gateways) -> None:
    """When all is well again, every station is known to be at one of the gateways that are up."""
    log = KafkaLog(cluster.bootstrap)
    await log.open()
    up = {f"gw-{number}" for number in gateways.up}
    try:
        async with asyncio.timeout(40):
            while True:
                held = await read_presence(log)
                wrong = {
                    s: p for s, p in held.items() if not p.online or p.gateway.partition(".")[0] not in up
                }
                if len(held) == STATIONS_COUNT and not wrong:
                    return
                await asyncio.sleep(1)
    except TimeoutError:
        raise AssertionError(f"{len(held)} stations, these wrongly: {wrong}") from None
    finally:
        await log.close(2)


async def _declared_lost(cluster: KafkaCluster) -> AsyncIterator[tuple[str, str]]:
    """The id and the station of each connection whose gateway was killed."""
    log = KafkaLog(cluster.bootstrap)
    await log.open()
    try:
        async with contextlib.aclosing(log.read([STATIONS.name])) as records:
            async for stored in records:
                headers = dict(stored.record.headers)
                if headers[
                    "ce_type"
                ] == f"ocpp.{StationDisconnected.NAME}".encode() and f'"{GATEWAY_LOST}"'.encode() in (
                    stored.record.value or b""
                ):
                    yield headers["ce_id"].decode(), stored.record.key
    finally:
        await log.close(2)


async def _until(condition: Callable[[], bool], seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while not condition():  # noqa: ASYNC110 - what is waited for is the growth of a list
                await asyncio.sleep(0.5)


def _ms() -> int:
    return int(time.time() * 1000)

"""The presence of many stations restored: how long a router takes before it acts, and what it then holds.

    python -m benchmarks.commands.restoring --event-log kafka://host:port --stations 100000

is the router: the gateway's own, alone in a process of its own. It prints what it measured as JSON.
"""

import argparse
import asyncio
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec
import uvloop

from benchmarks.contestants import Surroundings
from benchmarks.load import station_id
from benchmarks.processes import Program, ServerFailed, peak_kb, resident_kb
from contract.presence import Presence
from contract.topics import COMMANDS, PRESENCE
from eventlog.port import Record
from eventlog.url import open_log
from gateway.metrics import GatewayMetrics
from gateway.routing.living import Living
from gateway.routing.router import Router
from service.run import settle

GATEWAYS = 20
RESTORED_SECONDS = 60.0
LOOK_SECONDS = 0.01
AT_ONCE = 5_000


@dataclass(frozen=True)
class Restore:
    """A router that begins with a full presence topic: from joining its group until it acts.

    `kept_mb` and `peak_mb` are over what the process had before.
    """

    stations: int
    seconds: float
    kept_mb: float
    peak_mb: float


async def restore(stations: int, surroundings: Surroundings) -> Restore:
    """Fill the presence topic, and have a router restore it. Raises ServerFailed, LogUnavailable."""
    assert surroundings.kafka is not None
    await _fill(surroundings.kafka, stations)
    arguments = ["--event-log", surroundings.kafka, "--stations", str(stations)]
    command = [sys.executable, "-m", "benchmarks.commands.restoring", *arguments]
    router = Program("restoring-router", command, surroundings.core, surroundings.folder)
    router.start()
    try:
        if await asyncio.to_thread(router.wait, RESTORED_SECONDS) != 0:
            raise ServerFailed(f"the router did not restore {stations:,} stations\n{router.last_words()}")
    finally:
        router.stop()
    return msgspec.json.decode(router.output.read_text().splitlines()[-1], type=Restore)


async def _fill(event_log: str, stations: int) -> None:
    log = open_log(event_log)
    await log.open()
    try:
        for start in range(0, stations, AT_ONCE):
            several = announcements(range(start, min(start + AT_ONCE, stations)))
            await asyncio.gather(*(log.append(record) for record in several))
    finally:
        await log.close()


def announcements(serials: range) -> Iterator[Record]:
    """The presence of these stations, each connected to one of some gateways."""
    for serial in serials:
        presence = Presence(
            online=True,
            gateway=f"gateway-{serial % GATEWAYS:02d}-{GATEWAYS:06x}",
            connection=f"{serial:016x}",
            version="1.6",
            since=datetime.now(UTC),
        )
        yield Record(PRESENCE.name, station_id(serial), msgspec.json.encode(presence))


async def _restored(event_log: str, stations: int) -> Restore:
    log = open_log(event_log)
    await log.open()
    metrics = GatewayMetrics()
    router = Router(log, "restoring", Living("restoring"), metrics)
    settle()
    base_kb, began = resident_kb(os.getpid()), time.monotonic()
    routing = asyncio.create_task(router.run())
    while router.partitions < COMMANDS.partitions:  # noqa: ASYNC110 - it is a program: it is asked from outside
        await asyncio.sleep(LOOK_SECONDS)
    seconds = time.monotonic() - began
    kept_kb = resident_kb(os.getpid()) - base_kb
    most_kb = peak_kb(os.getpid()) - base_kb
    if router.stations_online != stations:
        raise ServerFailed(f"{router.stations_online:,} stations are online, not {stations:,}")
    routing.cancel()
    await asyncio.gather(routing, return_exceptions=True)
    await log.close()
    return Restore(stations, seconds, kept_kb / 1024, most_kb / 1024)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--event-log", required=True)
    parser.add_argument("--stations", type=int, required=True)
    options = parser.parse_args()
    restored = uvloop.run(_restored(options.event_log, options.stations))
    print(msgspec.json.encode(restored).decode())


if __name__ == "__main__":
    main()

"""Any record in any topic: each program goes on, and starts again over what stands there."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import ClientSession

from cli.tail import readable
from consumers.alerting.app import make as make_alerting
from consumers.alerting.settings import AlertingSettings
from consumers.alerting.tables import SCHEMA as ALERTING
from consumers.billing.app import make as make_billing
from consumers.billing.settings import BillingSettings
from consumers.billing.tables import SCHEMA as BILLING
from consumers.monitoring.app import make as make_monitoring
from consumers.monitoring.settings import MonitoringSettings
from consumers.monitoring.tables import SCHEMA as MONITORING
from contract.events import StationHeartbeat
from contract.model import Station
from contract.presence import Presence
from contract.tokens import KnownToken
from contract.topics import DELIVERIES, ID_TOKENS, PRESENCE
from eventlog.port import Place, Record, Stored
from gateway.app import Gateway
from tests.support.consumers import consuming
from tests.support.extreme_records import READ_TOPICS, VALUES, records
from tests.support.in_process import fine, serving
from tests.support.memory_log import MemoryLog
from tests.support.raw_station import RawStation

DECISIONS = {"idToken": "id_tokens", "BootNotification": "ask"}


def test_there_are_fifty() -> None:
    assert len(VALUES) == len(set(VALUES)) == 50


async def test_a_gateway_serves_and_commands_its_stations_and_starts_again(tmp_path: Path) -> None:
    settings = {"decisions": DECISIONS, "decision_timeout_seconds": 0.5}
    async with serving(tmp_path, **settings) as gateway:
        station = await fine(gateway)
        await _let_in(gateway, "GOOD")
        await _poison(gateway)
        await _is_well(gateway, station)
        station.vanish()
    async with serving(tmp_path, **settings) as gateway:
        station = await fine(gateway)
        await _is_well(gateway, station)
        station.vanish()


async def _let_in(gateway: Gateway, token: str) -> None:
    known = KnownToken(status="Blocked")
    await gateway._log.append(Record(ID_TOKENS.name, token.lower(), msgspec.json.encode(known)))


async def _poison(gateway: Gateway) -> None:
    for topic in READ_TOPICS:
        name = gateway._commanding._inbox._name
        made = records(topic, "FINE", name) + records(topic, "")
        if topic is DELIVERIES:
            count = await gateway._log.partitions(topic.name)
            made += [r for number in range(count) for r in records(topic, "FINE", name, number)]
        await asyncio.gather(*map(gateway._log.append, made))


async def _is_well(gateway: Gateway, station: RawStation) -> None:
    async with asyncio.timeout(30), ClientSession(f"http://127.0.0.1:{gateway.internal_port}") as http:
        await _until_online(http)
        asked = asyncio.create_task(
            _post(http, {"command": "authorization.clear_cache", "arguments": {}, "deadlineSeconds": 20})
        )
        call = await station.hear()
        assert call[2] == "ClearCache", call
        station.say([3, call[1], {"status": "Accepted"}])
        assert (await asked)["status"] == "accepted"
        answer = await station.ask("authorize", "Authorize", {"idTag": "GOOD"})
        assert answer[2]["idTagInfo"]["status"] == "Blocked"
        assert (
            await station.ask("boot", "BootNotification", {"chargePointVendor": "v", "chargePointModel": "m"})
        )[0] == 3
        assert gateway._dead_task() is None
        assert gateway.metrics.faults.n == 0
        async with http.get("/ready") as response:
            assert response.status == 200, await response.text()


async def _until_online(http: ClientSession) -> None:
    while True:
        async with http.get("/v1/stations/FINE") as response:
            if response.status == 200 and (await response.json())["online"]:
                return
        await asyncio.sleep(0.1)


async def _post(http: ClientSession, body: dict[str, Any]) -> dict[str, Any]:
    async with http.post("/v1/stations/FINE/commands", json=body) as response:
        answer: dict[str, Any] = await response.json()
        return answer


@pytest.mark.parametrize(
    ("schema", "settings", "make"),
    [
        (BILLING, BillingSettings, make_billing),
        (MONITORING, MonitoringSettings, make_monitoring),
        (ALERTING, AlertingSettings, make_alerting),
    ],
    ids=["billing", "monitoring", "alerting"],
)
async def test_a_consumer_buries_what_it_cannot_read_and_goes_on(
    tmp_path: Path, schema: Any, settings: Any, make: Callable[..., Any]
) -> None:
    log = MemoryLog()
    for _ in range(2):  # the second is a restart over all that stands there
        async with consuming(tmp_path, schema, settings, make, log=log) as world:
            for topic in READ_TOPICS:
                for record in records(topic, "FINE") + records(topic, ""):
                    await world.append_record(record)
            now = datetime.now(UTC)
            alive = Presence(online=True, gateway="g", connection="c1", version="1.6", since=now)
            await world.append_value(PRESENCE, "FINE", alive)
            await world.append(StationHeartbeat(station=Station(id="FINE"), received_at=now))
            await world.caught_up()
            assert world.process._dead_task() is None
            assert world.process.loop is not None
            for name in world.process.loop._topics:
                assert world.process.metrics.records.at(schema.name, name, "dead_letter").n > 0, name


async def test_tail_prints_all_of_them() -> None:
    for topic in READ_TOPICS:
        for offset, record in enumerate(records(topic, "FINE")):
            shown = readable(Stored(record, Place(topic.name, 0, offset), 0))
            assert msgspec.json.encode(shown)

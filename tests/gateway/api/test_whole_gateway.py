"""Stations of all versions behind a whole gateway, commanded over HTTP: what a backend asks for is done."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import ClientSession

from contract.topics import TRANSACTIONS
from gateway.app import Gateway
from simulator.facts import Version
from simulator.fleet import Fleet
from simulator.settings import FleetSettings, Habits, StationConfig
from tests.support.in_process import serving

TOKEN = "correct-horse-battery"
HABITS = Habits(first_arrival_seconds=(1e6, 1e6), handling_seconds=(0.05, 0.1))
"""Nobody comes but who is sent."""
ID_TOKEN = {"value": "04A2B6C3", "type": "ISO14443"}


class Backend:
    """A backend that speaks HTTP, and reads the transactions' topic."""

    def __init__(self, gateway: Gateway, http: ClientSession) -> None:
        self._gateway = gateway
        self._http = http
        self._url = f"http://127.0.0.1:{gateway.internal_port}/v1"

    async def get(self, path: str) -> Any:
        async with self._http.get(self._url + path) as response:
            return await response.json()

    async def ask(self, station: str, command: str, **arguments: Any) -> dict[str, Any]:
        body = {"command": command, "arguments": arguments, "deadlineSeconds": 10}
        async with self._http.post(f"{self._url}/stations/{station}/commands", json=body) as response:
            answer: dict[str, Any] = await response.json()
            assert response.status == 200, answer
            return answer

    async def online(self, count: int) -> dict[str, dict[str, Any]]:
        """The stations that are connected, as soon as they are so many."""
        async with asyncio.timeout(20):
            while True:
                page = await self.get("/stations?online=true")
                if len(page["stations"]) == count:
                    return {one["id"]: one for one in page["stations"]}
                await asyncio.sleep(0.2)

    async def event(self, name: str, station: str) -> dict[str, Any]:
        """The first transaction event of this name."""
        records = self._gateway._log.tail([TRANSACTIONS.name], from_beginning=True)
        async with asyncio.timeout(20), contextlib.aclosing(records):
            async for stored in records:
                if stored.record.key == station and ("ce_type", name.encode()) in stored.record.headers:
                    data: dict[str, Any] = msgspec.json.decode(stored.record.value or b"")
                    return data
        raise AssertionError("a tail never ends")


@pytest.fixture
async def backend(tmp_path: Path) -> AsyncIterator[Backend]:
    """A gateway with a station of each version."""
    async with serving(tmp_path, api_token=TOKEN) as gateway:
        fleet = Fleet(
            FleetSettings(
                url=f"ws://127.0.0.1:{gateway.port}/ocpp",
                stations=tuple(
                    StationConfig(id=f"CS-{version.value}", version=version) for version in Version
                ),
                habits=HABITS,
                reboot_seconds=0.1,
                closing_seconds=2.0,
            )
        )
        running = asyncio.create_task(fleet.run())
        async with ClientSession(headers={"Authorization": f"Bearer {TOKEN}"}) as http:
            yield Backend(gateway, http)
        fleet.stop()
        await running


@pytest.mark.parametrize("version", [version.value for version in Version])
async def test_a_station_does_what_it_is_asked_for(backend: Backend, version: str) -> None:
    station = f"CS-{version}"
    found = (await backend.online(3))[station]
    assert (found["version"], found["online"]) == (version, True)

    started = await backend.ask(station, "transaction.start", idToken=ID_TOKEN, evse={"id": 1})
    assert started["status"] == "accepted", started
    event = await backend.event("ocpp.transaction.started", station)
    assert event["idToken"]["value"] == ID_TOKEN["value"]
    stopped = await backend.ask(station, "transaction.stop", transactionId=event["transaction"]["id"])
    assert stopped["status"] == "accepted", stopped
    ended = await backend.event("ocpp.transaction.ended", station)
    assert ended["transaction"]["id"] == event["transaction"]["id"]
    assert ended["stoppedReason"] == "Remote"

    variable = {"component": "OCPPCommCtrlr", "variable": "HeartbeatInterval"}
    written = await backend.ask(station, "variables.set", variables=[{**variable, "value": "77"}])
    assert written["status"] == "accepted", written
    read = await backend.ask(station, "variables.get", variables=[variable])
    assert read["answer"]["variables"][0]["value"] == "77"

    unlocked = await backend.ask(station, "connector.unlock", evse={"id": 1, "connectorId": 1})
    assert unlocked["status"] == "accepted", unlocked
    reset = await backend.ask(station, "station.reset", type="Immediate")
    assert reset["status"] == "accepted", reset
    async with asyncio.timeout(20):
        while (await backend.get(f"/stations/{station}"))["connection"] == found["connection"]:  # noqa: ASYNC110 - it asks a server
            await asyncio.sleep(0.2)
    assert (await backend.online(3))[station]["online"]


async def test_what_a_station_cannot_do_is_a_result_too(backend: Backend) -> None:
    await backend.online(3)
    lost = await backend.ask("CS-1.6", "tariff.list")
    assert lost["status"] == "unsupported"
    gone = await backend.ask("CS-unheard-of", "station.reset")
    assert gone["status"] == "offline"
    wrong = await backend.ask("CS-2.1", "transaction.stop", transactionId="none-such")
    assert wrong["status"] == "rejected"

"""Records that nobody can read, in every topic, stop no gateway: not while it runs, and not when it starts again."""

import asyncio
import contextlib
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import ClientSession

from contract.topics import DELIVERIES, EVERY_TOPIC, ID_TOKENS
from eventlog.port import Record
from gateway.app import Gateway
from tests.support.in_process import serving
from tests.support.poison import VALUES, poison
from tests.support.raw_station import RawStation

TOKEN = "correct-horse-battery"
SETTINGS: dict[str, Any] = {
    "api_token": TOKEN,
    "decisions": {"idToken": "id_tokens_or_ask", "DataTransfer": "ask"},
    "concurrent_transactions": "refuse",
    "decision_timeout_seconds": 0.2,
}
BLOCKED = "04DEADBEEF"
STATION = "CS-1"


async def throw(gateway: Gateway, station: str) -> None:
    """Append the poison to every topic, at keys that matter there, and to the gateway's own inbox."""
    log = gateway._log
    appends = []
    for name in EVERY_TOPIC:
        for key in (station, BLOCKED + "X", ""):
            for record in poison(name, key):
                headers = [*record.headers, ("gateway", gateway._settings.gateway_id.encode())]
                appends.append(log.append(msgspec.structs.replace(record, headers=headers)))
    for outcome in await asyncio.gather(*appends, return_exceptions=True):
        assert not isinstance(outcome, BaseException) or "tombstone" in str(outcome), outcome


async def is_right(gateway: Gateway) -> None:
    """A station is served, its token is judged by the table, and a command reaches it."""
    station = await RawStation.connect(gateway.port, STATION)
    url = f"http://127.0.0.1:{gateway.internal_port}"
    async with ClientSession(url, headers={"Authorization": f"Bearer {TOKEN}"}) as http, asyncio.timeout(90):
        boot = await station.ask("1", "BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"})
        assert boot[2]["status"] == "Accepted"
        answered = await answer_of(station, "2", "Authorize", {"idTag": BLOCKED})
        assert answered["idTagInfo"]["status"] == "Blocked"
        await reset(station, http)
        async with http.get("/live") as live:
            assert live.status == 200, await live.text()
        async with http.get("/v1/stations") as stations:
            (shown,) = [one for one in (await stations.json())["stations"] if one["id"] == STATION]
            assert shown["online"] is True
    await station.hang_up()


async def answer_of(station: RawStation, id_: str, action: str, payload: dict[str, Any]) -> Any:
    """The answer to a call; what the gateway asks meanwhile is not answered."""
    station.call(id_, action, payload)
    while (frame := await station.hear())[:2] != [3, id_]:
        pass
    return frame[2]


async def reset(station: RawStation, http: ClientSession) -> None:
    """Command a reset until it reaches the station: a router may have the poison to read yet."""
    while True:
        body = {"command": "station.reset", "arguments": {"type": "Immediate"}, "deadlineSeconds": 5}
        async with asyncio.TaskGroup() as group:
            asked = group.create_task(command(http, body))
            with contextlib.suppress(TimeoutError):
                while True:
                    frame = await station.hear(7)
                    if frame[0] == 2:
                        station.say([3, frame[1], {"status": "Accepted"}])
                        if frame[2] == "Reset":
                            break
        if (await asked)["status"] == "accepted":
            return


async def command(http: ClientSession, body: dict[str, Any]) -> Any:
    async with http.post(f"/v1/stations/{STATION}/commands", json=body) as response:
        return await response.json()


async def test_poison_in_every_topic_stops_no_gateway(tmp_path: Path) -> None:
    assert len(VALUES) >= 50
    assert DELIVERIES.name in EVERY_TOPIC
    async with serving(tmp_path, **SETTINGS) as gateway:
        await gateway._log.append(Record(ID_TOKENS.name, BLOCKED, b'{"status": "Blocked"}'))
        await throw(gateway, STATION)
        await is_right(gateway)
        await throw(gateway, STATION)
        await is_right(gateway)
    async with serving(tmp_path, **SETTINGS) as gateway:
        await is_right(gateway)

"""While the demo runs, its stations are commanded from another terminal."""

import asyncio
import json
import re
import signal
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from contract.topics import TRANSACTIONS
from eventlog.port import EventLog
from eventlog.url import open_log
from tests.cli.conftest import Ran, Started

Json = dict[str, Any]

TRIES = 40
"""The demo's own drivers come and go: a connector may just be taken."""


@pytest.fixture
def address(start: Started, tmp_path: Path) -> Iterator[str]:
    """The event log of a demo that runs in a folder of its own."""
    demo = start("demo", "--stations", "9", "--history-days", "0")
    assert demo.stdout
    address = ""
    for line in demo.stdout:
        if found := re.search(r"--event-log sqlite:///(\S+)", line):
            address = f"sqlite:///{tmp_path / found[1]}"
        if "9 connected" in line:
            break
    yield address
    demo.send_signal(signal.SIGINT)
    output, errors = demo.communicate(timeout=30)
    assert demo.returncode == 0, output + errors


class Terminal:
    """Another terminal beside the demo's: `ocpp-gateway command`."""

    def __init__(self, run: Ran, log: EventLog, address: str) -> None:
        self._run = run
        self._log = log
        self._address = address

    async def stations(self, version: str) -> list[str]:
        """All of this version: the line of one may just be cut, and then it is listed as it was."""
        done = await asyncio.to_thread(self._run, "stations", "--json", "--event-log", self._address)
        known = [json.loads(line) for line in done.stdout.splitlines()]
        return [one["id"] for one in known if one["version"] == version]

    async def ask(self, station: str, command: str, **arguments: Any) -> Json:
        """The result, whatever it is."""
        # The demo cuts lines for seconds: who is away is waited for.
        given = (
            "--json",
            json.dumps(arguments),
            "--output",
            "json",
            "--wait",
            "10",
            "--when-offline",
            "wait",
        )
        where = ("--event-log", self._address)
        done = await asyncio.to_thread(self._run, "command", station, command, *given, *where)
        assert done.stdout, done.stderr
        result: Json = json.loads(done.stdout)
        assert (done.returncode == 0) == (result["status"] == "accepted")
        return result

    async def charge(self, station: str, token: str) -> Json:
        """Start a transaction and stop it: the result that counts."""
        started = await self.ask(station, "transaction.start", idToken={"value": token, "type": "ISO14443"})
        if started["status"] != "accepted":
            return started
        try:
            transaction_id = await self._begun(station, token, started["answer"].get("remoteStartId"))
        except TimeoutError:  # nobody plugged in, or one of the demo's own drivers was quicker
            return {"status": "timed_out", "why": f"{station} accepted {token}, and no transaction began"}
        return await self.ask(station, "transaction.stop", transactionId=transaction_id)

    async def _begun(self, station: str, token: str, remote_start_id: int | None) -> str:
        """The transaction that was started so: 2.x tells by which request, 1.6 by which token."""
        async with asyncio.timeout(15):
            while True:
                async for stored in self._log.read([TRANSACTIONS.name]):
                    data = msgspec.json.decode(stored.record.value or b"")
                    known = data["transaction"].get("remoteStartId")
                    asked_for = (
                        known == remote_start_id if known else data.get("idToken", {}).get("value") == token
                    )
                    if stored.record.key == station and asked_for:
                        return str(data["transaction"]["id"])
                await asyncio.sleep(0.1)


async def accepted(attempt: Callable[[int], Awaitable[Json]]) -> Json:
    """The first result that is no refusal."""
    refusals = []
    for number in range(TRIES):
        result = await attempt(number)
        if result["status"] == "accepted":
            return result
        refusals.append(result)
    raise AssertionError(refusals)


@pytest.mark.timeout(400)
@pytest.mark.parametrize("version", ["1.6", "2.0.1", "2.1"])
async def test_a_station_starts_stops_resets_unlocks_reads_and_writes(
    run: Ran, address: str, version: str
) -> None:
    log = open_log(address)
    await log.open()
    terminal = Terminal(run, log, address)
    stations = await terminal.stations(version)
    assert len(stations) == 3

    variable = {"component": "OCPPCommCtrlr", "variable": "HeartbeatInterval"}
    value = [{**variable, "value": "77"}]
    await accepted(lambda _: terminal.ask(stations[0], "variables.set", variables=value))
    read = await accepted(lambda _: terminal.ask(stations[0], "variables.get", variables=[variable]))
    assert read["answer"]["variables"][0]["value"] == "77"

    await accepted(lambda n: terminal.charge(stations[n % 3], f"REMOTE{n}"))
    connector = {"id": 1, "connectorId": 1}
    await accepted(lambda n: terminal.ask(stations[n % 3], "connector.unlock", evse=connector))
    await accepted(lambda n: terminal.ask(stations[n % 3], "station.reset", type="Immediate"))
    await log.close()

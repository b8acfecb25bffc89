"""What commands do to a station as a whole: it reboots, goes out of service, updates itself."""

import asyncio
from typing import Any

import pytest

from simulator.facts import Version
from tests.simulator.commanding import V2X, charging, command, later
from tests.simulator.fleets import HOUR, SOON, Run, config, live, settings


@pytest.mark.parametrize(("kind", "reason"), [("Hard", "HardReset"), ("Soft", "SoftReset")])
def test_a_reset_in_16_ends_the_transaction_and_boots_again(kind: str, reason: str) -> None:
    async def scenario(run: Run) -> None:
        await charging(run)
        before = len(run.said)
        assert await command(run, "Reset", {"type": kind}) == {"status": "Accepted"}
        await run.until(lambda: "BootNotification" in run.said[before:])
        await run.online()
        await asyncio.sleep(30)
        # A stop that was under way when the station hung up is told again after the boot.
        assert {stop["reason"] for stop in run.system.payloads("StopTransaction")} == {reason}
        types = [event["type"] for event in run.system.payloads("SecurityEventNotification")]
        assert types == ["StartupOfTheDevice", "ResetOrReboot", "StartupOfTheDevice"]

    live(settings(config(Version.V16), habits=SOON), scenario)


@pytest.mark.parametrize("version", V2X)
def test_resets_in_2x_now_or_when_idle(version: Version) -> None:
    async def scenario(run: Run) -> None:
        await charging(run)
        assert await command(run, "Reset", {"type": "OnIdle"}) == {"status": "Scheduled"}
        await asyncio.sleep(120)
        assert run.said.count("BootNotification") == 1
        await run.until(lambda: run.said.count("BootNotification") == 2)
        assert run.fleet.statistics.total.sessions_ended == 1
        assert run.system.payloads("BootNotification")[1]["reason"] == "RemoteReset"
        await charging(run)
        assert await command(run, "Reset", {"type": "Immediate"}) == {"status": "Accepted"}
        await run.until(lambda: run.said.count("BootNotification") == 3, seconds=60)
        await asyncio.sleep(30)
        ended = [e for e in run.system.payloads("TransactionEvent") if e["eventType"] == "Ended"]
        assert ended[-1]["transactionInfo"]["stoppedReason"] == "ImmediateReset"
        assert (await command(run, "Reset", {"type": "Immediate", "evseId": 1}))["status"] == "Rejected"

    live(settings(config(version), habits=SOON), scenario)


@pytest.mark.parametrize("version", Version)
def test_availability_now_and_behind_a_transaction(version: Version) -> None:
    def payload(*, operative: bool) -> dict[str, Any]:
        word = "Operative" if operative else "Inoperative"
        if version is Version.V16:
            return {"connectorId": 1, "type": word}
        return {"evse": {"id": 1}, "operationalStatus": word}

    async def scenario(run: Run) -> None:
        await run.online()
        assert await command(run, "ChangeAvailability", payload(operative=False)) == {"status": "Accepted"}
        await asyncio.sleep(HOUR / 2)
        assert run.fleet.statistics.total.sessions_started == 0
        field = "status" if version is Version.V16 else "connectorStatus"
        assert run.system.payloads("StatusNotification")[-1][field] == "Unavailable"
        assert await command(run, "ChangeAvailability", payload(operative=True)) == {"status": "Accepted"}
        await charging(run)
        assert await command(run, "ChangeAvailability", payload(operative=False)) == {"status": "Scheduled"}
        await run.until(lambda: run.station.connectors[0].status == "Unavailable")
        assert run.fleet.statistics.total.sessions_ended == 1

    live(settings(config(version), habits=SOON), scenario)


@pytest.mark.parametrize("version", Version)
def test_a_firmware_update_goes_through_its_steps_and_a_reboot(version: Version) -> None:
    async def scenario(run: Run) -> None:
        await run.online()
        if version is Version.V16:
            await command(
                run, "UpdateFirmware", {"location": "https://x.example/f", "retrieveDate": later(1)}
            )
        else:
            firmware = {"location": "https://x.example/f", "retrieveDateTime": later(1)}
            await command(run, "UpdateFirmware", {"requestId": 8, "firmware": firmware})
        await asyncio.sleep(200)
        steps = run.system.payloads("FirmwareStatusNotification")
        assert [step["status"] for step in steps] == ["Downloading", "Downloaded", "Installing", "Installed"]
        assert {step.get("requestId") for step in steps} == {None if version is Version.V16 else 8}
        boots = run.system.payloads("BootNotification")
        assert len(boots) == 2
        assert "FirmwareUpdated" in [e["type"] for e in run.system.payloads("SecurityEventNotification")]
        if version is Version.V16:
            assert [boot["firmwareVersion"] for boot in boots] == ["1.0.0", "2.0.0"]
        else:
            assert boots[1]["reason"] == "FirmwareUpdate"

    live(settings(config(version)), scenario)

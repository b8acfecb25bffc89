"""What commands do to a session: it is started, stopped and limited from afar, in each version's words."""

import asyncio

import pytest

from simulator.facts import Version
from simulator.settings import Habits
from tests.simulator.central_system import CentralSystem
from tests.simulator.commanding import TOKEN_2X, V2X, charging, command, profile
from tests.simulator.fleets import SOON, Run, config, live, settings


def test_a_remote_start_and_stop_in_16() -> None:
    async def scenario(run: Run) -> None:
        await run.online()
        start = {"idTag": "REMOTE", "connectorId": 2}
        assert await command(run, "RemoteStartTransaction", start) == {"status": "Accepted"}
        await run.until(lambda: run.system.payloads("StartTransaction"))
        assert run.system.payloads("StartTransaction")[0]["idTag"] == "REMOTE"
        assert run.system.payloads("StartTransaction")[0]["connectorId"] == 2
        assert "Authorize" not in run.said
        await asyncio.sleep(300)
        assert await command(run, "RemoteStartTransaction", start) == {"status": "Rejected"}
        assert await command(run, "RemoteStopTransaction", {"transactionId": 99}) == {"status": "Rejected"}
        assert await command(run, "RemoteStopTransaction", {"transactionId": 1}) == {"status": "Accepted"}
        await run.until(lambda: run.system.payloads("StopTransaction"))
        assert run.system.payloads("StopTransaction")[0]["reason"] == "Remote"

    live(settings(config(Version.V16, connectors=2)), scenario)


@pytest.mark.parametrize("version", V2X)
def test_a_remote_start_and_stop_in_2x(version: Version) -> None:
    async def scenario(run: Run) -> None:
        await run.online()
        start = {"idToken": TOKEN_2X, "remoteStartId": 77, "evseId": 1}
        assert await command(run, "RequestStartTransaction", start) == {"status": "Accepted"}
        await run.until(lambda: run.system.payloads("TransactionEvent"))
        first = run.system.payloads("TransactionEvent")[0]
        assert (first["eventType"], first["triggerReason"]) == ("Started", "RemoteStart")
        assert first["transactionInfo"]["remoteStartId"] == 77
        assert first["idToken"] == TOKEN_2X
        await asyncio.sleep(300)
        transaction = first["transactionInfo"]["transactionId"]
        status = await command(run, "GetTransactionStatus", {"transactionId": transaction})
        assert status == {"ongoingIndicator": True, "messagesInQueue": False}
        unlock = await command(run, "UnlockConnector", {"evseId": 1, "connectorId": 1})
        assert unlock == {"status": "OngoingAuthorizedTransaction"}
        stop = {"transactionId": transaction}
        assert await command(run, "RequestStopTransaction", stop) == {"status": "Accepted"}
        await run.until(lambda: run.system.payloads("TransactionEvent")[-1]["eventType"] == "Ended")
        last = run.system.payloads("TransactionEvent")[-1]
        assert (last["triggerReason"], last["transactionInfo"]["stoppedReason"]) == ("RemoteStop", "Remote")
        assert last["transactionInfo"]["timeSpentCharging"] > 200

    live(settings(config(version)), scenario)


def test_a_remote_start_authorizes_the_car_that_waits() -> None:
    async def scenario(run: Run) -> None:
        await run.until(lambda: run.station.connectors[0].status == "Preparing")
        assert await command(run, "RemoteStartTransaction", {"idTag": "APP", "connectorId": 1}) == {
            "status": "Accepted"
        }
        await run.until(lambda: run.system.payloads("StartTransaction"))
        assert run.system.payloads("StartTransaction")[0]["idTag"] == "APP"
        assert "Authorize" not in run.said

    slow = Habits(first_arrival_seconds=(10, 10), handling_seconds=(30, 30))
    live(settings(config(Version.V16, seed="2"), habits=slow), scenario)


def test_unlocking_ends_a_transaction_in_16() -> None:
    async def scenario(run: Run) -> None:
        await charging(run)
        assert await command(run, "UnlockConnector", {"connectorId": 1}) == {"status": "Unlocked"}
        await run.until(lambda: run.system.payloads("StopTransaction"))
        assert run.system.payloads("StopTransaction")[0]["reason"] == "UnlockCommand"
        assert await command(run, "UnlockConnector", {"connectorId": 9}) == {"status": "NotSupported"}

    live(settings(config(Version.V16), habits=SOON), scenario)


@pytest.mark.parametrize("version", Version)
def test_a_refused_start_is_stopped_as_deauthorized(version: Version) -> None:
    system = CentralSystem(refuse_starts=True)

    async def scenario(run: Run) -> None:
        await run.until(lambda: run.fleet.statistics.total.sessions_ended == 1)
        await asyncio.sleep(5)

    live(settings(config(version), habits=SOON), scenario, system)
    if version is Version.V16:
        assert [stop["reason"] for stop in system.payloads("StopTransaction")] == ["DeAuthorized"]
    else:
        last = system.payloads("TransactionEvent")[-1]
        assert last["eventType"] == "Ended"
        assert last["transactionInfo"]["stoppedReason"] == "DeAuthorized"


@pytest.mark.parametrize("version", Version)
def test_a_charging_profile_limits_the_power_until_it_is_cleared(version: Version) -> None:
    async def scenario(run: Run) -> None:
        await charging(run)
        meter = run.station.connectors[0].meter
        assert meter.power_w > 3000
        assert await command(run, "SetChargingProfile", profile(version, 2000)) == {"status": "Accepted"}
        await asyncio.sleep(180)
        assert meter.power_w == pytest.approx(2000)
        assert await command(run, "SetChargingProfile", profile(version, 4, "A")) == {"status": "Accepted"}
        await asyncio.sleep(180)
        assert meter.power_w == pytest.approx(4 * 230 * 3)
        await command(run, "SetChargingProfile", profile(version, 0))
        await asyncio.sleep(180)
        assert meter.power_w == 0
        assert run.station.connectors[0].status == "SuspendedEVSE"
        where = {"connectorId": 1} if version is Version.V16 else {"evseId": 1}
        composite = await command(run, "GetCompositeSchedule", {**where, "duration": 600})
        schedule = composite["chargingSchedule" if version is Version.V16 else "schedule"]
        assert schedule["chargingSchedulePeriod"] == [{"startPeriod": 0, "limit": 0}]
        clear = {"id": 5} if version is Version.V16 else {"chargingProfileId": 5}
        assert await command(run, "ClearChargingProfile", clear) == {"status": "Accepted"}
        assert await command(run, "ClearChargingProfile", clear) == {"status": "Unknown"}
        await asyncio.sleep(180)
        assert meter.power_w > 3000

    live(settings(config(version, power_w=11_000, seed="3"), habits=SOON), scenario)

"""What commands do to a station, in each version's words: it really starts, stops, reboots, reports, limits."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from simulator.clock import iso
from simulator.facts import Version
from simulator.settings import Habits
from simulator.v2x import messages as messages_2x
from simulator.v16 import messages as messages_16
from tests.simulator.central_system import CentralSystem
from tests.simulator.examples import examples
from tests.simulator.fleets import ORIGIN, SOON, STATION, Run, config, live, settings

V2X = [Version.V201, Version.V21]
TOKEN_2X = {"idToken": "04ABCDEF012345", "type": "ISO14443"}
LOG = {"remoteLocation": "https://files.example.com/"}


def later(seconds: float) -> str:
    return iso(ORIGIN + timedelta(seconds=seconds))


async def command(run: Run, action: str, payload: dict[str, Any]) -> dict[str, Any]:
    return await run.system.command(STATION, action, payload)


async def charging(run: Run) -> None:
    await run.until(lambda: run.station.controls.is_busy and run.station.connectors[0].meter.power_w > 0)


# -- transactions


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


# -- the station as a whole


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
        await asyncio.sleep(HALF_AN_HOUR)
        assert run.fleet.statistics.total.sessions_started == 0
        field = "status" if version is Version.V16 else "connectorStatus"
        assert run.system.payloads("StatusNotification")[-1][field] == "Unavailable"
        assert await command(run, "ChangeAvailability", payload(operative=True)) == {"status": "Accepted"}
        await charging(run)
        assert await command(run, "ChangeAvailability", payload(operative=False)) == {"status": "Scheduled"}
        await run.until(lambda: run.station.connectors[0].status == "Unavailable")
        assert run.fleet.statistics.total.sessions_ended == 1

    live(settings(config(version), habits=SOON), scenario)


HALF_AN_HOUR = 1800


# -- power


def profile(version: Version, limit: float, unit: str = "W") -> dict[str, Any]:
    period = [{"startPeriod": 0, "limit": limit}]
    schedule: dict[str, Any] = {"chargingRateUnit": unit, "chargingSchedulePeriod": period}
    common = {
        "stackLevel": 1,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Relative",
    }
    if version is Version.V16:
        chosen = {**common, "chargingProfileId": 5, "chargingSchedule": schedule}
        return {"connectorId": 1, "csChargingProfiles": chosen}
    return {"evseId": 1, "chargingProfile": {**common, "id": 5, "chargingSchedule": [{"id": 1, **schedule}]}}


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


# -- configuration


def test_configuration_keys_in_16() -> None:
    async def scenario(run: Run) -> None:
        await run.online()
        everything = await command(run, "GetConfiguration", {})
        assert len(everything["configurationKey"]) > 15
        asked = await command(run, "GetConfiguration", {"key": ["heartbeatinterval", "Nonsense"]})
        assert asked == {
            "configurationKey": [{"key": "HeartbeatInterval", "readonly": False, "value": "300"}],
            "unknownKey": ["Nonsense"],
        }
        for key, value, status in (
            ("HeartbeatInterval", "20", "Accepted"),
            ("HeartbeatInterval", "soon", "Rejected"),
            ("NumberOfConnectors", "7", "Rejected"),
            ("WebSocketPingInterval", "60", "RebootRequired"),
            ("Nonsense", "1", "NotSupported"),
        ):
            assert await command(run, "ChangeConfiguration", {"key": key, "value": value}) == {
                "status": status
            }
        await asyncio.sleep(600)
        before = run.said.count("Heartbeat")
        await asyncio.sleep(200)
        assert run.said.count("Heartbeat") == before + 10

    live(settings(config(Version.V16)), scenario)


@pytest.mark.parametrize("version", V2X)
def test_variables_and_reports_in_2x(version: Version) -> None:
    def item(component: str, variable: str, **more: str) -> dict[str, Any]:
        return {"component": {"name": component}, "variable": {"name": variable}, **more}

    async def scenario(run: Run) -> None:
        await run.online()
        wanted = [
            item("SampledDataCtrlr", "TxUpdatedInterval", attributeValue="30"),
            item("SampledDataCtrlr", "TxUpdatedInterval", attributeValue="often"),
            item("SampledDataCtrlr", "Nonsense", attributeValue="1"),
            item("Nonsense", "Enabled", attributeValue="1"),
            item("SampledDataCtrlr", "TxUpdatedInterval", attributeValue="1", attributeType="Target"),
        ]
        results = (await command(run, "SetVariables", {"setVariableData": wanted}))["setVariableResult"]
        assert [result["attributeStatus"] for result in results] == [
            "Accepted", "Rejected", "UnknownVariable", "UnknownComponent", "NotSupportedAttributeType",
        ]  # fmt: skip
        got = await command(
            run, "GetVariables", {"getVariableData": [item("SampledDataCtrlr", "TxUpdatedInterval")]}
        )
        assert got["getVariableResult"][0]["attributeValue"] == "30"
        report = {"requestId": 4, "reportBase": "FullInventory"}
        assert await command(run, "GetBaseReport", report) == {"status": "Accepted"}
        await asyncio.sleep(1)
        parts = run.system.payloads("NotifyReport")
        assert [part["seqNo"] for part in parts] == list(range(len(parts)))
        assert [part["tbc"] for part in parts] == [True] * (len(parts) - 1) + [False]
        assert len({repr(entry) for part in parts for entry in part["reportData"]}) > 20

    live(settings(config(version)), scenario)


# -- reservations, lists, firmware, logs


@pytest.mark.parametrize("version", Version)
def test_a_reservation_is_used_cancelled_or_expires(version: Version) -> None:
    def reservation(number: int, seconds: float, token: str) -> dict[str, Any]:
        if version is Version.V16:
            return {"connectorId": 1, "expiryDate": later(seconds), "idTag": token, "reservationId": number}
        return {
            "evseId": 1,
            "expiryDateTime": later(seconds),
            "idToken": {**TOKEN_2X, "idToken": token},
            "id": number,
        }

    async def scenario(run: Run) -> None:
        await run.online()
        assert await command(run, "ReserveNow", reservation(1, 60, "A")) == {"status": "Accepted"}
        assert run.station.connectors[0].status == "Reserved"
        assert await command(run, "ReserveNow", reservation(2, 60, "B")) == {"status": "Occupied"}
        assert await command(run, "CancelReservation", {"reservationId": 1}) == {"status": "Accepted"}
        assert await command(run, "CancelReservation", {"reservationId": 1}) == {"status": "Rejected"}
        assert await command(run, "ReserveNow", reservation(3, 60, "C")) == {"status": "Accepted"}
        await asyncio.sleep(61)
        assert run.station.connectors[0].status == "Available"
        expired = run.system.payloads("ReservationStatusUpdate")
        assert [e["reservationId"] for e in expired] == ([] if version is Version.V16 else [3])

        assert await command(run, "ReserveNow", reservation(4, 9000, "D")) == {"status": "Accepted"}
        if version is Version.V16:
            assert (await command(run, "RemoteStartTransaction", {"idTag": "E", "connectorId": 1}))[
                "status"
            ] == "Rejected"
            await command(run, "RemoteStartTransaction", {"idTag": "D", "connectorId": 1})
            await run.until(lambda: run.system.payloads("StartTransaction"))
            assert run.system.payloads("StartTransaction")[0]["reservationId"] == 4
        else:
            start = {"idToken": {**TOKEN_2X, "idToken": "D"}, "remoteStartId": 1, "evseId": 1}
            await command(run, "RequestStartTransaction", start)
            await run.until(lambda: run.system.payloads("TransactionEvent"))
            assert run.system.payloads("TransactionEvent")[0]["reservationId"] == 4

    live(settings(config(version)), scenario)


@pytest.mark.parametrize("version", Version)
def test_the_local_list_is_kept_and_decides_offline(version: Version) -> None:
    def update(number: int, kind: str, *tokens: tuple[str, str | None]) -> dict[str, Any]:
        entries: list[dict[str, Any]] = []
        for value, status in tokens:
            if version is Version.V16:
                entry: dict[str, Any] = {"idTag": value}
                entry |= {"idTagInfo": {"status": status}} if status else {}
            else:
                entry = {"idToken": {**TOKEN_2X, "idToken": value}}
                entry |= {"idTokenInfo": {"status": status}} if status else {}
            entries.append(entry)
        key = "listVersion" if version is Version.V16 else "versionNumber"
        return {key: number, "updateType": kind, "localAuthorizationList": entries}

    async def scenario(run: Run) -> None:
        await run.online()
        controls, tokens = run.station.controls, run.station.tokens
        everyone = [(token.value, "Blocked") for token in tokens]
        assert await command(run, "SendLocalList", update(3, "Full", *everyone)) == {"status": "Accepted"}
        old = await command(run, "SendLocalList", update(3, "Differential", *everyone))
        assert old == {"status": "VersionMismatch"}
        change = update(4, "Differential", (tokens[0].value, "Accepted"), (tokens[1].value, None))
        assert await command(run, "SendLocalList", change) == {"status": "Accepted"}
        answer = await command(run, "GetLocalListVersion", {})
        assert list(answer.values()) == [4]
        assert controls.is_authorized_offline(tokens[0])
        assert controls.is_authorized_offline(tokens[1])  # unknown again, and unknown ones may
        assert not controls.is_authorized_offline(tokens[2])

    live(settings(config(version)), scenario)


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


# -- everything a station can say


def test_triggers_make_a_16_station_say_everything_it_can_say() -> None:
    async def scenario(run: Run) -> None:
        await charging(run)
        wanted = examples_of_triggers("1.6", "TriggerMessage") + examples_of_triggers(
            "1.6", "ExtendedTriggerMessage"
        )
        for action, payload in wanted:
            assert await command(run, action, payload) == {"status": "Accepted"}
            await asyncio.sleep(1)
        triggered = [v for v in run.system.payloads("MeterValues") if context_of(v) == "Trigger"]
        assert triggered
        assert all(values["transactionId"] == 1 for values in triggered)
        await command(run, "SignedUpdateFirmware", signed_update(retrieve="retrieveDateTime"))
        await command(run, "GetLog", {"log": LOG, "logType": "DiagnosticsLog", "requestId": 3})
        await asyncio.sleep(4000)
        statuses = [s["status"] for s in run.system.payloads("SignedFirmwareStatusNotification")]
        assert statuses[-1] == "Installed"
        assert "SignatureVerified" in statuses

    run = live(settings(config(Version.V16), habits=SOON), scenario)
    assert set(run.said) == messages_16.SAID - {"DataTransfer"}  # that is a profile's, in test_quirks


@pytest.mark.parametrize("version", V2X)
def test_triggers_make_a_2x_station_say_everything_it_can_say(version: Version) -> None:
    async def scenario(run: Run) -> None:
        await charging(run)
        unknown = 0
        for action, payload in examples_of_triggers(version, "TriggerMessage"):
            status = (await command(run, action, payload))["status"]
            unknown += status == "NotImplemented"
            await asyncio.sleep(1)
        assert unknown == (3 if version is Version.V201 else 5)
        assert "Trigger" in {event["triggerReason"] for event in run.system.payloads("TransactionEvent")}
        display = {"id": 1, "priority": "InFront", "message": {"format": "UTF8", "content": "Hello"}}
        await command(run, "SetDisplayMessage", {"message": display})
        assert await command(run, "GetDisplayMessages", {"requestId": 6}) == {"status": "Accepted"}
        await command(run, "CustomerInformation", {"requestId": 7, "report": True, "clear": False})
        await command(run, "GetBaseReport", {"requestId": 8, "reportBase": "SummaryInventory"})
        await command(run, "SetChargingProfile", profile(version, 3000))
        assert await command(run, "GetChargingProfiles", {"requestId": 9, "chargingProfile": {}}) == {
            "status": "Accepted"
        }
        await command(run, "Reset", {"type": "Immediate"})
        await run.until(lambda: not run.station.online.is_set())
        await run.until(
            lambda: run.station.connectors[0].status == "Available" and run.station.online.is_set()
        )
        now = run.station.clock.station_seconds()
        reservation = {"id": 2, "expiryDateTime": later(now + 5), "idToken": TOKEN_2X}
        assert await command(run, "ReserveNow", reservation) == {"status": "Accepted"}
        await command(run, "GetLog", {"log": LOG, "logType": "SecurityLog", "requestId": 3})
        await asyncio.sleep(100)

    by_event = live(settings(config(version, status_by_event=True), habits=SOON), scenario)
    by_status = live(settings(config(version), habits=SOON), scenario)
    assert set(by_event.said) | set(by_status.said) == messages_2x.SAID - {"DataTransfer"}


def examples_of_triggers(version: str, action: str) -> list[tuple[str, dict[str, Any]]]:
    """A trigger for each message that the schema knows."""
    from tests.simulator.central_system import schema

    wanted = {payload["requestedMessage"] for payload in examples(schema(version, action))}
    return [(action, {"requestedMessage": name}) for name in sorted(wanted)]


def signed_update(retrieve: str) -> dict[str, Any]:
    firmware = {
        "location": "https://x.example/f",
        retrieve: later(1),
        "signingCertificate": "x",
        "signature": "y",
    }
    return {"requestId": 9, "firmware": firmware}


def context_of(values: dict[str, Any]) -> str:
    return str(values["meterValue"][0]["sampledValue"][0]["context"])

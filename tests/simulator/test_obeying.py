"""What commands do to what a station holds: variables, reservations, lists; and all that it can say."""

import asyncio
from typing import Any

import pytest

from simulator.facts import Version
from simulator.v2x import messages as messages_2x
from simulator.v16 import messages as messages_16
from tests.simulator.central_system import schema
from tests.simulator.commanding import LOG, TOKEN_2X, V2X, charging, command, later, profile
from tests.simulator.examples import examples
from tests.simulator.fleets import SOON, Run, config, live, settings


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

"""Every action that a central system may send gets a valid answer, whatever its shape and the station's state."""

import asyncio
import random
from typing import Any

import pytest

from simulator.facts import Version
from simulator.profiles import PROFILES
from simulator.v2x import commands as commands_2x
from simulator.v2x import refusals
from simulator.v16 import commands as commands_16
from tests.simulator.central_system import actions, judge, schema
from tests.simulator.examples import examples
from tests.simulator.fleets import SOON, STATION, Run, config, live, settings

FROM_STATION_16 = {
    "Authorize", "BootNotification", "DiagnosticsStatusNotification", "FirmwareStatusNotification", "Heartbeat",
    "LogStatusNotification", "MeterValues", "SecurityEventNotification", "SignCertificate",
    "SignedFirmwareStatusNotification", "StartTransaction", "StatusNotification", "StopTransaction",
}  # fmt: skip
FROM_STATION_2X = {
    "Authorize", "BatterySwap", "BootNotification", "ClearedChargingLimit", "ClosePeriodicEventStream",
    "FirmwareStatusNotification", "Get15118EVCertificate", "GetCertificateChainStatus", "GetCertificateStatus",
    "Heartbeat", "LogStatusNotification", "MeterValues", "NotifyChargingLimit", "NotifyCustomerInformation",
    "NotifyDERAlarm", "NotifyDERStartStop", "NotifyDisplayMessages", "NotifyEVChargingNeeds",
    "NotifyEVChargingSchedule", "NotifyEvent", "NotifyMonitoringReport", "NotifyPriorityCharging", "NotifyReport",
    "NotifySettlement", "OpenPeriodicEventStream", "PublishFirmwareStatusNotification", "PullDynamicScheduleUpdate",
    "ReportChargingProfiles", "ReportDERControl", "ReservationStatusUpdate", "SecurityEventNotification",
    "SignCertificate", "StatusNotification", "TransactionEvent", "VatNumberValidation",
}  # fmt: skip


def commands_of(version: Version) -> list[str]:
    said = FROM_STATION_16 if version is Version.V16 else FROM_STATION_2X
    return sorted(actions(version) - said)


def known(version: Version) -> set[str]:
    if version is Version.V16:
        return set(commands_16.COMMANDS)
    of_21 = set(refusals.ONLY_IN_21) if version is Version.V21 else set()
    return set(commands_2x.COMMANDS) | set(refusals.IN_BOTH) | of_21


@pytest.mark.parametrize(("version", "count"), [(Version.V16, 26), (Version.V201, 40), (Version.V21, 55)])
def test_every_command_of_the_standard_is_known_and_no_other(version: Version, count: int) -> None:
    assert len(commands_of(version)) == count
    assert known(version) == set(commands_of(version))


@pytest.mark.parametrize("busy", [False, True], ids=["idle", "busy"])
@pytest.mark.parametrize("version", Version)
def test_every_shape_of_every_command_is_answered_validly(version: Version, *, busy: bool) -> None:
    answered: set[str] = set()

    async def scenario(run: Run) -> None:
        await run.online()
        if busy:
            await run.until(lambda: run.station.controls.is_busy)
        sent = [
            (a, shape) for a in commands_of(version) if a != "Reset" for shape in examples(schema(version, a))
        ]
        random.Random(3).shuffle(sent)
        for action, payload in sent:
            await run.online()
            judge(version, action, payload)
            answer = await run.system.command(STATION, action, payload)
            if answer == {"error": "hung up"}:
                continue  # a firmware update restarts it just now; there are many shapes of each command
            assert "error" not in answer, (action, payload, answer)
            answered.add(action)
            await asyncio.sleep(0.5)
        for payload in examples(schema(version, "Reset")):
            await run.online()
            assert "status" in await run.system.command(STATION, "Reset", payload)
            await asyncio.sleep(300)
        await asyncio.sleep(3000)  # what the commands set off happens, and each message of it is judged

    run = live(settings(config(version, connectors=2), habits=SOON), scenario)
    assert answered == set(commands_of(version)) - {"Reset"}
    assert run.fleet.statistics.total.failures == 0


@pytest.mark.parametrize("version", Version)
def test_unknown_commands_are_not_implemented(version: Version) -> None:
    async def scenario(run: Run) -> None:
        await run.online()
        answer = await run.system.command(STATION, "MakeCoffee", {"cups": 2}, lenient=True)
        assert answer == {"error": "NotImplemented"}

    live(settings(config(version)), scenario)


def test_a_station_without_the_security_extension_does_not_know_it() -> None:
    async def scenario(run: Run) -> None:
        await run.online()
        for action in sorted(commands_16.SECURITY_EXTENSION):
            payload = next(iter(examples(schema("1.6", action))))
            assert await run.system.command(STATION, action, payload) == {"error": "NotImplemented"}
        assert "SecurityEventNotification" not in run.said

    live(settings(config(Version.V16, PROFILES["core-only"])), scenario)


@pytest.mark.parametrize("version", Version)
def test_malformed_commands_are_refused_and_harm_nothing(version: Version) -> None:
    async def scenario(run: Run) -> None:
        await run.online()
        fault = "FormationViolation" if version is Version.V16 else "FormatViolation"
        for action in commands_of(version):
            for payload in _broken(schema(version, action)):
                answer = await run.system.command(STATION, action, payload, lenient=True)
                assert answer.get("error", fault) in {fault, "hung up"}, (action, payload)
                await run.online()
        wire = run.system.wires[STATION]
        for garbage in (
            b"{",
            b"[]",
            b"[9,1,2]",
            b'"x"',
            b"\xff\xfe",
            b"[3]",
            b'[3,"nobody",{}]',
            b"[5,7]",
            b"null",
        ):
            wire.raw_to_station(garbage)
        await asyncio.sleep(1)
        assert run.fleet.statistics.total.garbled == 9
        version_call = "GetLocalListVersion"
        assert "error" not in await run.system.command(STATION, version_call, {})

    live(settings(config(version)), scenario)


def _broken(document: dict[str, Any]) -> list[dict[str, Any]]:
    """The fullest example, once without each required member and once with nonsense for each object."""
    fullest = list(examples(document))[1]
    broken = [{k: v for k, v in fullest.items() if k != name} for name in document.get("required", [])]
    return broken + [
        {**fullest, name: "nonsense"} for name, value in fullest.items() if isinstance(value, dict)
    ]

"""Each profile shows its fault, and only that one; the faulty stations still finish their sessions."""

import contextlib
from collections.abc import Callable
from typing import Any

import jsonschema_rs
import pytest

from simulator.facts import Version
from simulator.profiles import PROFILES, QUIRKY, WELL_BEHAVED, Offer, Profile, named
from simulator.settings import make_stations
from simulator.wire import offered_subprotocols
from tests.simulator.central_system import CentralSystem, judge
from tests.simulator.fleets import HOUR, SOON, Run, config, live, settings

Payload = dict[str, Any]


def lived(name: str, version: Version) -> Run:
    system = CentralSystem(lenient=True)
    return live(settings(config(version, PROFILES[name]), habits=SOON, seconds=2 * HOUR), system=system)


def faults(run: Run, version: Version) -> list[tuple[str, str]]:
    """What the official schemas say against what was heard."""
    found = []
    for heard in run.system.heard:
        try:
            judge(version, heard.action, heard.payload)
        except jsonschema_rs.ValidationError as fault:
            found.append((heard.action, fault.message))
    return found


EVERY = [(profile.name, version) for profile in QUIRKY for version in Version if version in profile.versions]


@pytest.mark.parametrize(("name", "version"), EVERY)
def test_a_quirky_station_still_finishes_its_sessions(name: str, version: Version) -> None:
    run = lived(name, version)
    tally = run.fleet.statistics.total
    assert tally.sessions_ended == tally.sessions_started >= 2
    assert (tally.failures, tally.queued) == (0, 0)


SCHEMA_FAULTS: dict[str, set[str]] = {
    "naive-time": {"StatusNotification", "SecurityEventNotification", "StartTransaction", "StopTransaction", "MeterValues"},
    "local-time": {"StatusNotification", "SecurityEventNotification", "StartTransaction", "StopTransaction", "MeterValues"},
    "short-offset": {"StatusNotification", "SecurityEventNotification", "StartTransaction", "StopTransaction", "MeterValues"},
    "no-timestamp": {"StartTransaction"},
    "swapped-types": {"MeterValues", "StopTransaction"},
    "odd-units": {"MeterValues"},
    "single-object": {"MeterValues"},
    "null-transaction": {"StopTransaction"},
    "fractional-meter": {"StopTransaction"},
    "long-strings": {"BootNotification"},
    "odd-enums": {"StatusNotification"},
    "extra-fields": {"Authorize", "StatusNotification", "StopTransaction"},
}  # fmt: skip
"""The actions of 1.6 that break their schema, by profile; all other profiles break none."""


@pytest.mark.parametrize("name", [profile.name for profile in QUIRKY if Version.V16 in profile.versions])
def test_a_quirk_breaks_only_the_schemas_it_is_about(name: str) -> None:
    assert {action for action, _ in faults(lived(name, Version.V16), Version.V16)} == SCHEMA_FAULTS.get(
        name, set()
    )


def first(run: Run, action: str) -> Payload:
    return run.system.payloads(action)[0]


def registers(run: Run) -> list[list[Payload]]:
    """The samples of the energy register in each group of values."""
    groups = [group for payload in run.system.payloads("MeterValues") for group in payload["meterValue"]]
    return [
        [s for s in group["sampledValue"] if s["measurand"] == "Energy.Active.Import.Register"]
        for group in groups
    ]


def energy(run: Run) -> Payload:
    sample: Payload = first(run, "MeterValues")["meterValue"][0]["sampledValue"][0]
    return sample


SHOWS: dict[str, Callable[[Run], bool]] = {
    "naive-time": lambda run: not first(run, "StartTransaction")["timestamp"].endswith("Z"),
    "short-offset": lambda run: first(run, "StartTransaction")["timestamp"].endswith("+00"),
    "bogus-clock": lambda run: first(run, "StartTransaction")["timestamp"].startswith("1970-01-01T"),
    "no-timestamp": lambda run: "timestamp" not in first(run, "StartTransaction"),
    "swapped-types": lambda run: isinstance(energy(run)["value"], float),
    "kwh": lambda run: energy(run)["unit"] == "kWh" and float(energy(run)["value"]) < 10_000,
    "no-units": lambda run: "unit" not in energy(run),
    "odd-units": lambda run: "'Volt'" in str(run.system.payloads("MeterValues")),
    "single-object": lambda run: isinstance(first(run, "MeterValues")["meterValue"], dict),
    "zero-transaction": lambda run: {v["transactionId"] for v in run.system.payloads("MeterValues")} == {0},
    "stops-zero": lambda run: {v["transactionId"] for v in run.system.payloads("StopTransaction")} == {0},
    "stops-minus-one": lambda run: {v["transactionId"] for v in run.system.payloads("StopTransaction")} == {-1},
    "mislabelled-kwh": lambda run: energy(run)["unit"] == "Wh"
    and float(energy(run)["value"]) < first(run, "StartTransaction")["meterStart"] / 900,
    "neutral-register": lambda run: {s.get("phase") for group in registers(run) for s in group} == {"N"},
    "phase-registers": lambda run: [s.get("phase") for s in registers(run)[0]] == ["L1", "L2", "L3"]
    and sum(int(s["value"]) for s in registers(run)[0]) >= first(run, "StartTransaction")["meterStart"],
    "phase-to-neutral-registers": lambda run: [s.get("phase") for s in registers(run)[0]] == ["L1-N", "L2-N", "L3-N"],
    "repeats-begin": lambda run: [s["context"] for s in registers(run)[-1]] == ["Sample.Periodic", "Transaction.Begin"],
    "session-samples": lambda run: float(energy(run)["value"]) < 5000 < first(run, "StartTransaction")["meterStart"],
    "unchanging-start": lambda run: {v["timestamp"] for v in run.system.payloads("StartTransaction")} == {"1970-01-01T00:00:00Z"},
    "local-time": lambda run: first(run, "StartTransaction")["timestamp"].startswith("2026-01-01T01:")
    and not first(run, "StartTransaction")["timestamp"].endswith("Z"),
    "null-transaction": lambda run: first(run, "StopTransaction")["transactionId"] is None,
    "empty-token": lambda run: first(run, "StopTransaction")["idTag"] == "",
    "fractional-meter": lambda run: first(run, "StopTransaction")["meterStop"] % 1 > 0,
    "long-strings": lambda run: len(first(run, "BootNotification")["chargePointSerialNumber"]) > 25,
    "odd-enums": lambda run: first(run, "StatusNotification")["errorCode"] == "None",
    "extra-fields": lambda run: first(run, "Authorize")["connectorId"] == 1,
    "counter-ids": lambda run: [h.message_id for h in run.system.heard[:3]] == ["1", "2", "3"],
    "number-ids": lambda run: [h.message_id for h in run.system.heard[:3]] == [1, 2, 3],
    "long-ids": lambda run: {len(h.message_id) for h in run.system.heard} == {64},
    "never-stops": lambda run: "StopTransaction" not in run.said,
    "double-start": lambda run: run.system.payloads("StartTransaction").count(first(run, "StartTransaction")) == 2,
    "late-meter": lambda run: run.said[run.said.index("StopTransaction") + 1] == "MeterValues"
    or run.said[run.said.index("StopTransaction") + 2] == "MeterValues",
    "silent-status": lambda run: "StatusNotification" not in run.said,
    "broken-frames": lambda run: len(run.system.garbage) > 0,
    "vendor-data": lambda run: first(run, "DataTransfer")["vendorId"] == "com.example.Kurbel",
    "core-only": lambda run: "SecurityEventNotification" not in run.said,
    "never-boots": lambda run: "BootNotification" not in run.said,
}  # fmt: skip
ELSEWHERE = {
    "new-id-retries",
    "same-id-retries",
    "boots-on-connect",
    "no-subprotocol",
    "many-subprotocols",
    "missing-evse",
}
"""Shown in test_outbox, test_boots, and below."""


@pytest.mark.parametrize("name", SHOWS)
def test_a_profile_shows_its_quirk_and_a_well_behaved_station_does_not(name: str) -> None:
    assert SHOWS[name](lived(name, Version.V16))
    with contextlib.suppress(KeyError, IndexError):  # where the quirk adds what is otherwise not even there
        assert not SHOWS[name](lived("well-behaved", Version.V16))


def test_every_profile_is_shown_somewhere() -> None:
    assert set(SHOWS) | ELSEWHERE == {profile.name for profile in QUIRKY}


@pytest.mark.parametrize("version", [Version.V201, Version.V21])
def test_quirks_of_2x_payloads(version: Version) -> None:
    def event(name: str) -> Payload:
        return next(e for e in lived(name, version).system.payloads("TransactionEvent") if "meterValue" in e)

    def sample(name: str) -> Payload:
        found: Payload = event(name)["meterValue"][0]["sampledValue"][0]
        return found

    assert isinstance(sample("swapped-types")["value"], str)
    assert sample("kwh")["unitOfMeasure"] == {"unit": "kWh"}
    assert "unitOfMeasure" not in sample("no-units")
    assert event("bogus-clock")["timestamp"].startswith("1970")
    assert not any("evse" in e for e in lived("missing-evse", version).system.payloads("TransactionEvent"))
    assert any("evse" in e for e in lived("well-behaved", version).system.payloads("TransactionEvent"))


def test_what_a_station_offers_in_its_handshake() -> None:
    def offered(profile: Profile) -> tuple[str, ...]:
        return offered_subprotocols(config(Version.V16, profile))

    assert offered(WELL_BEHAVED) == ("ocpp1.6",)
    assert offered(PROFILES["no-subprotocol"]) == ()
    assert offered(PROFILES["many-subprotocols"]) == ("ocpp9.9", "ocpp1.6", "ocpp1.5")
    assert {profile.offers for profile in PROFILES.values()} == set(Offer)


def test_profiles_by_name() -> None:
    assert named("kwh, late-meter") == (PROFILES["kwh"], PROFILES["late-meter"])
    assert named("all") == tuple(PROFILES.values())
    assert named("") == (WELL_BEHAVED,)
    with pytest.raises(ValueError, match="unknown profile nonsense"):
        named("kwh,nonsense")


def test_stations_take_versions_and_fitting_profiles_in_turn() -> None:
    stations = make_stations(6, (Version.V16, Version.V201), named("late-meter,kwh,missing-evse"), seed=4)
    assert [(s.id, s.profile.name) for s in stations] == [
        ("SIM-16-00001", "late-meter"),
        ("SIM-201-00001", "kwh"),
        ("SIM-16-00002", "kwh"),
        ("SIM-201-00002", "missing-evse"),
        ("SIM-16-00003", "late-meter"),
        ("SIM-201-00003", "kwh"),
    ]
    assert make_stations(6, seed=4) == make_stations(6, seed=4) != make_stations(6, seed=5)
    with pytest.raises(ValueError, match=r"late-meter exists for 2\.1"):
        make_stations(1, (Version.V21,), named("late-meter"))

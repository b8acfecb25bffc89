"""A day of mixed stations: sessions of every version begin and end, each payload fits its schema."""

import itertools
from datetime import datetime
from typing import Any

import pytest

from simulator.facts import Version
from simulator.profiles import PROFILES
from simulator.settings import Habits, make_stations, make_tokens
from tests.simulator.central_system import CentralSystem, Heard
from tests.simulator.fleets import HOUR, NOBODY, ORIGIN, SOON, config, live, settings

ENERGY = "Energy.Active.Import.Register"
POWER = "Power.Active.Import"


def meter_values(heard: Heard) -> list[dict[str, Any]]:
    groups: list[dict[str, Any]] = heard.payload.get("meterValue", []) + heard.payload.get(
        "transactionData", []
    )
    return groups


def value_of(group: dict[str, Any], measurand: str) -> float | None:
    return next((float(s["value"]) for s in group["sampledValue"] if s["measurand"] == measurand), None)


def test_a_day_of_mixed_stations() -> None:
    run = live(settings(*make_stations(12), seconds=8 * HOUR, habits=Habits()))

    total = run.fleet.statistics.total
    assert (total.failures, total.queued, total.garbled, total.disconnected) == (0, 0, 0, 0)
    assert total.sent == total.answered == len(run.system.heard)
    for tally in run.fleet.statistics.by_version.values():
        assert tally.boots == tally.connections == tally.stations == 4
        assert tally.sessions_started == tally.sessions_ended >= 10
        assert tally.energy_wh > 10_000
    assert {h.action for h in run.system.heard if h.version == "1.6"} >= {
        "Authorize", "BootNotification", "Heartbeat", "MeterValues", "SecurityEventNotification",
        "StartTransaction", "StatusNotification", "StopTransaction",
    }  # fmt: skip
    assert {h.action for h in run.system.heard if h.version == "2.1"} >= {"NotifyEvent", "StatusNotification"}


def test_transactions_of_2x_are_numbered_without_a_gap_and_ended_once() -> None:
    run = live(settings(*make_stations(12, (Version.V201, Version.V21)), seconds=6 * HOUR, habits=Habits()))

    by_transaction: dict[str, list[dict[str, Any]]] = {}
    for payload in run.system.payloads("TransactionEvent"):
        by_transaction.setdefault(payload["transactionInfo"]["transactionId"], []).append(payload)
    assert len(by_transaction) > 20
    starts = set()
    for events in by_transaction.values():
        assert [event["seqNo"] for event in events] == list(range(len(events)))
        assert [event["eventType"] for event in events] == ["Started"] + ["Updated"] * (len(events) - 2) + [
            "Ended"
        ]
        assert sum("evse" in event for event in events) <= 1  # E01.FR.16: told once, when it is known
        assert sum("idToken" in event for event in events) in {1, 2}  # the start, and a local stop
        assert "stoppedReason" in events[-1]["transactionInfo"]
        assert not any(event.get("offline") for event in events)
        starts.add(events[0]["triggerReason"])
    assert starts == {"Authorized", "CablePluggedIn"}


def test_transactions_of_16_use_the_number_they_were_given() -> None:
    run = live(settings(*make_stations(6, (Version.V16,)), seconds=6 * HOUR, habits=Habits()))

    starts = run.system.payloads("StartTransaction")
    stops = run.system.payloads("StopTransaction")
    assert sorted(stop["transactionId"] for stop in stops) == list(range(1, len(starts) + 1))
    assert {stop["reason"] for stop in stops} >= {"Local", "EVDisconnected"}
    assert {values["transactionId"] for values in run.system.payloads("MeterValues")} <= set(
        range(1, len(starts) + 1)
    )


@pytest.mark.parametrize("version", Version)
def test_the_register_rises_with_the_power_and_across_sessions(version: Version) -> None:
    run = live(settings(config(version, phases=0, power_w=50_000), seconds=10 * HOUR, habits=SOON))

    groups = [group for heard in run.system.heard for group in meter_values(heard)]
    groups = sorted({g["timestamp"]: g for g in groups if value_of(g, POWER) is not None}.values(), key=str)
    groups = sorted(groups, key=lambda group: group["timestamp"])
    assert len(groups) > 100
    registers = [value_of(group, ENERGY) for group in groups]
    assert all(b >= a for a, b in itertools.pairwise(registers) if a is not None and b is not None)
    for before, after in itertools.pairwise(groups):
        seconds = (
            datetime.fromisoformat(after["timestamp"]) - datetime.fromisoformat(before["timestamp"])
        ).total_seconds()
        if seconds > 61:
            continue  # a car left in between
        risen = (value_of(after, ENERGY) or 0) - (value_of(before, ENERGY) or 0)
        assert risen == pytest.approx((value_of(after, POWER) or 0) * seconds / 3600, abs=1.5)
    charge = [value for group in groups if (value := value_of(group, "SoC")) is not None]
    assert 0 < min(charge) < max(charge) <= 100


def test_current_and_voltage_by_phase_make_the_power() -> None:
    run = live(settings(config(Version.V201, phases=3, power_w=11_000), seconds=2 * HOUR, habits=SOON))

    groups = [g for h in run.system.heard for g in meter_values(h) if value_of(g, POWER)]
    assert groups
    for group in groups:
        amps = {s["phase"]: s["value"] for s in group["sampledValue"] if s["measurand"] == "Current.Import"}
        volts = {s["phase"]: s["value"] for s in group["sampledValue"] if s["measurand"] == "Voltage"}
        assert set(amps) == {"L1", "L2", "L3"}
        watts = sum(amps[phase] * volts[f"{phase}-N"] for phase in amps)
        assert watts == pytest.approx(value_of(group, POWER), rel=0.01)


def test_the_same_seed_says_the_same_and_another_does_not() -> None:
    def said(seed: int) -> list[tuple[str, Any, str, Any]]:
        stations = make_stations(6, seed=seed)
        run = live(settings(*stations, seconds=2 * HOUR, habits=Habits(), seed=seed))
        return [(h.station, h.message_id, h.action, h.payload) for h in run.system.heard]

    first = said(1)
    assert len(first) > 200
    assert said(1) == first
    assert said(2) != first


def test_a_faster_clock_shows_the_same_day_in_less_time() -> None:
    run = live(settings(*make_stations(6), seconds=60, speed=240, habits=Habits(), seed=1))

    assert run.fleet.statistics.total.sessions_ended >= 6
    stamps = sorted(values["meterValue"][0]["timestamp"] for values in run.system.payloads("MeterValues"))
    assert stamps[0] < "2026-01-01T01"
    assert stamps[-1] > "2026-01-01T03"


def test_a_rate_is_kept_by_spacing_meter_values() -> None:
    stations = make_stations(20)
    run = live(
        settings(*stations, seconds=300, rate=40, habits=Habits((0, 1), (1, 2), (HOUR, HOUR), (0.1, 0.2)))
    )

    assert run.fleet.statistics.total.sent == pytest.approx(40 * 300, rel=0.03)
    last = [h for h in run.system.heard if h.action in {"MeterValues", "TransactionEvent"}]
    assert {h.station for h in last} == {station.id for station in stations}


def test_the_end_stops_transactions_and_delivers_all() -> None:
    run = live(settings(*make_stations(6), seconds=900, habits=Habits((0, 60), (60, 60), (HOUR, HOUR))))

    total = run.fleet.statistics.total
    assert total.sessions_ended == total.sessions_started >= 6
    assert (total.queued, total.connected) == (0, 0)
    reasons = {stop["reason"] for stop in run.system.payloads("StopTransaction")}
    assert reasons == {"Local"}


def test_heartbeats_come_after_silence_only() -> None:
    run = live(settings(config(Version.V16), seconds=3 * HOUR + 150, habits=NOBODY))
    assert run.said.count("Heartbeat") == 36

    busy = live(settings(config(Version.V16), seconds=3 * HOUR, habits=Habits((1, 1), (1, 1), (9e9, 9e9))))
    assert busy.said.count("MeterValues") > 100
    assert "Heartbeat" not in busy.said


@pytest.mark.parametrize("version", Version)
def test_a_connector_breaks_and_is_repaired(version: Version) -> None:
    habits = Habits((10, 10), (60, 60), (600, 600), fault_share=1.0, repair_seconds=(300, 300))
    run = live(settings(config(version), seconds=3 * HOUR, habits=habits))

    field = "status" if version is Version.V16 else "connectorStatus"
    told = run.system.payloads("StatusNotification")
    broken = [number for number, payload in enumerate(told) if payload[field] == "Faulted"]
    assert len(broken) == run.fleet.statistics.total.sessions_ended > 5
    assert {told[number + 1][field] for number in broken} == {"Available"}
    if version is Version.V16:
        assert all((payload["errorCode"] != "NoError") == (payload[field] == "Faulted") for payload in told)


def test_stations_without_a_journal_keep_none() -> None:
    run = live(settings(config(Version.V16), seconds=60, keep_journal=False))
    assert run.fleet.statistics.total.sent > 0
    assert run.journal == []


def test_refused_drivers_do_not_charge() -> None:
    system = CentralSystem()
    stations = make_stations(6)
    system.refuse_tokens = {token.value for token in make_tokens(0)}
    run = live(settings(*stations, seconds=2 * HOUR, habits=Habits()), system=system)

    assert run.system.payloads("Authorize")
    assert run.system.payloads("StartTransaction") == []
    assert run.fleet.statistics.total.energy_wh == 0
    ended = [e for e in run.system.payloads("TransactionEvent") if e["eventType"] == "Ended"]
    assert {e["transactionInfo"]["stoppedReason"] for e in ended} == {"DeAuthorized"}


@pytest.mark.parametrize("name", ["well-behaved", "stops-zero", "unchanging-start", "mislabelled-kwh"])
def test_the_true_sessions_do_not_depend_on_the_habit(name: str) -> None:
    station = config(Version.V16, PROFILES[name], phases=0, power_w=50_000)
    run = live(settings(station, seconds=4 * HOUR, habits=SOON), system=CentralSystem(lenient=True))

    truth = run.station.sessions or []
    starts, stops = run.system.payloads("StartTransaction"), run.system.payloads("StopTransaction")
    assert len(truth) == len(starts) == len(stops) > 3
    for session, start, stop in zip(truth, starts, stops, strict=True):
        assert (session.connector, session.token) == (start["connectorId"], start["idTag"])
        assert session.energy_wh == pytest.approx(stop["meterStop"] - start["meterStart"], abs=1)
        assert f"{session.ended:%Y-%m-%dT%H:%M:%S}" == stop["timestamp"][:19]
        assert session.began >= ORIGIN

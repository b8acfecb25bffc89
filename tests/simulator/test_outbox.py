"""Messages that must not be lost: kept in order, retried by the rules, sent again after a reconnect."""

import asyncio
import itertools
from typing import Any

import pytest

from simulator.facts import Version
from simulator.journal import Outcome
from simulator.profiles import PROFILES
from tests.simulator.central_system import CentralSystem, Heard
from tests.simulator.fleets import SOON, STATION, Run, config, live, settings

KEPT = {"StartTransaction", "StopTransaction", "MeterValues", "TransactionEvent", "SecurityEventNotification"}


def kept(run: Run) -> list[Heard]:
    return [heard for heard in run.system.heard if heard.action in KEPT]


def key(heard: Heard) -> str:
    return repr((heard.action, heard.payload))


def distinct(heard: list[Heard]) -> list[str]:
    """The messages in the order in which each was first heard."""
    return list(dict.fromkeys(key(one) for one in heard))


@pytest.mark.parametrize("version", Version)
def test_an_error_is_followed_by_growing_waits_and_nothing_overtakes(version: Version) -> None:
    at: list[float] = []

    def fail(heard: Heard) -> str | None:
        if heard.action not in KEPT or heard.action == "SecurityEventNotification":
            return None
        at.append(asyncio.get_running_loop().time())
        return "InternalError" if len(at) <= 4 else None

    run = live(
        settings(config(version), habits=SOON, seconds=3600, retry_interval_seconds=7),
        system=CentralSystem(fail=fail),
    )

    first = [heard for heard in kept(run) if heard.action != "SecurityEventNotification"][:6]
    assert len({key(heard) for heard in first[:5]}) == 1
    assert key(first[5]) != key(first[0])
    assert [round(b - a) for a, b in itertools.pairwise(at[:5])] == [7, 14, 21, 28]
    tries = [exchange.attempt for exchange in run.journal if exchange.kept][1:6]
    assert tries == [1, 2, 3, 4, 5]
    assert run.fleet.statistics.total.queued == 0


@pytest.mark.parametrize("version", Version)
def test_nothing_is_given_up_without_a_limit(version: Version) -> None:
    outage = {"over": False}

    def fail(heard: Heard) -> str | None:
        return "InternalError" if heard.action in KEPT and not outage["over"] else None

    async def scenario(run: Run) -> None:
        await asyncio.sleep(4000)
        assert run.fleet.statistics.total.queued > 30
        assert len({key(heard) for heard in kept(run)}) == 1  # the head of the queue, again and again
        outage["over"] = True
        await run.until(lambda: run.fleet.statistics.total.queued == 0)

    run = live(
        settings(config(version), habits=SOON, retry_interval_seconds=3), scenario, CentralSystem(fail=fail)
    )
    total = run.fleet.statistics.total
    assert (total.dropped, total.queued) == (0, 0)
    assert total.sessions_started == total.sessions_ended >= 2


def test_attempts_are_limited_where_the_device_model_says_so() -> None:
    system = CentralSystem(fail=lambda heard: "InternalError" if heard.action == "MeterValues" else None)
    run = live(
        settings(config(Version.V16), habits=SOON, seconds=3600, attempts=3, retry_interval_seconds=1),
        system=system,
    )

    values = [key(heard) for heard in run.system.heard if heard.action == "MeterValues"]
    assert len(set(values)) > 20
    assert all(values.count(one) == 3 for one in set(values))
    assert run.fleet.statistics.total.dropped == len(set(values))
    assert len(run.system.payloads("StopTransaction")) == run.fleet.statistics.total.sessions_ended


@pytest.mark.parametrize("version", Version)
def test_an_unanswered_message_is_sent_again_after_the_reconnect(version: Version) -> None:
    cut: list[Heard] = []

    def fail(heard: Heard) -> str | None:
        if heard.action in {"StartTransaction", "TransactionEvent"} and not cut:
            cut.append(heard)
            return "hang up"
        return None

    run = live(settings(config(version), habits=SOON, seconds=1200), system=CentralSystem(fail=fail))

    again = [heard for heard in run.system.heard if key(heard) == key(cut[0])]
    assert len(again) == 2
    outcomes = [exchange.outcome for exchange in run.journal if exchange.payload == cut[0].payload]
    assert outcomes == [Outcome.DISCONNECTED, Outcome.RESULT]
    same_id = again[0].message_id == again[1].message_id
    assert same_id == (version is not Version.V16)  # 1.6J §4.1.4 wants a new one


@pytest.mark.parametrize(("profile", "same"), [("new-id-retries", False), ("same-id-retries", True)])
@pytest.mark.parametrize("version", Version)
def test_profiles_choose_the_message_id_of_a_retry(version: Version, profile: str, *, same: bool) -> None:
    failed: list[Heard] = []

    def fail(heard: Heard) -> str | None:
        if heard.action == "SecurityEventNotification" and not failed:
            failed.append(heard)
            return "InternalError"
        return None

    run = live(settings(config(version, PROFILES[profile]), seconds=60), system=CentralSystem(fail=fail))
    first, second = [h.message_id for h in run.system.heard if h.action == "SecurityEventNotification"]
    assert (first == second) is same


def test_a_silent_system_is_a_timeout_and_frees_the_turn() -> None:
    silent: list[Heard] = []

    def fail(heard: Heard) -> str | None:
        if heard.action == "MeterValues" and not silent:
            silent.append(heard)
            return ""
        return None

    async def scenario(run: Run) -> None:
        await run.until(lambda: silent)
        wire, message_id = run.system.wires[STATION], silent[0].message_id
        await asyncio.sleep(21)
        wire.to_station([3, message_id, {}])  # far too late: it must not answer the CALL that is open now
        await asyncio.sleep(100)

    run = live(
        settings(config(Version.V16), habits=SOON, call_timeout_seconds=20),
        scenario,
        CentralSystem(fail=fail),
    )
    timed_out = [exchange for exchange in run.journal if exchange.outcome is Outcome.TIMEOUT]
    assert len(timed_out) == 1
    assert timed_out[0].answered_at is not None
    assert timed_out[0].answered_at - timed_out[0].sent_at == pytest.approx(20)
    assert run.fleet.statistics.total.garbled == 1
    assert [h.payload for h in run.system.heard].count(silent[0].payload) == 2


@pytest.mark.parametrize("version", Version)
def test_life_goes_on_offline_and_all_of_it_is_told_later(version: Version) -> None:
    async def scenario(run: Run) -> None:
        await run.online()
        await asyncio.sleep(1)
        run.system.away = True
        run.system.wires[STATION].hang_up()
        await asyncio.sleep(4000)
        assert run.fleet.statistics.total.sessions_ended >= 1
        assert run.fleet.statistics.total.queued > 30
        run.system.away = False
        await run.until(lambda: run.fleet.statistics.total.queued == 0)

    run = live(settings(config(version), habits=SOON), scenario)
    told = kept(run)
    assert len(distinct(told)) == len(told)
    stamps = [stamp(heard) for heard in told]
    assert stamps == sorted(stamps)
    if version is Version.V16:
        starts = run.system.payloads("StartTransaction")
        assert {payload["transactionId"] for payload in run.system.payloads("StopTransaction")} == set(
            range(1, len(starts) + 1)
        )
    else:
        events = run.system.payloads("TransactionEvent")
        assert events[0].get("offline") is True
        assert not events[-1].get("offline")


def stamp(heard: Heard) -> str:
    payload: dict[str, Any] = heard.payload
    return str(payload["timestamp"] if "timestamp" in payload else payload["meterValue"][0]["timestamp"])


def test_one_call_is_open_at_a_time_and_each_ends_once() -> None:
    open_calls: dict[str, Heard] = {}
    settled: list[str] = []

    def fail(heard: Heard) -> str | None:
        assert heard.station not in open_calls, "a second CALL while one is open"
        open_calls[heard.station] = heard
        wire = run_of["system"].wires[heard.station]
        asyncio.get_running_loop().call_later(0.7, answer, wire, heard)
        return ""

    def answer(wire: Any, heard: Heard) -> None:
        del open_calls[heard.station]
        settled.append(heard.station)
        wire.to_station([3, heard.message_id, run_of["system"].answer(heard)])

    run_of: dict[str, CentralSystem] = {"system": CentralSystem(fail=fail)}
    run = live(
        settings(config(Version.V21, connectors=2), habits=SOON, seconds=1800, meter_interval_seconds=2),
        system=run_of["system"],
    )
    assert len(settled) > 1000
    assert [exchange.outcome for exchange in run.journal] == [Outcome.RESULT] * len(run.journal)

"""The engine, a kind of rule at a time: what is raised, updated and resolved, and at which minute."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from consumers.alerting.reading import default_text
from consumers.alerting.remembering import register
from consumers.alerting.shard_time import GAP_MS, ShardTime
from consumers.alerting.station import MAX_SESSIONS, MAX_WATCHES_OF_RULE
from contract.events import (
    AuthorizationRequested,
    FirmwareStatus,
    LogStatus,
    ReservationUpdated,
    SecurityEvent,
    StationConnected,
    TransactionEnded,
    TransactionUpdated,
)
from contract.model import IdToken, Meter, Transaction
from contract.registry import RegisteredStation
from contract.results import CommandCompleted, Timings
from tests.consumers.alerting.fleet import Charger, Watched, at, ms
from tests.consumers.alerting.test_certificate_validity import certificate

A = Charger("A")
RULE = "rules: [{{name: R, {}}}]"


def watched(rule: str) -> Watched:
    return Watched(RULE.format(rule))


def command(minutes: float, name: str, status: str = "accepted", **arguments: Any) -> CommandCompleted:
    return A.says(
        CommandCompleted,
        minutes,
        command_id=f"{name}-{minutes}",
        status=status,
        request={"command": name, "arguments": arguments},
        timings=Timings(asked_at=at(minutes)),
    )


# Offline and flapping


def test_a_station_that_stays_away_is_told_when_its_time_is_over_and_when_it_is_back() -> None:
    it = watched("kind: station_offline, for: 10m")
    it.hear(A.connects(0))
    it.hear(A.leaves(1))
    it.ticks(5, 10.9, 11, 12)
    it.hear(A.connects(20), connection="c2")
    assert it.told == [("raised", 11), ("resolved", 20)]
    assert it.changes[0].alert.labels == {"alertname": "R", "severity": "warning", "station": "A"}
    assert it.station.watches == {}


def test_it_happened_though_nobody_looked_meanwhile() -> None:
    it = watched("kind: station_offline, for: 10m")
    it.hear(A.connects(0))
    it.hear(A.leaves(1))
    it.hear(A.connects(20), connection="c2")
    assert it.told == [("raised", 11), ("resolved", 20)]


@pytest.mark.parametrize("reason", ["drain", "gateway_lost", "error", "takeover"])
def test_after_an_outage_of_ours_a_station_has_longer_to_come_back(reason: str) -> None:
    it = watched("kind: station_offline, for: 10m, after_our_outage: 30m")
    it.hear(A.connects(0))
    it.hear(A.leaves(1, reason))
    it.ticks(11, 30.9)
    assert it.told == []
    it.tick(31)
    assert it.told == [("raised", 31)]


def test_the_end_of_an_old_connection_is_no_news_nor_is_one_said_twice() -> None:
    it = watched("kind: station_offline, for: 10m")
    it.hear(A.connects(0), connection="c1")
    it.hear(A.connects(1), connection="c2")
    it.hear(A.leaves(2), connection="c1")
    it.ticks(20)
    assert it.told == []
    it.hear(A.leaves(21), connection="c2")
    it.hear(A.leaves(26), connection="c2")
    it.ticks(31, 36)
    assert it.told == [("raised", 31)]


def test_a_station_whose_gateway_was_given_up_and_lives_is_not_offline() -> None:
    it = watched("kind: station_offline, for: 10m")
    it.hear(A.connects(0))
    it.hear(A.leaves(1, "gateway_lost"))
    it.hear(A.beats(2))
    it.ticks(60)
    assert it.told == []
    it.hear(A.leaves(61))  # and when that connection really ends, it is news
    it.ticks(70.5, 71)
    assert it.told == [("raised", 71)]


def test_flapping_counts_the_breaks_of_a_while_and_not_our_own() -> None:
    it = watched("kind: station_flapping, disconnects: 3, within: 1h")
    for number, (minute, reason) in enumerate(
        [(0, "lost"), (10, "drain"), (20, "lost"), (70, "lost"), (75, "lost")]
    ):
        it.hear(A.connects(minute), connection=f"c{number}")
        it.hear(A.leaves(minute + 1, reason), connection=f"c{number}")
    assert it.told == [("raised", 76)]
    it.ticks(130, 136)
    assert it.told == [("raised", 76), ("resolved", 136)]
    assert it.changes[-1].alert.why == "expired"


# Connectors


def test_a_fault_that_changes_its_words_is_updated() -> None:
    it = watched("kind: connector_faulted, for: 5m")
    it.hear(A.status(0, "Faulted", code="GroundFailure"))
    it.ticks(5)
    it.hear(A.status(6, "Faulted", code="GroundFailure"))
    it.hear(A.status(7, "Faulted", code="OverVoltage"))
    it.hear(A.status(8, "Faulted", code="OverVoltage", evse=2))
    it.hear(A.status(9, "Available"))
    assert it.told == [("raised", 5), ("updated", 7), ("resolved", 9)]
    raised, updated, resolved = (one.alert for one in it.changes)
    assert raised.labels == updated.labels == resolved.labels
    assert (raised.labels["evse"], raised.labels["connector"]) == ("1", "1")
    assert [one.alert.revision for one in it.changes] == [0, 1, 2]
    assert updated.annotations["summary"] == "A EVSE 1 connector 1 is faulted: OverVoltage"


def test_faults_can_be_chosen_by_their_code() -> None:
    it = watched(
        "kind: connector_faulted, for: 0s, codes: ['*Failure', Over*], except_codes: [EVCommunication*]"
    )
    it.hear(A.status(0, "Faulted", evse=1, code="EVCommunicationFailure"))
    it.hear(A.status(0, "Faulted", evse=2, code="GroundFailure"))
    it.hear(A.status(0, "Faulted", evse=3, code="WeakSignal"))
    assert [one.alert.evse for one in it.changes] == ["2"]


def test_a_connector_out_of_service() -> None:
    it = watched("kind: connector_unavailable, for: 1h")
    it.hear(A.status(0, "Unavailable"))
    it.hear(A.status(30, "Unavailable"))
    it.ticks(59, 60)
    it.hear(A.status(61, "Occupied"))
    assert it.told == [("raised", 60), ("resolved", 61)]


def test_a_busy_connector_is_quiet_for_longer_than_it_ever_is() -> None:
    it = watched("kind: connector_quiet, at_least: 1h, factor: 2, sessions: 5")
    for number in range(8):  # two hours' break, once five
        begin = number * 180 + (180 if number > 3 else 0)
        it.hear(A.starts(begin, f"T{number}"))
        it.hear(A.ends(begin + 60, f"T{number}"))
    it.ticks(1500 + 9 * 60)
    assert it.told == []  # twice the five hours, a little faded, are not over
    it.ticks(1500 + 10 * 60, 1502 + 10 * 60)
    ((became, minute),) = it.told
    assert became == "raised"
    assert 1500 + 9 * 60 < minute < 1500 + 10 * 60
    it.hear(A.starts(3000, "next"))
    assert it.told[-1] == ("resolved", 3000)


def test_a_connector_that_few_use_is_never_quiet() -> None:
    it = watched("kind: connector_quiet, at_least: 1h, factor: 1, sessions: 5")
    for number in range(4):
        it.hear(A.starts(number * 10, f"T{number}"))
        it.hear(A.ends(number * 10 + 5, f"T{number}"))
        it.hear(A.ends(number * 10 + 5, f"T{number}"))  # said again
    it.ticks(100_000)
    assert it.told == []


# Sessions


def alive(it: Watched, *minutes: float) -> None:
    """The shard's other stations say something, so its silence means something."""
    for minute in minutes:
        it.hear(A.beats(minute))
        it.tick(minute)


def test_a_session_that_falls_silent_and_speaks_again() -> None:
    it = watched("kind: session_silent, for: 30m")
    it.hear(A.starts(0))
    it.hear(A.meters(5, watts=7000))
    alive(it, *range(6, 40))
    assert it.told == [("raised", 35)]
    it.hear(A.meters(40, watts=7000))
    alive(it, *range(41, 60))
    it.hear(A.ends(60))
    alive(it, *range(61, 200))
    assert it.told == [("raised", 35), ("resolved", 40)]


def test_the_end_of_a_session_that_is_read_before_its_meter_values_hides_no_silence_and_makes_none() -> None:
    it = watched("kind: session_silent, for: 30m")
    it.hear(A.starts(0))
    it.hear(A.ends(100))
    for minute in (20, 40, 60, 80):
        it.hear(A.meters(minute))
    it.tick(100)
    assert it.told == []
    for minute in range(100, 200, 5):
        it.hear(A.beats(minute))
    it.hear(A.starts(110, "U"))
    it.hear(A.ends(200, "U"))
    it.hear(A.meters(120, "U"))
    it.tick(200)
    assert it.told == [("raised", 150), ("resolved", 200)]


def test_meter_values_after_the_end_begin_nothing() -> None:
    it = watched("kind: session_silent, for: 30m")
    it.hear(A.starts(0))
    it.hear(A.ends(10))
    alive(it, 11)
    it.hear(A.meters(12))
    alive(it, *range(13, 100, 5))
    assert it.told == []
    assert it.station.watches == {}


@pytest.mark.parametrize("rule", ["kind: session_silent, for: 30m", "kind: session_without_power, for: 30m"])
def test_a_session_whose_end_was_lost_is_over_when_the_next_begins(rule: str) -> None:
    it = watched(rule)
    it.hear(A.starts(0))
    it.hear(A.starts(0, "elsewhere", evse=2))
    it.hear(A.meters(4, wh=100, watts=0))
    alive(it, *range(5, 50))
    assert it.told[0][0] == "raised"
    before = len(it.told)
    it.hear(A.meters(50, "next", watts=7000))
    it.hear(A.starts(50, "next"))
    it.hear(A.meters(51, "next", watts=7000))
    it.hear(A.starts(0))  # said again, which is no news
    alive(it, 51, 52)
    assert it.told[before:] == [("resolved", 50)]
    assert it.changes[-1].alert.transaction == "T"


def test_a_session_that_began_before_the_log_did_is_watched_too() -> None:
    it = watched("kind: session_silent, for: 30m")
    it.hear(A.meters(0, "old"))
    alive(it, *range(1, 40))
    assert it.told == [("raised", 30)]


def test_while_the_log_is_silent_as_a_whole_no_session_is() -> None:
    it = watched("kind: session_silent, for: 30m")
    it.hear(A.starts(0))
    it.hear(A.meters(5))
    it.ticks(*range(6, 90))  # the clock goes on, and nothing is written
    assert it.told == []
    it.hear(A.beats(90))  # the log is back: the session has its time anew
    it.ticks(90, 91)
    it.hear(A.meters(92))
    alive(it, *range(93, 120))
    assert it.told == []


def test_after_a_gap_of_the_log_silence_counts_from_its_end() -> None:
    it = watched("kind: session_silent, for: 30m")
    it.hear(A.starts(0))
    alive(it, 1, 2, 60, *range(61, 95))
    assert it.told == [("raised", 90)]


POWERLESS = "kind: session_without_power, for: 30m"


def test_a_session_that_charges_without_power() -> None:
    it = watched(POWERLESS)
    it.hear(A.starts(0))
    it.hear(A.status(0, "Occupied", detail="Charging"))
    it.hear(A.meters(1, watts=7000))
    for minute in range(5, 40, 5):
        it.hear(A.meters(minute, watts=10))
        it.tick(minute)
    it.hear(A.meters(40, watts=7000))
    assert it.told == [("raised", 35), ("resolved", 40)]


def test_the_register_tells_it_where_no_power_is_told() -> None:
    it = watched(POWERLESS)
    it.hear(A.starts(0))
    for minute in range(0, 50, 5):
        it.hear(A.meters(minute, wh=max(1000, 900 + minute * 10)))
        it.tick(minute)
    assert it.told == []  # it began to stand still at 1000 Wh, and rose from minute 10 on
    for minute in range(50, 100, 5):
        it.hear(A.meters(minute, wh=1400))
        it.tick(minute)
    assert it.told == [("raised", 85)]


@pytest.mark.parametrize("detail", ["SuspendedEV", "SuspendedEVSE", "Finishing"])
def test_a_car_that_is_full_is_no_fault(detail: str) -> None:
    it = watched(POWERLESS)
    it.hear(A.starts(0))
    it.hear(A.status(0, "Occupied", detail="Charging"))
    it.hear(A.meters(5, watts=0))
    it.hear(A.status(6, "Occupied", detail=detail))
    for minute in range(10, 100, 5):
        it.hear(A.meters(minute, watts=0))
        it.tick(minute)
    assert it.told == []


def test_a_station_of_2_x_says_itself_whether_it_charges() -> None:
    it = watched(POWERLESS)
    it.hear(A.starts(0))
    it.hear(A.meters(1, watts=0))
    paused = Transaction(id="T", charging_state="SuspendedEV")
    it.hear(A.says(TransactionUpdated, 2, transaction=paused))
    for minute in range(5, 50, 5):
        it.hear(A.meters(minute, watts=0))
        it.tick(minute)
    assert it.told == []
    it.hear(A.says(TransactionUpdated, 50, transaction=Transaction(id="T", charging_state="Charging")))
    for minute in range(51, 90, 5):
        it.hear(A.meters(minute, watts=0))
        it.tick(minute)
    assert it.told == [("raised", 81)]


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        ([(0, 1000), (1, 1400)], []),
        ([(0, 1000), (1, 11_000)], [("raised", 1)]),  # 600 kW
        ([(0, 1000), (60, 11_000)], []),  # 10 kW
        ([(0, 1000), (1, 900)], [("raised", 1)]),
        ([(5, 1000), (1, 900)], []),  # what comes late goes back only in the log
        ([(0, 1000), (0, 999_999)], []),  # and a second value of the same moment tells no speed
    ],
)
def test_a_register_that_jumps(steps: list[tuple[float, float]], told: list[tuple[str, float]]) -> None:
    it = watched("kind: energy_jump, above_watts: 500000")
    for minute, wh in steps:
        it.hear(A.meters(minute, None, wh=wh))
    assert it.told == told


def test_a_meter_that_was_changed_is_a_matter_of_taste() -> None:
    it = watched("kind: energy_jump, backwards: false")
    for minute, wh in [(0, 10_000), (1, 0), (2, 100)]:
        it.hear(A.meters(minute, None, wh=wh))
    assert it.told == []


# Maintenance, security, commands


def test_a_firmware_update_that_failed_is_over_with_the_next() -> None:
    it = watched("kind: firmware_failed, resolve_after: 2d")
    for minute, status in enumerate(["Downloading", "InstallationFailed", "Idle", "InstallationFailed"]):
        it.hear(A.says(FirmwareStatus, minute, status=status))
    assert it.told == [("raised", 1)]
    it.hear(A.says(FirmwareStatus, 10, status="Downloading"))
    assert it.told == [("raised", 1), ("resolved", 10)]


def test_a_log_that_could_not_be_uploaded_is_forgotten_after_a_day() -> None:
    it = watched("kind: log_upload_failed")
    it.hear(A.says(LogStatus, 0, kind="diagnostics", status="UploadFailure"))
    it.ticks(1439, 1440)
    assert it.told == [("raised", 0), ("resolved", 1440)]


def test_security_events_by_their_type_and_how_often() -> None:
    it = watched("kind: security_event, types: [Invalid*], times: 2, within: 10m")
    for minute, kind in [
        (0, "InvalidFirmwareSignature"),
        (1, "InvalidMessages"),
        (2, "Tamper"),
        (20, "InvalidMessages"),
    ]:
        it.hear(A.says(SecurityEvent, minute, type=kind))
    assert it.told == []
    it.hear(A.says(SecurityEvent, 25, type="InvalidMessages"), name="same")
    it.hear(A.says(SecurityEvent, 25, type="InvalidMessages"), name="same")
    assert it.told == [("raised", 25)]
    for minute in range(26, 40):
        it.hear(A.says(SecurityEvent, minute, type="InvalidMessages"))
    assert [became for became, _ in it.told] == ["raised", "updated", "updated", "updated"]  # at 4, 8 and 16
    assert it.changes[-1].alert.annotations["summary"] == "A tells InvalidMessages (16)"


def test_a_certificate_that_ends_is_told_until_a_newer_one_is_given() -> None:
    it = watched("kind: certificate_expiring, before: 30d")
    chain = certificate(datetime(2026, 6, 1, tzinfo=UTC))
    given: dict[str, Any] = {"certificateChain": chain, "certificateType": "ChargingStationCertificate"}
    it.hear(command(0, "certificate.deliver_signed", "rejected", **given))
    assert it.station.watches == {}
    it.hear(command(1, "certificate.deliver_signed", **given))
    day = 24 * 60
    it.ticks(60 * day, 62 * day, 62 * day + 2)
    assert it.told == [("raised", 61.5 * day)]  # from the noon of March 1 to May 2
    assert (
        it.changes[0].alert.annotations["summary"] == "The ChargingStationCertificate of A ends on 2026-06-01"
    )
    newer: dict[str, Any] = {**given, "certificateChain": certificate(datetime(2027, 6, 1, tzinfo=UTC))}
    it.hear(command(70 * day, "certificate.deliver_signed", **newer))
    assert it.told[-1] == ("resolved", 70 * day)
    assert len(it.station.watches) == 1


def test_commands_that_fail_are_counted_once_each() -> None:
    it = watched("kind: command_failures, times: 3, within: 10m, commands: [station.*]")
    for minute, status in [
        (0, "timed_out"),
        (0, "timed_out"),
        (1, "accepted"),
        (2, "failed"),
        (15, "failed"),
    ]:
        it.hear(command(minute, "station.reset", status))
        it.hear(command(minute, "connector.unlock", "failed"))
    assert it.told == []
    it.hear(command(16, "station.reset", "rejected"))
    it.hear(command(17, "station.reset", "offline"))
    assert it.told == []
    it.hear(command(18, "station.reset", "failed"))
    assert it.told == [("raised", 18)]


RESERVED: dict[str, Any] = {
    "reservationId": 7,
    "expiresAt": "2026-03-01T14:00:00Z",
    "evseId": 1,
    "idToken": {"value": "ANNA", "type": "ISO14443"},
}


def test_reservations_that_are_not_honoured() -> None:
    def after(*events: object) -> list[str]:
        it = watched("kind: reservation_not_honoured")
        it.hear(command(0, "reservation.create", **RESERVED))
        for event in events:
            it.hear(event)  # type: ignore[arg-type]
        return [one.alert.annotations["summary"] for one in it.changes]

    anna, bert = IdToken(value="ANNA"), IdToken(value="BERT")
    broken = "Reservation 7 at A EVSE 1 is not honoured: "
    assert after(A.starts(1, id_token=anna)) == []
    assert after(A.starts(1, id_token=bert, reservation_id=7)) == []
    assert after(A.starts(1, id_token=bert, evse=2)) == []
    assert after(A.starts(1, id_token=bert)) == [broken + "somebody else charges there"]
    assert after(A.starts(121, id_token=bert)) == []  # it has expired
    assert after(A.status(1, "Faulted")) == [broken + "its EVSE is faulted"]
    assert after(A.says(ReservationUpdated, 1, reservation_id=7, status="Removed")) == [
        broken + "the station removed it"
    ]
    assert after(A.says(ReservationUpdated, 1, reservation_id=7, status="Expired")) == []
    cancelled = command(1, "reservation.cancel", reservationId=7)
    assert after(cancelled, A.starts(2, id_token=bert)) == []


# What all have in common


def test_what_the_log_had_late_may_still_be_ended_by_what_it_has_later() -> None:
    it = watched("kind: station_offline, for: 10m")
    it.hear(A.connects(0))
    it.hear(A.leaves(1), appended=30)  # the log was away
    it.tick(30.1)
    it.hear(A.connects(5), appended=30.2, connection="c2")
    it.ticks(32, 60)
    assert it.told == []


def test_what_fell_due_while_nobody_looked_waits_for_news_that_ends_it() -> None:
    it = watched("kind: station_offline, for: 10m")
    it.hear(A.connects(0))
    it.hear(A.leaves(1))
    it.ticks(2, 40)  # neither log nor clock in between
    assert it.told == []
    it.hear(A.connects(5), appended=40.1, connection="c2")
    it.ticks(42)
    assert it.told == []
    it.hear(A.leaves(43), connection="c2")
    it.ticks(44, 80, 82)
    assert it.told == [("raised", 53)]


def test_rules_are_about_the_stations_that_they_choose() -> None:
    it = watched(
        "kind: connector_faulted, for: 0s, only: {site: 'Ber*', group: [fast]}, never: {vendor: [ACME]}"
    )
    it.hear(A.status(0, "Faulted"))
    assert it.told == []
    register(it.station, RegisteredStation(site="Berlin", groups=("slow", "fast")), 0)
    it.hear(A.boots(1, vendor="ACME"))
    it.hear(A.status(2, "Faulted"))
    assert it.told == []
    it.hear(A.boots(3, vendor="Other"))
    it.hear(A.status(4, "Faulted"))
    assert it.told == [("raised", 4)]
    assert it.changes[0].alert.labels["site"] == "Berlin"


@pytest.mark.parametrize("is_read_late", [False, True])
def test_a_station_that_is_taken_out_of_the_registry_and_comes_back(*, is_read_late: bool) -> None:
    it = watched("kind: connector_faulted, for: 0s")

    def tombstone() -> None:
        register(it.station, None, ms(13))
        it.changes += it.engine.retire("A", it.station, ms(13))

    it.hear(A.status(5, "Faulted"))
    if not is_read_late:
        tombstone()
        it.hear(A.status(14, "Faulted"))
    it.hear(A.connects(20))
    it.hear(A.status(21, "Available"))
    it.hear(A.status(22, "Faulted"))
    if is_read_late:
        tombstone()
    assert it.told[0] == ("raised", 5)
    assert it.told[1][0] == "resolved"
    assert it.told[2:] == [("raised", 22)]


def test_an_alert_whose_rule_is_gone_ends_with_it() -> None:
    it = watched("kind: connector_faulted, for: 0s, severity: critical")
    it.hear(A.status(0, "Faulted"))
    other = Watched("rules: [{name: Other, kind: energy_jump}]")
    other.station, other.time = it.station, it.time
    other.tick(5)
    (change,) = other.changes
    assert (change.became, change.alert.why, change.alert.severity) == ("resolved", "removed", "critical")
    assert change.alert.revision == 1
    assert change.alert.fingerprint == it.changes[0].alert.fingerprint
    assert change.alert.labels == it.changes[0].alert.labels


def test_what_is_remembered_is_bounded() -> None:
    it = Watched("defaults: true")
    for number in range(300):
        it.hear(A.starts(number, f"T{number}", evse=number))
        it.hear(A.meters(number, f"T{number}", evse=number, wh=number))
        it.hear(command(number, "reservation.create", **{**RESERVED, "reservationId": number}))
        it.hear(A.says(AuthorizationRequested, number, id_token=IdToken(value="x")))
    assert len(it.station.sessions) == MAX_SESSIONS
    assert len(it.station.evses) <= 64
    assert len(it.station.reservations) <= 32


def test_the_time_of_a_shard() -> None:
    time = ShardTime().hear(1_000_000)
    assert time.hear(1_000_000 + GAP_MS) == ShardTime(heard_ms=1_000_000 + GAP_MS)
    late = 1_000_000 + GAP_MS + 1
    gap = time.hear(late)
    assert (gap.silent_ms, gap.resumed_ms) == (1_000_000 + GAP_MS, late)
    assert gap.silence_due_ms(since_ms=900_000, due_ms=1_100_000, lasting_ms=200_000) == 1_100_000
    assert gap.silence_due_ms(since_ms=900_000, due_ms=late + 5, lasting_ms=600_000) == late + 600_000
    assert gap.silence_due_ms(since_ms=late, due_ms=late + 5, lasting_ms=5) == late + 5
    assert time.hear(5) == time
    assert time.until(10**9).silence_ms == 1_000_000 + GAP_MS
    assert time.until(10**9).until(5).now_ms == 10**9


def test_a_station_that_makes_things_up_makes_no_storm_and_is_heard_again_later() -> None:
    it = watched("kind: security_event, within: 1h")
    for number in range(2 * MAX_WATCHES_OF_RULE):
        it.hear(A.says(SecurityEvent, 0, type=f"made up {number}"))
    assert len(it.station.watches) == len(it.told) == MAX_WATCHES_OF_RULE
    assert it.station.take_dropped() == {"watches of R": MAX_WATCHES_OF_RULE}
    it.tick(61)
    assert it.station.watches == {}
    it.hear(A.says(SecurityEvent, 62, type="TamperDetectionActivated"))
    assert it.told[-1] == ("raised", 62)


# What one message says stands in two topics, which are read at different speeds.


@pytest.mark.parametrize("rule", ["session_silent", "session_without_power"])
@pytest.mark.parametrize("end_first", [True, False])
def test_a_final_reading_of_the_time_of_the_end_watches_no_session_that_is_over(
    rule: str,
    end_first: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    it = watched(f"kind: {rule}, for: 10m")
    it.hear(A.starts(0))
    it.hear(A.meters(5, watts=0, wh=1000))
    last = [A.ends(20), A.meters(20, watts=0, wh=1000)]
    for event in last if end_first else reversed(last):
        it.hear(event)
    it.ticks(*range(21, 200))
    assert [became for became, _ in it.told] in ([], ["raised", "resolved"])
    assert it.station.watches == {}


def test_readings_of_sessions_long_over_and_forgotten_watch_nothing() -> None:
    """The topic of transactions is read far ahead of that of the meter values."""
    it = watched("kind: session_silent, for: 16m")
    for number in range(3 * MAX_SESSIONS):
        it.hear(A.starts(number * 30, f"T{number}"))
        it.hear(A.ends(number * 30 + 20, f"T{number}"))
    for number in range(3 * MAX_SESSIONS - 1):
        it.hear(A.meters(number * 30 + 10, f"T{number}", wh=number))
        it.hear(A.meters(number * 30 + 20, f"T{number}", wh=number))
    it.ticks(*range(3 * MAX_SESSIONS * 30, 3 * MAX_SESSIONS * 30 + 100))
    assert it.told == []
    assert it.station.watches == {}


def test_a_rule_that_reaches_its_bound_silences_no_other() -> None:
    it = Watched(
        "rules: [{name: Odd, kind: security_event, within: 10d}, {name: Away, kind: station_offline, for: 10m}]"
    )
    it.hear(A.connects(0))
    for number in range(2 * MAX_WATCHES_OF_RULE):
        it.hear(A.says(SecurityEvent, 1, type=f"made up {number}"))
    it.hear(A.leaves(5))
    it.ticks(*range(6, 20))
    assert [change.alert.rule for change in it.changes][-1] == "Away"


def test_ten_thousand_sessions_leave_no_alert_and_a_small_state() -> None:
    it = Watched(default_text())
    it.hear(A.connects(0))
    for number in range(10_000):
        minute = 1 + number * 8
        name, evse = f"T{number}", 1 + number % 2
        it.hear(A.starts(minute, name, evse=evse))
        it.hear(A.meters(minute + 2, name, watts=7000, wh=100 * number, evse=evse))
        it.hear(A.ends(minute + 5, name, evse=evse))
        it.hear(A.meters(minute + 5, name, watts=0, wh=100 * number + 50, evse=evse))
        it.tick(minute + 6)
    it.ticks(80_010, 80_100)
    assert it.told == []
    assert it.station.dropped == {}
    assert len(msgspec.msgpack.encode(it.station)) < 700


def test_an_end_without_a_transaction_ends_the_watch_of_its_session() -> None:
    it = watched("kind: session_silent, for: 10m")
    it.hear(A.starts(0, "T", evse=1, id_token=IdToken(value="A"), meter=Meter(start_wh=Decimal(10_000))))
    it.hear(A.starts(1, "U", evse=2, id_token=IdToken(value="B"), meter=Meter(start_wh=Decimal(500_000))))
    it.hear(
        A.says(TransactionEnded, 8, transaction=Transaction(native=0), meter=Meter(stop_wh=Decimal(509_000)))
    )
    it.hear(A.meters(9, "T", wh=11_000))
    for minute in range(9, 19):
        it.time = it.time.hear(ms(minute))  # the shard's other stations
        it.tick(minute)
    assert it.told == [], "U is over, and T told its meter a moment ago"
    it.ticks(20, 21)
    assert [change.alert.labels["transaction"] for change in it.changes] == ["T"]


# Meters


def test_a_meter_that_begins_anew_with_each_session_makes_no_jump() -> None:
    it = watched("kind: energy_jump")
    for number in range(4):
        minute = number * 60
        it.hear(A.starts(minute, f"T{number}"))
        for step in range(4):
            it.hear(A.meters(minute + 1 + step * 10, f"T{number}", wh=step * 1000))
        it.hear(A.ends(minute + 45, f"T{number}"))
    assert it.told == []
    it.hear(A.starts(300, "T"))
    it.hear(A.meters(301, "T", wh=500))
    it.hear(A.meters(302, "T", wh=1))
    assert it.told == [("raised", 302)], "within a session a register does not fall"


def test_readings_of_unknown_times_make_no_jump() -> None:
    it = watched("kind: energy_jump")
    it.hear(A.starts(0))
    it.hear(A.meters(1, wh=0))
    for number in range(1, 20):
        reading = A.meters(2 + number / 60, wh=number * 5000)
        timeless = tuple(msgspec.structs.replace(sample, at=None) for sample in reading.samples)
        it.hear(msgspec.structs.replace(reading, samples=timeless))
    assert it.told == []


def test_the_start_that_is_repeated_in_each_message_is_no_sign_of_no_power() -> None:
    it = watched("kind: session_without_power, for: 10m")
    it.hear(A.starts(0))
    it.hear(A.status(0, "Occupied", detail="Charging"))
    for minute in range(1, 40):
        reading = A.meters(minute, wh=1000 + minute * 100)
        start = tuple(
            msgspec.structs.replace(sample, value=Decimal(1000), context="Transaction.Begin")
            for sample in reading.samples
        )
        it.hear(msgspec.structs.replace(reading, samples=(*reading.samples, *start)))
        it.tick(minute)
    assert it.told == []


@pytest.mark.parametrize("phases", [("L1-N", "L2-N", "L3-N"), ("L1", "L2", "L3"), ("N",), ("L2",)])
def test_power_is_read_in_whatever_phases_it_is_told(phases: tuple[str, ...]) -> None:
    it = watched("kind: session_without_power, for: 10m")
    it.hear(A.starts(0))
    it.hear(A.status(0, "Occupied", detail="Charging"))
    for minute in range(1, 40):
        (whole,) = A.meters(minute, watts=2000).samples
        samples = tuple(msgspec.structs.replace(whole, phase=phase) for phase in phases)
        it.hear(msgspec.structs.replace(A.meters(minute), samples=samples))
        it.tick(minute)
    assert it.told == []


# Two clients with one identity


def test_clients_that_fight_over_an_identity_are_an_alert_with_their_addresses() -> None:
    it = watched("kind: identity_conflict, takeovers: 6, within: 5m")
    for number in range(12):
        remote = f"10.0.0.{number % 2}"
        it.hear(
            A.says(StationConnected, number / 30, version="1.6", tls=False, remote=remote),
            connection=f"c{number}",
        )
        if number:
            it.hear(A.leaves(number / 30, "takeover"), connection=f"c{number - 1}")
    assert it.changes[0].became == "raised"
    assert it.changes[0].alert.annotations["summary"].endswith("they come from 10.0.0.1, 10.0.0.0")


def test_a_station_that_comes_back_before_it_was_missed_fights_with_nobody() -> None:
    it = watched("kind: identity_conflict, takeovers: 6, within: 5m")
    for number in range(20):
        it.hear(A.connects(number * 10), connection=f"c{number}")
        it.hear(A.leaves(number * 10, "takeover"), connection=f"c{number - 1}")
    assert it.told == []


def test_a_station_that_never_tells_an_end_reaches_no_bound() -> None:
    it = watched("kind: session_silent, for: 10m")
    for number in range(3 * MAX_SESSIONS):
        it.hear(A.starts(number * 60, f"T{number}"))
        it.hear(A.meters(number * 60 + 5, f"T{number}", wh=number * 100))
        for minute in range(6, 60, 6):
            it.time = it.time.hear(ms(number * 60 + minute))  # the shard's other stations
            it.tick(number * 60 + minute)
    assert it.station.dropped == {}
    standing = {one.alert.labels["transaction"] for one in it.changes if one.became == "raised"}
    standing -= {one.alert.labels["transaction"] for one in it.changes if one.became == "resolved"}
    assert standing == {f"T{3 * MAX_SESSIONS - 1}"}

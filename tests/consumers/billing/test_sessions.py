"""Sessions from what stations really say: each ends with its energy and its times, and names each guess."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from consumers.billing.sessions.assembly import Session
from consumers.billing.sessions.closing import Case, closing
from consumers.billing.sessions.flags import FLAGS
from consumers.billing.sessions.measured import ms
from contract.events import Event, StationBooted
from contract.model import Meter, Sample, SignedReading, Transaction
from tests.consumers.billing.saying import RULES, Saying, at, energy_wh, known, register, session

T = Saying()
NAMELESS = Saying(transaction=None)


def charging(made: Session) -> list[tuple[float, bool]]:
    return [
        ((point.at - at(0)) / timedelta(minutes=1), point.is_charging)
        for point in made.metered.points
        if point.is_charging is not None
    ]


def test_a_session_of_16() -> None:
    made = session(
        T.started(0, 1000),
        T.status(0, "Charging"),
        T.sampled(10, 2000),
        T.sampled(20, 3000),
        T.status(20, "SuspendedEV"),
        T.ended(30, 3000),
    )
    assert (made.metered.started_at, made.metered.ended_at) == (at(0), at(30))
    assert energy_wh(made) == 2000
    assert charging(made) == [(0, True), (20, False)]
    assert made.flags == ()


def test_a_session_of_2x_is_told_by_its_charging_states() -> None:
    made = session(
        T.started(0, 0, seq_no=0),
        T.updated(2, state="Charging", seq_no=1),
        T.updated(10, 500, state="Charging", seq_no=2),
        T.updated(12, state="SuspendedEVSE", seq_no=3),
        T.updated(15, state="SuspendedEV", seq_no=4),
        T.ended(30, 800, seq_no=5),
    )
    assert charging(made) == [(2, True), (15, False)]
    assert energy_wh(made) == 800
    assert made.flags == ()


START, STOP = T.started(0, 1000), T.ended(60, 5000)
READ = (T.sampled(20, 2000), T.sampled(40, 4000))
CHARGES = T.status(0, "Charging")


@pytest.mark.parametrize(
    ("events", "wh", "minutes", "flags"),
    [
        ([START, CHARGES, *READ, STOP], 4000, 60, ()),
        ([START, *READ, STOP], 4000, 60, ("activity_from_meter",)),
        ([START, STOP], 4000, 60, ("activity_assumed", "profile_assumed")),
        ([START, CHARGES, *READ, T.sampled(50, 1), STOP], 4000, 60, ("reading_outlier",)),
        ([START, CHARGES, *READ, T.sampled(50, 99_999), STOP], 4000, 60, ("reading_outlier",)),
        # reset on the way: what was measured before and after counts, the step between does not
        ([START, CHARGES, *READ, T.sampled(50, 5), T.ended(60, 105)], 3100, 60, ("meter_reset",)),
        # always 0 at the start, although the register is not (quirk 38)
        ([T.started(0, 0), CHARGES, T.sampled(20, 5_000_000), T.ended(60, 5_001_000)], 1000, 60, ("meter_jumped",)),
        ([START, CHARGES, T.ended(60, 900)], 0, 60, ("meter_reset", "profile_assumed")),
        ([T.started(0, None), CHARGES, *READ, STOP], 3000, 60, ("start_register_missing",)),
        ([START, CHARGES, *READ, T.ended(60)], 3000, 60, ("stop_register_missing",)),
        ([START, CHARGES, *READ, T.ended(60), T.sampled(61, 5000)], 4000, 60, ()),
        ([START, CHARGES, *READ, STOP, T.sampled(90, 6000)], 4000, 60, ("readings_after_end",)),
        ([T.sampled(-9, 900), START, CHARGES, *READ, STOP], 4000, 60, ("readings_before_start",)),
        ([*READ, CHARGES, STOP], 3000, 40, ("start_missing", "start_register_missing", "token_unknown")),
        ([STOP], 0, 0, ("energy_unknown", "start_missing", "token_unknown")),
        ([T.started(0, None), CHARGES, T.ended(60)], 0, 60, ("energy_unknown",)),
        ([START, CHARGES, *READ, NAMELESS.ended(60, 5000)], 4000, 60, ("end_matched",)),
        ([START, CHARGES, *READ, T.status(42, "Finishing")], 3000, 42, ("end_by_status", "stop_register_missing")),
        ([START, CHARGES, *READ, T.booted(50)], 3000, 40, ("end_by_reboot", "stop_register_missing")),
        (
            [START, CHARGES, *READ, Saying("t2").started(90, 6000)],
            3000,
            40,
            ("end_by_next_start", "stop_register_missing"),
        ),
        ([START, CHARGES, *READ], 3000, 40, ("end_by_timeout", "stop_register_missing")),
        (
            [START, CHARGES, NAMELESS.sampled(20, 2000), NAMELESS.sampled(40, 4000), T.ended(60)],
            3000,
            60,
            ("readings_matched", "stop_register_missing"),
        ),
        (
            [T.started(0, None), CHARGES, *(T.sampled(m, register(m, 1000 * m, location="Inlet")) for m in (0, 5, 9)), T.ended(9)],
            9000,
            9,
            ("register_elsewhere", "start_register_missing", "stop_register_missing"),
        ),
        (
            [
                T.started(0, None),
                CHARGES,
                *(T.sampled(m, *(register(m, m * n, phase=f"L{n}") for n in (1, 2, 3))) for m in (0, 10)),
                T.ended(10),
            ],
            60,
            10,
            ("profile_assumed", "register_summed", "start_register_missing", "stop_register_missing"),
        ),
        (
            [
                T.started(0, None),
                CHARGES,
                *(
                    T.sampled(m, Sample(measurand="Energy.Active.Import.Interval", unit="Wh", value=Decimal(7), at=at(m)))
                    for m in (10, 20, 30)
                ),
                T.ended(30),
            ],
            21,
            30,
            ("energy_from_intervals", "stop_register_missing"),
        ),
        ([T.started(0, 0, seq_no=0), CHARGES, T.updated(5, 50, seq_no=3), T.ended(9, 90, seq_no=4)], 90, 9, ("events_missing",)),
        ([Saying(evse=None).started(0, 0), Saying(evse=None).ended(9, 90)], 90, 9, ("activity_assumed", "evse_unknown", "profile_assumed")),
    ],
)  # fmt: skip
def test_what_stations_do(events: list[Event], wh: int, minutes: int, flags: tuple[str, ...]) -> None:
    made = session(*events)
    assert (energy_wh(made), made.flags) == (wh, flags)
    assert (made.metered.ended_at - made.metered.started_at) / timedelta(minutes=1) == minutes
    assert set(made.flags) <= FLAGS.keys()


def test_a_station_without_a_clock_is_billed_by_ours() -> None:
    def unknown(minute: float) -> dict[str, Any]:
        return {"received_at": at(minute), "occurred_at": None}

    made = session(
        T.started(0, 1000, **unknown(0)),
        T.sampled(20, register(20, 2000, at=None), **unknown(20)),
        # the begin again, at the time of the stop
        T.ended(60, 5000, samples=(register(60, 1000, at=None, context="Transaction.Begin"),), **unknown(60)),
        T.ended(70, 5000, **unknown(70)),  # repeated
    )
    assert (energy_wh(made), made.metered.started_at, made.metered.ended_at) == (4000, at(0), at(60))
    assert "time_missing" in made.flags


def test_a_backlog_that_comes_at_once_without_times_keeps_its_energy() -> None:
    late: dict[str, Any] = {"received_at": at(60), "occurred_at": None}
    made = session(T.started(0, 1000, **dict(late)), T.ended(60, 900_000, **dict(late)))
    assert energy_wh(made) == 899_000


def test_a_clock_that_is_ahead_is_not_believed() -> None:
    made = session(
        T.started(0, 0, occurred_at=at(120), received_at=at(0)), T.status(0, "Charging"), T.ended(30, 100)
    )
    assert made.metered.started_at == at(0)
    assert made.flags == ("clock_ahead", "profile_assumed")


def test_a_clock_that_was_set_back_gives_the_times_to_ours() -> None:
    made = session(
        T.started(0, 1000, occurred_at=at(4)),
        T.sampled(1, register(5, 1500)),
        T.ended(20, 2000, occurred_at=at(-100)),
    )
    assert (made.metered.started_at, made.metered.ended_at, energy_wh(made)) == (at(0), at(20), 1000)
    assert "clock_changed" in made.flags


def test_a_boot_in_a_session_that_goes_on_ends_nothing() -> None:
    made = session(
        T.started(0, 0), CHARGES, T.sampled(10, 10), T.booted(12), T.sampled(20, 20), T.ended(30, 30)
    )
    assert (made.metered.ended_at, energy_wh(made), made.flags) == (at(30), 30, ())


def test_nobody_reboots_by_being_asked_to_say_that_he_did() -> None:
    booted = T.booted(50)
    assert isinstance(booted, StationBooted)
    loose = known(START, T.booted(50))[1]
    assert loose.boots
    triggered = StationBooted(
        station=booted.station, received_at=at(50), hardware=booted.hardware, reason="Triggered"
    )
    with pytest.raises(AssertionError):
        known(triggered)


def test_an_open_session_goes_on_until_the_evidence_has_settled() -> None:
    sessions, loose = known(START, *READ, T.status(42, "Available"))
    case = Case("t1", sessions["t1"], loose)
    assert closing(case, ms(at(46)), RULES) is None
    assert closing(case, ms(at(47)), RULES) is not None


def test_a_nameless_end_is_the_sessions_that_it_fits_best() -> None:
    other = Saying("t2", evse=2)
    events = [START, other.started(1, 4000), T.sampled(20, 2000), other.sampled(20, 4900)]
    end = Saying(None, evse=None).ended(30, 5000)
    assert "end_matched" in session(*events, end, name="t2").flags
    assert "end_by_timeout" in session(*events, end, name="t1").flags


def test_what_is_kept_of_a_session_is_bounded_and_proves_the_same() -> None:
    few = session(
        T.started(0, 0), CHARGES, *(T.sampled(m, 60 * m) for m in range(1, 240)), T.ended(240, 14_400)
    )
    many = session(
        T.started(0, 0), CHARGES, *(T.sampled(s / 6, 10 * s) for s in range(1, 1440)), T.ended(240, 14_400)
    )
    assert energy_wh(few) == energy_wh(many) == 14_400
    assert len(many.metered.points) <= 2 * 48 + 2
    assert len(many.facts.registers["Outlet"]) <= 2 * 48 + 48


def test_the_first_and_the_last_signed_reading_are_kept() -> None:
    def signed(minute: float) -> Event:
        return T.sampled(
            minute, Sample(measurand="Energy.Active.Import.Register", at=at(minute), signed=SignedReading(data=f"OCMF|{minute}"))
        )  # fmt: skip

    made = session(T.started(0, 0), *(signed(m) for m in (0, 5, 10, 15)), T.ended(15, 9))
    assert [one.data for one in made.facts.signed] == ["OCMF|0", "OCMF|15"]


@pytest.mark.parametrize("shown", ["1e999999", "-1e999999", "1e18", "1e-41", "Infinity", "NaN"])
def test_what_no_meter_shows_was_not_shown(shown: str) -> None:
    what = Decimal(shown)
    odd = Sample(measurand="Energy.Active.Import.Register", value=what, unit="Wh", at=at(30))
    amperes = Sample(measurand="Current.Import", value=what, unit="A", at=at(30))
    end = replace(T.ended(60), meter=Meter(stop_wh=what))
    made = session(START, CHARGES, *READ, T.sampled(30, odd, amperes), end)
    assert energy_wh(made) == 3000
    assert made.flags == ("stop_register_missing",)
    assert all(point.current_amperes is None for point in made.metered.points)


def test_registers_that_no_meter_shows_together_are_a_session_all_the_same() -> None:
    """Without usable times no step is too steep, and these add up beyond what can be measured."""
    shown = [Decimal(wh) for wh in ("0", "9e17", "9e17", "0", "1", "8e17")]
    made = session(
        *(
            T.sampled(m, Sample(measurand="Energy.Active.Import.Register", value=wh, unit="Wh", at=at(m)))
            for m, wh in zip(range(0, 60, 10), shown, strict=True)
        ),
        T.ended(60, occurred_at=None),
    )
    assert {"meter_jumped", "time_missing"} <= set(made.flags)


@pytest.mark.parametrize("years", [2, 16, 2025])
def test_a_clock_that_was_not_set_makes_no_session_of_years(years: int) -> None:
    long_ago = at(0).replace(year=at(0).year - years)
    made = session(T.started(0, 1000, occurred_at=long_ago), CHARGES, *READ, STOP)
    assert (made.metered.started_at, made.metered.ended_at) == (at(0), at(60))
    assert "time_missing" in made.flags


def test_a_start_of_years_ago_that_only_a_number_tells_is_not_believed() -> None:
    number = Transaction(id="t1", started_at=at(0).replace(year=2012))
    made = session(*READ, replace(STOP, transaction=number))
    assert (made.metered.started_at, made.metered.ended_at) == (at(20), at(60))

"""Sessions of OCPP 1.6 stations as they were reported in public: whatever register is told, the driver pays what he took."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import pytest

from contract.events import Event, TransactionEnded
from contract.model import Meter, Sample
from tests.consumers.billing.saying import REGISTER, Saying, at, energy_wh, register, session

T = Saying()
BEGIN = "Transaction.Begin"


def readings(*told: tuple[float, float], **more: Any) -> list[Event]:
    return [T.sampled(minute, register(minute, wh, **more)) for minute, wh in told]


def with_begin(minute: float, wh: float, begin_wh: float) -> Event:
    """A message that repeats the reading of the start beside the periodic one, with one timestamp."""
    return T.sampled(minute, register(minute, wh), register(minute, begin_wh, context=BEGIN))


def by_phase(minute: float, *wh: float, phases: Iterable[str] = ("L1", "L2", "L3")) -> Event:
    return T.sampled(
        minute, *(register(minute, one, phase=phase) for one, phase in zip(wh, phases, strict=True))
    )


def lost_power(minute: float, wh: int) -> Event:
    return TransactionEnded(
        **T._shared(minute, {}), meter=Meter(stop_wh=Decimal(wh)), stopped_reason="PowerLoss"
    )


SESSIONS: dict[str, tuple[list[Event], int, set[str]]] = {
    "samples of a meter that begins at 0 with each session, start and stop of the lifetime meter": (
        [
            T.started(0, 50_000),
            *(with_begin(m, wh, 0) for m, wh in ((5, 18), (10, 900), (15, 2500), (20, 4000))),
            T.ended(25, 54_100),
        ],
        4100,
        {"readings_from_zero"},
    ),
    "samples in kWh that say Wh, start and stop in Wh": (
        [
            T.started(0, 361_000),
            *readings(*((4 * n, 361 + n) for n in range(1, 8))),
            T.ended(30, 368_000),
        ],
        7000,
        {"readings_scaled"},
    ),
    "registers of the phases only; start and stop are 0 because the station does not know": (
        [
            T.started(0, 0),
            *(
                by_phase(5 * n, 110_000 + 500 * n, 120_000 + 500 * n, 130_000 + 500 * n)
                for n in range(5)
            ),
            T.ended(22, 0),
        ],
        6000,
        {"register_summed", "meter_jumped", "meter_reset"},
    ),
    "power cut: the meter of the session is lost, the station boots and stops with PowerLoss and 0": (
        [T.started(0, 0), *readings((10, 3000)), T.booted(15), lost_power(20, 0)],
        3000,
        {"meter_reset"},
    ),
    "power cut, told by the reason only": (
        [T.started(0, 0), *readings((10, 3000)), lost_power(20, 0)],
        3000,
        {"meter_reset"},
    ),
    "charger restarts in mid-session, its meter says 0 twice, then goes on where it was": (
        [
            T.started(0, 20_000),
            *readings((5, 21_000), (10, 22_000), (15, 0), (20, 0), (25, 26_000), (30, 27_000)),
            T.ended(40, 28_000),
        ],
        8000,
        {"reading_outlier"},
    ),
    "the same, and no register at the end": (
        [
            T.started(0, 20_000),
            *readings((5, 21_000), (10, 22_000), (15, 0), (20, 0), (25, 26_000), (30, 28_000)),
            T.ended(40),
        ],
        8000,
        {"reading_outlier", "stop_register_missing"},
    ),
    "one register that carries the phase N; no meterStart, and the end is told by the status only": (
        [
            T.started(0, None),
            *readings((0.2, 8077), (30, 11_000), (59.8, 13_077), phase="N"),
            T.status(60, "Finishing"),
            T.status(60, "Available"),
        ],
        5000,
        {"end_by_status", "start_register_missing", "stop_register_missing"},
    ),
    "stop minus start, and readings of a register of the session": (
        [
            T.started(0, 52_000),
            *readings((5, 700), (10, 1400), (30, 4200), (55, 8000)),
            T.ended(60, 60_500),
        ],
        8500,
        {"readings_from_zero"},
    ),
    "the rest of a register after a reset is no rise": (
        [T.started(0, 16_000_000), *readings((10, 16_001_000), (20, 0), (30, 16_003_000)), T.ended(40, 16_004_000)],
        4000,
        {"reading_outlier"},
    ),
    "a register of the session, and no register at the end": (
        [T.started(0, 52_000), *readings((5, 700), (10, 1400), (30, 4200), (55, 8000)), T.ended(60)],
        8000,
        {"readings_from_zero", "stop_register_missing"},
    ),
    "readings against neutral": (
        [
            T.started(0, None),
            *(by_phase(m, m * 10, m * 20, m * 30, phases=("L1-N", "L2-N", "L3-N")) for m in (0, 30, 60)),
            T.ended(60),
        ],
        3600,
        {"register_summed", "start_register_missing", "stop_register_missing"},
    ),
    "the reading of the start comes in the message of the end": (
        [
            T.started(0, None),
            T.ended(60, 9000, samples=(register(60, 4000, context=BEGIN), register(60, 9000, context="Transaction.End"))),
        ],
        5000,
        {"profile_assumed"},
    ),
    "two registers of the outlet, read all along, that do not agree": (
        [
            T.started(0, 1000),
            *(
                T.sampled(m, register(m, 1000 + 100 * m), register(m, 50 * m, location="Inlet"))
                for m in range(0, 61, 5)
            ),
            T.ended(60, 7000),
        ],
        6000,
        {"registers_disagree"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SESSIONS)
def test_the_driver_pays_what_he_took(name: str) -> None:
    events, wh, flags = SESSIONS[name]
    made = session(*events)
    assert energy_wh(made) == made.energy_wh == wh
    assert set(made.flags) - {"activity_from_meter", "activity_assumed"} == flags


@pytest.mark.parametrize("name", SESSIONS)
def test_the_profile_never_falls(name: str) -> None:
    points = [
        point.energy_wh for point in session(*SESSIONS[name][0]).metered.points if point.energy_wh is not None
    ]
    assert points == sorted(points)
    assert points[0] == 0


def test_the_same_of_a_2x_station() -> None:
    """A fall at a boot within a TransactionEvent's readings is a reset; what was measured before counts."""
    made = session(
        T.updated(0, 0, seq_no=0),
        T.started(0, None, seq_no=0),
        T.updated(10, 3000, seq_no=1),
        T.booted(15),
        T.updated(20, 0, seq_no=2),
        T.ended(20, None, samples=(register(20, 0, context="Transaction.End"),), seq_no=3),
    )
    assert energy_wh(made) == 3000


def test_an_hour_that_comes_twice_keeps_the_night() -> None:
    from datetime import UTC, datetime, timedelta

    from consumers.billing.sessions.assembly import assembled
    from consumers.billing.sessions.closing import Case, Closing
    from tests.consumers.billing.saying import RULES, known

    told = datetime(2026, 10, 25, 2, 0, tzinfo=UTC)  # Europe/Berlin, written without its zone
    today = timedelta(days=1)
    sessions, loose = known(
        T.started(0, 1000, occurred_at=told.replace(minute=50), received_at=told + today),
        T.ended(0, 9000, occurred_at=told.replace(minute=40), received_at=told + today),
    )
    facts = sessions["t1"]
    assert facts.end is not None
    made = assembled(
        Case("t1", facts, loose, time_zone="Europe/Berlin"), Closing(facts.end, frozenset()), RULES
    )
    assert (made.metered.started_at, made.metered.ended_at) == (
        told.replace(minute=50),
        told.replace(hour=3, minute=40),
    )
    assert "hour_repeated" in made.flags
    assert made.energy_wh == 8000
    # The same night, where the gateway knows the station's zone: 02:50 in summer and 02:40 in winter.
    summer = datetime(2026, 10, 25, 0, 0, tzinfo=UTC)
    sessions, loose = known(
        T.started(0, 1000, occurred_at=summer.replace(minute=50), received_at=summer + today),
        T.ended(0, 9000, occurred_at=summer.replace(minute=40), received_at=summer + today),
    )
    facts = sessions["t1"]
    assert facts.end is not None
    case = Case("t1", facts, loose, time_zone="Europe/Berlin")
    made = assembled(case, Closing(facts.end, frozenset()), RULES)
    assert made.metered.ended_at - made.metered.started_at == timedelta(minutes=50)
    assert "hour_repeated" in made.flags
    other = assembled(Case("t1", facts, loose, time_zone="UTC"), Closing(facts.end, frozenset()), RULES)
    assert "clock_changed" in other.flags


def test_a_lone_sample_keeps_its_register_apart_from_those_of_other_measurands() -> None:
    other = Sample(measurand="Energy.Active.Export.Register", value=Decimal(9), unit="Wh", at=at(5))
    made = session(T.started(0, 0), T.sampled(5, other, register(5, 50)), T.ended(9, 90))
    assert other.measurand != REGISTER
    assert energy_wh(made) == 90

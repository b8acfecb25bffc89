"""The page's sessions with stations that speak differently: no phantom sessions, and the energy that was charged."""

from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest
from msgspec.structs import replace

from contract.model import Evse, Meter, Sample, Transaction
from contract.registry import RegisteredStation
from tests.consumers.monitoring.conftest import Charger, Folded, ago

C = Charger()
BEGIN = "Transaction.Begin"


def day_wh(folded: Folded) -> int:
    """The energy of all days."""
    return sum(sums["energy_wh"] for (step, _), sums in folded.shard.trends.items() if step == 86_400_000)


def shown_wh(folded: Folded, evse: int = 1) -> int | None:
    session = folded.kept.evses[evse].session
    return None if session is None else session.energy_wh


def charged(start_wh: int | None, readings: list[tuple[float, float]], stop_wh: int | None) -> Folded:
    """A session of 1.6 from 60 minutes ago on; readings by the minute after its start."""
    meter = None if start_wh is None else Meter(start_wh=Decimal(start_wh))
    told = [C.samples(60 - minute, wh) for minute, wh in readings]
    return Folded(C.starts(meter=meter), *told, C.ends(minutes=0, stop_wh=stop_wh))


@pytest.mark.parametrize(
    ("start_wh", "readings", "stop_wh", "wh"),
    [
        (1000, [(10, 3000), (20, 5000)], 9000, 8000),
        # the register says 0 twice in mid-session and goes on
        (20_000, [(5, 21_000), (10, 22_000), (15, 0), (20, 0), (25, 26_000), (30, 27_000)], 28_000, 8000),
        (20_000, [(5, 21_000), (10, 22_000), (15, 0), (20, 0), (25, 26_000), (30, 28_000)], None, 8000),
        # the rest of a register after a reset is no rise
        (16_000_000, [(10, 16_001_000), (20, 0), (30, 16_003_000)], 16_004_000, 4000),
        # a true reset: what was measured before and after counts
        (1000, [(10, 2000), (20, 4000), (30, 5), (40, 105)], 205, 3200),
        # readings of a register that begins at 0 with each session
        (52_000, [(5, 700), (10, 1400), (30, 4200), (55, 8000)], 60_500, 8500),
        # readings in kWh that say Wh
        (361_000, [(4, 362), (8, 363), (20, 366)], 368_000, 7000),
        # the station does not know its register at start and end
        (0, [(0, 360_000), (5, 361_500), (20, 366_000)], 0, 6000),
    ],
)
def test_energy(
    start_wh: int | None, readings: list[tuple[float, float]], stop_wh: int | None, wh: int
) -> None:
    folded = charged(start_wh, readings, stop_wh)
    assert shown_wh(folded) == wh
    assert day_wh(folded) == wh


@pytest.mark.parametrize("phases", [("L1-N", "L2-N", "L3-N"), ("L1", "L2", "L3"), ("N",), ("L2",)])
def test_power_and_energy_are_read_in_whatever_phases_they_are_told(phases: tuple[str, ...]) -> None:
    folded = Folded(C.starts(meter=None))
    for minutes, wh in ((50, 1000), (40, 4000)):
        whole = C.samples(minutes, wh, 6000)
        parts = tuple(
            replace(sample, phase=phase, value=(sample.value or Decimal()) / len(phases))
            for sample in whole.samples
            for phase in phases
        )
        folded.take(replace(whole, samples=parts))
    session = folded.kept.evses[1].session
    assert session is not None
    assert session.energy_wh == 3000
    assert session.power_w == 6000


def test_the_start_that_is_repeated_in_each_message_is_not_the_present() -> None:
    folded = Folded(C.starts())
    for minutes, wh in ((50, 2000), (40, 4000)):
        now = C.samples(minutes, wh, 6000)
        start = tuple(replace(sample, value=Decimal(1000), context=BEGIN) for sample in now.samples[:1])
        folded.take(replace(now, samples=(*now.samples, *start)))
    assert shown_wh(folded) == 3000


def test_the_registers_of_a_2x_session_are_its_samples_at_start_and_end() -> None:
    def at(minutes: float, wh: int, context: str) -> tuple[Sample, ...]:
        (sample,) = C.samples(minutes, wh).samples
        return (replace(sample, context=context),)

    folded = Folded(
        C.starts(meter=None, samples=at(60, 1000, BEGIN)),
        C.ends(minutes=10, stop_wh=None, samples=at(10, 7000, "Transaction.End")),
    )
    assert shown_wh(folded) == day_wh(folded) == 6000


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_samples_without_a_place_begin_no_session(order: tuple[int, ...]) -> None:
    """A 2.x station names its EVSE in the first event only (OCPP 2.0.1, E01.FR.16); the topics come in any order."""
    said = [
        C.starts(meter=None),
        C.samples(50, 2000, 7000, evse=None),
        C.ends(minutes=10, stop_wh=None, evse=None),
        C.samples(10, 8000, 0, evse=None),
    ]
    folded = Folded(C.status("Available"), *(said[number] for number in order))
    assert set(folded.kept.evses) == {1}
    running = [evse for evse in folded.kept.evses.values() if evse.session and evse.session.is_running]
    ends_first = order.index(2) < order.index(0)  # the transactions stand in one topic: that cannot be
    assert ends_first or running == []
    assert ends_first or folded.shard.totals["sessions"] == 0


def test_a_late_reading_of_an_ended_session_begins_none() -> None:
    folded = Folded(C.starts("t-1"), C.ends("t-1", 40), C.starts("t-2", 35), C.ends("t-2", 20))
    folded.take(C.samples(10, 9000, transaction="t-1"), C.samples(10, 9000, transaction="t-2"))
    assert folded.shard.totals["sessions"] == 0
    assert folded.kept.evses[1].session is not None
    assert folded.kept.evses[1].session.transaction == "t-2"


@pytest.mark.parametrize("native", [0, -1, -16, -17])
def test_a_stop_that_names_no_transaction_ends_its_session(native: int) -> None:
    stop = C.ends(minutes=10, stop_wh=7000, evse=None)
    folded = Folded(C.starts(), replace(stop, transaction=Transaction(native=native)))
    assert folded.shard.totals["sessions"] == 0
    assert shown_wh(folded) == 6000


def test_nameless_stops_of_two_connectors_end_one_session_each() -> None:
    def ends(minutes: float, wh: int) -> Any:
        return replace(C.ends(minutes=minutes, stop_wh=wh, evse=None), transaction=Transaction(native=-1))

    folded = Folded(
        C.starts("a", 70, meter=Meter(start_wh=Decimal(10_000))),
        C.starts("b", 60, evse=Evse(id=2), meter=Meter(start_wh=Decimal(500_000))),
        ends(20, 15_000),
        ends(1, 509_000),
    )
    assert (shown_wh(folded, 1), shown_wh(folded, 2)) == (5000, 9000)
    assert folded.shard.totals["sessions"] == 0


def test_a_connector_that_is_available_after_a_boot_has_no_session() -> None:
    folded = Folded(
        C.status("Occupied", 61),
        C.starts(),
        C.samples(50, 2000, 7000),
        C.boots(30),
        C.status("Available", 29),
    )
    assert folded.shard.totals["sessions"] == 0
    assert folded.shard.totals["power_w"] == 0
    folded.take(C.ends(minutes=31, stop_wh=3000))  # told late, after the status
    session = folded.kept.evses[1].session
    assert session is not None
    assert session.ended_ms == int(ago(31).timestamp() * 1000)
    assert folded.shard.totals["sessions"] == 0
    assert shown_wh(folded) == day_wh(folded) == 2000


def test_a_stop_without_a_transaction_may_come_after_the_status() -> None:
    stop = replace(C.ends(minutes=10, stop_wh=7000, evse=None), transaction=Transaction(native=0))
    folded = Folded(
        C.status("Occupied", 61), C.starts(), C.samples(20, 5000), C.status("Available", 10), stop
    )
    assert folded.shard.totals["sessions"] == 0
    assert shown_wh(folded) == day_wh(folded) == 6000


def test_the_start_of_a_2x_session_may_come_before_its_place_is_known() -> None:
    (sample,) = C.samples(60, 1000).samples
    folded = Folded(
        C.starts(meter=None, evse=None, samples=(replace(sample, context=BEGIN),)),
        C.samples(50, 3000),
        C.ends(minutes=10, stop_wh=9000),
    )
    session = folded.kept.evses[1].session
    assert session is not None
    assert session.started_ms == int(ago(60).timestamp() * 1000)
    assert shown_wh(folded) == day_wh(folded) == 8000
    assert folded.kept.unplaced == []


def test_the_start_is_not_read_from_another_register_at_the_end() -> None:
    (sample,) = C.samples(10, 0).samples
    stop = C.ends(minutes=10, stop_wh=9000, samples=(replace(sample, context=BEGIN),))
    assert shown_wh(Folded(C.starts(), C.samples(30, 900), stop)) == 8000


def test_fractions_are_not_rounded_off_each_reading() -> None:
    folded = Folded(
        C.starts(),
        *(C.samples(59 - n, 1000 + 0.4 * n) for n in range(1, 51)),
        C.ends(minutes=0, stop_wh=None),
    )
    assert shown_wh(folded) == day_wh(folded) == 20


def test_a_session_that_is_told_after_an_outage_takes_no_running_one_away() -> None:
    folded = Folded(C.starts("now", 30))
    folded.take(
        C.starts("old", 20, offline=True),
        C.samples(19, 5000, transaction="old", offline=True),
        C.ends("old", 18, offline=True),
    )
    session = folded.kept.evses[1].session
    assert session is not None
    assert (session.transaction, session.is_running) == ("now", True)
    assert folded.shard.totals["sessions"] == 1


def test_the_main_meter_is_still_the_stations() -> None:
    folded = Folded(C.samples(5, 1000, 500, transaction=None, evse=None))
    assert set(folded.kept.evses) == {0}
    assert folded.kept.evses[0].session is None


def test_a_registry_entry_alone_is_a_station_without_sessions() -> None:
    assert Folded(RegisteredStation(name="x")).shard.totals["sessions"] == 0

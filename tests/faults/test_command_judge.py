"""The judge of commands sees what it is there for."""

from collections import Counter

import msgspec
import pytest

from tests.faults import backend
from tests.faults.backend import Asked, Outage, Told

ASKED = {"c": Asked("c", "CP-1", deadline_seconds=10, at_ms=0)}


def told(status: str = "accepted", *, id_: str = "c", event_id: str = "e", at_ms: int = 100) -> Told:
    return Told(id_, event_id, msgspec.json.encode({"status": status}), at_ms)


def test_a_command_without_a_result_is_lost() -> None:
    assert backend.lost(ASKED, []) == [ASKED["c"]]
    assert backend.lost(ASKED, [told()]) == []


def test_results_that_differ_in_value_or_id_are_told() -> None:
    assert backend.unlike([told(), told(at_ms=200)]) == {}
    assert backend.unlike([told(), told("expired")]) == {"c": ["accepted", "expired"]}
    assert backend.unlike([told(), told(event_id="f")]) == {"c": ["accepted", "accepted"]}


def test_what_a_station_heard_twice_ran_twice() -> None:
    assert backend.ran_twice(Counter({"c": 1, "d": 2})) == {"d": 2}


@pytest.mark.parametrize(
    ("status", "times", "is_lie"),
    [
        ("accepted", 1, False),
        ("accepted", 0, True),
        ("rejected", 0, True),
        ("expired", 0, False),
        ("expired", 1, True),
        ("offline", 1, True),
        ("timed_out", 0, False),  # whether it was sent is what nobody knows
        ("timed_out", 1, False),
        ("failed", 1, False),
    ],
)
def test_a_status_that_the_stations_contradict_is_a_lie(status: str, times: int, *, is_lie: bool) -> None:
    assert backend.lied([told(status)], Counter({"c": times})) == ([("c", status)] if is_lie else [])


def test_late_is_what_the_first_result_is_beyond_deadline_slack_and_outage() -> None:
    def late(at_ms: int, *outages: Outage) -> list[tuple[str, float]]:
        return backend.late(ASKED, [told(at_ms=at_ms), told(at_ms=99_000)], outages, slack_seconds=5)

    assert late(15_000) == []
    assert late(16_000) == [("c", 6.0)]
    assert late(16_000, Outage(4_000, 9_000)) == []
    assert late(16_000, Outage(20_000, 30_000)) == [("c", 6.0)]

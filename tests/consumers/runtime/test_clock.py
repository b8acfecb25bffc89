"""What time it is in a shard: the records' while it is behind, the clock's once it has caught up."""

from datetime import UTC, datetime, timedelta

from consumers.runtime.clock import ShardClock
from eventlog.port import Partition

A0, B0, A1 = Partition("a", 0), Partition("b", 0), Partition("a", 1)
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


def clock(*partitions: Partition) -> ShardClock:
    made = ShardClock()
    for partition in partitions:
        made.begin(partition, 0)
    return made


def test_nothing_is_known_before_the_first_look() -> None:
    made = clock(A0)
    made.advance(A0, 5, ago(1))
    assert made.now() == {}


def test_a_shard_that_is_caught_up_has_the_clocks_time() -> None:
    made = clock(A0, A1)
    made.look({A0: 0, A1: 0}, NOW)
    assert made.now() == {0: NOW, 1: NOW}


def test_a_shard_that_is_behind_has_the_time_of_its_records() -> None:
    made = clock(A0, A1)
    made.look({A0: 10, A1: 0}, NOW)
    assert made.now() == {1: NOW}  # of the other nothing is known yet
    made.advance(A0, 5, ago(30))
    assert made.now() == {0: ago(30), 1: NOW}
    made.advance(A0, 9, ago(20))
    assert made.now()[0] == ago(20)
    made.advance(A0, 10, ago(10))
    assert made.now()[0] == NOW


def test_a_record_from_the_future_does_not_make_it_later_than_it_is() -> None:
    made = clock(A0)
    made.look({A0: 10}, NOW)
    made.advance(A0, 5, ago(-1_000_000))
    assert made.now() == {0: NOW}


def test_a_shard_is_as_late_as_its_slowest_topic() -> None:
    made = clock(A0, B0)
    made.look({A0: 10, B0: 10}, NOW)
    made.advance(A0, 9, ago(5))
    assert made.now() == {}
    made.advance(B0, 3, ago(50))
    assert made.now() == {0: ago(50)}
    made.advance(B0, 10, ago(1))
    assert made.now() == {0: ago(5)}


def test_time_never_goes_back() -> None:
    made = clock(A0)
    made.look({A0: 0}, NOW)
    assert made.now() == {0: NOW}
    made.look({A0: 3}, NOW + timedelta(seconds=1))
    made.advance(A0, 1, ago(2))
    assert made.now() == {0: NOW}
    made.look({A0: 3}, ago(60))
    made.advance(A0, 3, ago(1))
    assert made.now() == {0: NOW}


def test_a_record_from_a_clock_that_is_late_does_not_set_the_shard_back() -> None:
    made = clock(A0)
    made.look({A0: 10}, NOW)
    made.advance(A0, 1, ago(5))
    made.advance(A0, 2, ago(9))
    assert made.now() == {0: ago(5)}


def test_what_is_no_longer_ours_has_no_time_and_begins_anew() -> None:
    made = clock(A0, B0, A1)
    made.look({A0: 0, B0: 0, A1: 0}, NOW)
    made.now()
    made.forget([A0])
    assert made.now().keys() == {0, 1}
    made.forget([B0, A1])
    assert made.now() == {}
    made.begin(A0, 3)
    made.look({A0: 5}, NOW)
    made.advance(A0, 4, ago(7))
    assert made.now() == {0: ago(7)}
    made.advance(A1, 4, ago(7))  # it was in hand when it was taken away
    assert made.positions == {A0: 4}


def test_lag_in_records_and_seconds() -> None:
    made = clock(A0, A1)
    made.look({A0: 10, A1: 4}, NOW)
    made.advance(A0, 8, ago(3))
    made.advance(A1, 4, ago(9))
    assert made.behind() == {A0: 2}
    assert made.late_seconds() == {A0: 180.0}

"""Records of a shard's topics are handed over in the order of time, however unevenly they are fetched."""

from hypothesis import given
from hypothesis import strategies as st

from consumers.runtime.ordering import MOST_AHEAD, Reach, TimeOrder
from eventlog.port import Partition, Place, Record, Stored

A, B, OTHER = Partition("a", 0), Partition("b", 0), Partition("a", 1)


def stored(partition: Partition, offset: int, at_ms: int) -> Stored:
    return Stored(Record(partition.topic, "k", b""), Place(*partition, offset), at_ms)


def times(taken: list[Stored]) -> list[tuple[str, int]]:
    return [(one.place.topic, one.appended_ms) for one in taken]


def test_a_topic_that_is_ahead_waits_for_the_one_behind() -> None:
    order = TimeOrder()
    order.add([stored(A, 0, 10), stored(A, 1, 20), stored(B, 0, 5), stored(B, 1, 15), stored(OTHER, 0, 99)])
    reach = {A: Reach(0, 2, None), B: Reach(0, 9, None), OTHER: Reach(0, 1, None)}
    assert times(order.take(reach, 100)) == [("b", 5), ("a", 10), ("b", 15), ("a", 99)]
    assert len(order) == 1
    order.add([stored(B, 2, 30)])
    assert times(order.take({A: Reach(1, 2, 10), B: Reach(2, 9, 15)}, 100)) == [("a", 20), ("b", 30)]


def test_a_topic_that_is_read_to_its_end_is_not_waited_for() -> None:
    order = TimeOrder()
    order.add([stored(A, 0, 10)])
    assert times(order.take({A: Reach(0, 9, None), B: Reach(4, 4, 3)}, 100)) == [("a", 10)]


def test_a_topic_of_which_nothing_comes_is_waited_for_until_it_stalls() -> None:
    order, reach = TimeOrder(), {A: Reach(0, 9, None), B: Reach(4, 5, 3)}
    order.add([stored(A, 0, 2), stored(A, 1, 10)])
    assert times(order.take(reach, 100)) == [("a", 2)], "no earlier one can come"
    assert order.take(reach, 100) == []
    assert times(order.take(reach, 100, {B})) == [("a", 10)]


def test_records_of_partitions_that_are_not_held_are_dropped() -> None:
    order = TimeOrder()
    order.add([stored(A, 0, 10)])
    assert order.take({}, 100) == []
    assert len(order) == 0


def test_what_is_too_far_ahead_is_fetched_again() -> None:
    order = TimeOrder()
    again = order.add([stored(A, offset, offset) for offset in range(MOST_AHEAD + 5)])
    assert again == {A: MOST_AHEAD}
    assert len(order) == MOST_AHEAD


def test_no_more_than_a_batch_is_taken() -> None:
    order = TimeOrder()
    order.add([stored(A, offset, offset) for offset in range(10)])
    reach = {A: Reach(0, 10, None)}
    assert [one.place.offset for one in order.take(reach, 4)] == [0, 1, 2, 3]
    assert [one.place.offset for one in order.take(reach, 100)] == [4, 5, 6, 7, 8, 9]


LOGS = st.dictionaries(
    st.sampled_from([A, B, Partition("c", 0)]),
    st.lists(st.integers(0, 50), max_size=12).map(sorted),
    min_size=1,
)


@given(LOGS, st.data())
def test_all_is_handled_once_and_in_order(logs: dict[Partition, list[int]], data: st.DataObject) -> None:
    order, fetched, position = TimeOrder(), dict.fromkeys(logs, 0), dict.fromkeys(logs, 0)
    read_ms: dict[Partition, int | None] = dict.fromkeys(logs)
    handled: list[Stored] = []
    for turn in range(200):
        for partition, log in logs.items():
            count = 3 if turn > 50 else data.draw(st.integers(0, 4))
            to = min(len(log), fetched[partition] + count)
            order.add([stored(partition, offset, log[offset]) for offset in range(fetched[partition], to)])
            fetched[partition] = to
        reach = {one: Reach(position[one], len(log), read_ms[one]) for one, log in logs.items()}
        for one in order.take(reach, 5):
            partition = Partition(one.place.topic, one.place.partition)
            assert one.place.offset == position[partition]
            position[partition] += 1
            read_ms[partition] = one.appended_ms
            handled.append(one)
        if all(position[one] == len(log) for one, log in logs.items()):
            break
    told = [one.appended_ms for one in handled]
    assert told == sorted(told)
    assert len(handled) == sum(map(len, logs.values()))

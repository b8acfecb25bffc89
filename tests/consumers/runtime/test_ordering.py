"""Records of a shard's topics are handled in the order of time, however unevenly they are fetched."""

from hypothesis import given
from hypothesis import strategies as st

from consumers.runtime.ordering import Reach, order
from eventlog.port import Partition, Place, Record, Stored

A, B, OTHER = Partition("a", 0), Partition("b", 0), Partition("a", 1)


def stored(partition: Partition, offset: int, at_ms: int) -> Stored:
    return Stored(Record(partition.topic, "k", b""), Place(*partition, offset), at_ms)


def test_a_topic_that_is_ahead_waits_for_the_one_behind() -> None:
    found = [stored(A, 0, 10), stored(A, 1, 20), stored(B, 0, 5), stored(B, 1, 15), stored(OTHER, 0, 99)]
    reach = {A: Reach(0, 2, None), B: Reach(0, 9, None), OTHER: Reach(0, 1, None)}
    ordered = order(found, reach)
    assert [(one.place.topic, one.appended_ms) for one in ordered.ready] == [
        ("b", 5),
        ("a", 10),
        ("b", 15),
        ("a", 99),
    ]
    assert ordered.again == {A: 1}


def test_a_topic_that_is_read_to_its_end_is_not_waited_for() -> None:
    ordered = order([stored(A, 0, 10)], {A: Reach(0, 9, None), B: Reach(4, 4, 3)})
    assert [one.appended_ms for one in ordered.ready] == [10]


def test_a_topic_of_which_nothing_comes_is_waited_for_until_it_stalls() -> None:
    reach = {A: Reach(0, 9, None), B: Reach(4, 5, 3)}
    assert order([stored(A, 0, 10)], reach) == ([], {A: 0})
    assert order([stored(A, 0, 10)], reach, {B}).again == {}
    assert order([stored(A, 0, 2)], reach).ready, "no earlier one can come"


def test_records_of_partitions_that_are_not_held_are_left_out() -> None:
    assert order([stored(A, 0, 10)], {}) == ([], {})


LOGS = st.dictionaries(
    st.sampled_from([A, B, Partition("c", 0)]),
    st.lists(st.integers(0, 50), max_size=12).map(sorted),
    min_size=1,
)


@given(LOGS, st.data())
def test_all_is_handled_once_and_in_order(logs: dict[Partition, list[int]], data: st.DataObject) -> None:
    position = dict.fromkeys(logs, 0)
    read_ms: dict[Partition, int | None] = dict.fromkeys(logs)
    handled: list[Stored] = []
    for _ in range(500):
        reach = {one: Reach(position[one], len(log), read_ms[one]) for one, log in logs.items()}
        found = []
        for partition, log in logs.items():
            count = data.draw(st.integers(0, 4))
            found += [
                stored(partition, offset, log[offset])
                for offset in range(position[partition], min(len(log), position[partition] + count))
            ]
        ordered = order(found, reach)
        handled += ordered.ready
        for one in ordered.ready:
            partition = Partition(one.place.topic, one.place.partition)
            assert one.place.offset == position[partition]
            position[partition] += 1
            read_ms[partition] = one.appended_ms
        if all(position[one] == len(log) for one, log in logs.items()):
            break
    times = [one.appended_ms for one in handled]
    assert times == sorted(times)
    assert len(handled) <= sum(map(len, logs.values()))

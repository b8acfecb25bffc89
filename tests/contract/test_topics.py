"""The partitioner: a station must stand where the Java client, and aiokafka, would put it."""

import itertools

import pytest
from aiokafka.partitioner import DefaultPartitioner, murmur2
from hypothesis import given
from hypothesis import strategies as st

from contract import topics
from contract.topics import partition_of

# `org.apache.kafka.common.utils.UtilsTest.testMurmur2`, as signed 32-bit numbers.
JAVA_VECTORS = {
    b"21": -973932308,
    b"foobar": -790332482,
    b"a-little-bit-long-string": -985981536,
    b"a-little-bit-longer-string": -1486304829,
    b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
    b"abc": 479470107,
}


@pytest.mark.parametrize(("data", "signed"), JAVA_VECTORS.items())
def test_the_hash_is_that_of_the_java_client(data: bytes, signed: int) -> None:
    assert topics._murmur2(data) == signed & 0xFFFFFFFF


@given(st.binary(max_size=300))
def test_the_hash_is_that_of_aiokafka(data: bytes) -> None:
    assert topics._murmur2(data) == murmur2(data) & 0xFFFFFFFF


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=48), st.integers(1, 200))
def test_the_partition_is_that_of_aiokafka(key: str, partitions: int) -> None:
    numbers = list(range(partitions))
    assert partition_of(key, partitions) == DefaultPartitioner()(key.encode(), numbers, numbers)


def test_every_length_of_the_last_word() -> None:
    """The tail of one, two and three bytes, and bytes above 0x7F, where ports of murmur2 go wrong."""
    for length, byte in itertools.product(range(13), (0x00, 0x7F, 0x80, 0xFF)):
        data = bytes([byte]) * length
        assert topics._murmur2(data) == murmur2(data) & 0xFFFFFFFF


def test_stations_spread_over_the_partitions() -> None:
    counts = [0] * 12
    for number in range(12_000):
        counts[partition_of(f"CP-{number:06d}", 12)] += 1
    assert min(counts) > 800
    assert max(counts) < 1_200


def test_each_topic_is_listed_under_its_own_name() -> None:
    assert all(name == topic.name for name, topic in topics.TOPICS.items())
    assert all(name.endswith(".v1") and "_" not in name for name in topics.TOPICS)

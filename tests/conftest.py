"""What every test may ask for: a real Kafka, started once a run and only if a test wants it."""

from collections.abc import Iterator

import pytest

from tests.support.kafka import KafkaCluster, running


@pytest.fixture(scope="session")
def kafka_cluster() -> Iterator[KafkaCluster]:
    """One node. Whoever pauses or kills it brings it back."""
    with running(nodes=1) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def kafka(kafka_cluster: KafkaCluster) -> str:
    """The URL of the running Kafka."""
    return kafka_cluster.url

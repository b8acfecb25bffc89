"""What every test may ask for: a real Kafka and a real PostgreSQL, each started once a run if a test wants it."""

from collections.abc import Iterator

import pytest

from tests.support import kafka as kafka_support
from tests.support import postgres as postgres_support
from tests.support.kafka import KafkaCluster
from tests.support.postgres import Postgres


@pytest.fixture(scope="session")
def kafka_cluster() -> Iterator[KafkaCluster]:
    """One node. Whoever pauses or kills it brings it back."""
    with kafka_support.running(nodes=1) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def kafka(kafka_cluster: KafkaCluster) -> str:
    """The URL of the running Kafka."""
    return kafka_cluster.url


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A server. `new` makes a database of the test's own; whoever kills it brings it back."""
    with postgres_support.running() as server:
        yield server

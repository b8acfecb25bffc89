"""The engines as fixtures: a test that takes `engine` or `log` runs on each of them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from contract.topics import Topic
from eventlog.port import EventLog
from tests.eventlog.engines import EmbeddedEngine, Engine, KafkaEngine, MemoryEngine


@pytest.fixture(params=["memory", "embedded", "kafka"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Engine:
    if request.param == "memory":
        return MemoryEngine()
    if request.param == "embedded":
        return EmbeddedEngine(tmp_path)
    return KafkaEngine(request.getfixturevalue("kafka_cluster"))


@pytest.fixture
async def log(engine: Engine) -> AsyncIterator[EventLog]:
    opened = engine.log()
    await opened.open()
    yield opened
    await opened.close(deadline_seconds=3.0)


@pytest.fixture
async def topic(log: EventLog, request: pytest.FixtureRequest) -> str:
    """A topic of this test's own, with four partitions."""
    name = f"test.{request.node.originalname.removeprefix('test_')[:80]}.v1"
    assert await log.apply_topics([Topic(name, "a test's", partitions=4)]) == {name: "created"}
    return name


@pytest.fixture
async def table(log: EventLog, request: pytest.FixtureRequest) -> str:
    """A compacted topic of this test's own."""
    name = f"test.{request.node.originalname.removeprefix('test_')[:80]}.table.v1"
    await log.apply_topics([Topic(name, "a test's", partitions=4, compacted=True)])
    return name

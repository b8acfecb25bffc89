"""No record that anybody can write makes a program raise where it reads records."""

import pytest

from cli.tail import readable
from consumers.runtime.decoding import read
from contract.topics import EVERY_TOPIC
from eventlog.port import Place, Stored
from tests.support.poison import poison


@pytest.mark.parametrize("topic", EVERY_TOPIC)
def test_a_consumer_reads_it_or_says_why_not(topic: str) -> None:
    for number, record in enumerate(poison(topic, "CS-1")):
        told = read(Stored(record, Place(topic, 0, number), 0))
        assert told.message is None or record.value is None or told.why is None
        if told.message is None and told.why is not None:
            assert len(told.why) < 2000


@pytest.mark.parametrize("topic", EVERY_TOPIC)
def test_tail_prints_it(topic: str) -> None:
    for number, record in enumerate(poison(topic, "CS-1")):
        assert readable(Stored(record, Place(topic, 0, number), 0))

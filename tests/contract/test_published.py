"""The published documents are fresh, complete, and judge as the code does."""

from collections.abc import Iterator

import jsonschema_rs
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contract.envelope import Envelope, encode
from contract.events import Event
from contract.published import event_schema, schema_id
from contract.topics import TOPICS
from contract.vocabulary import EVENTS
from eventlog.port import Record
from tests.support.contract_values import values_of
from tests.support.validation import check_record


@pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS)
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_whatever_we_can_say_is_published_and_read_back(event: type[Event], data: st.DataObject) -> None:
    said = data.draw(values_of(event))
    said = msgspec.structs.replace(said, station=msgspec.structs.replace(said.station, id="station-1"))
    if said.protocol:
        protocol = msgspec.structs.replace(said.protocol, version="2.1", action="Heartbeat")
        said = msgspec.structs.replace(said, protocol=protocol)
    # What is published hides secrets, and writes a float of many digits as the whole number that it is.
    said = msgspec.json.decode(encode(said), type=event)
    envelope = Envelope(gateway="gw", station="station-1", version="2.1", connection="c")
    record = Record(
        topic=said.TOPIC.name, key="station-1", value=encode(said), headers=envelope.headers(said, "id", 1)
    )
    assert check_record(record) == said


@pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS)
def test_a_schema_is_a_schema_and_closed_to_nulls_but_open_to_new_fields(event: type[Event]) -> None:
    schema = event_schema(event)
    assert jsonschema_rs.meta.is_valid(schema)
    assert schema["$id"] == schema_id(event.NAME)
    assert schema["description"]
    assert not list(_found(schema, "null"))
    assert not list(_found(schema, "additionalProperties"))


def test_every_event_stands_in_a_topic_that_is_created() -> None:
    assert {event.TOPIC.name for event in EVENTS.values()} <= set(TOPICS)


def test_every_event_of_the_package_is_in_the_vocabulary() -> None:
    named = {event for event in _below(Event) if "NAME" in vars(event)}
    assert named == set(EVENTS.values())
    assert all(name == event.NAME for name, event in EVENTS.items())


def _below(parent: type[Event]) -> Iterator[type[Event]]:
    for child in parent.__subclasses__():
        yield child
        yield from _below(child)


def _found(schema: object, word: str) -> Iterator[str]:
    """Where a word stands as a key or a value in a schema."""
    match schema:
        case dict():
            yield from (key for key in schema if key == word)
            for inner in schema.values():
                yield from _found(inner, word)
        case list():
            for inner in schema:
                yield from _found(inner, word)
        case str() if schema == word:
            yield schema

"""The judge of what stands in the log: the published schemas, the public CloudEvents reader, our own decoder.

Integration tests call `check_record` on every record they see, and `check_line` on every line of `tail`.
"""

import json
from functools import cache
from typing import Any

import jsonschema_rs
from cloudevents.core.base import BaseCloudEvent
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary_event
from cloudevents.core.formats.json import JSONFormat

from contract import envelope
from contract.events import Event
from contract.published import event_schema, headers_schema, schema_id
from contract.vocabulary import EVENTS
from eventlog.port import Record


def check_record(record: Record) -> Event:
    """The event that a record holds. Raises where the record breaks a promise of the contract."""
    value = record.value
    assert value is not None, f"a tombstone in {record.topic}"
    headers = list(record.headers)
    assert len(dict(headers)) == len(headers), f"a header stands twice: {headers}"

    check_headers({name: text.decode() for name, text in headers})
    name = envelope.type_of(headers).removeprefix("ocpp.")
    check_data(name, json.loads(value))

    event = envelope.decode(headers, value)
    assert envelope.encode(event) == value
    assert record.topic == event.TOPIC.name
    assert record.key == event.station.id

    read = from_binary_event(KafkaMessage(dict(headers), record.key, value))
    _check_agreement(read, event)
    assert read.get_extension("partitionkey") == record.key
    return event


def check_line(line: str | bytes) -> dict[str, Any]:
    """One CloudEvent in structured JSON, as `tail --json` prints it. Raises where it breaks the contract."""
    said: dict[str, Any] = json.loads(line)
    attributes = {name: text for name, text in said.items() if name not in ("data", "datacontenttype")}
    check_headers(
        {f"ce_{name}": text for name, text in attributes.items()} | {"content-type": said["datacontenttype"]}
    )
    name = said["type"].removeprefix("ocpp.")
    check_data(name, said["data"])
    event = envelope.decode([("ce_type", said["type"].encode())], json.dumps(said["data"]).encode())
    _check_agreement(JSONFormat().read(None, line), event)
    return said


def check_headers(headers: dict[str, str]) -> None:
    """Judge the headers by their published schema."""
    _headers_validator().validate(headers)
    name = headers["ce_type"].removeprefix("ocpp.")
    assert headers["ce_dataschema"] == schema_id(name)


def check_data(name: str, data: object) -> None:
    """Judge an event's data by its published schema."""
    _data_validator(name).validate(data)


def _check_agreement(read: BaseCloudEvent, event: Event) -> None:
    """What the public reader understood is what the event says."""
    assert read.get_type() == f"ocpp.{event.NAME}"
    assert read.get_subject() == event.station.id
    assert read.get_time() == (event.occurred_at or event.received_at)
    assert read.get_extension("action") == (event.protocol.action if event.protocol else None)
    if event.protocol:
        assert read.get_extension("ocppversion") == event.protocol.version
    data = read.get_data()
    assert isinstance(data, dict)
    assert data["station"]["id"] == event.station.id


@cache
def _data_validator(name: str) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(event_schema(EVENTS[name]), validate_formats=True)


@cache
def _headers_validator() -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(headers_schema(), validate_formats=True)

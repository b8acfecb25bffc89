"""What we publish about the contract: a JSON Schema (2020-12) per event and per command, and those of their records.

Made from the structs themselves, so that the documents cannot say anything else than the code. Three
laws hold in every schema: objects are open (a later minor version adds fields, readers ignore what
they do not know), an absent field is left out and never null, and numbers are exact JSON numbers.
Only inside a payload that is passed on verbatim may null stand.
"""

import inspect
import re
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from contract.commands import ALL, Command
from contract.envelope import SCHEMA_ROOT
from contract.events import Event
from contract.model import Value
from contract.results import CommandRequest
from contract.vocabulary import COMMANDS, EVENTS

Json = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
HEADERS = "cloudevent-headers"
REQUEST = "command-request"
"""The names of the schemas of an event's headers and of a command's record, beside those of the events."""

COMMANDS_FOLDER = "commands"
"""Where the schemas of the commands' arguments are, below those of the events."""


def event_schema(event: type[Event], example: Json | None = None) -> Json:
    """The schema of one event's data, complete in itself."""
    return document_of(event.NAME, event, example)


def command_schema(command: type[Command], example: Json | None = None) -> Json:
    """The schema of one command's arguments, complete in itself."""
    return document_of(f"{COMMANDS_FOLDER}/{command.NAME}", command, example)


def request_schema(example: Json | None = None) -> Json:
    """The schema of a command's record: one of ours by its name, or an OCPP action."""
    schema = document_of(REQUEST, CommandRequest, example)
    schema["properties"]["command"]["enum"] = list(COMMANDS)
    return {**schema, "oneOf": [{"required": ["command"]}, {"required": ["action", "version"]}]}


def document_of(name: str, value: type[Value], example: Json | None) -> Json:
    """The schema of any value of the contract under its own name, complete in itself."""
    schema = {"$schema": DIALECT, "$id": schema_id(name), **value_schema(value)}
    if example is not None:
        schema["examples"] = [example]
    return schema


def value_schema(value: type[Value]) -> Json:
    """The schema of any part of the contract, with those it refers to in `$defs`."""
    definitions = schemas_of([value], "#/$defs/{name}")
    root = definitions.pop(value.__name__)
    return root | ({"$defs": definitions} if definitions else {})


def schemas_of(values: Iterable[type[Value]], ref_template: str) -> dict[str, Json]:
    """The schemas of these parts of the contract and of all that they refer to, by the name of the class."""
    _, components = msgspec.json.schema_components(values, ref_template=ref_template)
    classes = {known.__name__: known for known in _values(Value)}
    return {name: _object(made, classes[name]) for name, made in sorted(components.items())}


def headers_schema() -> Json:
    """The schema of a record's headers, read as an object of texts: CloudEvents attributes as `ce_*`."""
    texts: Json = {
        "content-type": {"const": "application/json"},
        "ce_specversion": {"const": "1.0"},
        "ce_id": {"minLength": 1, "description": "The same fact has the same id, however often it is sent."},
        "ce_source": {"pattern": "^/gateways/.+$", "description": "The gateway process that published it."},
        "ce_subject": {"minLength": 1, "description": "The station's id, which is also the record's key."},
        "ce_type": {"enum": [f"ocpp.{name}" for name in EVENTS]},
        "ce_time": {
            "format": "date-time",
            "pattern": "Z$",
            "description": "When it happened: the data's `occurredAt`, or its `receivedAt` where that is absent.",
        },
        "ce_dataschema": {"format": "uri", "description": "The `$id` of the schema of the data."},
        "ce_ocppversion": {"enum": list(ALL)},
        "ce_connection": {"minLength": 1, "description": "The connection over which the station said it."},
        "ce_sequence": {
            "pattern": "^[0-9]{10}$",
            "description": "Rises by one for each message of the connection that became an event; an event "
            "derived from another has its number. Padded, so that it sorts as text.",
        },
        "ce_action": {
            "minLength": 1,
            "description": "The OCPP action; absent where no message was behind it.",
        },
        "ce_traceparent": {"description": "W3C Trace Context, where the message was traced."},
    }
    of_connections = ["ce_ocppversion", "ce_connection", "ce_sequence"]
    return {
        "$schema": DIALECT,
        "$id": schema_id(HEADERS),
        "title": "CloudEventHeaders",
        "description": "The headers of every record: CloudEvents 1.0, Kafka binding, binary mode.",
        "type": "object",
        "properties": {name: {"type": "string", **rest} for name, rest in texts.items()},
        "required": [name for name in texts if name not in (*of_connections, "ce_action", "ce_traceparent")],
        # What became of a command can be known without a connection, when the station has none.
        "if": {"properties": {"ce_type": {"pattern": "^ocpp[.]command[.]"}}},
        "else": {"required": of_connections},
    }


def schema_id(name: str) -> str:
    """The address by which `ce_dataschema` and `$id` name a schema."""
    return f"{SCHEMA_ROOT}/{name}.json"


def description_of(value: type[Value]) -> str:
    """What a class says of itself, in the words of its JSON."""
    return _in_json_words(inspect.cleandoc(value.__doc__ or ""), value)


def field_description(value: type[Value], field: str) -> str | None:
    """The sentences about a field in the docstring of its class, or of the nearest parent that has any."""
    for owner in value.__mro__:
        text = " ".join(inspect.cleandoc(owner.__dict__.get("__doc__") or "").split())
        sentences = [part for part in re.split(r"(?<=[.;]) (?=[A-Z`])", text) if f"`{field}`" in part]
        if sentences:
            return _in_json_words(" ".join(sentences).rstrip(".;") + ".", value)
    return None


def _object(made: Json, value: type[Value]) -> Json:
    """A struct's schema, from what msgspec made of it."""
    properties = {}
    for field in msgspec.structs.fields(value):
        told = field_description(value, field.name)
        properties[field.encode_name] = _tidy(made["properties"][field.encode_name]) | (
            {"description": told} if told else {}
        )
    schema: Json = {
        "title": value.__name__,
        "description": description_of(value),
        "type": "object",
        "properties": properties,
    }
    return schema | ({"required": made["required"]} if made["required"] else {})


def _tidy(made: Json) -> Json:
    """A field's schema without what is only Python's: None, empty defaults, decimals as texts."""
    tidy = {word: said for word, said in made.items() if not (word == "default" and said in (None, ()))}
    if kinds := [_tidy(kind) for kind in tidy.pop("anyOf", ()) if kind != {"type": "null"}]:
        return {**kinds[0], **tidy} if len(kinds) == 1 else {"anyOf": kinds, **tidy}
    if "items" in tidy:
        tidy["items"] = _tidy(tidy["items"])
    match tidy.get("format"):
        case "decimal":
            return {"type": "number"}
        case "date-time":
            return {**tidy, "pattern": "Z$"}  # always UTC
        case _:
            return tidy


def _values(parent: type[Value]) -> Iterator[type[Value]]:
    for value in parent.__subclasses__():
        yield value
        yield from _values(value)


def _in_json_words(text: str, value: type[Value]) -> str:
    """The fields that a text names in backticks, as they are spelled in JSON."""
    if any("_" in field.encode_name for field in msgspec.structs.fields(value)):
        return text
    return re.sub(r"`[a-z][a-z0-9_.]*`", lambda name: re.sub(r"_([a-z])", _upper, name[0]), text)


def _upper(found: re.Match[str]) -> str:
    return found[1].upper()

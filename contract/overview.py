"""The contract as a page for people: every event, where it stands, which OCPP message says it, its fields."""

import json
from collections.abc import Mapping, Sequence

from contract.events import Event
from contract.published import HEADERS, Json, event_schema, headers_schema, value_schema
from contract.topics import TOPICS
from contract.vocabulary import EVENTS

SaidBy = Mapping[str, Mapping[str, list[str]]]
"""Which actions say an event, by event name and OCPP version."""

_VERSIONS = ("1.6", "2.0.1", "2.1")

_INTRODUCTION = """\
# Events

<!-- Written by `make docs` from the package `contract`; change that, not this. -->

What stations say, without a word of OCPP that you must know. [asyncapi.json](asyncapi.json) says the
same for machines, and [schemas/](schemas/) holds a JSON Schema (2020-12) for each event.

- Every record is a **CloudEvent** 1.0, Kafka binding, binary mode: attributes are headers, data is JSON.
- The record's **key is the station's id**: the events of one station stand in one partition, in order.
- **Deliveries repeat.** The same fact has the same `ce_id`, however often a station sends it.
- **Absent is absent**: a field that is not known is left out, never null. Only in `raw`, `payload` and
  other verbatim parts of OCPP can null stand.
- **Data is open**: a later version adds fields; ignore what you do not know. Nothing is ever renamed
  or removed within a topic's version.
- Times are UTC, numbers are exact decimals, and units stand in names or beside the number.
"""


def page(said_by: SaidBy, examples: Mapping[str, str]) -> str:
    """The page in Markdown; `examples` are events' data as JSON text, by name."""
    schemas = {name: event_schema(event) for name, event in EVENTS.items()}
    shared = list(value_schema(Event)["properties"])
    values: Json = {}
    for schema in schemas.values():
        values |= schema.get("$defs", {})
    return "\n".join(
        [
            _INTRODUCTION,
            *_topics(),
            *_events(said_by),
            "## Headers\n",
            f"Schema: [{HEADERS}](schemas/{HEADERS}.json)\n",
            *fields(headers_schema()),
            "## What every event carries\n",
            *fields(value_schema(Event)),
            *(line for name in EVENTS for line in _event(name, schemas[name], shared, examples.get(name))),
            "## Values\n",
            *(line for name in sorted(values) for line in value_section(name, values[name])),
        ]
    )


def _topics() -> list[str]:
    rows = [
        (
            f"`{topic.name}`",
            topic.about,
            str(topic.partitions),
            _kept(topic.compacted, topic.retention_seconds),
        )
        for topic in TOPICS.values()
    ]
    return ["## Topics\n", *table(("Topic", "What", "Partitions", "Kept"), rows)]


def _kept(compacted: bool, retention_seconds: int) -> str:  # noqa: FBT001 - the topic's own two fields
    return "the newest of each key" if compacted else f"{retention_seconds // 86_400} days"


def _events(said_by: SaidBy) -> list[str]:
    rows = []
    for name, event in EVENTS.items():
        said = said_by.get(name, {})
        said_in = (", ".join(said.get(version, ())) for version in _VERSIONS)
        rows.append((f"[`{name}`](#{anchor(name)})", f"`{event.TOPIC.name}`", *said_in))
    heads = ("Event", "Topic", *(f"OCPP {version}" for version in _VERSIONS))
    return [
        "## All events\n",
        "The type (`ce_type`) is the name with `ocpp.` before it. An event that no message says is the gateway's own.\n",
        *table(heads, rows),
    ]


def _event(name: str, schema: Json, shared: list[str], example: str | None) -> list[str]:
    own = {**schema, "properties": {k: v for k, v in schema["properties"].items() if k not in shared}}
    told = [f"## {name}\n", schema["description"] + "\n", f"Schema: [{name}](schemas/{name}.json)\n"]
    if own["properties"]:
        told += fields(own)
    if example:
        told += ["<details><summary>Example</summary>\n", f"```json\n{example}\n```\n", "</details>\n"]
    return told


def value_section(name: str, schema: Json) -> list[str]:
    """A part of events or commands, under its own heading."""
    return [f"### {name}\n", schema["description"] + "\n", *fields(schema)]


def fields(schema: Json) -> list[str]:
    """The table of an object's fields."""
    required = schema.get("required", ())
    rows = [
        (f"`{name}`", _kind(field), "yes" if name in required else "", _told(field))
        for name, field in schema["properties"].items()
    ]
    return table(("Field", "Type", "Always", "What"), rows)


def _told(field: Json) -> str:
    told: str = field.get("description", "")
    if (default := field.get("default")) is not None:
        word = default if isinstance(default, str) else json.dumps(default)
        told = f"{told} Absent means `{word}`.".strip()
    return told


def _kind(field: Json) -> str:
    match field:
        case {"$ref": str(target)}:
            name = target.rsplit("/", 1)[-1]
            return f"[{name}](#{anchor(name)})"
        case {"type": "array", "items": items}:
            return f"list of {_kind(items)}"
        case {"anyOf": kinds}:
            return " or ".join(map(_kind, kinds))
        case {"const": said}:
            return f"`{said}`"
        case {"format": "date-time"}:
            return "time"
        case {"type": str(kind)}:
            return kind
        case {"enum": words}:
            return " or ".join(f"`{word}`" for word in words)
        case _:
            return "any JSON"


def anchor(heading: str) -> str:
    """As the usual renderers make it: lower case, dots dropped."""
    return heading.lower().replace(".", "")


def table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> list[str]:
    """A table in Markdown, and an empty line after it."""
    lines = [heads, ("---",) * len(heads), *(tuple(map(_cell, row)) for row in rows)]
    return [*(f"| {' | '.join(line)} |" for line in lines), ""]


def _cell(text: str) -> str:
    text = " ".join(text.split()).replace("|", "\\|")
    return text if text.startswith("`") else text.replace("<", "\\<")

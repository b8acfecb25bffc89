"""The AsyncAPI 3.0 document: which topics there are, which events stand in them, and where stations connect.

Source: AsyncAPI 3.0.0 and its Kafka (0.5.0) and WebSocket (0.1.0) bindings. The data of each message
is the schema of `published`, referred to by its file beside the document.
"""

from typing import Any

from contract.events import Event
from contract.published import HEADERS, Json, description_of, schema_id
from contract.topics import TOPICS, Topic
from contract.vocabulary import EVENTS

SCHEMAS = "schemas"
"""The folder of the schemas, beside the document."""

_ABOUT = """\
Stations speak OCPP 1.6J, 2.0.1 or 2.1; what they say stands in these topics as version-free events.

Every record is a CloudEvent 1.0 in the Kafka binding's binary mode, and its key is the station's id,
so that all events of a station stand in one partition of a topic, in order. Deliveries repeat: tell
a fact by `ce_id`. Data is open: ignore fields you do not know. Absent fields are left out, never null.
A change is additive, or a new topic with a higher version number."""


def document(version: str, examples: dict[str, Json]) -> Json:
    """The whole document; `version` is that of the gateway, `examples` are events' data by name."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "OCPP gateway",
            "version": version,
            "description": _ABOUT,
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "log": {
                "host": "localhost:9092",
                "protocol": "kafka",
                "description": "The event log. On a laptop an embedded log holds the same records.",
            },
            "stations": {
                "host": "localhost:9000",
                "protocol": "ws",
                "description": "Where stations connect.",
            },
        },
        "channels": {
            **{topic.name: _topic(topic) for topic in TOPICS.values()},
            "stations": _STATION_SOCKET,
        },
        "operations": {
            **{f"publish.{topic.name}": _publish(topic) for topic in TOPICS.values()},
            "hearStation": {
                "action": "receive",
                "channel": {"$ref": "#/channels/stations"},
                "summary": "A station's frames come in; each CALL is answered once its event is durable.",
            },
        },
        "components": {
            "messages": {
                **{name: _message(event, examples.get(name)) for name, event in EVENTS.items()},
                "ocppFrame": _FRAME,
            },
            "messageTraits": {"record": _RECORD},
        },
    }


def _topic(topic: Topic) -> Json:
    named = {name: {"$ref": f"#/components/messages/{name}"} for name in _events_in(topic)}
    retention: dict[str, Any] = {} if topic.compacted else {"retention.ms": topic.retention_seconds * 1000}
    return {
        "address": topic.name,
        "description": topic.about,
        "servers": [{"$ref": "#/servers/log"}],
        **({"messages": named} if named else {}),
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "partitions": topic.partitions,
                "topicConfiguration": {
                    "cleanup.policy": ["compact" if topic.compacted else "delete"],
                    **retention,
                },
                "bindingVersion": "0.5.0",
            }
        },
    }


def _publish(topic: Topic) -> Json:
    return {
        "action": "send",
        "channel": {"$ref": f"#/channels/{topic.name}"},
        "summary": f"The gateway publishes {topic.about}.",
    }


def _events_in(topic: Topic) -> list[str]:
    return [name for name, event in EVENTS.items() if event.TOPIC is topic]


def _message(event: type[Event], example: Json | None) -> Json:
    """A message. Its headers say which of the events it is; the rest of them is in the trait."""
    name = event.NAME
    return {
        "name": f"ocpp.{name}",
        "title": event.__name__,
        "summary": description_of(event).split("\n\n", maxsplit=1)[0],
        "traits": [{"$ref": "#/components/messageTraits/record"}],
        "headers": {
            "type": "object",
            "properties": {
                "ce_type": {"type": "string", "const": f"ocpp.{name}"},
                "ce_dataschema": {"type": "string", "const": schema_id(name)},
            },
            "allOf": [{"$ref": f"./{SCHEMAS}/{HEADERS}.json"}],
        },
        "payload": {"$ref": f"./{SCHEMAS}/{name}.json"},
        **({"examples": [{"name": name.replace(".", "_"), "payload": example}]} if example else {}),
    }


_RECORD: Json = {
    "contentType": "application/json",
    "bindings": {
        "kafka": {
            "key": {"type": "string", "description": "The station's id, as in `ce_subject`."},
            "bindingVersion": "0.5.0",
        }
    },
}

_FRAME: Json = {
    "name": "ocppFrame",
    "title": "OcppFrame",
    "summary": "An OCPP-J frame: CALL 2, CALLRESULT 3, CALLERROR 4, and in 2.1 CALLRESULTERROR 5 and SEND 6.",
    "contentType": "application/json",
    "payload": {"type": "array", "minItems": 3, "items": [{"enum": [2, 3, 4, 5, 6]}, {"type": "string"}]},
}

_STATION_SOCKET: Json = {
    "address": "/ocpp/{station}",
    "description": "A station's WebSocket; the subprotocol is its OCPP version.",
    "servers": [{"$ref": "#/servers/stations"}],
    "parameters": {"station": {"description": "The station's id, percent-encoded."}},
    "messages": {"ocppFrame": {"$ref": "#/components/messages/ocppFrame"}},
    "bindings": {
        "ws": {
            "method": "GET",
            "headers": {
                "type": "object",
                "properties": {
                    "Sec-WebSocket-Protocol": {
                        "type": "string",
                        "enum": ["ocpp1.6", "ocpp2.0.1", "ocpp2.1"],
                    }
                },
            },
            "bindingVersion": "0.1.0",
        }
    },
}

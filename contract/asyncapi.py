"""The AsyncAPI 3.0 document: the topics, the events and commands that stand in them, and where stations connect.

Source: AsyncAPI 3.0.0 and its Kafka (0.5.0) and WebSocket (0.1.0) bindings. The data of each message
is the schema of `published`, referred to by its file beside the document.
"""

from typing import Any

from contract import alert_documents, cdr_documents, decision_documents
from contract.commands import Command
from contract.events import Event
from contract.published import COMMANDS_FOLDER, HEADERS, REQUEST, Json, description_of, schema_id
from contract.results import CommandCompleted
from contract.topics import COMMAND_RESULTS, COMMANDS, TOPICS, Topic
from contract.vocabulary import COMMANDS as ASKED
from contract.vocabulary import EVENTS

SCHEMAS = "schemas"
"""The folder of the schemas, beside the document."""

_ABOUT = """\
Stations speak OCPP 1.6J, 2.0.1 or 2.1; what they say stands in these topics as version-free events, and
what they are asked is written to `ocpp.commands.v1` as version-free commands.

Every event is a CloudEvent 1.0 in the Kafka binding's binary mode. A record's key is the station's id,
so that all events of a station stand in one partition of a topic, in order. Deliveries repeat: tell
a fact by `ce_id`. Data is open: ignore fields you do not know. Absent fields are left out, never null.
A change is additive, or a new topic with a higher version number."""


Examples = dict[str, Json]


def document(version: str, examples: Examples, arguments: Examples) -> Json:
    """The whole document; `version` is that of the gateway.

    `examples` are events' data by name, `arguments` those of commands.
    """
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
            **{topic.name: _topic(topic, _events_in(topic)) for topic in TOPICS.values()},
            **{topic.name: _topic(topic, names) for topic, names in decision_documents.channels().items()},
            **{topic.name: _topic(topic, names) for topic, names in alert_documents.channels().items()},
            **{topic.name: _topic(topic, names) for topic, names in cdr_documents.channels().items()},
            COMMANDS.name: _topic(COMMANDS, [_asking(name) for name in ASKED] + [_ACTION]),
            "stations": _STATION_SOCKET,
        },
        "operations": {
            **{f"publish.{topic.name}": _publish(topic) for topic in TOPICS.values()},
            **decision_documents.operations(),
            **alert_documents.operations(),
            **cdr_documents.operations(),
            f"take.{COMMANDS.name}": _TAKE,
            "hearStation": {
                "action": "receive",
                "channel": {"$ref": "#/channels/stations"},
                "summary": "A station's frames come in; each CALL is answered once its event is durable.",
            },
        },
        "components": {
            "messages": {
                **{name: _message(event, examples.get(name)) for name, event in EVENTS.items()},
                **{_asking(name): _request(kind, arguments.get(name)) for name, kind in ASKED.items()},
                **decision_documents.messages(),
                **alert_documents.messages(),
                **cdr_documents.messages(),
                _ACTION: _OCPP_ACTION,
                "ocppFrame": _FRAME,
            },
            "messageTraits": {"record": _RECORD, "command": _COMMAND},
        },
    }


def _topic(topic: Topic, messages: list[str]) -> Json:
    named = {name: {"$ref": f"#/components/messages/{name}"} for name in messages}
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


def _asking(command: str) -> str:
    """The key of the message that asks for a command, beside those of the events."""
    return f"ask.{command}"


def _request(command: type[Command], arguments: Json | None) -> Json:
    """A command's record."""
    name = command.NAME
    example = {"id": "8f0c2c1e-4d1b-4a57-9f63-6d2a1b7c0e11", "command": name, "arguments": arguments}
    shape: Json = {
        "required": ["command"],
        "properties": {
            "command": {"const": name},
            "arguments": {"$ref": f"./{SCHEMAS}/{COMMANDS_FOLDER}/{name}.json"},
        },
    }
    return {
        "name": name,
        "title": command.__name__,
        "summary": description_of(command).split("\n\n", maxsplit=1)[0],
        "traits": [{"$ref": "#/components/messageTraits/command"}],
        "payload": {"allOf": [{"$ref": f"./{SCHEMAS}/{REQUEST}.json"}, shape]},
        **({} if arguments is None else {"examples": [{"name": name.replace(".", "_"), "payload": example}]}),
    }


_ACTION = _asking("ocpp_action")

_OCPP_ACTION: Json = {
    "name": "ocpp_action",
    "title": "OcppAction",
    "summary": "Any OCPP action with its payload, for a station of a known version.",
    "traits": [{"$ref": "#/components/messageTraits/command"}],
    "payload": {"allOf": [{"$ref": f"./{SCHEMAS}/{REQUEST}.json"}, {"required": ["action", "version"]}]},
}

_TAKE: Json = {
    "action": "receive",
    "channel": {"$ref": f"#/channels/{COMMANDS.name}"},
    "summary": "The gateway takes what stations are asked to do, and gives each command one result.",
    "reply": {
        "channel": {"$ref": f"#/channels/{COMMAND_RESULTS.name}"},
        "messages": [{"$ref": f"#/channels/{COMMAND_RESULTS.name}/messages/{CommandCompleted.NAME}"}],
    },
}

_COMMAND: Json = {
    "contentType": "application/json",
    "bindings": {
        "kafka": {
            "key": {"type": "string", "description": "The id of the station that is asked."},
            "bindingVersion": "0.5.0",
        }
    },
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

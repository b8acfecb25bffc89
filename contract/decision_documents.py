"""What we publish of decisions: a schema of each record that a backend writes or reads, channels, and a page."""

from datetime import UTC, datetime

import msgspec

from contract.decisions import (
    PASSED_ON,
    REPLIES,
    BootDecision,
    DataTransferDecision,
    DecisionRequest,
    SigningDecision,
)
from contract.events import AuthorizationRequested
from contract.model import Decision, IdToken, PersonalMessage, Protocol, StatusInfo, Value
from contract.model import Station as From
from contract.overview import fields, table, value_section
from contract.published import Json, description_of, document_of
from contract.tokens import KnownToken
from contract.topics import DECISION_REPLIES, DECISION_REQUESTS, ID_TOKENS, Topic

FOLDER = "decisions"
"""Where these schemas are, below those of the events."""

_AT = datetime(2026, 3, 1, 12, tzinfo=UTC)

EXAMPLES: dict[str, Value] = {
    "id-token": KnownToken(
        status="Accepted", group_id="FLEET-7", expires_at=_AT.replace(year=2027), stations=("DE*ABC*E0042",)
    ),
    "request": DecisionRequest(
        id="4ad2b6f36cdd4c7f8a1e0c5d7b9f2e11",
        action="Authorize",
        version="1.6",
        event=AuthorizationRequested.NAME,
        deadline_at=_AT.replace(second=3),
        data=AuthorizationRequested(
            station=From(id="DE*ABC*E0042"),
            received_at=_AT,
            protocol=Protocol(version="1.6", action="Authorize", message_id="17"),
            inferred=("idToken.type",),
            id_token=IdToken(value="04A2B3C4D5E6F7", type="ISO14443"),
        ),
    ),
    "reply-id-token": Decision(
        status="NoCredit",
        personal_message=PersonalMessage(content="Please top up", language="en"),
        certificate_status="Accepted",
    ),
    "reply-boot": BootDecision(status="Pending", interval_seconds=60),
    "reply-data-transfer": DataTransferDecision(status="Accepted", data={"tariff": "night"}),
    "reply-signing": SigningDecision(status="Rejected", status_info=StatusInfo(reason_code="UnknownStation")),
}
"""An example of each record's value, by the name of its schema."""

_PAGE = f"""\
# Decisions

<!-- Written by `make docs` from the package `contract`; change that, not this. -->

What backends may decide, and the records by which they do. How to switch it on, and what holds where nobody
decides: [deciding.md](../deciding.md).

- **`{ID_TOKENS.name}`** (compacted): its key is a token's text in lower case, its value a
  [KnownToken](#knowntoken). A tombstone makes the token unknown.
- **`{DECISION_REQUESTS.name}`**: its key is the station's id, its value a [DecisionRequest](#decisionrequest).
  The headers are those of Spring Kafka's request-reply: `kafka_correlationId` (16 bytes), `kafka_replyTopic`, and
  `kafka_replyPartition` (four bytes, big-endian).
- **`{DECISION_REPLIES.name}`**: the reply goes to the topic **and the partition** that the request names, with the
  header `kafka_correlationId` copied. Its value is as the action wants it:
"""


def schemas() -> dict[str, Json]:
    """The schema of each record's value, by its name below those of the events."""
    return {
        f"{FOLDER}/{name}": document_of(f"{FOLDER}/{name}", type(example), to_json(example))
        for name, example in EXAMPLES.items()
    }


def page() -> str:
    """The page in Markdown."""
    made = schemas()
    values: Json = {}
    for schema in made.values():
        values |= schema.get("$defs", {})
    rows = [
        (f"`{action}`", f"[{kind.__name__}](#{kind.__name__.lower()})") for action, kind in REPLIES.items()
    ]
    rows += [(f"`{action}`", "the payload of the OCPP response") for action in PASSED_ON]
    parts = [_PAGE, *table(("Action", "Reply"), rows)]
    for name, schema in made.items():
        example = msgspec.json.format(msgspec.json.encode(schema["examples"][0]), indent=2).decode()
        parts += [f"## {schema['title']}\n", schema["description"] + "\n"]
        parts += [f"Schema: [{name}](schemas/{name}.json)\n", *fields(schema), f"```json\n{example}\n```\n"]
        values.pop(schema["title"], None)
    return "\n".join(
        [
            *parts,
            "## Values\n",
            *(line for name in sorted(values) for line in value_section(name, values[name])),
        ]
    )


def messages() -> Json:
    """The messages of the AsyncAPI document, by their keys."""
    return {_key(name): _message(name, example) for name, example in EXAMPLES.items()}


def channels() -> dict[Topic, list[str]]:
    """Which messages stand in which topic."""
    replies = [_key(name) for name in EXAMPLES if name.startswith("reply")]
    return {
        ID_TOKENS: [_key("id-token")],
        DECISION_REQUESTS: [_key("request")],
        DECISION_REPLIES: replies,
    }


def operations() -> Json:
    """What the gateway does with these topics."""
    return {
        f"follow.{ID_TOKENS.name}": {
            "action": "receive",
            "channel": {"$ref": f"#/channels/{ID_TOKENS.name}"},
            "summary": "The gateway holds what backends say of idTokens as a table.",
        },
        f"ask.{DECISION_REQUESTS.name}": {
            "action": "send",
            "channel": {"$ref": f"#/channels/{DECISION_REQUESTS.name}"},
            "summary": "The gateway asks for a decision, and waits for the reply until the deadline.",
            "reply": {
                "channel": {"$ref": f"#/channels/{DECISION_REPLIES.name}"},
                "messages": [
                    {"$ref": f"#/channels/{DECISION_REPLIES.name}/messages/{message}"}
                    for message in channels()[DECISION_REPLIES]
                ],
            },
        },
    }


def to_json(value: Value) -> Json:
    """A value as its JSON, read."""
    read: Json = msgspec.json.decode(msgspec.json.encode(value))
    return read


def _key(name: str) -> str:
    return f"decision.{name}"


def _message(name: str, example: Value) -> Json:
    is_token = isinstance(example, KnownToken)
    key = "The token's text, in lower case." if is_token else "The id of the station that waits."
    return {
        "name": _key(name),
        "title": type(example).__name__,
        "summary": description_of(type(example)).split("\n\n", maxsplit=1)[0],
        "contentType": "application/json",
        "bindings": {"kafka": {"key": {"type": "string", "description": key}, "bindingVersion": "0.5.0"}},
        "payload": {"$ref": f"./schemas/{FOLDER}/{name}.json"},
        "examples": [{"name": name.replace("-", "_"), "payload": to_json(example)}],
    }

"""What we publish of alerts: a schema of each fact, its channel, and a page."""

from datetime import UTC, datetime
from typing import Any

import msgspec

from contract.alerts import ALERT_FACTS, AlertFact, AlertRaised, AlertResolved, AlertUpdated
from contract.overview import fields
from contract.published import Json, description_of, document_of
from contract.topics import ALERTS, Topic

FOLDER = "alerts"
"""Where these schemas are, below those of the events."""

_AT = datetime(2026, 3, 1, 12, tzinfo=UTC)

_SHARED: dict[str, Any] = {
    "alert": "4ad2b6f36cdd4c7f8a1e0c5d",
    "rule": "ConnectorFaulted",
    "kind": "connector_faulted",
    "severity": "warning",
    "station": "DE*ABC*E0042",
    "evse": "1",
    "labels": {
        "alertname": "ConnectorFaulted",
        "severity": "warning",
        "station": "DE*ABC*E0042",
        "evse": "1",
        "connector": "1",
        "site": "Berlin",
    },
    "annotations": {"summary": "DE*ABC*E0042 EVSE 1 connector 1 is faulted: GroundFailure"},
    "since_at": _AT,
    "raised_at": _AT.replace(minute=5),
}

EXAMPLES: dict[str, AlertFact] = {
    fact.NAME: fact
    for fact in (
        AlertRaised(**_SHARED, revision=0),
        AlertUpdated(**_SHARED, revision=1, updated_at=_AT.replace(minute=20)),
        AlertResolved(**_SHARED, revision=2, resolved_at=_AT.replace(hour=13), why="ended"),
    )
}
"""An example of each fact, by its name."""

_PAGE = f"""\
# Alerts

<!-- Written by `make docs` from the package `contract`; change that, not this. -->

What stands in `{ALERTS.name}`, written by the consumer `alerting`. Which rules there are, and who else is told:
[alerting.md](../alerting.md).

Every fact is a CloudEvent, as the events of stations are: `ce_type` says which it is, `ce_id` is the same however often
it is said. The record's key is the station's id, or the group's: the facts of one alert stand in their order.
"""


def schemas() -> dict[str, Json]:
    """The schema of each fact, by its name below those of the events."""
    return {
        f"{FOLDER}/{name}": document_of(f"{FOLDER}/{name}", fact, _to_json(EXAMPLES[name]))
        for name, fact in ALERT_FACTS.items()
    }


def page() -> str:
    """The page in Markdown."""
    parts = [_PAGE]
    for path, schema in schemas().items():
        name = path.removeprefix(f"{FOLDER}/")
        example = msgspec.json.format(msgspec.json.encode(schema["examples"][0]), indent=2).decode()
        parts += [f"## `ocpp.{name}`\n", schema["description"] + "\n"]
        parts += [f"Schema: [{name}](schemas/{path}.json)\n", *fields(schema), f"```json\n{example}\n```\n"]
    return "\n".join(parts)


def messages() -> Json:
    """The messages of the AsyncAPI document, by their keys."""
    return {name: _message(fact) for name, fact in ALERT_FACTS.items()}


def channels() -> dict[Topic, list[str]]:
    """Which messages stand in which topic."""
    return {ALERTS: list(ALERT_FACTS)}


def operations() -> Json:
    """What the alerting does with this topic."""
    return {
        f"publish.{ALERTS.name}": {
            "action": "send",
            "channel": {"$ref": f"#/channels/{ALERTS.name}"},
            "summary": "The consumer `alerting` publishes alerts raised, updated and resolved.",
        }
    }


def _to_json(value: AlertFact) -> Json:
    read: Json = msgspec.json.decode(msgspec.json.encode(value))
    return read


def _message(fact: type[AlertFact]) -> Json:
    key = "The station's id, or the group's, as in `ce_subject`."
    return {
        "name": f"ocpp.{fact.NAME}",
        "title": fact.__name__,
        "summary": description_of(fact).split("\n\n", maxsplit=1)[0],
        "contentType": "application/json",
        "bindings": {"kafka": {"key": {"type": "string", "description": key}, "bindingVersion": "0.5.0"}},
        "payload": {"$ref": f"./schemas/{FOLDER}/{fact.NAME}.json"},
        "examples": [{"name": fact.NAME.replace(".", "_"), "payload": _to_json(EXAMPLES[fact.NAME])}],
    }

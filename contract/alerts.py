"""What stands in `alerts.v1`: alerts raised, updated and resolved. Written by the consumer `alerting`.

A record's key is the station's id, or for an alert about many stations its group; so the facts about one alert
stand in one partition, in their order. The headers are CloudEvents as those of every event.
"""

from datetime import datetime
from typing import Any, ClassVar, Literal

import msgspec

from contract.envelope import SCHEMA_ROOT, Headers
from contract.model import Moment, Value

SOURCE = "/consumers/alerting"

Severity = Literal["info", "warning", "critical"]
Why = Literal["ended", "expired", "removed"]


class AlertFact(Value, frozen=True, kw_only=True):
    """What the three facts share.

    `alert` names what a rule can alert about: the same alert, raised again later, has the same. `labels` stay the same
    from when it was raised to when it was resolved; `annotations` are texts for people and may change. It is
    about a `station` (at an `evse`, in a `transaction`), or about a `group` of stations, as `site:Berlin`.
    The condition began `since_at`, and the alert was raised `raised_at`: times of the events, so that a replay
    says the same. `revision` counts the facts of one alert from 0. `tenant` is the station's.
    """

    NAME: ClassVar[str]

    alert: str
    rule: str
    kind: str
    severity: Severity
    station: str | None = None
    group: str | None = None
    tenant: str | None = None
    evse: str | None = None
    transaction: str | None = None
    labels: dict[str, str]
    annotations: dict[str, str]
    since_at: Moment
    raised_at: Moment
    revision: int


class AlertRaised(AlertFact, frozen=True, kw_only=True):
    """An alert stands."""

    NAME = "alert.raised"


class AlertUpdated(AlertFact, frozen=True, kw_only=True):
    """It stands still, and there is more to say: what is in `annotations`, since `updated_at`."""

    NAME = "alert.updated"
    updated_at: Moment


class AlertResolved(AlertFact, frozen=True, kw_only=True):
    """It is over since `resolved_at`. `why`: its condition ended, it expired by itself, or its rule was removed."""

    NAME = "alert.resolved"
    resolved_at: Moment
    why: Why


ALERT_FACTS: dict[str, type[AlertFact]] = {
    fact.NAME: fact for fact in (AlertRaised, AlertUpdated, AlertResolved)
}
"""The class of each fact, by the name that follows `ocpp.` in its CloudEvents type."""


def key_of(fact: AlertFact) -> str:
    """The key of its record."""
    return fact.station or fact.group or fact.alert


def headers_of(fact: AlertFact, at: datetime) -> Headers:
    """The headers of its record; `at` is when it became so. The same fact has the same id, whoever says it again."""
    said: Any = msgspec.to_builtins(at)
    return [
        ("content-type", b"application/json"),
        ("ce_specversion", b"1.0"),
        ("ce_source", SOURCE.encode()),
        ("ce_subject", key_of(fact).encode()),
        ("ce_id", f"{fact.alert}-{int(fact.raised_at.timestamp() * 1000):x}-{fact.revision}".encode()),
        ("ce_time", str(said).encode()),
        ("ce_type", f"ocpp.{fact.NAME}".encode()),
        ("ce_dataschema", f"{SCHEMA_ROOT}/alerts/{fact.NAME}.json".encode()),
    ]


def fact_of(headers: Headers, value: bytes) -> AlertFact:
    """The fact again. Raises KeyError for a type we do not know, msgspec.ValidationError for bad data."""
    name = dict(headers)["ce_type"].decode().removeprefix("ocpp.")
    return msgspec.json.decode(value, type=ALERT_FACTS[name])

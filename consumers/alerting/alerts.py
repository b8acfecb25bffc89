"""What the engine says: alerts that were raised, updated or resolved, and how each is worded."""

import hashlib
from collections import defaultdict
from collections.abc import Mapping
from typing import Literal

import msgspec

from consumers.alerting.durations import duration_text, minute_text
from consumers.alerting.rules import Rule, Severity
from consumers.alerting.station import Station, Watch

Became = Literal["raised", "updated", "resolved"]
Why = Literal["ended", "expired", "removed"]


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """An alert as it stands now.

    `fingerprint` is that of the rule and its subject; the same alert, raised again later, has it again. `labels` stay
    as they were when it was raised, so that a receiver can tell it by them. `resolved_ms` is there at its end, with
    `why`: ended, expired (by itself), removed (the rule is gone). `log_upload`: the station is to upload its log.
    """

    fingerprint: str
    rule: str
    kind: str
    severity: Severity
    station: str | None = None
    group: str | None = None
    evse: str | None = None
    transaction: str | None = None
    labels: dict[str, str]
    annotations: dict[str, str]
    since_ms: int
    raised_ms: int
    resolved_ms: int | None = None
    why: Why | None = None
    revision: int = 0
    log_upload: bool = False


class Change(msgspec.Struct, frozen=True):
    """What became of an alert, at a time in ms."""

    became: Became
    at_ms: int
    alert: Alert


def fingerprint(rule: str, *subject: str) -> str:
    """The id of what a rule can alert about once."""
    return hashlib.blake2b("\0".join((rule, *subject)).encode(), digest_size=12).hexdigest()


def station_labels(rule: Rule, name: str, station: Station, detail: Mapping[str, str]) -> dict[str, str]:
    """The labels of an alert about a station: what it is, and what the rule adds."""
    known = {
        "alertname": rule.name,
        "severity": rule.severity,
        "station": name,
        "evse": detail.get("evse"),
        "connector": detail.get("connector"),
        "transaction": detail.get("transaction"),
        "site": station.site,
        "tenant": station.tenant,
        "vendor": station.vendor,
        "model": station.model,
        "firmware": station.firmware,
    }
    return {label: value for label, value in known.items() if value} | rule.labels


def station_alert(
    rule: Rule, name: str, subject: str, watch: Watch, *, resolved: tuple[int, Why] | None = None
) -> Alert:
    """The alert of a watch that was raised."""
    assert watch.raised_ms is not None
    since_ms = watch.raised_ms if watch.since_ms is None else watch.since_ms
    words = {
        **watch.detail,
        **watch.labels,
        "station": name,
        "place": _place(name, watch.detail),
        "since": minute_text(since_ms),
        "for": duration_text(rule.for_ms),
        "count": str(watch.count),
        "rule": rule.name,
    }
    return Alert(
        fingerprint=fingerprint(rule.name, name, subject),
        rule=rule.name,
        kind=rule.kind,
        severity=rule.severity,
        station=name,
        evse=watch.labels.get("evse"),
        transaction=watch.labels.get("transaction"),
        labels=watch.labels,
        annotations=worded(rule, words),
        since_ms=since_ms,
        raised_ms=watch.raised_ms,
        resolved_ms=resolved[0] if resolved else None,
        why=resolved[1] if resolved else None,
        revision=watch.revision,
        log_upload=rule.log_upload,
    )


def worded(rule: Rule, words: Mapping[str, str]) -> dict[str, str]:
    """The rule's texts with their words filled in; what is not known stays empty."""
    texts, known = {"summary": rule.summary, **rule.annotations}, defaultdict(str, words)
    return {name: " ".join(text.format_map(known).split()) for name, text in texts.items()}


def _place(name: str, detail: Mapping[str, str]) -> str:
    """Where at the station, in words."""
    evse, connector = detail.get("evse"), detail.get("connector")
    return name + (f" EVSE {evse}" if evse else "") + (f" connector {connector}" if connector else "")

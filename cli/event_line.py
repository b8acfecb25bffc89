"""An event as people read it in a terminal: one line with when, who, what, and the few fields that matter.

Reads structured CloudEvents as any consumer would get them, so that events of a newer gateway show too.
"""

import string
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import typer

Json = Mapping[str, Any]
Field = tuple[str, str | Callable[[Json], str | None]]

STATION_WIDTH = 12
TYPE_WIDTH = 24
LONGEST_VALUE = 60

COLOURS: tuple[tuple[str, str], ...] = (
    ("transaction.", "green"),
    ("meter.", "blue"),
    ("security.", "magenta"),
    ("certificate.", "magenta"),
    ("connector.", "yellow"),
    ("authorization.", "cyan"),
    ("station.frame_rejected", "red"),
    ("station.unknown_action", "red"),
    ("billing.", "green"),
    ("alert.raised", "red"),
    ("alert.", "yellow"),
)


def _place(data: Json) -> str | None:
    evse = data.get("evse")
    if not evse:
        return None
    connector = evse.get("connectorId")
    return f"{evse.get('id')}" if connector is None else f"{evse.get('id')}/{connector}"


def _readings(data: Json) -> str | None:
    samples = data.get("samples") or ()
    said = [
        f"{sample.get('measurand')}{'.' + sample['phase'] if 'phase' in sample else ''}"
        f"={sample['value']}{sample.get('unit') or ''}"
        for sample in samples
        if "value" in sample
    ]
    if not said:
        return f"{len(samples)} samples" if samples else None
    return ", ".join(said[:3]) + (f" +{len(said) - 3}" if len(said) > 3 else "")


def _monitored(data: Json) -> str | None:
    """The first of the variables that a NotifyEvent tells of, as component.variable=value."""
    events = data.get("events") or ()
    if not events:
        return None
    first = events[0]
    said = f"{_at(first, 'component.name')}.{_at(first, 'variable.name')}={first.get('actualValue')}"
    return said + (f" +{len(events) - 1}" if len(events) > 1 else "")


_EVSE: Field = ("evse", _place)
_TRANSACTION: tuple[Field, ...] = (
    _EVSE,
    ("id", "transaction.id"),
    ("state", "transaction.chargingState"),
    ("trigger", "triggerReason"),
    ("token", "idToken.value"),
    ("decision", "decision.status"),
    ("", _readings),
)

_RECORD: tuple[Field, ...] = (
    ("kwh", "cdr.total_energy"),
    ("hours", "cdr.total_time"),
    ("cost_with_vat", "cdr.total_cost.incl_vat"),
    ("currency", "cdr.currency"),
    ("flags", lambda data: ",".join(data.get("flags") or ()) or None),
)
_ALERT: tuple[Field, ...] = (("rule", "rule"), ("severity", "severity"), ("", "annotations.summary"))

FIELDS: dict[str, tuple[Field, ...]] = {
    "station.connected": (("version", "version"), ("from", "remote"), ("profile", "securityProfile")),
    "station.disconnected": (("reason", "reason"), ("code", "code"), ("after_seconds", "connectedSeconds")),
    "station.frame_rejected": (("kind", "kind"), ("size_bytes", "sizeBytes"), ("frame", "frame")),
    "station.unknown_action": (("action", "action"),),
    "station.booted": (
        ("vendor", "hardware.vendor"),
        ("model", "hardware.model"),
        ("firmware", "hardware.firmwareVersion"),
        ("reason", "reason"),
    ),
    "station.heartbeat": (),
    "connector.status_changed": (
        _EVSE,
        ("status", "status"),
        ("detail", "detail"),
        ("fault", "fault.code"),
        ("info", "fault.info"),
    ),
    "authorization.requested": (("token", "idToken.value"), ("decision", "decision.status")),
    "transaction.started": _TRANSACTION,
    "transaction.updated": _TRANSACTION,
    "transaction.ended": (
        _EVSE,
        ("id", "transaction.id"),
        ("reason", "stoppedReason"),
        ("stop_wh", "meter.stopWh"),
        ("", _readings),
    ),
    "device_model.event": (("", _monitored),),
    "meter.sampled": (_EVSE, ("", _readings)),
    "billing.cdr.issued": _RECORD,
    "billing.cdr.credited": _RECORD,
    "alert.raised": _ALERT,
    "alert.updated": _ALERT,
    "alert.resolved": (("rule", "rule"), ("why", "why")),
}
"""What matters of each event; of all others every plain value is shown."""

_NOT_SHOWN = {"station", "receivedAt", "occurredAt", "occurredAtRaw", "protocol", "raw", "quirks", "inferred"}


class Lines:
    """Formats events one below the other; the column of stations grows to the longest that was seen."""

    def __init__(self) -> None:
        self._station_width = STATION_WIDTH

    def line(self, event: Json) -> str:
        """One event in one line, in colour; typer takes the colours off where no terminal reads them."""
        name = str(event.get("type", "")).removeprefix("ocpp.")
        station = printable(str(event.get("subject", "")))
        colour = next((colour for start, colour in COLOURS if name.startswith(start)), None)
        data = event.get("data")
        said = list(_said(name, data)) if isinstance(data, dict) else []
        return self._aligned(str(event.get("time", "")), station, printable(name), colour, said)

    def oddity(self, where: str, key: str, problem: str) -> str:
        """A record that is no event (a dead letter, a raw frame, somebody else's): shown as what it is."""
        return self._aligned("", printable(key), "no event", "red", [where, problem])

    def _aligned(self, time: str, station: str, name: str, colour: str | None, said: list[str]) -> str:
        self._station_width = max(self._station_width, len(station))
        moment = typer.style(f"{time[:10]} {time[11:19]}".ljust(19), dim=True)
        name = typer.style(name.ljust(TYPE_WIDTH) if said else name, fg=colour)
        return "  ".join(
            (moment, station.ljust(self._station_width), name, *([" ".join(said)] if said else []))
        )


def printable(text: str, longest: int = LONGEST_VALUE) -> str:
    """Text of a remote peer, made harmless for a terminal and of bounded length."""
    cut = text if len(text) <= longest else text[: longest - 1] + "…"
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in cut)


def _said(name: str, data: Json) -> Iterator[str]:
    if name in FIELDS:
        for label, source in FIELDS[name]:
            value = source(data) if callable(source) else _at(data, source)
            if value is not None:
                yield _named(label, value)
    else:
        for label, value in data.items():
            if label not in _NOT_SHOWN and isinstance(value, str | int | float):
                yield _named(label, value)
    if data.get("quirks"):
        yield typer.style(f"quirks={printable(','.join(map(str, data['quirks'])))}", fg="yellow")


def _at(data: Any, path: str) -> Any:
    for step in path.split("."):
        data = data.get(step) if isinstance(data, dict) else None
    return data


def _named(label: str, value: Any) -> str:
    text = printable(str(value))
    if any(c in string.whitespace for c in text) and label:
        text = f'"{text}"'
    return f"{label}={text}" if label else text

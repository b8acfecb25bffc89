"""What each message makes of its station: a table from kinds of events to those who understand them. Pure."""

from collections.abc import Callable
from typing import Any

from consumers.monitoring import charging, linking, sampling
from consumers.monitoring.moments import ms
from consumers.monitoring.noting import is_new, noted
from consumers.monitoring.state import Kept
from consumers.monitoring.tally import FACETS, ShardTally, StationTally
from consumers.runtime.consumer import Message
from contract import events
from contract.events import Event
from contract.presence import Presence
from contract.registry import RegisteredStation
from contract.results import CommandCompleted
from contract.topics import STATIONS_REGISTRY

Understand = Callable[[Kept, Any, StationTally], None]

UNDERSTOOD: dict[type[Event], Understand] = {
    events.StationConnected: linking.connected,
    events.StationBooted: linking.booted,
    events.FirmwareStatus: linking.firmware_went,
    events.LogStatus: linking.log_went,
    events.SecurityEvent: linking.security,
    events.ConnectorStatusChanged: charging.status_changed,
    events.TransactionStarted: charging.said,
    events.TransactionUpdated: charging.said,
    events.TransactionEnded: charging.said,
    events.MeterSampled: sampling.sampled,
}
"""Who makes what of an event beside that it is listed, and that its station was seen."""

NOT_SAID = (events.StationDisconnected, CommandCompleted)
"""Facts about a station that do not show that it is there."""


def fold(kept: Kept, message: Message, tally: StationTally) -> None:
    """Take one message in."""
    value = message.value
    if isinstance(value, Event):
        beats = isinstance(value, events.StationHeartbeat)
        if message.id is not None and not beats and not is_new(kept, message.id):
            return
        if not isinstance(value, NOT_SAID):
            kept.seen_ms = max(kept.seen_ms, ms(value.received_at))
        if understand := UNDERSTOOD.get(type(value)):
            understand(kept, value, tally)
        noted(kept, value, tally)
    elif message.place.topic == STATIONS_REGISTRY.name:
        linking.registered(kept, value if isinstance(value, RegisteredStation) else None)
    else:
        linking.present(kept, value if isinstance(value, Presence) else None, tally)


def facets(kept: Kept) -> dict[str, str]:
    """What a station counts under, by facet; empty where it has not said it."""
    facts = (kept.status, kept.version, kept.vendor, kept.model, kept.firmware, kept.site)
    return {name: fact or "" for name, fact in zip(FACETS, facts, strict=True)}


def count(was: dict[str, str] | None, kept: Kept, tally: ShardTally) -> None:
    """A station that counted as `was` (None: it is new) counts as it is now."""
    became = facets(kept)
    for name in FACETS:
        tally.facet(name, None if was is None else was[name], became[name])
    if was is None:
        tally.totals["stations"] += 1

"""What a station is and whether it is there: presence, boots, what backends know of it, its updates. Pure."""

import msgspec

from consumers.monitoring.moments import ms, when
from consumers.monitoring.state import (
    CONNECTED,
    DISCONNECTED,
    NO,
    USABLE,
    YES,
    Connector,
    Going,
    Kept,
    Link,
    Trace,
)
from consumers.monitoring.tally import Place, StationTally
from consumers.monitoring.tracks import Turned, turn
from consumers.monitoring.words import number, text
from contract.events import FirmwareStatus, LogStatus, SecurityEvent, StationBooted, StationConnected
from contract.presence import Presence
from contract.registry import RegisteredStation


def present(kept: Kept, said: Presence | None, tally: StationTally) -> None:
    """A record of the presence: in their order, as `contract.presence` has it. A tombstone says nothing new."""
    if said is None or not _counts(kept, said):
        return
    link = kept.link
    since_ms = max(ms(said.since), link.trace.since_ms if link else 0)  # gateways' clocks differ
    turned = turn(
        link.trace if link else None, CONNECTED if said.online else DISCONNECTED, since_ms, since_ms
    )
    trace = turned.trace
    if turned.transition is None and link is not None and link.connection != said.connection:
        # It came back before it was missed: this connection is since then all the same.
        trace = Trace(trace.state, since_ms, since_ms, trace.before, trace.before_ms)
    kept.version = text(said.version)
    kept.link = Link(said.connection, text(said.gateway) or "", kept.version or "", trace, text(said.reason))
    tally.transition(Place("link"), turned.transition)
    for at_ms, was, became in turned.moved:
        tally.shard.level("connected", at_ms, (became == CONNECTED) - (was == CONNECTED))
    if said.online:
        kept.seen_ms = max(kept.seen_ms, since_ms)
    for evse in kept.evses.values():
        for connector in evse.connectors.values():
            usable_since(kept, connector, since_ms, tally)


def _counts(kept: Kept, said: Presence) -> bool:
    """Whether it tells anything new: the end of an old connection, and an older one said again, do not."""
    if kept.link is None or said.connection == kept.link.connection:
        return True
    if not said.online:
        return False
    older = ms(said.since) < kept.link.trace.since_ms
    return not (said.restated and kept.is_connected and older)


def usable_since(kept: Kept, connector: Connector, at_ms: int, tally: StationTally) -> None:
    """A connector can be used when its station is connected and its status lets it."""
    usable = YES if kept.is_connected and connector.trace.state in USABLE else NO
    at_ms = max(at_ms, connector.usable.since_ms if connector.usable else at_ms)
    turned: Turned = turn(connector.usable, usable, at_ms, at_ms)
    connector.usable = turned.trace
    for moved_ms, was, became in turned.moved:
        tally.shard.level("usable", moved_ms, (became == YES) - (was == YES))


def connected(kept: Kept, event: StationConnected, _tally: StationTally) -> None:
    """Which version it speaks; whether it is connected is the presence's to say."""
    kept.version = text(event.version)


def booted(kept: Kept, event: StationBooted, _tally: StationTally) -> None:
    """What it says of itself."""
    said = event.hardware
    kept.vendor, kept.model = text(said.vendor), text(said.model)
    kept.serial = text(said.serial_number or said.box_serial_number)
    kept.firmware = text(said.firmware_version)
    kept.hardware = msgspec.json.encode(said)
    at_ms, received_ms = when(event)
    if received_ms >= kept.booted_ms:
        kept.booted_ms, kept.boot_reason = at_ms, text(event.reason)


def registered(kept: Kept, known: RegisteredStation | None) -> None:
    """What a backend knows of it; nothing (a tombstone) takes that away."""
    known = known or RegisteredStation()
    kept.name, kept.site = text(known.name), text(known.site)
    kept.groups = tuple(text(group) or "" for group in known.groups)
    address = ", ".join(
        part for part in (known.address, known.postal_code, known.city, known.country) if part
    )
    kept.address = text(address or None)


def firmware_went(kept: Kept, event: FirmwareStatus, _tally: StationTally) -> None:
    """How an update goes."""
    kept.firmware_update = Going(text(event.status) or "", when(event)[0], number(event.request_id))


def log_went(kept: Kept, event: LogStatus, _tally: StationTally) -> None:
    """How an upload goes."""
    kept.log_upload = Going(
        text(event.status) or "", when(event)[0], number(event.request_id), text(event.kind)
    )


def security(kept: Kept, event: SecurityEvent, _tally: StationTally) -> None:
    """A security event is counted, and the last one named."""
    kept.security_events += 1
    at_ms, _ = when(event)
    if at_ms >= kept.security_ms:
        kept.security_ms, kept.security_type = at_ms, text(event.type)

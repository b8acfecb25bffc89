"""Every record that a router writes. Pure."""

from datetime import UTC, datetime
from typing import Any

import msgspec

from contract import envelope
from contract.deliveries import FOR_GATEWAY, Delivery, inbox_of
from contract.envelope import Envelope
from contract.events import StationDisconnected
from contract.model import Station
from contract.presence import GATEWAY_LOST, Presence
from contract.records import UnreadableRecord, read_json
from contract.results import CommandCompleted, Status, Timings
from contract.routes import AFTER, Note, command_key
from contract.topics import COMMAND_RESULTS, COMMANDS, DELIVERIES, PRESENCE, ROUTES, STATIONS
from eventlog.port import Record, Stored
from gateway.routing.holders import Held
from gateway.routing.requests import ASKED_AT, MAX_BYTES, asked_ms

LAST_SEQUENCE = 9_999_999_999
"""Of an end that was declared: behind whatever the connection itself has said."""

_encode = msgspec.json.Encoder(decimal_format="number").encode


def moment(ms: int) -> datetime:
    """Milliseconds since 1970 as the contract writes times."""
    return datetime.fromtimestamp(ms / 1000, UTC)


def note(station: str, partition: int, said: Note) -> Record:
    """A note in the routes of this partition; `station` is only its key."""
    return Record(ROUTES.name, station, _encode(said), partition=partition)


def delivery(gateway: str, said: Delivery, inboxes: int) -> Record:
    """Into a gateway's inbox."""
    headers = [(FOR_GATEWAY, gateway.encode())]
    return Record(DELIVERIES.name, said.station, _encode(said), headers, inbox_of(gateway, inboxes))


def result(
    *,
    gateway: str,
    station: str,
    command_id: str,
    status: Status,
    why: str,
    after: int,
    request: bytes,
    asked_at_ms: int,
    at_ms: int,
    partition: int,
    correlation_id: str | None,
) -> Record:
    """A result that the router gives a command itself, as it stands in the routes."""
    event = CommandCompleted(
        station=Station(id=station),
        received_at=moment(at_ms),
        command_id=command_id,
        status=status,
        request=_json(request),
        timings=Timings(asked_at=moment(asked_at_ms)),
        why=why,
        correlation_id=correlation_id,
    )
    headers = envelope.unconnected(gateway, event, command_key(station, command_id))
    headers.append((AFTER, b"%d" % after))
    return Record(ROUTES.name, station, envelope.encode(event), headers, partition)


def published(noted: Record, partition: int) -> Record:
    """A result from the routes as everybody shall read it."""
    headers = [(name, text) for name, text in noted.headers if name != AFTER]
    return Record(COMMAND_RESULTS.name, noted.key, noted.value, headers, partition)


def moved(stored: Stored, partition: int) -> Record:
    """A command whose writer has another partitioner, into its station's partition."""
    headers = [(name, text) for name, text in stored.record.headers if name != ASKED_AT]
    headers.append((ASKED_AT, b"%d" % asked_ms(stored)))
    return Record(COMMANDS.name, stored.record.key, stored.record.value, headers, partition)


def declared_lost(station: str, held: Held, at_ms: int, partition: int) -> tuple[Record, Record]:
    """The presence and the event of a connection whose gateway is silent; the same whoever declares it."""
    presence = Presence(
        online=False,
        gateway=held.gateway,
        connection=held.connection,
        version=held.version,
        since=moment(at_ms),
        reason=GATEWAY_LOST,
    )
    event = StationDisconnected(
        station=Station(id=station),
        received_at=moment(at_ms),
        version=held.version,
        reason=GATEWAY_LOST,
        connected_seconds=max(0.0, (at_ms - held.since_ms) / 1000),
    )
    made = Envelope(held.gateway, station, held.version, held.connection)
    headers = made.headers(event, f"{held.connection}-{GATEWAY_LOST}", LAST_SEQUENCE)
    return (
        Record(PRESENCE.name, station, _encode(presence), partition=partition),
        Record(STATIONS.name, station, envelope.encode(event), headers),
    )


def _json(value: bytes) -> Any:
    """A request that is JSON is shown as it is, anything else as text, and what is too large not at all."""
    if len(value) > MAX_BYTES:
        return None
    try:
        return read_json(value)
    except UnreadableRecord:
        return value.decode(errors="replace")

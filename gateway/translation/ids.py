"""The identity of a fact: what makes a message that is sent again the same fact as before (promise 2).

Only facts that carry a time or a number of their own have an identity. It never contains the message
id: stations give a retry a new one, and give old ones again after a boot (reference §4, quirks 11, 12).
"""

import re
from hashlib import blake2b
from typing import Any

import msgspec

from contract.events import Event
from contract.model import Station
from gateway.translation.table import Payload, Reading

SEPARATOR = "\x1f"
"""Unit separator: stands in no station id, so that no two lists of parts make one identity."""

_HEX = "[0-9a-fA-F]"
_UUID = re.compile(f"{_HEX}{{8}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{12}}")

_SORTED = msgspec.json.Encoder(order="sorted")


def event_id(name: str) -> str:
    """The CloudEvents id of what a text names: 32 hexadecimal digits."""
    return blake2b(name.encode(), digest_size=16).hexdigest()


def identity(reading: Reading, *parts: str) -> str:
    """The id of the fact of this station that is named by `parts`: always the same."""
    station = reading.speaker.station
    return event_id(SEPARATOR.join((station.tenant or "", station.id, *parts)))


def by_content(payload: Payload, reading: Reading, event: Event) -> str | None:
    """The same action with the same payload, its own usable time in it, is the same fact.

    Without a usable time there is no telling a repetition from a new fact that says the same.
    """
    if event.occurred_at is None:
        return None
    return identity(reading, reading.protocol.action, canonical(payload))


def canonical(payload: Any) -> str:
    """The payload as JSON text that does not depend on the order of its keys."""
    return _SORTED.encode(payload).decode()


def transaction_id_2x(native: str, station: Station) -> str:
    """The id, unique across stations, of a transaction that a 2.x station calls `native`.

    OCPP 2.x asks for uniqueness at the station only: a UUID is taken as it is, any other text (a
    counter) stands behind the station's id, from which `native_id_2x` reads it again.
    """
    return native if _UUID.fullmatch(native) else _owner(station) + native


def native_id_2x(transaction_id: str, station: Station) -> str | None:
    """What a 2.x station calls this transaction; None for the id of a transaction of another station.

    Whose a UUID is cannot be seen: it is taken for the station's own, which will know.
    """
    if _UUID.fullmatch(transaction_id):
        return transaction_id
    native = transaction_id.removeprefix(_owner(station))
    return native if native and native != transaction_id else None


def _owner(station: Station) -> str:
    return "/".join((*((station.tenant,) if station.tenant else ()), station.id, ""))

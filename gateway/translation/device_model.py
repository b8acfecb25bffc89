"""NotifyEvent of OCPP 2.x: what it says of the station's parts, and the connector states it may hold.

Stations may report a connector by NotifyEvent instead of StatusNotification, which 2.1 deprecates; who
reads only the latter sees such connectors as dead (reference §2.3).
"""

from collections.abc import Iterable
from typing import Any

from contract.events import ConnectorStatusChanged, DeviceModelEvent, Event
from contract.model import Evse, Fault, Native
from gateway.translation.parts_2x import as_evse
from gateway.translation.readers import finder, same
from gateway.translation.table import Payload, Reading
from gateway.translation.values import as_moment, as_text

CONNECTOR_STATUSES = same("Available", "Occupied", "Reserved", "Unavailable", "Faulted")

_AVAILABILITY = "availabilitystate"
_STATION = "chargingstation"
_WHOSE_AVAILABILITY = frozenset((_STATION, "evse", "connector"))
"""Such names are identifierStrings, which have no case (OCPP 2.0.1 Part 2, Datatypes)."""

_find_status = finder(CONNECTOR_STATUSES, unknown="Unknown")


def evse_of_part(said: Payload, reading: Reading) -> Evse | None:
    """The EVSE that one part of the message is about; a connector's state that names none is odd."""
    required = _availability_of(said) not in (None, _STATION)
    return as_evse(_member(said, "component").get("evse"), reading, required=required)


def connector_statuses(event: Event, reading: Reading) -> Iterable[Event]:
    """The states of connectors, EVSEs and the station itself among what was reported.

    A connector or EVSE that is not named has no state of its own that could be told.
    """
    for said in event.events if isinstance(event, DeviceModelEvent) else ():
        whose = _availability_of(said)
        if whose is None:
            continue
        where = as_evse(_member(said, "component").get("evse"), reading)
        if where is not None or whose == _STATION:
            yield _status(event, said, where, reading)


def _availability_of(said: Payload) -> str | None:
    """Whose state a part of the message tells; None where it tells something else."""
    if _folded(_member(said, "variable").get("name")) != _AVAILABILITY:
        return None
    name = _folded(_member(said, "component").get("name"))
    return name if name in _WHOSE_AVAILABILITY else None


def _status(event: Event, said: Payload, where: Evse | None, reading: Reading) -> ConnectorStatusChanged:
    word, when = said.get("actualValue"), said.get("timestamp")
    status = _find_status(word, reading) or "Unknown"
    return ConnectorStatusChanged(
        station=event.station,
        received_at=event.received_at,
        protocol=event.protocol,
        evse=where,
        occurred_at=as_moment(when, reading),
        occurred_at_raw=as_text(when, reading),
        status=status,
        fault=_fault(said, reading),
        native=Native(status=as_text(word, reading)) if status == "Unknown" else None,
        quirks=tuple(reading.quirks),
    )


def _fault(said: Payload, reading: Reading) -> Fault | None:
    info = as_text(said.get("techInfo"), reading) or None
    code = as_text(said.get("techCode"), reading) or None
    return None if info is None and code is None else Fault(info=info, vendor_code=code)


def _member(said: Payload, name: str) -> dict[str, Any]:
    inner = said.get(name)
    return inner if type(inner) is dict else {}


def _folded(name: object) -> str:
    return name.strip().casefold() if type(name) is str else ""

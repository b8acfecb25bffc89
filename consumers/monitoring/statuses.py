"""What connectors say of themselves. Pure."""

from consumers.monitoring.linking import usable_since
from consumers.monitoring.moments import When, when
from consumers.monitoring.state import NO, STATUSES, YES, Connector, Evse, Kept
from consumers.monitoring.tally import Place, StationTally
from consumers.monitoring.tracks import turn
from consumers.monitoring.words import NUMBERS, text
from contract.events import ConnectorStatusChanged

MOST_PLACES = 256
"""EVSEs of a station, and connectors of an EVSE, that are kept: a station that makes up numbers fills no memory."""


def changed(kept: Kept, event: ConnectorStatusChanged, tally: StationTally) -> None:
    """A connector's, an EVSE's (then its first connector's) or the station's status."""
    then = when(event)
    status = event.status if event.status in STATUSES else "Unknown"
    if event.evse is None:
        _own(kept, event, status, tally)
        return
    evse = evse_of(kept, event.evse.id)
    if evse is None:
        return
    number = event.evse.connector_id or 1
    connector = evse.connectors.get(number)
    if connector is None and (not 0 < number < NUMBERS or len(evse.connectors) >= MOST_PLACES):
        return
    turned = turn(connector.trace if connector else None, status, *then)
    if connector is None:
        connector = evse.connectors[number] = Connector(turned.trace)
    connector.trace = turned.trace
    tally.transition(Place("status", event.evse.id, number), turned.transition)
    for moved_ms, was, became in turned.moved:
        if was:
            tally.shard.level(was.lower(), moved_ms, -1)
        tally.shard.level(became.lower(), moved_ms, 1)
    if turned.is_present:
        _detail(connector, event)
        usable_since(kept, connector, turned.trace.since_ms, tally)
        if event.detail is not None:
            charge(evse, event.evse.id, event.detail == "Charging", then, tally)
    if status == "Faulted" and turned.transition is not None:
        tally.shard.count("faults", turned.transition.at_ms)


def evse_of(kept: Kept, number: int) -> Evse | None:
    """The EVSE of this number, made where it is new; None where there are too many or it is no number."""
    evse = kept.evses.get(number)
    if evse is None and 0 <= number < NUMBERS and len(kept.evses) < MOST_PLACES:
        evse = kept.evses[number] = Evse()
    return evse


def charge(evse: Evse, number: int, is_charging: bool, then: When, tally: StationTally) -> None:  # noqa: FBT001 what is said
    """Energy flows at this EVSE, or it does not, from then on."""
    turned = turn(evse.charging, YES if is_charging else NO, *then)
    evse.charging = turned.trace
    tally.transition(Place("charging", number), turned.transition)


def _own(kept: Kept, event: ConnectorStatusChanged, status: str, tally: StationTally) -> None:
    turned = turn(kept.own.trace if kept.own else None, status, *when(event))
    if kept.own is None:
        kept.own = Connector(turned.trace)
    kept.own.trace = turned.trace
    tally.transition(Place("status"), turned.transition)
    if turned.is_present:
        _detail(kept.own, event)


def _detail(connector: Connector, event: ConnectorStatusChanged) -> None:
    fault = event.fault
    connector.detail = text(event.detail)
    connector.fault_code = text(fault.code) if fault else None
    connector.fault_info = text(fault.info) if fault else None
    connector.vendor_code = text(fault.vendor_code) if fault else None

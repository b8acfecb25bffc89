"""A station as it is kept, in the words of the API. Pure."""

import msgspec

from consumers.monitoring.api import answers as fleet
from consumers.monitoring.api import station_answers as one
from consumers.monitoring.moments import moment
from consumers.monitoring.state import Connector, Evse, Going, Kept, Session
from contract.model import Hardware


def summary(kept: Kept) -> fleet.StationSummary:
    """As it stands in a list."""
    return fleet.StationSummary(
        id=kept.id,
        connected=kept.is_connected,
        status=kept.status,
        name=kept.name,
        site=kept.site,
        vendor=kept.vendor,
        model=kept.model,
        firmware=kept.firmware,
        version=kept.version,
        since=moment(kept.link.trace.since_ms) if kept.link else None,
        seen_at=moment(kept.seen_ms) if kept.seen_ms else None,
        connectors=tuple(
            fleet.ConnectorSummary(
                evse=number,
                connector=connector,
                status=held.trace.state,
                detail=held.detail,
                fault=held.fault_code,
            )
            for number, evse in sorted(kept.evses.items())
            for connector, held in sorted(evse.connectors.items())
        ),
        sessions=tuple(
            fleet.SessionSummary(
                evse=number,
                started_at=moment(evse.session.started_ms),
                transaction_id=evse.session.transaction,
                power_w=evse.session.power_w,
                energy_wh=evse.session.energy_wh,
                soc_percent=evse.session.soc_percent,
            )
            for number, evse in sorted(kept.evses.items())
            if evse.session is not None and evse.session.is_running
        ),
        power_w=kept.power_w,
    )


def whole(kept: Kept) -> one.StationState:
    """All that is known."""
    return one.StationState(
        **msgspec.structs.asdict(summary(kept)),
        groups=kept.groups,
        address=kept.address,
        hardware=msgspec.json.decode(kept.hardware, type=Hardware) if kept.hardware else None,
        link=_link(kept),
        boot=one.StationBoot(at=moment(kept.booted_ms), reason=kept.boot_reason) if kept.booted_ms else None,
        own_status=_connector(0, kept.own) if kept.own else None,
        evses=tuple(_evse(number, evse) for number, evse in sorted(kept.evses.items())),
        firmware_update=_progress(kept.firmware_update),
        log_upload=_progress(kept.log_upload),
        security=one.SecurityState(
            events=kept.security_events, last_type=kept.security_type, last_at=moment(kept.security_ms)
        )
        if kept.security_events
        else None,
    )


def _link(kept: Kept) -> one.StationLink | None:
    if kept.link is None:
        return None
    return one.StationLink(
        connected=kept.is_connected,
        since=moment(kept.link.trace.since_ms),
        gateway=kept.link.gateway,
        version=kept.link.version,
        reason=kept.link.reason,
    )


def _evse(number: int, evse: Evse) -> one.EvseState:
    readings = []
    for name, reading in sorted(evse.readings.items()):
        measurand, _, phase = name.partition("/")
        readings.append(
            one.MeterReading(
                measurand=measurand,
                value=reading.value,
                at=moment(reading.at_ms),
                unit=reading.unit,
                phase=phase or None,
            )
        )
    return one.EvseState(
        id=number,
        connectors=tuple(_connector(connector, held) for connector, held in sorted(evse.connectors.items())),
        session=_session(evse.session) if evse.session else None,
        meter=tuple(readings),
    )


def _connector(number: int, held: Connector) -> one.ConnectorState:
    said = (held.fault_code, held.fault_info, held.vendor_code)
    return one.ConnectorState(
        id=number,
        status=held.trace.state,
        since=moment(held.trace.since_ms),
        detail=held.detail,
        fault=one.ConnectorFault(code=said[0], info=said[1], vendor_code=said[2]) if any(said) else None,
    )


def _session(held: Session) -> one.SessionState:
    return one.SessionState(
        started_at=moment(held.started_ms),
        transaction_id=held.transaction,
        native=held.native,
        id_token=held.token,
        charging_state=held.charging_state,
        ended_at=None if held.ended_ms is None else moment(held.ended_ms),
        stopped_reason=held.stopped_reason,
        meter_start_wh=held.start_wh,
        energy_wh=held.energy_wh,
        power_w=held.power_w,
        soc_percent=held.soc_percent,
        inferred=held.inferred,
    )


def _progress(going: Going | None) -> one.Progress | None:
    if going is None:
        return None
    return one.Progress(
        status=going.status, at=moment(going.at_ms), request_id=going.request_id, kind=going.kind
    )

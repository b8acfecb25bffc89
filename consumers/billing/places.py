"""Where a session was, as OCPI wants it told; what the registry does not know of a station is marked."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from consumers.billing.sessions.facts import Facts
from consumers.billing.texts import UNKNOWN, Fitting
from contract.cdrs import CdrLocation, GeoLocation
from contract.registry import RegisteredStation

_NOWHERE = RegisteredStation()

ALPHA_3 = 3


def time_zone(registered: RegisteredStation | None) -> str | None:
    """Where the station's tariffs have their times of day; None where the registry names no zone that there is."""
    try:
        return ZoneInfo(registered.time_zone).key if registered and registered.time_zone else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def location(
    station: str, facts: Facts, registered: RegisteredStation | None, country: str, fitting: Fitting
) -> CdrLocation:
    """The place of a session's EVSE. `country` is that of stations of which none is known.

    Nobody tells the gateway which plug a connector has: the socket of a public AC station stands for it.
    """
    known = registered or _NOWHERE
    named = None if facts.evse is None else f"{station}*{facts.evse}"
    at = known.coordinates
    return CdrLocation(
        id=fitting.name(known.site or station, 36),
        name=fitting.text(known.name, 255) if known.name else None,
        address=fitting.text(known.address, 45),
        city=fitting.text(known.city, 45),
        postal_code=fitting.text(known.postal_code, 10) if known.postal_code else None,
        country=known.country if known.country and len(known.country) == ALPHA_3 else country,
        coordinates=GeoLocation(
            latitude=f"{at.latitude if at else 0:.5f}", longitude=f"{at.longitude if at else 0:.5f}"
        ),
        evse_uid=fitting.name(named, 36),
        evse_id=fitting.name(named, 48),
        connector_id=UNKNOWN if facts.connector is None else str(facts.connector),
        connector_standard="IEC_62196_T2",
        connector_format="SOCKET",
        connector_power_type="AC_3_PHASE",
    )

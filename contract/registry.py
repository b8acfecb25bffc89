"""What backends know of a station and no station says: the values of the compacted topic `ocpp.stations-registry.v1`.

The record's key is the station's id; a tombstone takes the station out of the registry. Everything is
optional: a station that is not registered is served, billed and watched all the same.
"""

from typing import Annotated

from msgspec import Meta

from contract.model import Value

Degrees = Annotated[float, Meta(ge=-180, le=180)]


class Coordinates(Value, frozen=True, kw_only=True):
    """A place on the earth, WGS 84, in degrees."""

    latitude: Annotated[float, Meta(ge=-90, le=90)]
    longitude: Degrees


class RegisteredStation(Value, frozen=True, kw_only=True):
    """What is known of the station in the record's key.

    `site` is the place it belongs to, for the people who run it; `groups` any further names by which tariffs and
    alert rules can mean it. `time_zone` (IANA) is where its tariffs' times of day hold, UTC where absent. The
    address, the coordinates and the party (`country_code` ISO 3166-1 alpha-2, `party_id` of OCPI) stand
    in its charge detail records.
    """

    name: str | None = None
    site: str | None = None
    groups: tuple[str, ...] = ()
    tenant: str | None = None
    time_zone: str | None = None
    address: str | None = None
    city: str | None = None
    postal_code: str | None = None
    country: str | None = None
    coordinates: Coordinates | None = None
    country_code: str | None = None
    party_id: str | None = None

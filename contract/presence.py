"""Who is connected where: the values of the compacted topics `ocpp.presence.v1` and `ocpp.gateways.v1`.

The order of a station's presence records is the truth: the last `online` one names the owner. A record
that is not `online` counts only against the connection it names, so that the late end of an old
connection never removes the new one.
"""

from contract.model import Moment, Value


class Presence(Value, frozen=True, kw_only=True):
    """A connection of the station in the record's key began (`online`) or ended, for a `reason`.

    `restated`: it began earlier, and is said again or late. Then order proves nothing, and where another
    connection is online the one that began last (`since`) owns the station.
    """

    online: bool
    gateway: str
    connection: str
    version: str
    since: Moment
    restated: bool = False
    reason: str | None = None


GATEWAY_LOST = "gateway_lost"
"""The reason of an end that was declared by others, because the connection's gateway was silent."""


class Beat(Value, frozen=True, kw_only=True):
    """The gateway in the record's key lives; a tombstone says that it has left in good order."""

    at: Moment
    connections: int

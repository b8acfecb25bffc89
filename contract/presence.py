"""Who is connected where: the values of the compacted topics `ocpp.presence.v1` and `ocpp.gateways.v1`.

The order of a station's presence records is the truth: the last `online` one names the owner. A record
that is not `online` counts only against the connection it names, so that the late end of an old
connection never removes the new one.
"""

from contract.model import Moment, Value


class Presence(Value, frozen=True, kw_only=True):
    """A connection of the station in the record's key began (`online`) or ended."""

    online: bool
    gateway: str
    connection: str
    version: str
    since: Moment
    reason: str | None = None


class Beat(Value, frozen=True, kw_only=True):
    """The gateway in the record's key lives; a tombstone says that it has left in good order."""

    at: Moment
    connections: int

"""What stands in a gateway's inbox: the values of `ocpp.deliveries.v1`. Internal to the gateways.

The inbox of a gateway is one partition of the topic; the header `gateway` names whom a record is for,
because several gateways may share a partition.
"""

from functools import lru_cache
from typing import Any

from contract.model import Moment, Value
from contract.topics import partition_of

FOR_GATEWAY = "gateway"
"""The header that names the gateway."""


class RunCommand(Value, frozen=True, kw_only=True, tag_field="kind", tag="run"):
    """Ask the station this, if `connection` still holds it. `request` is the command's record value, as it came."""

    station: str
    connection: str
    request: Any
    asked_at: Moment
    deadline_at: Moment


class CloseConnection(Value, frozen=True, kw_only=True, tag_field="kind", tag="close"):
    """The station has a newer connection elsewhere: close this one, if it is still open."""

    station: str
    connection: str


class RestatePresence(Value, frozen=True, kw_only=True, tag_field="kind", tag="restate"):
    """Say again that this connection holds the station, if it does: what was said last was not true.

    `was_lost`: its gateway was silent, and the station was declared disconnected.
    """

    station: str
    connection: str
    was_lost: bool = False


Delivery = RunCommand | CloseConnection | RestatePresence


@lru_cache(maxsize=1_024)
def inbox_of(gateway: str, partitions: int) -> int:
    """The partition that is this gateway's inbox."""
    return partition_of(gateway, partitions)

"""Which session an end belongs to that names no transaction: the one answer for billing, monitoring and alerting.

Stations end transaction 0, -1 or none after a power cut, or always (OCPP 1.6 field reports). The connector, the
register and the idToken that such an end carries tell whose it is; one end belongs to one session.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple, TypeVar

_W_MS_PER_WH = 3_600_000
SHORTEST_MS = 60_000
"""Clocks are coarse: no rise of the register is judged as if it had taken less time."""


class OpenSession(NamedTuple):
    """What is known of a session that has not ended. `register_wh` is the newest reading. Times are ms since 1970."""

    began_ms: int | None
    evse: int | None = None
    register_wh: Decimal | None = None
    token: str | None = None


class NamelessEnd(NamedTuple):
    """An end without a transaction, with the evidence that it carries."""

    at_ms: int
    evse: int | None = None
    register_wh: Decimal | None = None
    token: str | None = None


Distance = tuple[bool, bool, Decimal, int]
"""How far an end is from a session, the nearest first: another token (or none), no register to compare, the energy
(Wh) since its newest reading, the time (ms) since its start."""


def distance(session: OpenSession, end: NamelessEnd, largest_power_w: int) -> Distance | None:
    """How far the end is from the session; None where it cannot be the session's end."""
    if session.began_ms is None or session.began_ms > end.at_ms:
        return None
    if None not in (end.evse, session.evse) and end.evse != session.evse:
        return None
    other_token = end.token is None or session.token is None or end.token != session.token
    lasted_ms = end.at_ms - session.began_ms
    if session.register_wh is None or end.register_wh is None:
        return other_token, True, Decimal(), lasted_ms
    risen_wh = end.register_wh - session.register_wh
    if risen_wh < 0 or risen_wh * _W_MS_PER_WH > largest_power_w * max(lasted_ms, SHORTEST_MS):
        return None
    return other_token, False, risen_wh, lasted_ms


Key = TypeVar("Key", bound=str)


def best_match(
    sessions: Iterable[tuple[Key, OpenSession]], end: NamelessEnd, largest_power_w: int
) -> Key | None:
    """The key of the session that the end fits best; None where it fits none."""
    fits = [
        (far, key)
        for key, session in sessions
        if (far := distance(session, end, largest_power_w)) is not None
    ]
    return min(fits)[1] if fits else None

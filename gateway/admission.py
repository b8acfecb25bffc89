"""Who may come in: a WebSocket handshake, judged. Pure; `server` asks and does what is answered.

Station ids are the last path segment, percent-decoded once, 1 to 48 characters of OCPP's
identifierString set (OCPP 2.0.1 Part 2 §Primitive Datatypes, Part 4 §3.1.1). What is refused here has
cost nothing but the reading of its request.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

import msgspec

from gateway.ocpp.versions import BY_SUBPROTOCOL, VERSIONS, Version

STATION_ID = re.compile(r"[A-Za-z0-9*\-_=:+|@.]{1,48}")
_LONGEST_RAW = 48 * 3


class Handshake(NamedTuple):
    """What a client asked for: the path as it came (still encoded), and the subprotocols in its order."""

    raw_path: str
    subprotocols: Sequence[str]
    is_websocket: bool


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """What this gateway demands. `assume` is the version of stations that offer no subprotocol."""

    path: str
    assume: Version | None
    max_connections: int


class Admitted(NamedTuple):
    """Come in, as this station, in this version; `subprotocol` is None where none was offered."""

    station: str
    version: Version
    subprotocol: str | None


class Refused(NamedTuple):
    """Stay out. `result` is the metric's label, `why` the body; `retry_after_seconds` where it may get better.

    `after_upgrade`: OCPP (1.6J §3.1.2, 2.0.1 Part 4 §3.1.2) has a server that shares no subprotocol
    complete the handshake without one and close at once, so that the station knows why.
    """

    status: int
    result: str
    why: str
    retry_after_seconds: int | None = None
    after_upgrade: bool = False


def admit(
    handshake: Handshake, rules: Rules, connections: int, *, draining: bool = False
) -> Admitted | Refused:
    """Judge one handshake, with `connections` already open."""
    path = handshake.raw_path.partition("?")[0]
    prefix = rules.path.rstrip("/") + "/"
    if not path.startswith(prefix):
        return Refused(404, "not_found", f"stations connect at {prefix}<station id>")
    if not handshake.is_websocket:
        return Refused(426, "no_upgrade", "this is a WebSocket endpoint for OCPP stations")
    if draining:
        return Refused(503, "draining", "this gateway is going away", retry_after_seconds=5)
    if connections >= rules.max_connections:
        return Refused(
            503, "overload", "this gateway holds all the connections it may", retry_after_seconds=30
        )
    station = _station_id(path[len(prefix) :].removesuffix("/"))
    if station is None:
        return Refused(
            400, "bad_station_id", "a station id is 1 to 48 characters of A-Z a-z 0-9 * - _ = : + | @ ."
        )
    return _in_version(station, handshake.subprotocols, rules)


def _station_id(raw: str) -> str | None:
    if len(raw) > _LONGEST_RAW or not raw.isascii():
        return None
    text = unquote_to_bytes(raw).decode("utf-8", errors="replace")
    return text if STATION_ID.fullmatch(text) else None


def _in_version(station: str, subprotocols: Sequence[str], rules: Rules) -> Admitted | Refused:
    # The station's order is its preference (OCPP 2.0.1 Part 4 §3.1.2).
    for offered in subprotocols:
        version = BY_SUBPROTOCOL.get(offered)
        if version:
            return Admitted(station, version, offered)
    known = ", ".join(BY_SUBPROTOCOL)
    if subprotocols:
        return Refused(400, "no_subprotocol", f"this gateway speaks {known}", after_upgrade=True)
    if rules.assume is None:
        return Refused(400, "no_subprotocol", f"offer a subprotocol: {known}")
    return Admitted(station, rules.assume, None)


def assumed(name: str) -> Version | None:
    """The version a setting names; "none" is None."""
    return None if name == "none" else VERSIONS[name]

"""Who may come in: a WebSocket handshake, judged. Pure; `server` asks and does what is answered.

Station ids are the last path segment, percent-decoded once, of OCPP's identifierString set (OCPP 2.0.1 Part 2
§Primitive Datatypes, Part 4 §3.1.1) and of spaces inside: the specification's own example is `RDAM%20123`. OCPP
allows 48 characters; stations were met that have more. What is refused here has cost nothing but the reading of
its request.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

import msgspec

from contract.openapi import STATION_ID as STATION_ID_PATTERN
from gateway.ocpp.versions import BY_SUBPROTOCOL, VERSIONS, Version

STATION_ID = re.compile(STATION_ID_PATTERN)
OFFICIAL_CHARACTERS = 48
"""The longest station id of OCPP 2.0.1 and 2.1."""

_AUTHORITY = re.compile(r"(?:https?|wss?)://[^/?#]*", re.IGNORECASE)
_SLASHES = re.compile("/{2,}")


class Handshake(NamedTuple):
    """What a client asked for: the request target as it came (still encoded), and the subprotocols in its order."""

    raw_path: str
    subprotocols: Sequence[str]
    is_websocket: bool


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """What this gateway demands. `assume` is the version of stations that offer no subprotocol.

    Station ids follow any of the `paths`; the first is the gateway's own.
    """

    paths: tuple[str, ...]
    assume: Version | None
    max_connections: int
    max_station_id_characters: int = 64


class Admitted(NamedTuple):
    """Come in, as this station, in this version; `subprotocol` is None where none was offered.

    `quirks` are codes of docs/quirks.md.
    """

    station: str
    version: Version
    subprotocol: str | None
    quirks: tuple[str, ...] = ()


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
    quirks: list[str] = []
    raw = _raw_station_id(handshake.raw_path, rules, quirks)
    if raw is None:
        return Refused(404, "not_found", f"stations connect at {_prefix(rules.paths[0])}<station id>")
    if not handshake.is_websocket:
        return Refused(426, "no_upgrade", "this is a WebSocket endpoint for OCPP stations")
    if draining:
        return Refused(503, "draining", "this gateway is going away", retry_after_seconds=5)
    if connections >= rules.max_connections:
        return Refused(
            503, "overload", "this gateway holds all the connections it may", retry_after_seconds=30
        )
    station = _station_id(raw, rules.max_station_id_characters)
    if station is None:
        return Refused(
            400,
            "bad_station_id",
            f"a station id is 1 to {rules.max_station_id_characters} characters of "
            "A-Z a-z 0-9 * - _ = : + | @ . and spaces inside",
        )
    if len(station) > OFFICIAL_CHARACTERS:
        quirks.append("station_id_long")
    if " " in station:
        quirks.append("station_id_space")
    return _in_version(station, handshake.subprotocols, rules, quirks)


def _raw_station_id(target: str, rules: Rules, quirks: list[str]) -> str | None:
    """The station id of a request target, still encoded; None for another path.

    A target may have the absolute form (RFC 9112 §3.2.2), which proxies send. Stations join addresses and paths
    with a slash too many.
    """
    path = _AUTHORITY.sub("", target, count=1) if not target.startswith("/") else target
    path = path.partition("?")[0]
    single = _SLASHES.sub("/", path)
    if single.removesuffix("/") != path.removesuffix("/"):
        quirks.append("path_slashes")
    for path in sorted(rules.paths, key=len, reverse=True):
        prefix = _prefix(path)
        if single.startswith(prefix):
            if path != rules.paths[0]:
                quirks.append("path_other")
            return single[len(prefix) :].removesuffix("/")
    return None


def _prefix(path: str) -> str:
    return path.rstrip("/") + "/"


def _station_id(raw: str, max_characters: int) -> str | None:
    if len(raw) > max_characters * 3 or not raw.isascii():
        return None
    text = unquote_to_bytes(raw).decode("utf-8", errors="replace")
    return (
        text
        if len(text) <= max_characters and STATION_ID.fullmatch(text) and text not in (".", "..")
        else None
    )


def _in_version(
    station: str, subprotocols: Sequence[str], rules: Rules, quirks: list[str]
) -> Admitted | Refused:
    # The station's order is its preference (OCPP 2.0.1 Part 4 §3.1.2).
    for offered in subprotocols:
        version = BY_SUBPROTOCOL.get(offered.lower())
        if version:
            if offered != version.subprotocol:
                quirks.append("subprotocol_case")
            return Admitted(station, version, offered, tuple(quirks))
    known = ", ".join(BY_SUBPROTOCOL)
    if subprotocols:
        return Refused(400, "no_subprotocol", f"this gateway speaks {known}", after_upgrade=True)
    if rules.assume is None:
        return Refused(400, "no_subprotocol", f"offer a subprotocol: {known}")
    return Admitted(station, rules.assume, None, tuple(quirks))


def assumed(name: str) -> Version | None:
    """The version a setting names; "none" is None."""
    return None if name == "none" else VERSIONS[name]

"""Stations that are away, or come and go."""

from collections.abc import Iterator
from typing import Final

from consumers.alerting.kinds.kind import (
    Count,
    Duration,
    Ended,
    Holds,
    Judged,
    Kind,
    Occurred,
    Parameters,
    Verdict,
)
from consumers.alerting.station import is_sign_of_life, is_the_newest_connection
from contract.events import (
    AuthorizationRequested,
    ConnectorStatusChanged,
    DataTransferReceived,
    StationBooted,
    StationConnected,
    StationDisconnected,
    StationHeartbeat,
)
from contract.topics import STATIONS

MINUTE: Final = 60_000
TAKEOVER: Final = "takeover"
OURS: Final = frozenset({"drain", "gateway_lost", "error", TAKEOVER})
"""Reasons of a disconnect that are the gateway's, not the station's (docs/faults.md): it goes away, it died, it has
a fault, or the station is already there again."""

STATION: Final = ""
"""The subject of what is about the station as a whole."""


class Offline(Parameters, frozen=True, kw_only=True):
    """`after_our_outage` is how long a station may take to come back when it was us who went away."""

    after_our_outage: Duration = 30 * MINUTE


def _judge_offline(judged: Judged) -> Iterator[Verdict]:
    event, heard = judged.heard.event, judged.heard
    if isinstance(event, StationDisconnected):
        if is_the_newest_connection(judged.station, heard):
            ours = event.reason in OURS
            patience_ms = max(judged.for_ms, judged.parameters.after_our_outage) if ours else None
            detail = {"reason": event.reason, "because": "ours" if ours else "station"}
            yield Holds(STATION, heard.at_ms, detail, patience_ms)
    elif isinstance(event, StationConnected) or is_sign_of_life(judged.station, heard):
        yield Ended(STATION)


class Flapping(Parameters, frozen=True, kw_only=True):
    """So many `disconnects` `within` that time, those that are our own not counted."""

    disconnects: Count = 5
    within: Duration = 60 * MINUTE


def _judge_flapping(judged: Judged) -> Iterator[Verdict]:
    event, heard = judged.heard.event, judged.heard
    if (
        isinstance(event, StationDisconnected)
        and event.reason not in OURS
        and is_the_newest_connection(judged.station, heard)
    ):
        asked = judged.parameters
        key = heard.connection or heard.id
        yield Occurred(STATION, key, {"reason": event.reason}, asked.disconnects, asked.within)


class Conflict(Parameters, frozen=True, kw_only=True):
    """So many `takeovers` `within` that time."""

    takeovers: Count = 6
    within: Duration = 5 * MINUTE


def _judge_conflict(judged: Judged) -> Iterator[Verdict]:
    event, heard = judged.heard.event, judged.heard
    if isinstance(event, StationDisconnected) and event.reason == TAKEOVER:
        asked, station = judged.parameters, judged.station
        addresses = ", ".join(address for address in (station.other_remote, station.remote) if address)
        key = heard.connection or heard.id
        detail = {"addresses": addresses or "unknown addresses"}
        yield Occurred(STATION, key, detail, asked.takeovers, asked.within)


KINDS = (
    Kind(
        name="station_offline",
        about="A station is not connected, for longer than `for`.",
        parameters=Offline,
        feed=STATIONS,
        hears=(
            StationConnected,
            StationDisconnected,
            StationHeartbeat,
            StationBooted,
            ConnectorStatusChanged,
            AuthorizationRequested,
            DataTransferReceived,
        ),
        judge=_judge_offline,
        summary="{station} is offline since {since} ({reason})",
        says=("reason", "because"),
        for_ms=10 * MINUTE,
    ),
    Kind(
        name="station_flapping",
        about="A station's connection breaks again and again.",
        parameters=Flapping,
        feed=STATIONS,
        hears=(StationDisconnected,),
        judge=_judge_flapping,
        summary="{station} lost its connection {count} times, last for {reason}",
        says=("reason", "count"),
    ),
    Kind(
        name="identity_conflict",
        about="Connections of one station id replace each other again and again: two clients use it.",
        parameters=Conflict,
        feed=STATIONS,
        hears=(StationDisconnected,),
        judge=_judge_conflict,
        summary="{count} connections of {station} replaced each other; they come from {addresses}",
        says=("addresses", "count"),
    ),
)

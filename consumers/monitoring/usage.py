"""When what was so at a station, and how much of the time it was of use: from its transitions. Pure."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from operator import attrgetter
from typing import NamedTuple

from consumers.monitoring.state import CONNECTED, USABLE, YES, Kept, Trace
from consumers.monitoring.tally import Place
from consumers.monitoring.tracks import Transition

LINK = Place("link")


class Spell(NamedTuple):
    """A time in which one thing was so."""

    state: str
    since_ms: int
    until_ms: int


class Shares(NamedTuple):
    """Of one step, in milliseconds: how much is known, and how much of that it was so."""

    began_ms: int
    known: int
    available: int
    occupied: int
    charging: int


def present(kept: Kept) -> dict[Place, Trace]:
    """What is so now, by place."""
    found = {} if kept.link is None else {LINK: kept.link.trace}
    if kept.own is not None:
        found[Place("status")] = kept.own.trace
    for number, evse in sorted(kept.evses.items()):
        for connector, held in sorted(evse.connectors.items()):
            found[Place("status", number, connector)] = held.trace
        if evse.charging is not None:
            found[Place("charging", number)] = evse.charging
    return found


def spells(transitions: Sequence[Transition], now: Trace | None, since_ms: int, until_ms: int) -> list[Spell]:
    """What a thing was from a time up to another; its transitions (all that are kept) in their order.

    What it was before the first of them is what the first says that it was, and where there are none it has
    been as it is now for longer than they are kept.
    """
    turns = [(one.at_ms, one.state) for one in transitions]
    if not turns and now is not None:
        turns = [(now.since_ms, now.state)]
    elif turns and transitions[0].was:
        turns.insert(0, (since_ms, transitions[0].was))
    found = []
    for (began_ms, state), (ended_ms, _) in pairwise([*turns, (until_ms, "")]):
        first, last = max(began_ms, since_ms), min(ended_ms, until_ms)
        if first < last:
            found.append(Spell(state, first, last))
    return found


def shares(
    tracks: Mapping[Place, Sequence[Spell]], place: Place, *, step_ms: int, since_ms: int, until_ms: int
) -> Iterator[Shares]:
    """How a connector (or the station, by its link) was used, step by step."""
    link, charging = tracks.get(LINK, ()), tracks.get(Place("charging", place.evse), ())
    own = tracks.get(place, ())
    began_ms = since_ms - since_ms % step_ms
    while began_ms < until_ms:
        first, last = max(began_ms, since_ms), min(began_ms + step_ms, until_ms)
        edges = {first, last}
        for track in (link, own, charging):
            for spell in track:
                edges |= {edge for edge in spell[1:] if first < edge < last}
        known = available = occupied = charged = 0
        for left, right in pairwise(sorted(edges)):
            states = [_at(track, left) for track in (link, own, charging)]
            if states[0] and states[1]:
                lasted = right - left
                known += lasted
                is_connected = states[0] == CONNECTED
                available += lasted * (is_connected and (place == LINK or states[1] in USABLE))
                occupied += lasted * (states[1] == "Occupied")
                charged += lasted * (states[2] == YES)
        yield Shares(began_ms, known, available, occupied, charged)
        began_ms += step_ms


def _at(track: Sequence[Spell], at_ms: int) -> str:
    place = bisect_right(track, at_ms, key=attrgetter("since_ms")) - 1
    return track[place].state if place >= 0 and at_ms < track[place].until_ms else ""

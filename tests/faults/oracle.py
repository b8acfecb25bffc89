"""The judge of the fault tests: what stations were promised, held against what stands in the log.

Pure functions over journals (what stations said and were answered) and entries (what was read back).
Each returns what is wrong, empty when nothing is.
"""

import json
from collections import defaultdict
from collections.abc import Iterable
from typing import Any, NamedTuple

from simulator.journal import Exchange

ANSWERED_WITHOUT_LOG = {"Heartbeat"}
"""See docs/adr/0002."""


PUBLISHED_LATE = {"ocpp.station.connected", "ocpp.station.disconnected"}


class Entry(NamedTuple):
    """One record of an event topic, in the order of its partition."""

    topic: str
    partition: int
    offset: int
    station: str
    event_id: str
    type: str
    connection: str
    sequence: int
    data: dict[str, Any]

    @property
    def action(self) -> str:
        action: str = self.data.get("protocol", {}).get("action", "")
        return action

    @property
    def said(self) -> Any:
        """The payload as the station sent it; None for derived events and the gateway's own."""
        return self.data.get("payload", self.data.get("raw"))


def lost(exchanges: Iterable[Exchange], entries: Iterable[Entry]) -> list[Exchange]:
    """CALLs that were answered with a result and are not in the log: the broken promise."""
    kept: defaultdict[tuple[str, str, str], list[Any]] = defaultdict(list)
    for entry in entries:
        kept[entry.station, entry.action, str(entry.data.get("protocol", {}).get("messageId"))].append(
            entry.said
        )
    return [
        exchange
        for exchange in exchanges
        if exchange.accepted
        and exchange.action not in ANSWERED_WITHOUT_LOG
        and exchange.payload not in kept[exchange.station, exchange.action, str(exchange.message_id)]
    ]


def unlike_repeats(exchanges: Iterable[Exchange], entries: Iterable[Entry]) -> dict[str, set[str]]:
    """Facts that a station sent more than once and that have more than one id, by their text."""
    copies = repeats(exchanges, entries)
    ids = {fact: {entry.event_id for entry in found} for fact, found in copies.items()}
    return {fact: found for fact, found in ids.items() if len(found) > 1}


def repeats(exchanges: Iterable[Exchange], entries: Iterable[Entry]) -> dict[str, list[Entry]]:
    """The records of each fact that a station sent more than once, by its text; of derived events, none."""
    repeated = {_fact(e.station, e.action, e.payload) for e in exchanges if e.kept and e.attempt > 1}
    found: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        fact = _fact(entry.station, entry.action, entry.said)
        if fact in repeated and "/" not in entry.event_id:
            found[fact].append(entry)
    return dict(found)


def shared_ids(entries: Iterable[Entry]) -> dict[tuple[str, str], set[str]]:
    """Ids that stand for different facts of one station: a consumer would drop the second as a repeat."""
    facts: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for entry in entries:
        facts[entry.station, entry.event_id].add(
            f"{entry.type} {_fact(entry.station, entry.action, entry.said)}"
        )
    return {key: found for key, found in facts.items() if len(found) > 1}


def disordered(entries: Iterable[Entry]) -> list[tuple[Entry, Entry]]:
    """Neighbours of one connection in one partition whose sequence does not rise.

    The gateway's own two events are left out: what the log refused of them is published late, on purpose.
    """
    last: dict[tuple[str, str, str], Entry] = {}
    wrong = []
    for entry in sorted(entries, key=lambda entry: entry[:3]):
        if entry.type in PUBLISHED_LATE:
            continue
        key = (entry.topic, entry.station, entry.connection)
        before = last.get(key)
        if before is not None and entry.sequence <= before.sequence:
            wrong.append((before, entry))
        last[key] = entry
    return wrong


def disordered_transactions(entries: Iterable[Entry]) -> list[tuple[Entry, Entry]]:
    """First appearances of one transaction's facts that stand against the order in which it was lived."""
    seen: set[str] = set()
    last: dict[tuple[str, str], Entry] = {}
    wrong = []
    for entry in sorted(entries, key=lambda entry: entry[:3]):
        transaction = entry.data.get("transaction", {}).get("id")
        if not entry.type.startswith("ocpp.transaction.") or transaction is None or entry.event_id in seen:
            continue
        seen.add(entry.event_id)
        before = last.get((entry.station, transaction))
        if before is not None and _rank(entry) < _rank(before):
            wrong.append((before, entry))
        last[entry.station, transaction] = entry
    return wrong


def _rank(entry: Entry) -> tuple[int, int]:
    step = ("ocpp.transaction.started", "ocpp.transaction.updated", "ocpp.transaction.ended").index(
        entry.type
    )
    return step, entry.data["transaction"].get("seqNo", 0)


def _fact(station: str, action: str, payload: Any) -> str:
    return f"{station} {action} {json.dumps(payload, sort_keys=True)}"

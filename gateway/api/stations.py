"""Who is connected where, as the presence topic says: read when asked for, one partition at a time."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Iterable
from typing import NamedTuple

import structlog

from contract.http import StationPage, StationPresence
from contract.presence import Presence
from contract.records import RecordReader, UnreadableRecord
from contract.topics import PRESENCE, partition_of
from eventlog.port import EventLog

FRESH_SECONDS = 1.0
"""How long what was read answers others, too; a partition is read at most once in this time."""

Held = dict[str, Presence]
"""The newest connection of each station, by station id."""

_log = structlog.get_logger(__name__)


def follow(held: Presence | None, said: Presence) -> Presence:
    """Who holds the station after one more record (`contract.presence`)."""
    if held is None or said.connection == held.connection:
        return said
    if not said.online:
        return held
    newest = not (held.online and said.restated) or said.since > held.since
    return said if newest else held


_read_presence = RecordReader(Presence).read


async def read_presence(log: EventLog, partitions: Iterable[int] | None = None) -> Held:
    """The stations of some partitions, or all. Raises LogUnavailable, RecordRefused."""
    held: Held = {}
    async with contextlib.aclosing(log.read([PRESENCE.name], partitions=partitions)) as records:
        async for stored in records:
            station, value = stored.record.key, stored.record.value
            if value is None:
                held.pop(station, None)
                continue
            try:
                said = _read_presence(value)
            except UnreadableRecord as fault:
                _log.warning("a presence record cannot be read", place=stored.place, why=str(fault))
                continue
            held[station] = follow(held.get(station), said)
    return held


def shown(station: str, presence: Presence) -> StationPresence:
    """One station as people and backends see it."""
    return StationPresence(
        id=station,
        online=presence.online,
        version=presence.version,
        gateway=presence.gateway,
        connection=presence.connection,
        since=presence.since,
        reason=presence.reason,
    )


class _Row(NamedTuple):
    partition: int
    station: str
    presence: Presence


class Stations:
    """Reads presence on demand; holds of it only what was asked for a moment ago."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._fresh: dict[int, Held] = {}
        self._reading: dict[int, asyncio.Lock] = {}

    async def one(self, station: str) -> StationPresence | None:
        """A station; None if it never connected. Raises LogUnavailable, RecordRefused."""
        held = await self._held(partition_of(station, await self._log.partitions(PRESENCE.name)))
        return shown(station, held[station]) if station in held else None

    async def page(self, limit: int, after: str | None = None, *, online: bool | None = None) -> StationPage:
        """At most `limit` stations, those that follow a cursor of `openapi.CURSOR`.

        Raises LogUnavailable, RecordRefused.
        """
        found: list[_Row] = []
        more = None
        begin = (0, "") if after is None else _place(after)
        async with contextlib.aclosing(self._from(begin, online=online)) as rows:
            async for row in rows:
                if len(found) == limit:
                    more = _cursor(found[-1])
                    break
                found.append(row)
        return StationPage(stations=tuple(shown(row.station, row.presence) for row in found), next=more)

    async def _from(self, begin: tuple[int, str], *, online: bool | None) -> AsyncGenerator[_Row, None]:
        """The stations after a place, in the order of pages: by partition, and by id within it."""
        first, last = begin
        for partition in range(first, await self._log.partitions(PRESENCE.name)):
            held = await self._held(partition)
            for station in sorted(held):
                if partition == first and station <= last:
                    continue
                if online in (None, held[station].online):
                    yield _Row(partition, station, held[station])

    async def _held(self, partition: int) -> Held:
        async with self._reading.setdefault(partition, asyncio.Lock()):
            held = self._fresh.get(partition)
            if held is None:
                held = self._fresh[partition] = await read_presence(self._log, [partition])
                asyncio.get_running_loop().call_later(FRESH_SECONDS, self._fresh.pop, partition, None)
            return held


def _cursor(row: _Row) -> str:
    return f"{row.partition}-{row.station.encode().hex()}"


def _place(cursor: str) -> tuple[int, str]:
    partition, _, station = cursor.partition("-")
    return int(partition), bytes.fromhex(station).decode("utf-8", "replace")

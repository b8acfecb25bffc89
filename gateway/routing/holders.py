"""Who holds which station: one partition of `ocpp.presence.v1` as a table, and what must be said about it. Pure.

The rules: a connection that begins owns the station; one that ended counts only against
itself; one that is said again or late (`restated`) competes by when it began. Whoever loses is told to
close, and when the last record of a station does not tell its owner, the owner is asked to say so again:
compaction keeps only the last.
"""

import sys
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from contract.deliveries import CloseConnection, RestatePresence
from contract.presence import GATEWAY_LOST, Presence

Letter = tuple[str, CloseConnection | RestatePresence]
"""A gateway, and what it is to be told."""


class Held(msgspec.Struct, frozen=True, gc=False):
    """A station's connection. Kept small: there is one of them for each station of the partition.

    `is_lost`: not online, and only because its gateway was silent.
    """

    gateway: str
    connection: str
    version: str
    since_ms: int
    is_lost: bool = False


class Superseded(NamedTuple):
    """A connection that lost its station to another gateway's at `at_ms`; its own gateway has not said that it ended."""

    station: str
    held: Held
    at_ms: int


class _Due(NamedTuple):
    kind: str
    name: str


class Holders:
    """The owner of each station that has one, and the letters that its history asks for."""

    def __init__(self) -> None:
        self._rows: dict[str, Held] = {}
        self._due: dict[_Due, Letter] = {}
        self._superseded: dict[str, Superseded] = {}
        self._online: Counter[str] = Counter()

    @property
    def online(self) -> int:
        """How many stations are online."""
        return self._online.total()

    @property
    def gateways(self) -> list[str]:
        """The gateways that hold any."""
        return [gateway for gateway, count in self._online.items() if count]

    def get(self, station: str) -> Held | None:
        """The connection that holds the station now."""
        row = self._rows.get(station)
        return None if row is None or row.is_lost else row

    def of(self, gateway: str) -> Iterator[tuple[str, Held]]:
        """The stations that this gateway holds."""
        for station, row in self._rows.items():
            if row.gateway == gateway and not row.is_lost:
                yield station, row

    def hear(self, station: str, said: Presence | None) -> None:
        """The next record of the partition; None is a tombstone, which no gateway writes."""
        row = self._rows.get(station)
        if said is None:
            self.hide(station)
        elif said.online:
            self._begun(station, row, said)
        else:
            self._ended(station, row, said)

    def hide(self, station: str) -> None:
        """The newest record of the station tells nothing: no gateway writes a tombstone, or one that cannot be read.

        Compaction keeps only that record, so the owner is asked to say again that the station is connected.
        """
        row = self._rows.get(station)
        if row is not None and not row.is_lost:
            self._restate(station, row)
        elif row is not None:
            self._put(station, None)

    def drop(self, station: str, connection: str) -> None:
        """This connection is no more, says its gateway; its record will follow."""
        row = self._rows.get(station)
        if row is not None and row.connection == connection:
            self._put(station, None)

    def found(self, gateway: str) -> None:
        """A gateway that was lost is heard again: what was declared ended there may live."""
        for station, row in self._rows.items():
            if row.is_lost and row.gateway == gateway:
                self._restate(station, row)

    def superseded(self) -> list[Superseded]:
        """The connections of which nobody has said yet that they ended. `settle` those of which that is known."""
        return list(self._superseded.values())

    def settle(self, connection: str) -> None:
        """The end of this connection is told, or will be by its own gateway."""
        self._superseded.pop(connection, None)

    def letters(self) -> list[Letter]:
        """What is to be told now; each is given once."""
        due, self._due = self._due, {}
        return list(due.values())

    def _begun(self, station: str, row: Held | None, said: Presence) -> None:
        self._due.pop(_Due("close", said.connection), None)
        since_ms = int(said.since.timestamp() * 1000)
        rival = row if row is not None and row.connection != said.connection else None
        if rival is not None and said.restated and not rival.is_lost and rival.since_ms >= since_ms:
            self._close(station, said.gateway, said.connection)
            self._restate(station, rival)
            return
        if rival is not None and rival.gateway != said.gateway:
            # Also when it is lost: if its gateway comes back, the connection there is an old one.
            self._close(station, rival.gateway, rival.connection)
            if not rival.is_lost:
                self._superseded[rival.connection] = Superseded(station, rival, since_ms)
        self._due.pop(_Due("restate", station), None)
        self.settle(said.connection)
        gateway, version = sys.intern(said.gateway), sys.intern(said.version)
        self._put(station, Held(gateway, said.connection, version, since_ms))

    def _ended(self, station: str, row: Held | None, said: Presence) -> None:
        self._due.pop(_Due("close", said.connection), None)
        self.settle(said.connection)
        if row is not None and row.connection != said.connection:
            if not row.is_lost:
                self._restate(station, row)
        elif said.reason == GATEWAY_LOST:
            since_ms = int(said.since.timestamp() * 1000)
            gateway, version = sys.intern(said.gateway), sys.intern(said.version)
            self._put(station, Held(gateway, said.connection, version, since_ms, is_lost=True))
        else:
            self._put(station, None)

    def _put(self, station: str, row: Held | None) -> None:
        before = self._rows.get(station)
        if before is not None and not before.is_lost:
            self._online[before.gateway] -= 1
        if row is None:
            self._rows.pop(station, None)
            self._due.pop(_Due("restate", station), None)
            return
        self._rows[station] = row
        if not row.is_lost:
            self._online[row.gateway] += 1

    def _close(self, station: str, gateway: str, connection: str) -> None:
        self._due[_Due("close", connection)] = (
            gateway,
            CloseConnection(station=station, connection=connection),
        )

    def _restate(self, station: str, row: Held) -> None:
        asked = RestatePresence(station=station, connection=row.connection, was_lost=row.is_lost)
        self._due[_Due("restate", station)] = (row.gateway, asked)

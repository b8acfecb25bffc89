"""Announces which stations are connected here: `ocpp.presence.v1`, each station's order kept, none forgotten.

What the log does not take is said again when it does, and only the newest: by then nobody needs to know
what has been true in between.
"""

import asyncio
import contextlib
from datetime import UTC, datetime
from functools import partial

import msgspec
import structlog

from contract.presence import Presence
from contract.topics import PRESENCE
from eventlog.port import EventLog, LogUnavailable, Place, Record, RecordRefused

AGAIN_SECONDS = 0.5
AGAIN_AT_ONCE = 500

_log = structlog.get_logger(__name__)


class Announcer:
    """What was last said of each station that is, or was lately, connected here."""

    def __init__(self, log: EventLog, gateway: str) -> None:
        self._log = log
        self._gateway = gateway
        self._said: dict[str, Presence] = {}
        self._on_its_way: dict[str, int] = {}
        self._owed: dict[str, None] = {}
        self._quiet = asyncio.Event()
        self._quiet.set()

    def __len__(self) -> int:
        """How many stations' presence the log has not taken yet."""
        return len(self._owed) + len(self._on_its_way)

    def online(self, station: str, connection: str, version: str, since: datetime) -> None:
        """A connection begins to be served."""
        self._say(
            station,
            Presence(online=True, gateway=self._gateway, connection=connection, version=version, since=since),
        )

    def gone(self, station: str, reason: str) -> None:
        """The station's connection here has ended. One that was taken over is replaced, not gone."""
        said = self._said.get(station)
        if said is not None and said.online and reason != "takeover":
            ended = msgspec.structs.replace(
                said, online=False, since=datetime.now(UTC), reason=reason, restated=False
            )
            self._say(station, ended)

    def superseded(self, station: str, connection: str) -> None:
        """The station has a newer connection elsewhere: there is nothing left to say of this one."""
        said = self._said.get(station)
        if said is not None and said.connection == connection:
            del self._said[station]
            self._owed.pop(station, None)
            if not len(self):
                self._quiet.set()

    def restate(self, station: str, connection: str) -> bool:
        """Say again that this connection holds the station; False when it does not."""
        said = self._said.get(station)
        if said is None or not said.online or said.connection != connection:
            return False
        self._say(station, msgspec.structs.replace(said, restated=True))
        return True

    async def watch(self) -> None:
        """Say again what the log did not take, until cancelled."""
        while True:
            await asyncio.sleep(AGAIN_SECONDS)
            while self._owed and self._log.trouble is None:
                for station in list(self._owed)[:AGAIN_AT_ONCE]:
                    del self._owed[station]
                    said = self._said[station]
                    # Late: what it competes with may have been said before or after it.
                    self._say(station, msgspec.structs.replace(said, restated=said.online))
                await asyncio.sleep(0)

    async def finish(self, deadline_seconds: float) -> None:
        """Wait until all is said, at most so long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(deadline_seconds):
                await self._quiet.wait()
        if len(self):
            _log.warning("stations are left that the log knows as connected here", stations=len(self))

    def _say(self, station: str, said: Presence) -> None:
        self._said[station] = said
        self._owed.pop(station, None)
        self._on_its_way[station] = self._on_its_way.get(station, 0) + 1
        self._quiet.clear()
        record = Record(PRESENCE.name, station, msgspec.json.encode(said))
        appending = asyncio.ensure_future(self._log.append(record))
        appending.add_done_callback(partial(self._ended, station, said))

    def _ended(self, station: str, said: Presence, appending: asyncio.Future[Place]) -> None:
        self._on_its_way[station] -= 1
        if not self._on_its_way[station]:
            del self._on_its_way[station]
        fault = None if appending.cancelled() else appending.exception()
        if self._said.get(station) is said:
            if isinstance(fault, LogUnavailable):
                self._owed[station] = None
            elif isinstance(fault, RecordRefused):
                _log.error("the log refuses a station's presence", station=station, why=str(fault))
            elif not said.online:
                del self._said[station]
        if not len(self):
            self._quiet.set()

"""The stations of this pod: who holds which connection, the newest first in right, and the drain."""

import asyncio
from collections.abc import Iterator

import structlog

from gateway.session import Session

LONGEST_PAUSE_SECONDS = 0.1
"""Between two stations that are sent away: ten of them a second are no crowd for another pod."""

_log = structlog.get_logger(__name__)


class Sessions:
    """One session a station: the newest. Cleaning up after an old one never touches its successor."""

    def __init__(self) -> None:
        self._held: dict[str, Session] = {}
        self._running: set[Session] = set()

    def __len__(self) -> int:
        """How many connections are open, those that are being taken over included."""
        return len(self._running)

    def __iter__(self) -> Iterator[Session]:
        return iter(list(self._held.values()))

    def get(self, station: str) -> Session | None:
        """The session that holds the station now."""
        return self._held.get(station)

    def by_version(self) -> dict[tuple[str, ...], float]:
        """How many connections speak each OCPP version."""
        counts: dict[tuple[str, ...], float] = {}
        for session in self._running:
            counts[(session.version,)] = counts.get((session.version,), 0) + 1
        return counts

    async def serve(self, session: Session) -> None:
        """Run a session to its end; a session that held the station before is closed and waited for."""
        predecessor = self._held.get(session.station)
        self._held[session.station] = session
        self._running.add(session)
        if predecessor is not None:
            predecessor.end("takeover")
        try:
            await session.run(predecessor)
        finally:
            self._running.discard(session)
            if self._held.get(session.station) is session:
                del self._held[session.station]

    async def drain(self, seconds: float) -> None:
        """End all sessions, spread evenly, so that they do not all come to another pod at once; few take less time."""
        leaving = list(self._running)
        pause = min(seconds / len(leaving), LONGEST_PAUSE_SECONDS) if leaving else 0.0
        _log.info(
            "sending the stations away; a second signal ends at once",
            stations=len(leaving),
            seconds=round(pause * len(leaving), 1),
        )
        loop = asyncio.get_running_loop()
        started = loop.time()
        for number, session in enumerate(leaving):
            await asyncio.sleep(max(0.0, started + number * pause - loop.time()))
            session.end("drain")
        for session in leaving:
            await session.until_ended()

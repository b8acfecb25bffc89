"""What is done when the log is back: our own events are published late, and stations are asked again.

A station repeats its transaction messages by itself (promise 1). A status or a boot that was refused
it does not repeat, so it is asked for it with TriggerMessage, a few stations at a time.
"""

import asyncio

import structlog

from eventlog.port import EventLog, LogUnavailable
from gateway.backlog import Backlog
from gateway.calls import CallInvalid, CallRefused, CallTimedOut, ConnectionLost
from gateway.metrics import GatewayMetrics
from gateway.session import Session
from gateway.sessions import Sessions

WATCH_SECONDS = 0.5
ASKED_AT_ONCE = 50
"""Stations that are being asked at a time: five thousand answers at once would be the next outage."""

_log = structlog.get_logger(__name__)


class Recovery:
    """Watches the log, and pays what is owed once it takes records again."""

    def __init__(
        self,
        log: EventLog,
        sessions: Sessions,
        backlog: Backlog,
        metrics: GatewayMetrics,
        call_timeout_seconds: float,
    ) -> None:
        self._log = log
        self._sessions = sessions
        self._backlog = backlog
        self._metrics = metrics
        self._timeout = call_timeout_seconds
        self._asking = asyncio.Semaphore(ASKED_AT_ONCE)

    async def watch(self) -> None:
        """Run until cancelled; a task of its owner."""
        failures = 0.0
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            if self._log.trouble is not None:
                continue
            if len(self._backlog):
                try:
                    await self._backlog.publish(self._log)
                except LogUnavailable:
                    continue
            if self._metrics.append_failures.n != failures:
                failures = self._metrics.append_failures.n
                await self._ask_all()

    async def _ask_all(self) -> None:
        owing = [session for session in self._sessions if session.desk.owed]
        if owing:
            _log.info("the log is back: stations are asked again", stations=len(owing))
            await asyncio.gather(*(self._ask(session) for session in owing))

    async def _ask(self, session: Session) -> None:
        """Ask one station for all that was refused to it, until it refuses to say or is gone."""
        async with self._asking:
            while session.desk.owed:
                question = session.desk.owed.pop(0)
                try:
                    await session.call(question.action, question.payload, self._timeout)
                    self._metrics.asked_again.n += 1
                except (CallRefused, CallInvalid) as refusal:
                    _log.debug(
                        "not asked again", station=session.station, question=question, why=str(refusal)
                    )
                except (CallTimedOut, ConnectionLost):
                    return

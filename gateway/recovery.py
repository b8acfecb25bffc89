"""What is done when the log is back: our own events are published late, and stations are asked again.

A station repeats its transaction messages by itself (promise 1). A status or a boot that was refused
it does not repeat, so it is asked for it with TriggerMessage, a few stations at a time.
"""

import asyncio
import time

import structlog

from eventlog.port import EventLog, LogUnavailable
from gateway.backlog import Backlog
from gateway.calls import CallExpired, CallInvalid, CallRefused, CallTimedOut, ConnectionLost
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
        *,
        call_timeout_seconds: float,
        publish_deadline_seconds: float,
    ) -> None:
        self._log = log
        self._sessions = sessions
        self._backlog = backlog
        self._metrics = metrics
        self._timeout = call_timeout_seconds
        self._publish_deadline = publish_deadline_seconds
        self._failures = self._taken = self._failed_at = 0.0
        self._turn = asyncio.Semaphore(ASKED_AT_ONCE)
        self._asked: set[Session] = set()

    async def watch(self) -> None:
        """Run until cancelled; a task of its owner. Stations that do not answer delay nothing here."""
        async with asyncio.TaskGroup() as asking:
            while True:
                await asyncio.sleep(WATCH_SECONDS)
                if self._log.trouble is not None:
                    continue
                try:
                    await self._backlog.publish(self._log)
                except LogUnavailable:
                    continue
                if not self._is_proven():
                    continue
                for session in self._sessions:
                    if session.desk.owed and session not in self._asked:
                        self._asked.add(session)
                        asking.create_task(self._ask(session))

    def _is_proven(self) -> bool:
        """Whether the log has taken something since it last failed, or has failed nobody for a publish deadline.

        An engine may see no trouble while nothing gets through: to ask then would be to fail the answer.
        """
        failures, taken = self._metrics.append_failures.n, self._metrics.appends.n
        if failures != self._failures:
            self._failures, self._taken, self._failed_at = failures, taken, time.monotonic()
        return taken > self._taken or time.monotonic() - self._failed_at > self._publish_deadline

    async def _ask(self, session: Session) -> None:
        """Ask one station for all that was refused to it, until it does not answer or is gone."""
        try:
            async with self._turn:
                while session.desk.owed:
                    question = session.desk.owed.pop(0)
                    try:
                        await session.call(question.action, question.payload, self._timeout)
                        self._metrics.asked_again.n += 1
                    except (CallRefused, CallInvalid) as refusal:
                        _log.debug(
                            "not asked again", station=session.station, question=question, why=str(refusal)
                        )
        except (CallExpired, CallTimedOut, ConnectionLost):
            pass
        except Exception:  # noqa: BLE001 - a fault of ours with one station ends no other asking
            self._metrics.faults.n += 1
            _log.exception("a station could not be asked again", station=session.station)
        finally:
            self._asked.discard(session)

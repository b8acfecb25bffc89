"""A station that has said nothing of its state since it connected is asked: it may have changed unseen.

A station that boots tells the status of its connectors by itself. One that only reconnects (after an
outage of the network, of a gateway, or because it has just been moved here from another system) tells
what has changed, or nothing; whoever reads only our events would wait for ever (reference §4, quirk 33).
"""

import asyncio
import random

import structlog

from eventlog.port import EventLog
from gateway.calls import CallExpired, CallInvalid, CallRefused, CallTimedOut, ConnectionLost
from gateway.metrics import GatewayMetrics
from gateway.session import Session
from gateway.sessions import Sessions
from gateway.translation.asking import every_status, trigger
from service.wheel import Wheel

QUIET_SECONDS = 30.0
"""What a station says by itself, it says by then."""
SPREAD_SECONDS = 60.0
"""Ten thousand stations that reconnect at once are asked over so long a time."""
ASKED_AT_ONCE = 50

_log = structlog.get_logger(__name__)


class Prompting:
    """Waits for each new connection to speak, and asks the silent ones."""

    def __init__(
        self,
        log: EventLog,
        sessions: Sessions,
        wheel: Wheel,
        metrics: GatewayMetrics,
        *,
        status: bool,
        boot: bool,
        call_timeout_seconds: float,
        quiet_seconds: float = QUIET_SECONDS,
        spread_seconds: float = SPREAD_SECONDS,
    ) -> None:
        """`status` and `boot` are what is asked for, where the station has not said it."""
        self._log = log
        self._sessions = sessions
        self._wheel = wheel
        self._metrics = metrics
        self._status = status
        self._boot = boot
        self._timeout = call_timeout_seconds
        self._quiet = quiet_seconds
        self._spread = spread_seconds
        self._due: asyncio.Queue[Session] = asyncio.Queue()
        self._turn = asyncio.Semaphore(ASKED_AT_ONCE)

    def expect(self, session: Session) -> None:
        """A station has connected: see in a while whether it has spoken."""
        if self._status or self._boot:
            # By name, because a connection that is gone by then shall not stay in memory for that.
            station, connection = session.station, session.connection
            delay = self._quiet + random.uniform(0, self._spread)  # noqa: S311 - a spread, no secret
            self._wheel.after(delay, lambda: self._look(station, connection))

    async def watch(self) -> None:
        """Ask those that are due until cancelled; a task of its owner."""
        async with asyncio.TaskGroup() as asking:
            while True:
                asking.create_task(self._ask(await self._due.get()))

    def _look(self, station: str, connection: str) -> None:
        session = self._sessions.get(station)
        if session is None or session.connection != connection:
            return
        if self._log.trouble is not None:
            self.expect(session)  # the answer could not be stored now
        elif self._wants_boot(session) or self._wants_status(session):
            self._due.put_nowait(session)

    def _wants_boot(self, session: Session) -> bool:
        return self._boot and not session.desk.booted

    def _wants_status(self, session: Session) -> bool:
        return self._status and not session.desk.connectors

    async def _ask(self, session: Session) -> None:
        try:
            async with self._turn:
                if self._wants_boot(session):
                    question = trigger(session.version, "BootNotification", {})
                    if question is not None:
                        await session.call(question.action, question.payload, self._timeout)
                        self._metrics.prompted.n += 1
                if self._wants_status(session):
                    await self._ask_status(session)
        except (CallExpired, CallTimedOut, ConnectionLost):
            pass
        except (CallRefused, CallInvalid) as refusal:
            _log.debug("a station does not let itself be asked", station=session.station, why=str(refusal))
        except Exception:  # noqa: BLE001 - a fault of ours with one station ends no other asking
            self._metrics.faults.n += 1
            _log.exception("a station could not be asked", station=session.station)

    async def _ask_status(self, session: Session) -> None:
        questions = every_status(session.version)
        question = next(questions)
        try:
            while True:
                answer = await session.call(question.action, question.payload, self._timeout)
                self._metrics.prompted.n += 1
                question = questions.send(type(answer) is dict and answer.get("status") == "Accepted")
        except StopIteration:
            return

"""This gateway's inbox: what other gateways' routers have for the stations that are connected here."""

import asyncio
import contextlib

import msgspec
import structlog

from contract.deliveries import (
    FOR_GATEWAY,
    CloseConnection,
    Delivery,
    RestatePresence,
    RunCommand,
    inbox_of,
)
from contract.records import RecordReader, UnreadableRecord
from contract.results import CommandRequest
from contract.topics import DELIVERIES
from eventlog.port import EventLog, LogUnavailable, Stored
from gateway.orders import Orders
from gateway.presence import Announcer
from gateway.sessions import Sessions
from service.states import LoggedState

RETRY_SECONDS = 0.5

_log = structlog.get_logger(__name__)


class Inbox:
    """Reads the one partition of `ocpp.deliveries.v1` that is this gateway's, and acts on what is for it.

    `reading` is set once records that come from now on are seen: only then may a station be announced
    as connected here.
    """

    def __init__(
        self, log: EventLog, gateway: str, sessions: Sessions, orders: Orders, announcer: Announcer
    ) -> None:
        self._log = log
        self._gateway = gateway.encode()
        self._name = gateway
        self._sessions = sessions
        self._orders = orders
        self._announcer = announcer
        self._deliveries: RecordReader[Delivery] = RecordReader(Delivery)  # type: ignore[arg-type]
        self._state = LoggedState(_log, "the inbox cannot be read just now")
        self.reading = asyncio.Event()

    async def watch(self) -> None:
        """Read until cancelled; a task of its owner."""
        while True:
            try:
                await self._read()
            except LogUnavailable as trouble:
                self._state.failed(trouble)
                await asyncio.sleep(RETRY_SECONDS)

    async def _read(self) -> None:
        number = inbox_of(self._name, await self._log.partitions(DELIVERIES.name))
        tail = self._log.tail([DELIVERIES.name], partitions=[number], started=self._started)
        async with contextlib.aclosing(tail) as records:
            async for stored in records:
                if (FOR_GATEWAY, self._gateway) in stored.record.headers:
                    self._act(stored)

    def _started(self) -> None:
        self._state.works()
        self.reading.set()

    def _act(self, stored: Stored) -> None:
        try:
            delivery = self._deliveries.read(stored.record.value)
            if isinstance(delivery, RunCommand):
                msgspec.convert(delivery.request, CommandRequest)  # the orders rely on it
        except (UnreadableRecord, msgspec.ValidationError) as fault:
            _log.warning("a delivery cannot be read", place=stored.place, why=str(fault))
            return
        session = self._sessions.get(delivery.station)
        match delivery:
            case RunCommand():
                self._orders.take(delivery, session)
            case CloseConnection():
                if session is not None and session.connection == delivery.connection:
                    self._announcer.superseded(delivery.station, delivery.connection)
                    session.end("takeover")
            case RestatePresence():
                if session is not None and session.connection == delivery.connection:
                    is_said = self._announcer.restate(delivery.station, delivery.connection)
                    if is_said and delivery.was_lost:
                        session.tell_again()

"""OCPP-J as a station speaks it on one connection: one open CALL of ours, every CALL of theirs answered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import orjson

from simulator.facts import Payload, Version
from simulator.journal import Exchange, Outcome

if TYPE_CHECKING:
    from simulator.clock import Clock
    from simulator.settings import StationConfig
    from simulator.wire import Wire

CALL, CALLRESULT, CALLERROR = 2, 3, 4

Afterwards = Callable[[], Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True)
class Answer:
    """A CALLRESULT for a command, and what the station does once it is on its way."""

    payload: Payload = field(default_factory=dict)
    then: Afterwards | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A CALLERROR for a command."""

    code: str
    description: str = ""


def malformed(version: Version) -> str:
    """The error code for a CALL that cannot be understood: the versions spell it differently."""
    return "FormationViolation" if version is Version.V16 else "FormatViolation"


class Listener(Protocol):
    """Who speaks: told of commands, exchanges begun and ended, frames without sense, the end."""

    def obey(self, action: str, payload: Payload) -> Answer | Refusal: ...
    def carry_out(self, then: Afterwards) -> object: ...
    def noted(self, exchange: Exchange) -> None: ...
    def settled(self, exchange: Exchange) -> None: ...
    def puzzled(self) -> None: ...
    def hung_up(self) -> None: ...


class Dialogue:
    """One connection's conversation. Calls wait for their turn in the order in which they were made."""

    def __init__(
        self, wire: Wire, listener: Listener, config: StationConfig, clock: Clock, timeout_seconds: float
    ) -> None:
        self._wire = wire
        self._listener = listener
        self._station = config.id
        self._malformed = malformed(config.version)
        self._timeout_seconds = timeout_seconds
        self._now = clock.wall_seconds
        self._loop = asyncio.get_running_loop()
        self._turn = asyncio.Lock()
        self._open: Exchange | None = None
        self._settled: asyncio.Future[None] | None = None
        self._ended = False
        self.last_sent_at = self._now()

    async def call(
        self, message_id: str | int, action: str, payload: Payload, *, attempt: int = 1, kept: bool = False
    ) -> Exchange:
        """Makes one CALL and returns it with its outcome; never raises for what the other side does."""
        exchange = Exchange(self._station, message_id, action, payload, self._now(), attempt, kept)
        async with self._turn:
            if self._ended:
                exchange.outcome = Outcome.DISCONNECTED
                return exchange
            exchange.sent_at = self.last_sent_at = self._now()
            self._open, self._settled = exchange, self._loop.create_future()
            self._listener.noted(exchange)
            deadline = self._loop.call_later(self._timeout_seconds, self._settle, exchange, Outcome.TIMEOUT)
            try:
                await self._wire.send(orjson.dumps([CALL, message_id, action, payload]))
                await self._settled
            except ConnectionError:
                self.hang_up()
            finally:
                deadline.cancel()
                self._settle(exchange, Outcome.DISCONNECTED)  # only where we were cancelled
                self._open = self._settled = None
        return exchange

    async def send_raw(self, text: bytes) -> None:
        """Puts any text on the wire: how a faulty station breaks a frame."""
        await self._wire.send(text)

    async def listen(self) -> None:
        """Hears everything until the connection ends; afterwards no call has an effect any more."""
        try:
            while (text := await self._wire.receive()) is not None:
                await self._hear(text)
        except ConnectionError:
            pass  # it ended while we answered: the same to us as a close
        finally:
            self.hang_up()

    async def _hear(self, text: bytes | str) -> None:
        try:
            frame = orjson.loads(text)
        except orjson.JSONDecodeError:
            self._listener.puzzled()
            return
        match frame:
            case [3, message_id, answer] if isinstance(answer, dict):
                self._hear_answer(message_id, Outcome.RESULT, answer=answer)
            case [4, message_id, str(code), *_]:
                self._hear_answer(message_id, Outcome.ERROR, code=code)
            case [2, message_id, str(action), payload] if isinstance(payload, dict):
                await self._reply(message_id, action, payload)
            case [2, str(message_id), *_]:
                self._listener.puzzled()
                await self._wire.send(orjson.dumps([CALLERROR, message_id, self._malformed, "", {}]))
            case _:
                self._listener.puzzled()

    async def _reply(self, message_id: Any, action: str, payload: Payload) -> None:
        match self._listener.obey(action, payload):
            case Answer(answer, then):
                await self._wire.send(orjson.dumps([CALLRESULT, message_id, answer]))
                if then is not None:
                    self._listener.carry_out(then)
            case Refusal(code, description):
                await self._wire.send(orjson.dumps([CALLERROR, message_id, code, description, {}]))

    def _hear_answer(
        self, message_id: Any, outcome: Outcome, *, answer: Payload | None = None, code: str | None = None
    ) -> None:
        exchange = self._open
        if exchange is None or exchange.message_id != message_id or exchange.outcome is not None:
            self._listener.puzzled()
            return
        exchange.answer, exchange.error_code = answer, code
        self._settle(exchange, outcome)

    def hang_up(self) -> None:
        """Tells the station at once, whoever sees the end first: until it knows, it would call again."""
        self._ended = True
        if self._open is not None:
            self._settle(self._open, Outcome.DISCONNECTED)
        self._listener.hung_up()

    def _settle(self, exchange: Exchange, outcome: Outcome) -> None:
        if exchange.outcome is not None:
            return
        exchange.outcome, exchange.answered_at = outcome, self._now()
        self._listener.settled(exchange)
        if self._settled is not None and not self._settled.done():
            self._settled.set_result(None)

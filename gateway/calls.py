"""Our CALLs to one station: in turn, each with a deadline, each ended once, whatever happens."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from math import inf
from typing import Any
from uuid import uuid4

from gateway.metrics import GatewayMetrics
from gateway.ocpp.rpc import Answered, Refused, Rpc
from gateway.ocpp.schemas import SCHEMAS, Fault

Send = Callable[[bytes], Awaitable[None]]


class CallInvalid(Exception):
    """The payload breaks the official schema of the action: nothing was sent."""

    def __init__(self, action: str, faults: list[Fault]) -> None:
        super().__init__(f"{action}: {faults[0].pointer or '/'}: {faults[0].message}" if faults else action)
        self.faults = faults


class CallRefused(Exception):
    """The station answered with a CALLERROR."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(f"{refused.code}: {refused.description}")
        self.code = refused.code
        self.description = refused.description
        self.details = refused.details


class CallTimedOut(Exception):
    """The station did not answer in time; whether it acted is unknown. `id` is the CALL's, should it answer yet."""

    def __init__(self, id_: str) -> None:
        super().__init__("the station did not answer in time")
        self.id = id_


class CallExpired(Exception):
    """The CALL's turn did not come in time: nothing was sent."""


class ConnectionLost(Exception):
    """The connection ended before the answer came; where it `was_sent`, whether the station acted is unknown."""

    def __init__(self, *, was_sent: bool) -> None:
        super().__init__("the connection was lost")
        self.was_sent = was_sent


class Calls:
    """One station's turn for our CALLs: first come, first served, one open at a time."""

    __slots__ = ("_lost", "_metrics", "_pending", "_rpc", "_schemas", "_send", "_turn", "_waiting")

    def __init__(self, version: str, rpc: Rpc, send: Send, metrics: GatewayMetrics) -> None:
        self._schemas = SCHEMAS[version]
        self._rpc = rpc
        self._send = send
        self._metrics = metrics
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._pending: asyncio.Future[Answered | Refused | None] | None = None
        self._lost = False

    async def call(
        self, action: str, payload: dict[str, Any], timeout_seconds: float, answer_seconds: float = inf
    ) -> Any:
        """Send a CALL when it is its turn; the payload of its result.

        The timeout is for all of it; from when it is sent `answer_seconds` count, too.
        Raises CallInvalid, CallExpired, CallRefused, CallTimedOut, ConnectionLost.
        """
        schema = self._schemas.requests.get(action)
        if schema is None or not schema.is_valid(payload):
            raise CallInvalid(action, schema.faults(payload) if schema else [])
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_seconds
        await self._take_turn(deadline)
        try:
            if self._lost:
                raise ConnectionLost(was_sent=False)
            answer_by = min(deadline, loop.time() + answer_seconds)
            return await self._open(uuid4().hex, action, payload, answer_by)
        finally:
            self._turn.release()

    async def _take_turn(self, deadline: float) -> None:
        if not self._turn.locked() and not self._waiting:
            await self._turn.acquire()  # at once: a timer would cost more than all of this
            return
        self._waiting += 1
        try:
            async with asyncio.timeout_at(deadline):
                await self._turn.acquire()
        except TimeoutError:
            raise CallExpired from None
        finally:
            self._waiting -= 1

    async def _open(self, id_: str, action: str, payload: dict[str, Any], deadline: float) -> Any:
        pending = self._pending = asyncio.get_running_loop().create_future()
        started = time.perf_counter()
        frame = self._rpc.call(id_, action, payload)
        try:
            async with asyncio.timeout_at(deadline):
                await self._send(frame)
                self._metrics.sent.at("call", action).n += 1
                self._metrics.sent_bytes.n += len(frame)
                happened = await pending
        except TimeoutError:
            self._metrics.own_call_timeouts.n += 1
            raise CallTimedOut(id_) from None
        except ConnectionError:
            raise ConnectionLost(was_sent=True) from None
        finally:
            self._rpc.give_up(id_)
            self._pending = None
        if happened is None:
            raise ConnectionLost(was_sent=True)
        self._metrics.own_call_seconds.observe(time.perf_counter() - started)
        if isinstance(happened, Refused):
            raise CallRefused(happened)
        if not self._schemas.responses[action].is_valid(happened.payload):
            self._metrics.invalid.at("schema").n += 1
        return happened.payload

    def resolve(self, happened: Answered | Refused) -> None:
        """The answer of the open CALL came."""
        if self._pending is not None and not self._pending.done():
            self._pending.set_result(happened)

    def lose(self) -> None:
        """The connection is gone: nobody will answer any more."""
        self._lost = True
        if self._pending is not None and not self._pending.done():
            self._pending.set_result(None)

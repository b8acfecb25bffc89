"""A central system of the public `ocpp` package on `websockets`: it shares no line with the simulator or with us."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any, TypeVar

import ocpp.v16
import ocpp.v16.call_result
import ocpp.v21
import ocpp.v21.call_result
import ocpp.v201
import ocpp.v201.call_result
import websockets
from ocpp import routing
from websockets import Subprotocol
from websockets.asyncio.server import ServerConnection

NOW = "2026-01-01T00:00:00Z"
ACCEPTED = {"status": "Accepted"}
Method = TypeVar("Method", bound=Callable[..., Any])


def answers(action: str) -> Callable[[Method], Method]:
    """The package's router, which has no types of its own."""
    route: Callable[[Method], Method] = routing.on(action)  # type: ignore[no-untyped-call]
    return route


class _CentralSystem:
    """What all versions answer alike; `result` is the version's module of answers."""

    result: Any

    @answers("BootNotification")
    def booted(self, **_: Any) -> Any:
        return self.result.BootNotification(current_time=NOW, interval=300, status="Accepted")

    @answers("Heartbeat")
    def beaten(self, **_: Any) -> Any:
        return self.result.Heartbeat(current_time=NOW)

    @answers("StatusNotification")
    def status_changed(self, **_: Any) -> Any:
        return self.result.StatusNotification()

    @answers("SecurityEventNotification")
    def secured(self, **_: Any) -> Any:
        return self.result.SecurityEventNotification()


class CentralSystem16(_CentralSystem, ocpp.v16.ChargePoint):
    """The central system's end of one 1.6 connection."""

    result: Any = ocpp.v16.call_result

    @answers("Authorize")
    def authorized(self, **_: Any) -> Any:
        return self.result.Authorize(id_tag_info=ACCEPTED)

    @answers("StartTransaction")
    def started(self, **_: Any) -> Any:
        return self.result.StartTransaction(transaction_id=41, id_tag_info=ACCEPTED)

    @answers("MeterValues")
    def metered(self, **_: Any) -> Any:
        return self.result.MeterValues()

    @answers("StopTransaction")
    def stopped(self, **_: Any) -> Any:
        return self.result.StopTransaction()


class _CentralSystem2x(_CentralSystem):
    @answers("NotifyEvent")
    def notified(self, **_: Any) -> Any:
        return self.result.NotifyEvent()

    @answers("Authorize")
    def authorized(self, **_: Any) -> Any:
        return self.result.Authorize(id_token_info=ACCEPTED)

    @answers("TransactionEvent")
    def told(self, **payload: Any) -> Any:
        return self.result.TransactionEvent(id_token_info=ACCEPTED if "id_token" in payload else None)


class CentralSystem201(_CentralSystem2x, ocpp.v201.ChargePoint):
    """The central system's end of one 2.0.1 connection."""

    result = ocpp.v201.call_result


class CentralSystem21(_CentralSystem2x, ocpp.v21.ChargePoint):
    """The central system's end of one 2.1 connection."""

    result = ocpp.v21.call_result


_SYSTEMS: dict[Subprotocol, Any] = {
    Subprotocol("ocpp1.6"): CentralSystem16,
    Subprotocol("ocpp2.0.1"): CentralSystem201,
    Subprotocol("ocpp2.1"): CentralSystem21,
}


@contextlib.asynccontextmanager
async def serving(connected: asyncio.Event | None = None) -> AsyncIterator[str]:
    """Serves all versions; yields the URL. The event is set by the first station that comes."""

    async def converse(socket: ServerConnection) -> None:
        if connected is not None:
            connected.set()
        system = _SYSTEMS[socket.subprotocol or Subprotocol("")]("station", socket)
        with contextlib.suppress(websockets.ConnectionClosed):
            await system.start()

    async with websockets.serve(converse, "127.0.0.1", 0, subprotocols=list(_SYSTEMS)) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        yield f"ws://127.0.0.1:{port}/ocpp"

"""Our CALLs: only what is lawful is sent, and what is answered is handed on even where it is not."""

import asyncio
import json
from typing import Any

import pytest

from gateway.calls import CallExpired, CallInvalid, Calls, CallTimedOut, ConnectionLost
from gateway.metrics import GatewayMetrics
from gateway.ocpp.rpc import Answered, Rpc
from gateway.ocpp.versions import VERSIONS


class Wire:
    """Calls on a wire that the test holds."""

    def __init__(self, version: str = "1.6") -> None:
        self.sent: asyncio.Queue[Any] = asyncio.Queue()
        self.fault: Exception | None = None
        self.metrics = GatewayMetrics()
        self.rpc = Rpc(VERSIONS[version])
        self.calls = Calls(version, self.rpc, self._send, self.metrics)

    async def _send(self, frame: bytes) -> None:
        if self.fault:
            raise self.fault
        self.sent.put_nowait(json.loads(frame))

    async def answer(self, payload: Any) -> str:
        async with asyncio.timeout(1):
            frame = await self.sent.get()
        happened = self.rpc.receive(json.dumps([3, frame[1], payload]).encode())
        assert isinstance(happened, Answered)
        self.calls.resolve(happened)
        return happened.id


@pytest.mark.parametrize(
    ("action", "payload"),
    [
        ("Reset", {}),
        ("Reset", {"type": "Gently"}),
        ("Reset", {"type": "Soft", "now": True}),
        ("NoAction", {}),
    ],
)
async def test_what_breaks_the_schema_is_not_sent(action: str, payload: Any) -> None:
    wire = Wire()
    with pytest.raises(CallInvalid) as invalid:
        await wire.calls.call(action, payload, 1)
    assert action in str(invalid.value)
    assert wire.sent.empty()


async def test_an_answer_that_breaks_the_schema_is_counted_and_handed_on() -> None:
    wire = Wire()
    calling = asyncio.create_task(wire.calls.call("Reset", {"type": "Soft"}, 1))
    await wire.answer({"status": "Perhaps"})
    assert await calling == {"status": "Perhaps"}
    assert wire.metrics.invalid.at("schema").n == 1


async def test_ids_never_repeat() -> None:
    wire = Wire()
    seen = set()
    for _ in range(100):
        calling = asyncio.create_task(wire.calls.call("Reset", {"type": "Soft"}, 1))
        seen.add(await wire.answer({"status": "Accepted"}))
        await calling
    assert len(seen) == 100
    assert all(len(id_) <= 36 for id_ in seen), "OCPP 1.6J §4.1.4: at most 36 characters"


async def test_a_send_that_fails_gives_the_turn_back() -> None:
    wire = Wire()
    wire.fault = ConnectionResetError()
    with pytest.raises(ConnectionLost):
        await wire.calls.call("Reset", {"type": "Soft"}, 1)
    wire.fault = None
    calling = asyncio.create_task(wire.calls.call("Reset", {"type": "Soft"}, 1))
    await wire.answer({"status": "Accepted"})
    await calling


async def test_the_deadline_holds_for_the_wait_for_ones_turn_too() -> None:
    wire = Wire()
    first = asyncio.create_task(wire.calls.call("Reset", {"type": "Soft"}, 0.2))
    second = asyncio.create_task(wire.calls.call("Reset", {"type": "Hard"}, 0.1))
    third = asyncio.create_task(wire.calls.call("Reset", {"type": "Soft"}, 5))
    with pytest.raises(CallExpired):
        await second
    with pytest.raises(CallTimedOut):
        await first
    assert wire.sent.get_nowait()[3] == {"type": "Soft"}
    await wire.answer({"status": "Accepted"})
    assert await third == {"status": "Accepted"}
    assert wire.sent.empty(), "what expired was never sent"


async def test_the_answer_at_the_last_moment_is_no_fault() -> None:
    wire = Wire()
    calling = asyncio.create_task(wire.calls.call("Reset", {"type": "Soft"}, 1))
    await wire.answer({"status": "Accepted"})
    calling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await calling
    again = asyncio.create_task(wire.calls.call("Reset", {"type": "Soft"}, 1))
    await wire.answer({"status": "Accepted"})
    await again

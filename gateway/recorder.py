"""Every frame both ways into `ocpp.frames.v1`, for those who hunt a station's fault; off by default.

The records are the frames as they were, but for secrets (`contract.secrets`), beside and not before the traffic:
recording never delays or refuses a message, and what the log does not take is lost. A frame that is no JSON and may
hold a secret is recorded as `"***"`.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import uuid4

from contract.envelope import Envelope
from contract.secrets import harmless
from contract.topics import FRAMES
from eventlog.port import EventLog, Record
from gateway.ocpp.rpc import Garbled
from gateway.translation.moments import written
from gateway.transport import Transport

Keep = Callable[[bytes, str], None]


class Recorder:
    """A transport that lets `keep` see each frame: with "received" or "sent"."""

    def __init__(self, inner: Transport, keep: Keep) -> None:
        self._inner = inner
        self._keep = keep
        self.ping = inner.ping
        self.close = inner.close
        self.abort = inner.abort

    @property
    def heard_at(self) -> float:
        return self._inner.heard_at

    async def receive(self) -> bytes | Garbled | None:
        data = await self._inner.receive()
        if isinstance(data, bytes):
            self._keep(data, "received")
        return data

    async def send(self, frame: bytes) -> None:
        self._keep(frame, "sent")
        await self._inner.send(frame)


def record(log: EventLog, made: Envelope, station: str, frame: bytes, direction: str) -> None:
    """Append one frame, without waiting."""
    headers = [
        *made.shared,
        ("ce_type", b"ocpp.frame." + direction.encode()),
        ("ce_id", uuid4().hex.encode()),
        ("ce_time", written(datetime.now(UTC)).encode()),
    ]
    appended = asyncio.ensure_future(log.append(Record(FRAMES.name, station, harmless(frame), headers)))
    appended.add_done_callback(lambda done: done.cancelled() or done.exception())

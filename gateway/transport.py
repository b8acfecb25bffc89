"""The port of a WebSocket, as a session needs it; `server` has the real one."""

from typing import Protocol

from gateway.ocpp.rpc import Garbled


class Ended(Exception):
    """The transport has no more frames; says why (a reason of the metric's closed set) and the close code."""

    def __init__(self, reason: str, code: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.code = code


class Transport(Protocol):
    """A WebSocket as the session sees it."""

    @property
    def heard_at(self) -> float:
        """When anything at all last came from the station (monotonic seconds)."""

    async def receive(self) -> bytes | Garbled | None:
        """The next frame, or what was no text frame; None for a mere sign of life. Raises Ended."""

    async def send(self, frame: bytes) -> None:
        """Raises ConnectionError when the station is gone."""

    def ping(self) -> None:
        """Ask for a sign of life, without waiting."""

    async def close(self, code: int, reason: str) -> None:
        """Close with a code (RFC 6455 §7.4); harmless when it is closed."""

    def abort(self) -> None:
        """Drop the connection: nobody listens at the other end."""

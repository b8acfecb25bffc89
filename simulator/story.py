"""What a dialect is: how one OCPP version tells a station's life, and how it understands commands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from simulator.connector import Connector
    from simulator.dialogue import Answer, Refusal
    from simulator.facts import BootReason, ChargingState, Message, Payload, StopCause, Token
    from simulator.visit import Visit


class Story(Protocol):
    """One visit of a car, told as it happens. Each version decides which turn becomes which message."""

    @property
    def transaction_id(self) -> str | None:
        """The transaction's id as text, as soon as it has one."""

    @property
    def is_open(self) -> bool:
        """Whether a transaction has begun and not ended."""

    def plugged_in(self) -> None: ...
    def authorized(self) -> None: ...
    def energy_became(self, state: ChargingState) -> None: ...
    def metered(self, context: str) -> None: ...
    def ended(self, cause: StopCause) -> None: ...


class Dialect(Protocol):
    """One version's way of speaking, for one station."""

    def boot(self, reason: BootReason) -> Message: ...
    def heartbeat(self) -> Message: ...
    def authorize(self, token: Token) -> Message: ...
    def is_accepted(self, answer: Payload) -> bool:
        """Whether an answer to Authorize (or to a start) lets the driver charge."""

    def status(self, connector: Connector) -> list[Message]:
        """What to send when the connector's status is news; empty when this version sees no change."""

    def shown_status(self, connector: Connector) -> str:
        """The status as this version shows it, to recognise news."""

    def security_event(self, kind: str, timestamp: str) -> Message | None:
        """A security event, or None where the station does not know the extension."""

    def reservation_expired(self, reservation_id: int) -> Message | None: ...
    def firmware_status(self, status: str, request_id: int | None) -> Message: ...
    def log_status(self, status: str, request_id: int | None) -> Message: ...
    def story(self, connector: Connector, visit: Visit) -> Story: ...
    def obey(self, action: str, payload: Payload) -> Answer | Refusal: ...

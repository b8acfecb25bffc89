"""How a 1.6 station speaks: messages, stories and commands put together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.v16 import commands, messages
from simulator.v16.story import Story16

if TYPE_CHECKING:
    from simulator.connector import Connector
    from simulator.dialogue import Answer, Refusal
    from simulator.facts import BootReason, Message, Payload, Token
    from simulator.station import Station
    from simulator.visit import Visit


class Dialect16:
    """One 1.6 station's way of speaking."""

    def __init__(self, station: Station) -> None:
        self._station = station

    def boot(self, _reason: BootReason) -> Message:
        return messages.boot(self._station.config, self._station.controls.firmware_text)

    def heartbeat(self) -> Message:
        return messages.heartbeat()

    def authorize(self, token: Token) -> Message:
        return messages.authorize(token)

    def is_accepted(self, answer: Payload) -> bool:
        info = answer.get("idTagInfo")
        return isinstance(info, dict) and info.get("status") == "Accepted"

    def shown_status(self, connector: Connector) -> str:
        return connector.status.value

    def status(self, connector: Connector) -> list[Message]:
        timestamp = self._station.clock.timestamp()
        return [messages.status(connector.number, connector.status, timestamp, connector.fault)]

    def security_event(self, kind: str, timestamp: str) -> Message | None:
        return None if self._station.config.profile.core_only else messages.security_event(kind, timestamp)

    def reservation_expired(self, _reservation_id: int) -> Message | None:
        """1.6 tells it by the connector's status."""
        return None

    def firmware_status(self, status: str, request_id: int | None) -> Message:
        return messages.firmware_status(status, request_id)

    def log_status(self, status: str, request_id: int | None) -> Message:
        return messages.log_status(status, request_id)

    def story(self, connector: Connector, visit: Visit) -> Story16:
        return Story16(self._station, connector, visit)

    def obey(self, action: str, payload: Payload) -> Answer | Refusal:
        return commands.obey(self._station, action, payload)

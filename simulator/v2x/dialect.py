"""How a 2.x station speaks: messages, stories and commands put together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.chance import stream
from simulator.v2x import commands, messages
from simulator.v2x.story import Story2x

if TYPE_CHECKING:
    from simulator.connector import Connector
    from simulator.dialogue import Answer, Refusal
    from simulator.facts import BootReason, Message, Payload, Token
    from simulator.station import Station
    from simulator.visit import Visit


class Dialect2x:
    """One 2.x station's way of speaking. By its seed it begins transactions at the plug or at the card."""

    def __init__(self, station: Station) -> None:
        self._station = station
        self._stories = 0
        self._events = 0
        if stream(station.config.seed, "start point").random() < 0.5:
            station.device.install("TxCtrlr.TxStartPoint", "EVConnected")

    def boot(self, reason: BootReason) -> Message:
        return messages.boot(self._station.config, reason, self._station.controls.firmware_text)

    def heartbeat(self) -> Message:
        return messages.heartbeat()

    def authorize(self, token: Token) -> Message:
        return messages.authorize(token)

    def is_accepted(self, answer: Payload) -> bool:
        info = answer.get("idTokenInfo")
        return isinstance(info, dict) and info.get("status") == "Accepted"

    def shown_status(self, connector: Connector) -> str:
        return messages.shown_status(connector.status)

    def status(self, connector: Connector) -> list[Message]:
        timestamp = self._station.clock.timestamp()
        if self._station.config.status_by_event:
            self._events += 1
            return [messages.availability(connector.number, connector.status, timestamp, self._events)]
        return [messages.status(connector.number, connector.status, timestamp)]

    def security_event(self, kind: str, timestamp: str) -> Message | None:
        return messages.security_event(kind, timestamp)

    def reservation_expired(self, reservation_id: int) -> Message | None:
        return messages.reservation_expired(reservation_id)

    def firmware_status(self, status: str, request_id: int | None) -> Message:
        return messages.firmware_status(status, request_id)

    def log_status(self, status: str, request_id: int | None) -> Message:
        return messages.log_status(status, request_id)

    def story(self, connector: Connector, visit: Visit) -> Story2x:
        self._stories += 1
        return Story2x(self._station, connector, visit, self._stories)

    def obey(self, action: str, payload: Payload) -> Answer | Refusal:
        return commands.obey(self._station, action, payload)

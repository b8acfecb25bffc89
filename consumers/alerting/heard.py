"""An event as the engine takes it in: what was said, and when."""

from typing import NamedTuple

from consumers.runtime.consumer import Message
from contract.events import Event


class Heard(NamedTuple):
    """An event with its times, in ms since 1970.

    `at_ms` is the gateway's clock when it received it, which is the time that rules go by: stations' clocks lie,
    and what a station says late it says now. `appended_ms` is when the log had it, later where the log was away.
    """

    event: Event
    at_ms: int
    appended_ms: int
    id: str
    connection: str | None = None


def heard_in(message: Message, event: Event) -> Heard:
    """The event of a message."""
    appended_ms = int(message.appended_at.timestamp() * 1000)
    # A gateway whose clock is ahead must not have the future happen.
    at_ms = min(int(event.received_at.timestamp() * 1000), appended_ms)
    place = message.place
    named = message.id or f"{place.topic}/{place.partition}/{place.offset}"
    return Heard(event, at_ms, appended_ms, named, message.connection)

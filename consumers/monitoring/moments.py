"""Which time of an event counts, in milliseconds since the epoch."""

from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from contract.events import Event

BELIEVED_MS: Final = 31 * 86_400_000
"""A station that says that something happened longer ago has a clock that was never set."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def ms(moment: datetime) -> int:
    """A time as milliseconds."""
    return (moment - _EPOCH) // _MILLISECOND


def moment(at_ms: int) -> datetime:
    """Milliseconds as a time, UTC."""
    return _EPOCH + at_ms * _MILLISECOND


def believed(at: datetime | None, received_ms: int) -> int:
    """The station's time, where it is one: not after the gateway heard of it, nor absurdly long before."""
    if at is None:
        return received_ms
    at_ms = ms(at)
    return at_ms if received_ms - BELIEVED_MS <= at_ms <= received_ms else received_ms


class When(NamedTuple):
    """When something happened, and when the gateway heard of it."""

    at_ms: int
    received_ms: int


def when(event: Event) -> When:
    """The times of an event."""
    received_ms = ms(event.received_at)
    return When(believed(event.occurred_at, received_ms), received_ms)

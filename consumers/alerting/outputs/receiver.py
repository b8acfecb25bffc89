"""The port of a receiver: what it is told, and how it says that it did not take it."""

import hashlib
from collections.abc import Sequence
from typing import NamedTuple, Protocol
from urllib.parse import urlsplit

from consumers.alerting.alerts import Alert


class Telling(NamedTuple):
    """The newest state of an alert that a receiver is told; `stamp` tells it from the alert's other states."""

    fingerprint: str
    stamp: str
    alert: Alert
    resolved: bool


class NotTaken(Exception):
    """The receiver did not take it; says why. Worth another try, for the receiver may be mended."""


class Receiver(Protocol):
    """Somebody who is told."""

    @property
    def name(self) -> str:
        """As in the metrics and the queue; without secrets, and the same after a restart."""

    @property
    def at_once(self) -> int:
        """How many alerts it is told in one go."""

    @property
    def again_seconds(self) -> float | None:
        """How soon it wants to be told again of an alert that stands; None: only when it changes."""

    async def tell(self, tellings: Sequence[Telling]) -> None:
        """Tell it, all or nothing. Raises NotTaken."""


def name_of(kind: str, address: str) -> str:
    """A receiver's name: its kind and host. What else is in its address may be secret, and is a digest here."""
    parts = urlsplit(address)
    name = f"{kind} {parts.netloc.rpartition('@')[2]}"
    if not (parts.path or parts.query):
        return name
    return f"{name} {hashlib.blake2b(address.encode(), digest_size=4).hexdigest()}"

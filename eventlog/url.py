"""From an address to an engine: `sqlite:///./var/x.db`, `kafka://host:9092,host:9092`."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

from eventlog.embedded import EmbeddedLog
from eventlog.in_flight import DEFAULT_LIMITS, Limits
from eventlog.port import EventLog

if TYPE_CHECKING:
    from eventlog.kafka import KafkaSettings

SQLITE = "sqlite:///"
KAFKA = "kafka://"
HOW = "write sqlite:///relative/path.db, sqlite:////absolute/path.db or kafka://host:port,host:port"
_BROKER = re.compile(r"[^\s:/,@]+:\d{1,5}|\[[0-9a-fA-F:]+\]:\d{1,5}")


def is_address(url: str) -> bool:
    """Whether an event log can be named so."""
    if url.startswith(KAFKA):
        return all(map(_BROKER.fullmatch, url.removeprefix(KAFKA).split(",")))
    return url.startswith(SQLITE) and url != SQLITE


def open_log(url: str, limits: Limits = DEFAULT_LIMITS, kafka: "KafkaSettings | None" = None) -> EventLog:
    """The log at this address, not yet opened. Raises ValueError with what is wrong with the address."""
    if not is_address(url):
        raise ValueError(f"{url!r} is no event log: {HOW}")
    if url.startswith(SQLITE):
        return EmbeddedLog(Path(url.removeprefix(SQLITE)), limits)
    # Imported here, because a laptop on the embedded log need not wait for it.
    from eventlog.kafka import KafkaLog, KafkaSettings  # noqa: PLC0415

    return KafkaLog(url.removeprefix(KAFKA), limits, kafka or KafkaSettings())

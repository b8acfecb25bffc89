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
BROKER = re.compile(r"[^\s:/,@]+:\d{1,5}|\[[0-9a-fA-F:]+\]:\d{1,5}")


def open_log(url: str, limits: Limits = DEFAULT_LIMITS, kafka: "KafkaSettings | None" = None) -> EventLog:
    """The log at this address, not yet opened. Raises ValueError with what is wrong with the address."""
    if url.startswith(KAFKA) and all(map(BROKER.fullmatch, url.removeprefix(KAFKA).split(","))):
        # Imported here, because a laptop on the embedded log need not wait for it.
        from eventlog.kafka import KafkaLog, KafkaSettings  # noqa: PLC0415

        return KafkaLog(url.removeprefix(KAFKA), limits, kafka or KafkaSettings())
    if url.startswith(SQLITE) and (path := url.removeprefix(SQLITE)):
        return EmbeddedLog(Path(path), limits)
    raise ValueError(
        f"{url!r} is no event log: write sqlite:///relative/path.db, sqlite:////absolute/path.db"
        " or kafka://host:port,host:port"
    )

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
SQLITE_FORMS = (SQLITE, "sqlite+aiosqlite:///")
"""The beginnings of an address of an SQLite file; the second names a driver, as SQLAlchemy writes it."""
KAFKA = "kafka://"
HOW = "write sqlite:///relative/path.db, sqlite:////absolute/path.db or kafka://host:port,host:port"
_BROKER = re.compile(r"[^\s:/,@]+:\d{1,5}|\[[0-9a-fA-F:]+\]:\d{1,5}")


def sqlite_path(url: str) -> str | None:
    """The path in an address of an SQLite file, relative or absolute; None where the address is none."""
    for form in SQLITE_FORMS:
        if url.startswith(form):
            return url.removeprefix(form) or None
    return None


def is_address(url: str) -> bool:
    """Whether an event log can be named so."""
    if url.startswith(KAFKA):
        return all(map(_BROKER.fullmatch, url.removeprefix(KAFKA).split(",")))
    return sqlite_path(url) is not None


def open_log(url: str, limits: Limits = DEFAULT_LIMITS, kafka: "KafkaSettings | None" = None) -> EventLog:
    """The log at this address, not yet opened. Raises ValueError with what is wrong with the address."""
    if not is_address(url):
        raise ValueError(f"{url!r} is no event log: {HOW}")
    path = sqlite_path(url)
    if path is not None:
        return EmbeddedLog(Path(path), limits)
    # Imported here, because a laptop on the embedded log need not wait for it.
    from eventlog.kafka import KafkaLog, KafkaSettings  # noqa: PLC0415

    return KafkaLog(url.removeprefix(KAFKA), limits, kafka or KafkaSettings())

"""From an address to an engine: `sqlite:///./var/x.db`, `kafka://host:9092,host:9092`."""

from pathlib import Path

from eventlog.embedded import EmbeddedLog
from eventlog.in_flight import DEFAULT_LIMITS, Limits
from eventlog.port import EventLog

SQLITE = "sqlite:///"


def open_log(url: str, limits: Limits = DEFAULT_LIMITS) -> EventLog:
    """The log at this address, not yet opened. Raises ValueError with what is wrong with the address."""
    if url.startswith(SQLITE) and (path := url.removeprefix(SQLITE)):
        return EmbeddedLog(Path(path), limits)
    raise ValueError(
        f"{url!r} is no event log: write sqlite:///relative/path.db, sqlite:////absolute/path.db"
        " or kafka://host:port,host:port"
    )

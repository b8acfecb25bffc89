"""The engine that needs nothing but Python: one SQLite file, shared by the processes of one machine."""

from eventlog.embedded.log import EmbeddedLog

__all__ = ["EmbeddedLog"]

"""What a router wants done: plain data, from the pure core to the shell that does it."""

from typing import NamedTuple

from eventlog.port import Record


class Published(NamedTuple):
    """The result of the command with this key is in the log."""

    command: str


class Spent(NamedTuple):
    """The record at this offset of the commands' partition needs nothing more."""

    offset: int


Done = Published | Spent


class Propose(NamedTuple):
    """Append this once. What counts is what is read back; who proposed looks again later."""

    record: Record


class Insist(NamedTuple):
    """Append this until the log has taken it, or until `until` (monotonic seconds); then say `done`.

    `asked_ms` is when the command was asked for, where this is what takes it to its station.
    """

    record: Record
    done: Done | None = None
    until: float | None = None
    asked_ms: int | None = None


Action = Propose | Insist


class Now(NamedTuple):
    """The time, twice: `mono` in seconds for what must pass, `wall_ms` since 1970 for what is written."""

    mono: float
    wall_ms: int

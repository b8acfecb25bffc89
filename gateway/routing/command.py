"""One command as its router knows it: what was asked, and what the notes have made of it so far. Pure."""

from typing import TYPE_CHECKING, NamedTuple

from gateway.routing import requests

if TYPE_CHECKING:
    from contract.routes import Assigned
    from eventlog.port import Record
    from gateway.routing.actions import Now


class Asked(NamedTuple):
    """What a command's record asks for. `fault`: why it cannot be done. `due` is in monotonic seconds."""

    offset: int
    station: str
    id: str
    value: bytes
    asked_ms: int
    due: float
    waits: bool
    correlation_id: str | None
    fault: str | None


def asked(
    offset: int, station: str, value: bytes | None, asked_ms: int, now: "Now"
) -> Asked | requests.Unreadable:
    """Read a command's value. Its deadline runs from when it was asked for, though never from the future."""
    request = requests.read(value)
    if isinstance(request, requests.Unreadable):
        return request
    seconds, waits, fault = 0.0, False, None
    if isinstance(request, requests.Named):
        fault = request.why
    elif not station:
        fault = "the record has no key; it must be the station's id"
    else:
        seconds, waits = request.deadline_seconds, request.when_offline == "wait"
    due = now.mono + seconds - max(0, now.wall_ms - asked_ms) / 1000
    return Asked(
        offset, station, request.id, value or b"", asked_ms, due, waits, request.correlation_id, fault
    )


class Command:
    """A command whose result is not yet published.

    It may be known from its notes before its record is read: then `asked` is None.
    """

    __slots__ = (
        "after",
        "asked",
        "carried_at",
        "carry_due",
        "connection",
        "delivered_to",
        "gateway",
        "is_publishing",
        "key",
        "known_since",
        "noted_at",
        "patient_until",
        "proposed_at",
        "result",
    )

    def __init__(self, key: str, noted_at: int, now: "Now") -> None:
        self.key = key
        self.noted_at = noted_at
        """The offset from which on all its notes stand."""
        self.known_since = now.mono
        self.asked: Asked | None = None
        self.after = 0
        """How many of its notes have counted."""
        self.gateway = ""
        self.connection: str | None = None
        """To which connection it is assigned; None while it is nobody's."""
        self.delivered_to: str | None = None
        self.patient_until = 0.0
        """Until then it looks for the station's next connection, whatever it asked for."""
        self.proposed_at: float | None = None
        self.carried_at: int | None = None
        """The offset of its newest `Carried`."""
        self.carry_due = 0.0
        self.result: Record | None = None
        self.is_publishing = False

    def assign(self, note: "Assigned") -> None:
        """It is this connection's, unless another note was quicker."""
        if note.after == self.after and self.connection is None:
            self.after += 1
            self.gateway, self.connection = note.gateway, note.connection
            self.proposed_at = None

    def take_back(self, connection: str, patient_until: float) -> None:
        """It is nobody's again, if it was this connection's."""
        if self.connection == connection:
            self.after += 1
            self.connection = None
            self.proposed_at = None
            self.patient_until = patient_until

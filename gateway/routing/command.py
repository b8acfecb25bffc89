"""One command as its router knows it: what was asked, and what the notes have made of it so far. Pure."""

from typing import TYPE_CHECKING, NamedTuple

from contract.routes import Assigned, Returned
from gateway.routing import requests

if TYPE_CHECKING:
    from contract.routes import Carried
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
    is_too_much: bool = False
    """So much is open in its partition that it is answered at once."""


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


class Ending(NamedTuple):
    """A result as it stands in the routes. `after` is None where the holder says it: then it counts."""

    record: "Record"
    after: int | None


class Command:
    """A command whose result is not yet published.

    It may be known from its notes before its record, or a `Carried`, is read: then `asked` is None.
    """

    __slots__ = (
        "_early",
        "after",
        "asked",
        "carried_at",
        "carry_due",
        "connection",
        "delivered_to",
        "gateway",
        "is_publishing",
        "is_settled",
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
        """From where on the routes must be read to believe its newest `Carried`."""
        self.carry_due = 0.0
        self.result: Record | None = None
        self.is_publishing = False
        self.is_settled = False
        """Its result is published, by somebody who has read its record before us."""
        self._early: list[tuple[int, Assigned | Returned | Ending, float]] = []

    def hear(self, offset: int, said: "Assigned | Returned | Ending", patient_until: float) -> None:
        """The next note of the command; it counts, or was overtaken by another."""
        if self.asked is None:
            self._early.append((offset, said, patient_until))
        self._apply(said, patient_until)

    def begin(self, said: Asked, base: "Carried | None" = None) -> None:
        """What is asked is known: from its record, or from where it was carried.

        Then what was heard before may be the end of a story without its beginning; it is told again from there.
        """
        self.asked = said
        early, self._early = self._early, []
        if base is None:
            return
        self.after, self.result = base.after, None
        self.gateway, self.connection = base.gateway or "", base.connection
        for offset, note, patient_until in early:
            if offset >= base.read_to:
                self._apply(note, patient_until)

    def _apply(self, said: "Assigned | Returned | Ending", patient_until: float) -> None:
        if self.result is not None:
            return
        if isinstance(said, Ending):
            if said.after is None or said.after == self.after:
                self.result = said.record
        elif isinstance(said, Returned):
            if self.connection == said.connection:
                self._change(None)
                self.patient_until = patient_until
        elif said.after == self.after and self.connection is None:
            self.gateway = said.gateway
            self._change(said.connection)

    def _change(self, connection: str | None) -> None:
        self.after += 1
        self.connection = connection
        self.proposed_at = None

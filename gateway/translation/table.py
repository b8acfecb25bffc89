"""The vocabulary of the tables: a row per action says which fact it is, from which fields, and the answer.

A row's fields are small pure readers `(payload, reading)`. A reader never raises for what a station
sent: it returns what can be understood, and notes on the reading what was odd (`quirks`, codes of
docs/quirks.md) or guessed (`inferred`).
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, tzinfo
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import msgspec

from contract.events import Event
from contract.model import AuthorizationStatus, Decision, Protocol, Sample, Station

if TYPE_CHECKING:
    from contract.decisions import Ruling

Payload = dict[str, Any]


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """What stations are answered where nobody else decides (settings of the operator)."""

    heartbeat_seconds: int = 300
    registration: Literal["Accepted", "Pending", "Rejected"] = "Accepted"
    verdict: AuthorizationStatus = "Accepted"
    token_type: str = "ISO14443"  # noqa: S105 - a type of token, no secret


class Speaker(msgspec.Struct, frozen=True, kw_only=True):
    """Who speaks on a connection, and what the gateway knows of it: the same for all its messages.

    `zone` is what the station's timestamps without a zone mean; `keep_raw` puts payloads into events.
    """

    station: Station
    version: str
    connected_at: datetime
    zone: tzinfo
    policy: Policy
    keep_raw: bool = True


class Reading:
    """One message being read: what the session knew when it came, and what the readers noted.

    `verdict` is the decision on the message's idToken. `decided` is what somebody else decided of any other
    question, None where nobody did. `occurred_at` and `samples` are there for the fields that are read
    after them. A message may be read again with the same reading, when its decision is there.
    """

    __slots__ = (
        "decided",
        "inferred",
        "occurred_at",
        "protocol",
        "quirks",
        "received_at",
        "samples",
        "speaker",
        "verdict",
    )

    def __init__(self, speaker: Speaker, action: str, message_id: str, received_at: datetime) -> None:
        self.speaker = speaker
        self.protocol = Protocol(version=speaker.version, action=action, message_id=message_id)
        self.received_at = received_at
        self.verdict = Decision(status=speaker.policy.verdict)
        self.decided: Ruling | None = None
        self.occurred_at: datetime | None = None
        self.samples: tuple[Sample, ...] = ()
        self.quirks: list[str] = []
        self.inferred: list[str] = []

    def refuse_token(self) -> None:
        """The message's idToken could not be read: it authorises nobody, whoever decides."""
        self.verdict = Decision(status="Invalid")

    def quirk(self, code: str) -> None:
        """Note that the message was odd, once for each code."""
        if code not in self.quirks:
            self.quirks.append(code)

    def infer(self, field: str) -> None:
        """Note that the value of an event's field is a guess."""
        if field not in self.inferred:
            self.inferred.append(field)


class Fact(NamedTuple):
    """An event and its id: the same `identity` is the same fact, however often it is sent.

    An `identity` of None means that the message carries nothing of its own to tell a repetition from
    a new fact (a heartbeat): its id comes from the connection and the sequence there. A derived event
    has the id of its primary one, with a `suffix`.
    """

    event: Event
    identity: str | None
    suffix: str = ""


class Translation(NamedTuple):
    """What a message means: its facts, the primary one first, and the payload of the station's answer."""

    facts: list[Fact]
    answer: Payload


Reader = Callable[[Payload, Reading], Any]
Answer = Callable[[Payload, Reading, Event], Payload]
Identity = Callable[[Payload, Reading, Event], str | None]
Derive = Callable[[Event, Reading], Iterable[Event]]


def acknowledge(_payload: Payload, _reading: Reading, _event: Event) -> Payload:
    """The answer that says no more than that the message came."""
    return {}


def by_connection(_payload: Payload, _reading: Reading, _event: Event) -> None:
    """No identity of its own (see `Fact`)."""


class Inbound(NamedTuple):
    """How one action is understood.

    `fields` maps the event's attributes to their readers; `derive` makes further events out of the
    primary one, by the suffix of their ids (a second event of the same kind is `<suffix>/2`); `answer`
    is the CALLRESULT's payload.
    """

    event: type[Event]
    fields: Mapping[str, Reader]
    answer: Answer = acknowledge
    identity: Identity = by_connection
    derive: Mapping[str, Derive] = MappingProxyType({})
    keep_raw: bool = True


Row = Inbound | Callable[[Payload], Inbound]
"""A row, or the choice of one by what the payload says (a TransactionEvent is three facts)."""

Table = Mapping[str, Row]
"""The rows of one OCPP version, by action."""


def translate(row: Row, said: Any, reading: Reading) -> Translation:
    """Read one message with its row; what was `said` may be any JSON."""
    payload: Payload = said if type(said) is dict else _no_object(said, reading)
    if not isinstance(row, Inbound):
        row = row(payload)
    fields = {name: read(payload, reading) for name, read in row.fields.items()}
    event = row.event(
        station=reading.speaker.station,
        received_at=reading.received_at,
        protocol=reading.protocol,
        inferred=tuple(reading.inferred),
        quirks=tuple(reading.quirks),
        raw=said if reading.speaker.keep_raw and (row.keep_raw or payload is not said) else None,
        **fields,
    )
    identity = row.identity(payload, reading, event)
    facts = [Fact(event, identity)]
    for suffix, derive in row.derive.items():
        for number, derived in enumerate(derive(event, reading), start=1):
            facts.append(Fact(derived, identity, suffix if number == 1 else f"{suffix}/{number}"))
    answer = row.answer(payload, reading, event)
    if reading.decided is not None:
        facts[0] = Fact(msgspec.structs.replace(event, answered=answer), identity)
    return Translation(facts, answer)


def _no_object(said: Any, reading: Reading) -> Payload:
    """What is no object is read as an empty one (reference §4, quirk 25)."""
    reading.quirk("payload_null" if said is None else "shape")
    return {}

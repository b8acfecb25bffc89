"""What a kind of rule is: its parameters, what it listens to, and how it judges an event."""

from collections.abc import Callable, Iterable
from typing import Annotated, Any, NamedTuple

import msgspec

from consumers.alerting.heard import Heard
from consumers.alerting.station import Station
from contract.events import Event
from contract.topics import Topic

Duration = Annotated[int, "duration"]
"""In ms; in the file as 10m."""
Count = Annotated[int, "count"]
Amount = Annotated[float, "amount"]
Share = Annotated[float, "share"]
Globs = Annotated[tuple[str, ...], "globs"]
"""Patterns with * and ?; one alone may stand without its list."""
Flag = Annotated[bool, "flag"]
Name = Annotated[str, "name"]


class Parameters(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule of the kind may set, each with its default."""


class Holds(NamedTuple):
    """The condition holds since then. `after_ms` is how long until the alert, where it is not the rule's `for`.

    What holds `anew` begins now, and what held before has ended: a silence that was broken. With `only_renews` nothing
    begins where nothing is watched yet: a late reading of a session that is over. It ends at `closes_ms` where another topic
    has told its end already.
    """

    subject: str
    since_ms: int
    detail: dict[str, str]
    after_ms: int | None = None
    anew: bool = False
    only_renews: bool = False
    closes_ms: int | None = None


class Ended(NamedTuple):
    """The condition does not hold, or no longer."""

    subject: str


class Occurred(NamedTuple):
    """It happened once more; so many `times` within so long are an alert. `key` tells a repetition."""

    subject: str
    key: str
    detail: dict[str, str]
    times: int
    within_ms: int


Verdict = Holds | Ended | Occurred


class Judged(NamedTuple):
    """What a kind judges by: the rule's parameters and `for`, the station's id and what was known of it before."""

    parameters: Any
    for_ms: int
    name: str
    station: Station
    heard: Heard


class Kind(NamedTuple):
    """One kind of rule.

    `feed` is the topic whose reading its time goes by: a silence is one only when that topic was read so far.
    `is_silence` says that it waits for what does not come, which is no news while the log itself is silent.
    `for_ms`, `resolve_after_ms` and `summary` hold where a rule does not say them. `says` are the words that the
    texts of a rule may use, besides those that every alert has.
    """

    name: str
    about: str
    parameters: type[Parameters]
    feed: Topic
    hears: tuple[type[Event], ...]
    judge: Callable[[Judged], Iterable[Verdict]]
    summary: str
    says: tuple[str, ...] = ()
    for_ms: int = 0
    resolve_after_ms: int | None = None
    is_silence: bool = False

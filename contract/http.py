"""What is said over the HTTP API beside commands and their results; the document of it is `openapi`."""

from contract.model import Moment, Station, Value


class CommandPending(Value, frozen=True, kw_only=True):
    """The command is in the log and has no result yet: ask again at `href`."""

    command_id: str
    station: Station
    href: str


class StationPresence(Value, frozen=True, kw_only=True):
    """Who is connected where: the newest connection of the station that is known.

    `since` is when it began, or (not `online`) when it ended, for a `reason`.
    """

    id: str
    online: bool
    version: str
    gateway: str
    connection: str
    since: Moment
    reason: str | None = None


class StationPage(Value, frozen=True, kw_only=True):
    """Some stations, in no order of meaning; `next` is the cursor of those after them, absent on the last page."""

    stations: tuple[StationPresence, ...]
    next: str | None = None


class ProblemPlace(Value, frozen=True, kw_only=True):
    """One of the faults of a request; `pointer` is the JSON Pointer (RFC 6901) of the place in its body."""

    detail: str
    pointer: str


class Problem(Value, frozen=True, kw_only=True):
    """Why a request was not done (RFC 9457). `request_id` is in the gateway's log, too."""

    type: str
    title: str
    status: int
    detail: str | None = None
    errors: tuple[ProblemPlace, ...] = ()
    request_id: str | None = None

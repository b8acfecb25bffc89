"""What the API answers: about the fleet, and lists. What it says of one station is in `station_answers`.

Shares are from 0 to 1. A value that is not known is left out. Times are UTC.
"""

from contract.model import Moment, Value


class StationTotals(Value, frozen=True, kw_only=True):
    """How many stations are known, and how many of them are connected."""

    known: int
    connected: int
    disconnected: int


class FacetCount(Value, frozen=True, kw_only=True):
    """How many stations have this `value`; an empty one stands for those that have not said it."""

    value: str
    stations: int


class Facet(Value, frozen=True, kw_only=True):
    """The most frequent values of a fact, the most frequent first; `others` are the stations with none of them."""

    values: tuple[FacetCount, ...]
    others: int = 0


class Facets(Value, frozen=True, kw_only=True):
    """The stations by what they are. `status` is the most pressing of a station's connectors."""

    status: Facet
    version: Facet
    vendor: Facet
    model: Facet
    firmware: Facet
    site: Facet


class LastDay(Value, frozen=True, kw_only=True):
    """The last 24 hours of the fleet, the present one as far as it has come.

    `availability` is the share of the connectors' time in which they could be used (connected, and Available,
    Occupied or Reserved); `utilisation` that in which they were Occupied.
    """

    energy_wh: int
    sessions_started: int
    sessions_ended: int
    availability: float | None = None
    utilisation: float | None = None


class FleetOverview(Value, frozen=True, kw_only=True):
    """The fleet at a glance. `position` is where `/api/v1/changes` goes on from this answer.

    `connectors` counts them by status: Available, Occupied, Reserved, Unavailable, Faulted, Unknown, and is complete.
    `sessions` are those that run, `power_w` what they take.
    """

    at: Moment
    position: str
    stations: StationTotals
    connectors: dict[str, int]
    sessions: int
    power_w: int
    facets: Facets
    last_day: LastDay


class FleetPoint(Value, frozen=True, kw_only=True):
    """The fleet in one step of time, from `at` on. Numbers of stations, connectors and sessions are averages over the step."""

    at: Moment
    connected: float
    connectors: dict[str, float]
    sessions: float
    power_w: float
    energy_wh: int
    sessions_started: int
    sessions_ended: int
    faults: int
    availability: float | None = None
    utilisation: float | None = None


class FleetTrend(Value, frozen=True, kw_only=True):
    """The fleet over time, oldest first; the last point may be of a step that is not over."""

    step_seconds: int
    points: tuple[FleetPoint, ...]


class StationList(Value, frozen=True, kw_only=True):
    """A page of stations in the order asked for; `next` is the cursor of those after them, absent on the last page."""

    stations: tuple["StationSummary", ...]
    next: str | None = None


class ConnectorSummary(Value, frozen=True, kw_only=True):
    """A connector in a list. `detail` is the finer word of 1.6 (Preparing, Charging, ...), `fault` the code."""

    evse: int
    connector: int
    status: str
    detail: str | None = None
    fault: str | None = None


class SessionSummary(Value, frozen=True, kw_only=True):
    """A session that runs."""

    evse: int
    started_at: Moment
    transaction_id: str | None = None
    power_w: int | None = None
    energy_wh: int | None = None
    soc_percent: float | None = None


class StationSummary(Value, frozen=True, kw_only=True):
    """A station in a list, and in the stream of changes. `since` is when it connected or was lost."""

    id: str
    connected: bool
    status: str
    name: str | None = None
    site: str | None = None
    vendor: str | None = None
    model: str | None = None
    firmware: str | None = None
    version: str | None = None
    since: Moment | None = None
    seen_at: Moment | None = None
    connectors: tuple[ConnectorSummary, ...] = ()
    sessions: tuple[SessionSummary, ...] = ()
    power_w: int = 0


class ChangedStations(Value, frozen=True, kw_only=True):
    """The data of `event: stations` in the stream: these are so now."""

    stations: tuple[StationSummary, ...]


class ChangedOverview(Value, frozen=True, kw_only=True):
    """The data of `event: overview` in the stream: what of the overview is another, as it is now."""

    at: Moment
    stations: StationTotals | None = None
    connectors: dict[str, int] | None = None
    sessions: int | None = None
    power_w: int | None = None


class Possibilities(Value, frozen=True, kw_only=True):
    """What the page may offer: whether a token is asked for, was shown, and whether commands can be sent."""

    token_required: bool
    signed_in: bool
    commands: bool


class SignIn(Value, frozen=True, kw_only=True):
    """The token, to be had as a cookie."""

    token: str

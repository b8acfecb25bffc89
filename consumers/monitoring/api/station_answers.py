"""What the API says of one station: as it is, over time, and what happened of late."""

from typing import Any

from consumers.monitoring.api.answers import StationSummary
from contract.model import Hardware, Moment, Value


class StationLink(Value, frozen=True, kw_only=True):
    """The station's newest connection; `since` is when it began, or (not `connected`) ended, for a `reason`."""

    connected: bool
    since: Moment
    gateway: str
    version: str
    reason: str | None = None


class StationBoot(Value, frozen=True, kw_only=True):
    """When the station last started, and why."""

    at: Moment
    reason: str | None = None


class ConnectorFault(Value, frozen=True, kw_only=True):
    """What is wrong with a connector: `code` in the words of 1.6 or of a 2.x NotifyEvent."""

    code: str | None = None
    info: str | None = None
    vendor_code: str | None = None


class ConnectorState(Value, frozen=True, kw_only=True):
    """A connector: its status, since when, and what is wrong."""

    id: int
    status: str
    since: Moment
    detail: str | None = None
    fault: ConnectorFault | None = None


class MeterReading(Value, frozen=True, kw_only=True):
    """The latest reading of one quantity, in a base unit."""

    measurand: str
    value: float
    at: Moment
    unit: str | None = None
    phase: str | None = None


class SessionState(Value, frozen=True, kw_only=True):
    """The session of an EVSE: running, or (`ended_at`) the last one.

    `id_token` is masked. `inferred`: its start was not seen, only what followed. `power_w` is the station's, or made
    of its energy readings.
    """

    started_at: Moment
    transaction_id: str | None = None
    native: str | None = None
    id_token: str | None = None
    charging_state: str | None = None
    ended_at: Moment | None = None
    stopped_reason: str | None = None
    meter_start_wh: float | None = None
    energy_wh: int | None = None
    power_w: int | None = None
    soc_percent: float | None = None
    inferred: bool = False


class EvseState(Value, frozen=True, kw_only=True):
    """An EVSE: its connectors, its session, and what its meter said last. Number 0 is the station's main meter."""

    id: int
    connectors: tuple[ConnectorState, ...] = ()
    session: SessionState | None = None
    meter: tuple[MeterReading, ...] = ()


class Progress(Value, frozen=True, kw_only=True):
    """How a firmware update or the upload of a log goes; `kind` is which log."""

    status: str
    at: Moment
    request_id: int | None = None
    kind: str | None = None


class SecurityState(Value, frozen=True, kw_only=True):
    """How many security events there were, and the last of them."""

    events: int
    last_type: str | None = None
    last_at: Moment | None = None


class StationState(StationSummary, frozen=True, kw_only=True):
    """All that is known of a station now. `own_status` is what it says of itself as a whole."""

    groups: tuple[str, ...] = ()
    address: str | None = None
    hardware: Hardware | None = None
    link: StationLink | None = None
    boot: StationBoot | None = None
    own_status: ConnectorState | None = None
    evses: tuple[EvseState, ...] = ()
    firmware_update: Progress | None = None
    log_upload: Progress | None = None
    security: SecurityState | None = None


class Spell(Value, frozen=True, kw_only=True):
    """A time in which one thing was so; without `until` it is still so."""

    state: str
    since: Moment
    until: Moment | None = None


class Track(Value, frozen=True, kw_only=True):
    """What one thing was over time. `kind` is link (connected, disconnected), status (of a connector), or
    charging (of an EVSE: yes, no).
    """

    kind: str
    spells: tuple[Spell, ...]
    evse: int | None = None
    connector: int | None = None


class Timeline(Value, frozen=True, kw_only=True):
    """What was when, between two times; one track for each thing, oldest spell first."""

    since: Moment
    until: Moment
    tracks: tuple[Track, ...]


class Usage(Value, frozen=True, kw_only=True):
    """The shares of one step of time, of what is known of it (`known_seconds`)."""

    at: Moment
    known_seconds: float
    available: float
    occupied: float | None = None
    charging: float | None = None


class PlaceUsage(Value, frozen=True, kw_only=True):
    """How a connector, or without one the station, was used, step by step.

    `available`: the station connected, and the connector Available, Occupied or Reserved. `occupied`: the connector
    was. `charging`: energy flowed at its EVSE.
    """

    steps: tuple[Usage, ...]
    evse: int | None = None
    connector: int | None = None


class StationUsage(Value, frozen=True, kw_only=True):
    """Availability and use of a station and of each of its connectors."""

    step_seconds: int
    places: tuple[PlaceUsage, ...]


class SeriesPoint(Value, frozen=True, kw_only=True):
    """What the meter said last in one step of time; `register_wh` is the energy register."""

    at: Moment
    power_w: int | None = None
    register_wh: float | None = None
    soc_percent: float | None = None


class Series(Value, frozen=True, kw_only=True):
    """Power, energy and state of charge of an EVSE over time, oldest first."""

    evse: int
    step_seconds: int
    points: tuple[SeriesPoint, ...]


class RecentEvent(Value, frozen=True, kw_only=True):
    """Something that happened. `number` counts the events as they came; `data` is what matters, without secrets.

    `late`: the gateway heard of it more than a minute after it happened.
    """

    number: int
    name: str
    at: Moment
    received_at: Moment
    late: bool = False
    evse: int | None = None
    connector: int | None = None
    transaction_id: str | None = None
    data: dict[str, Any] | None = None


class RecentEvents(Value, frozen=True, kw_only=True):
    """The latest events, by the time at which they happened, newest first; `next` is the `before` of those that came
    earlier.
    """

    events: tuple[RecentEvent, ...]
    next: int | None = None


class RecentCommand(Value, frozen=True, kw_only=True):
    """A command that was sent, by whomever, and its result: `status` is accepted, rejected, failed, timed_out,
    expired, offline, unsupported or invalid. `arguments` are without secrets.
    """

    number: int
    id: str
    command: str
    status: str
    asked_at: Moment
    completed_at: Moment
    arguments: dict[str, Any] | None = None
    answer: str | None = None
    why: str | None = None


class RecentCommands(Value, frozen=True, kw_only=True):
    """The latest commands, newest first; `next` is the `before` of those that came earlier."""

    commands: tuple[RecentCommand, ...]
    next: int | None = None

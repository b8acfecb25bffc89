"""What is kept of a station: one value, read and written whole, as MessagePack arrays.

Times are milliseconds since the epoch. These are not frozen: a batch folds its events into the value that it has
just read from the database, which nobody else holds.
"""

from typing import Final

import msgspec

STATUSES: Final = ("Faulted", "Unavailable", "Occupied", "Reserved", "Available", "Unknown")
"""The statuses of a connector, the most pressing first."""
USABLE: Final = frozenset({"Available", "Occupied", "Reserved"})

CONNECTED, DISCONNECTED = "connected", "disconnected"
YES, NO = "yes", "no"


class Held(msgspec.Struct, array_like=True, omit_defaults=True):
    """A part of what is kept. New fields go to the end and have a default, so that old rows can be read."""


class Trace(Held):
    """What one thing is, since when, and what it was before.

    `received_ms` is when that was heard of, by the gateway's clock.
    """

    state: str
    since_ms: int
    received_ms: int
    before: str = ""
    before_ms: int = 0


class Link(Held):
    """The newest connection, which may have ended (`trace.state`)."""

    connection: str
    gateway: str
    version: str
    trace: Trace
    reason: str | None = None


class Connector(Held):
    """A connector's status, and what is wrong with it. `usable` is of the connection as well."""

    trace: Trace
    detail: str | None = None
    fault_code: str | None = None
    fault_info: str | None = None
    vendor_code: str | None = None
    usable: Trace | None = None


class Reading(Held):
    """The latest value of a quantity."""

    value: float
    at_ms: int
    unit: str | None = None


class Session(Held):
    """A charging session; `token` is masked. `power_ms` and `sampled_ms` are the times of what was sampled last."""

    started_ms: int
    transaction: str | None = None
    native: str | None = None
    token: str | None = None
    charging_state: str | None = None
    ended_ms: int | None = None
    stopped_reason: str | None = None
    start_wh: float | None = None
    register_wh: float | None = None
    register_ms: int = 0
    power_w: int | None = None
    power_ms: int = 0
    says_power: bool = False
    soc_percent: float | None = None
    inferred: bool = False
    told_start_wh: float | None = None
    """The register at the start, as the station told it; `start_wh` moves when the register begins anew."""
    dip_first_wh: float | None = None
    """The first reading of a register that fell; whether it was reset or goes on where it was, is not known yet."""
    dip_last_wh: float | None = None
    by_status: bool = False
    """Its end was not told: the connector became available."""

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self.ended_ms is None

    @property
    def energy_wh(self) -> int | None:
        """What was charged so far; None where the meter did not say."""
        if self.register_wh is None or self.start_wh is None:
            return None
        return round(self.register_wh - self.start_wh)


class Evse(Held):
    """An EVSE: `readings` are by measurand, and phase behind a slash."""

    connectors: dict[int, Connector] = msgspec.field(default_factory=dict)
    session: Session | None = None
    readings: dict[str, Reading] = msgspec.field(default_factory=dict)
    charging: Trace | None = None
    over: list[str] = msgspec.field(default_factory=list)
    """The latest transactions that ended here: what is read of them late begins no session."""


class Unplaced(Held):
    """What the start of a transaction told before its EVSE was known (OCPP 2.x: the card was shown first)."""

    transaction: str
    started_ms: int
    start_wh: float | None = None
    token: str | None = None


class Going(Held):
    """How a firmware update or an upload of a log goes."""

    status: str
    at_ms: int
    request_id: int | None = None
    kind: str | None = None


class Kept(Held):
    """All that is kept of a station. `hardware` is the JSON of what it said when it booted.

    `events` and `commands` count those that were listed; `seen_ids` are digests of the ids of its latest events.
    """

    id: str
    seen_ms: int = 0
    link: Link | None = None
    version: str | None = None
    vendor: str | None = None
    model: str | None = None
    serial: str | None = None
    firmware: str | None = None
    hardware: bytes = b""
    booted_ms: int = 0
    boot_reason: str | None = None
    name: str | None = None
    site: str | None = None
    groups: tuple[str, ...] = ()
    address: str | None = None
    own: Connector | None = None
    evses: dict[int, Evse] = msgspec.field(default_factory=dict)
    firmware_update: Going | None = None
    log_upload: Going | None = None
    security_events: int = 0
    security_type: str | None = None
    security_ms: int = 0
    events: int = 0
    commands: int = 0
    seen_ids: list[int] = msgspec.field(default_factory=list)
    unplaced: list[Unplaced] = msgspec.field(default_factory=list)

    @property
    def is_connected(self) -> bool:
        """Whether its newest connection has not ended."""
        return self.link is not None and self.link.trace.state == CONNECTED

    @property
    def status(self) -> str:
        """The most pressing status of its connectors, or where it has none its own."""
        found = {one.trace.state for evse in self.evses.values() for one in evse.connectors.values()}
        if self.own is not None and (not found or self.own.trace.state != "Available"):
            found.add(self.own.trace.state)
        return next((status for status in STATUSES if status in found), STATUSES[-1])

    @property
    def sessions(self) -> int:
        """How many run."""
        return sum(evse.session is not None and evse.session.is_running for evse in self.evses.values())

    @property
    def power_w(self) -> int:
        """What its sessions take."""
        return sum(
            evse.session.power_w or 0
            for evse in self.evses.values()
            if evse.session is not None and evse.session.is_running
        )


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Kept)


def pack(kept: Kept) -> bytes:
    """As the database holds it."""
    return _encoder.encode(kept)


def unpack(packed: bytes) -> Kept:
    """From the database."""
    return _decoder.decode(packed)

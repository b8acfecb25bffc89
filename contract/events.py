"""The facts: one frozen class per thing that happened, in the past tense.

`NAME` is the event's name in the canonical vocabulary (its CloudEvents type is `ocpp.<NAME>`),
`TOPIC` where it stands. Fields are supersets of the three OCPP versions, so that an event loses nothing.
Facts whose payload only 2.x knows, and that we take as it is, are in `passed_through`.
"""

from typing import Any, ClassVar

from contract.model import (
    Decision,
    Evse,
    Fault,
    Hardware,
    IdToken,
    Meter,
    Moment,
    Native,
    Protocol,
    Sample,
    Station,
    StatusInfo,
    Transaction,
    Value,
)
from contract.topics import METER_VALUES, SECURITY, STATIONS, TRANSACTIONS, Topic


class Event(Value, frozen=True, kw_only=True):
    """What every fact carries.

    `occurred_at` is the station's own time (UTC), absent if it gave none that is usable;
    `received_at` is the gateway's clock, always there. `inferred` names fields that the gateway
    guessed, `quirks` (codes) what was odd about the message. `raw` is the OCPP payload as it came.
    `custom_data` is the message's own (2.x); `nested_custom_data` what inner objects of the payload
    carried, by the JSON Pointer of the object, where the event has no other place for it.
    """

    NAME: ClassVar[str]
    TOPIC: ClassVar[Topic] = STATIONS

    station: Station
    received_at: Moment
    protocol: Protocol | None = None
    evse: Evse | None = None
    transaction: Transaction | None = None
    occurred_at: Moment | None = None
    occurred_at_raw: str | None = None
    offline: bool | None = None
    inferred: tuple[str, ...] = ()
    quirks: tuple[str, ...] = ()
    custom_data: dict[str, Any] | None = None
    nested_custom_data: dict[str, Any] | None = None
    raw: Any = None


class StationConnected(Event, frozen=True, kw_only=True):
    """A station's WebSocket was accepted. `subprotocol` is what was agreed, absent where it offered none."""

    NAME = "station.connected"
    version: str
    remote: str | None = None
    subprotocol: str | None = None
    tls: bool


class StationDisconnected(Event, frozen=True, kw_only=True):
    """A station's WebSocket ended; `reason` is one of a closed list, `code` the WebSocket close code."""

    NAME = "station.disconnected"
    version: str
    reason: str
    code: int | None = None
    connected_seconds: float


class FrameRejected(Event, frozen=True, kw_only=True):
    """A frame that is no OCPP-J; `frame` is its beginning, in Latin-1 where it is no UTF-8."""

    NAME = "station.frame_rejected"
    kind: str
    frame: str
    size_bytes: int


class UnknownAction(Event, frozen=True, kw_only=True):
    """A CALL with an action that no schema of its version has; it was answered NotImplemented."""

    NAME = "station.unknown_action"
    action: str
    payload: Any = None


class StationBooted(Event, frozen=True, kw_only=True):
    """The station started or was asked to say that it did. `reason` is inferred for 1.6.

    `answered` is the payload that the station was answered with, where a backend decided it.
    """

    NAME = "station.booted"
    hardware: Hardware
    reason: str | None = None
    native: Native | None = None
    answered: dict[str, Any] | None = None


class StationHeartbeat(Event, frozen=True, kw_only=True):
    """The station says that it is there."""

    NAME = "station.heartbeat"


class ConnectorStatusChanged(Event, frozen=True, kw_only=True):
    """A connector's (or with no `evse` the station's) status.

    `status` is one of Available, Occupied, Reserved, Unavailable, Faulted, Unknown; `detail` is the finer
    word of 1.6 (Preparing, Charging, SuspendedEV, ...). `fault` is absent when there is none.
    """

    NAME = "connector.status_changed"
    status: str
    detail: str | None = None
    fault: Fault | None = None
    native: Native | None = None


class AuthorizationRequested(Event, frozen=True, kw_only=True):
    """A driver wants to charge. `decision` is what the station was answered."""

    NAME = "authorization.requested"
    id_token: IdToken
    decision: Decision | None = None
    certificate: str | None = None
    certificate_hash_data: tuple[dict[str, Any], ...] = ()


class TransactionFact(Event, frozen=True, kw_only=True):
    """What the three facts of a transaction share. `samples` are also published as `meter.sampled`."""

    TOPIC = TRANSACTIONS
    trigger_reason: str | None = None
    id_token: IdToken | None = None
    group_id_token: IdToken | None = None
    decision: Decision | None = None
    reservation_id: int | None = None
    meter: Meter | None = None
    samples: tuple[Sample, ...] = ()
    phases_used: int | None = None
    cable_max_current_amperes: int | None = None
    cost_details: dict[str, Any] | None = None
    preconditioning_status: str | None = None
    evse_sleep: bool | None = None
    native: Native | None = None


class TransactionStarted(TransactionFact, frozen=True, kw_only=True):
    """A transaction began. Treat it as an upsert on (station, transaction.id): stations repeat it."""

    NAME = "transaction.started"


class TransactionUpdated(TransactionFact, frozen=True, kw_only=True):
    """Something happened in a running transaction (2.x only; 1.6 says it with meter values and status)."""

    NAME = "transaction.updated"


class TransactionEnded(TransactionFact, frozen=True, kw_only=True):
    """A transaction ended. `stopped_reason` is in 2.x words, `native.reason` in the station's."""

    NAME = "transaction.ended"
    stopped_reason: str | None = None


class MeterSampled(Event, frozen=True, kw_only=True):
    """Meter readings, inside a transaction or not; the station's main meter where there is no `evse`."""

    NAME = "meter.sampled"
    TOPIC = METER_VALUES
    samples: tuple[Sample, ...]


class DataTransferReceived(Event, frozen=True, kw_only=True):
    """A vendor's own message. `data` is a string in 1.6, any JSON in 2.x.

    `answered` is the payload that the station was answered with, where a backend decided it.
    """

    NAME = "data_transfer.received"
    vendor_id: str | None = None
    message_id: str | None = None
    data: Any = None
    answered: dict[str, Any] | None = None


class FirmwareStatus(Event, frozen=True, kw_only=True):
    """How a firmware update goes; `signed` is whether 1.6 said it with its signed message (2.x does not tell)."""

    NAME = "firmware.status"
    status: str
    request_id: int | None = None
    status_info: StatusInfo | None = None
    signed: bool | None = None


class LogStatus(Event, frozen=True, kw_only=True):
    """How the upload of a log goes; `kind` is diagnostics (1.6 core) or log."""

    NAME = "log.status"
    kind: str
    status: str
    request_id: int | None = None
    status_info: StatusInfo | None = None
    native: Native | None = None


class DeviceModelEvent(Event, frozen=True, kw_only=True):
    """One part of a NotifyEvent: monitored variables that changed or alert; more parts follow while `tbc`."""

    NAME = "device_model.event"
    seq_no: int | None = None
    tbc: bool = False
    generated_at: Moment | None = None
    events: tuple[dict[str, Any], ...] = ()


class DeviceModelReported(Event, frozen=True, kw_only=True):
    """One part of a report that was asked for (`request_id`); more parts follow while `tbc`."""

    NAME = "device_model.reported"
    request_id: int | None = None
    seq_no: int | None = None
    tbc: bool = False
    generated_at: Moment | None = None
    variables: tuple[dict[str, Any], ...] = ()


class ReservationUpdated(Event, frozen=True, kw_only=True):
    """A reservation ended or was removed by the station."""

    NAME = "reservation.updated"
    reservation_id: int | None = None
    status: str


class SecurityEvent(Event, frozen=True, kw_only=True):
    """A security event; `type` in 2.x words (`native.status` keeps a 1.6 word that differs)."""

    NAME = "security.event"
    TOPIC = SECURITY
    type: str
    tech_info: str | None = None
    native: Native | None = None


class CertificateSigningRequested(Event, frozen=True, kw_only=True):
    """The station asks to have its certificate signed (PEM `csr`).

    `answered` is the payload that the station was answered with, where a backend decided it.
    """

    NAME = "certificate.signing_requested"
    TOPIC = SECURITY
    csr: str | None = None
    certificate_type: str | None = None
    request_id: int | None = None
    hash_root_certificate: dict[str, Any] | None = None
    answered: dict[str, Any] | None = None

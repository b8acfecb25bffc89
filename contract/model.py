"""The values that events are made of: one shape for what three OCPP versions say differently.

Names follow OCPP 2.x (station, EVSE, connector, transaction, idToken) and are camelCase in JSON.
What is absent is left out, never null. Units are in SI base units and stand beside each number.
"""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec

Moment = Annotated[datetime, msgspec.Meta(tz=True)]
"""A point in time, always UTC; RFC 3339 in JSON."""


class Value(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """A frozen part of an event; absent fields stay out of its JSON."""


class Station(Value, frozen=True, kw_only=True):
    """Who speaks: the identity of the connection, percent-decoded."""

    id: str
    tenant: str | None = None


class Protocol(Value, frozen=True, kw_only=True):
    """What was on the wire: `version` is 1.6, 2.0.1 or 2.1; `message_id` as the station wrote it."""

    version: str
    action: str
    message_id: str


class Evse(Value, frozen=True, kw_only=True):
    """Where at the station. Connector N of OCPP 1.6 is connector 1 of EVSE N; absent means the station itself."""

    id: int
    connector_id: int | None = None


class Transaction(Value, frozen=True, kw_only=True):
    """A charging transaction. `id` is unique across stations and versions; `native` is what the station calls it.

    `id` is absent when the station's own number cannot be trusted (0, -1, null, beyond 31 bits).
    `started_at` and `seq_no` are only what the station said or what its number tells (then in `inferred`).
    """

    id: str | None = None
    native: int | str | None = None
    seq_no: int | None = None
    started_at: Moment | None = None
    charging_state: str | None = None
    remote_start_id: int | None = None
    time_spent_charging_seconds: int | None = None
    operation_mode: str | None = None
    tariff_id: str | None = None
    limit: dict[str, Any] | None = None


class AdditionalIdToken(Value, frozen=True, kw_only=True):
    """A further token of the same driver (2.x `AdditionalInfoType`)."""

    value: str
    type: str


class IdToken(Value, frozen=True, kw_only=True):
    """Who charges. For OCPP 1.6 the `type` is inferred; an empty token has no `value`."""

    value: str | None = None
    type: str | None = None
    additional_info: tuple[AdditionalIdToken, ...] = ()


AuthorizationStatus = Literal[
    "Accepted",
    "Blocked",
    "ConcurrentTx",
    "Expired",
    "Invalid",
    "NoCredit",
    "NotAllowedTypeEVSE",
    "NotAtThisLocation",
    "NotAtThisTime",
    "Unknown",
]
"""The ten verdicts of 2.x; a 1.6 station is told the nearest of its five."""

Language = Annotated[str, msgspec.Meta(max_length=8)]
"""A language by its tag (RFC 5646), as long as OCPP has room for."""
Languages = Annotated[tuple[Language, ...], msgspec.Meta(max_length=2)]
Priority = Annotated[int, msgspec.Meta(ge=-9, le=9)]


class PersonalMessage(Value, frozen=True, kw_only=True):
    """A text for the driver, as long as every 2.x station takes it."""

    content: Annotated[str, msgspec.Meta(max_length=512)]
    format: Literal["ASCII", "HTML", "QRCODE", "URI", "UTF8"] = "UTF8"
    language: Language | None = None


CertificateStatus = Literal[
    "Accepted",
    "CertChainError",
    "CertificateExpired",
    "CertificateRevoked",
    "ContractCancelled",
    "NoCertificateAvailable",
    "SignatureError",
]
"""What an Authorize is told of the contract certificate that it carries (2.x `AuthorizeCertificateStatusEnumType`)."""


class Decision(Value, frozen=True, kw_only=True):
    """The verdict on an idToken that the station was answered with.

    Only 2.x stations are told the rest. `charging_priority` is from -9 to 9. `evse_ids` are the only ones
    that the verdict holds for. `languages` are at most two, the preferred one first. `personal_message` is
    shown to the driver; a 2.0.1 station is not told one of format QRCODE.

    An Authorize is told `certificate_status`, and in 2.1 `allowed_energy_transfer` and `tariff` (`TariffType`). A
    TransactionEvent is told `total_cost` (in the currency of the station, 0 for a session that is free),
    `transaction_priority` (that of this transaction alone) and `updated_personal_message`, and in 2.1
    `transaction_limit` (`TransactionLimitType`) and `updated_personal_message_extra`. `custom_data` stands beside
    them (`CustomDataType`, with a `vendorId`). What an action or a version has no field for is not told.
    """

    status: AuthorizationStatus
    cache_expiry: Moment | None = None
    group_id: str | None = None
    charging_priority: Priority | None = None
    evse_ids: tuple[Annotated[int, msgspec.Meta(ge=0)], ...] = ()
    languages: Languages = ()
    personal_message: PersonalMessage | None = None
    certificate_status: CertificateStatus | None = None
    allowed_energy_transfer: tuple[str, ...] = ()
    tariff: dict[str, Any] | None = None
    total_cost: float | None = None
    transaction_priority: Priority | None = None
    updated_personal_message: PersonalMessage | None = None
    updated_personal_message_extra: Annotated[tuple[PersonalMessage, ...], msgspec.Meta(max_length=4)] = ()
    transaction_limit: dict[str, Any] | None = None
    custom_data: dict[str, Any] | None = None


class RawReading(Value, frozen=True, kw_only=True):
    """A meter reading as the station wrote it; `multiplier` is a power of ten (2.x)."""

    value: str | None = None
    unit: str | None = None
    multiplier: int | None = None


class SignedReading(Value, frozen=True, kw_only=True):
    """A signed meter value, its data untouched: as in the message for 2.x, the blob itself for 1.6."""

    data: str
    encoding: str | None = None
    signing: str | None = None
    public_key: str | None = None


DEFAULT_CONTEXT = "Sample.Periodic"
DEFAULT_LOCATION = "Outlet"
"""What OCPP says is meant where a station says nothing; left out of the JSON like all that is absent.

Msgspec leaves out the very object that is the default: use these names, not the words.
"""


class Sample(Value, frozen=True, kw_only=True):
    """One reading of one quantity. `value` is in `unit`, a base unit (Wh, W, A, V, Celsius, Percent, ...).

    `value` is absent when the text is no number, and for signed readings without a plain one.
    `at` is when it was sampled; absent when the station's clock gave nothing usable.
    """

    measurand: str
    value: Decimal | None = None
    unit: str | None = None
    at: Moment | None = None
    context: str = DEFAULT_CONTEXT
    phase: str | None = None
    location: str = DEFAULT_LOCATION
    raw: RawReading | None = None
    signed: SignedReading | None = None


class Meter(Value, frozen=True, kw_only=True):
    """The station's energy register at the borders of a transaction, in Wh, and the meter's plate."""

    start_wh: Decimal | None = None
    stop_wh: Decimal | None = None


class MeterPlate(Value, frozen=True, kw_only=True):
    """Which meter a 1.6 station says it has."""

    model: str | None = None
    serial_number: str | None = None


class Modem(Value, frozen=True, kw_only=True):
    """The SIM of the station's modem."""

    iccid: str | None = None
    imsi: str | None = None


class Hardware(Value, frozen=True, kw_only=True):
    """What a station says of itself when it boots."""

    vendor: str | None = None
    model: str | None = None
    serial_number: str | None = None
    box_serial_number: str | None = None
    firmware_version: str | None = None
    modem: Modem | None = None
    meter: MeterPlate | None = None


class Fault(Value, frozen=True, kw_only=True):
    """What is wrong with a connector, in the words of 1.6 (`code` is its errorCode) or of a 2.x NotifyEvent.

    Without a `code` nothing is wrong: it is only what a vendor says beside NoError.
    """

    code: str | None = None
    info: str | None = None
    vendor_id: str | None = None
    vendor_code: str | None = None


class Native(Value, frozen=True, kw_only=True):
    """A word of the station's own version, where the canonical one beside it is wider or narrower."""

    reason: str | None = None
    status: str | None = None
    event_type: str | None = None
    error_code: str | None = None


class StatusInfo(Value, frozen=True, kw_only=True):
    """More about a status (2.x `StatusInfoType`)."""

    reason_code: str
    additional_info: str | None = None

"""What stands in `billing.cdrs.v1`: charge detail records in the shape of OCPI 2.2.1, and how they came about.

`cdr` is the OCPI object as it may be sent on (mod_cdrs §10.3.1), its members named as there; around it stands what
OCPI has no room for. A record is never changed: a session that turns out otherwise has its record credited, and
gets a new one. The key is the station's id, so a reader meets the
credit before the record that follows it.
"""

from decimal import Decimal
from hashlib import blake2b
from typing import Annotated, Any, ClassVar, Literal

import msgspec
from msgspec import Meta

from contract.envelope import SCHEMA_ROOT, Headers
from contract.model import Moment, SignedReading, Value
from contract.topics import CDRS, Topic


class OcpiValue(Value, frozen=True, kw_only=True, rename=str):
    """A part whose members have the names that OCPI gives them."""


class Price(OcpiValue, frozen=True, kw_only=True):
    """An amount of money, in the currency that stands beside it. `incl_vat` is absent where no VAT is known of."""

    excl_vat: Decimal
    incl_vat: Decimal | None = None


class CdrToken(OcpiValue, frozen=True, kw_only=True):
    """Who charged. `contract_id` is the `uid` again: who the token belongs to, a backend has to know."""

    country_code: Annotated[str, Meta(min_length=2, max_length=2)]
    party_id: Annotated[str, Meta(max_length=3)]
    uid: Annotated[str, Meta(max_length=36)]
    type: Literal["AD_HOC_USER", "APP_USER", "OTHER", "RFID"]
    contract_id: Annotated[str, Meta(max_length=36)]


class GeoLocation(OcpiValue, frozen=True, kw_only=True):
    """A place on the earth, WGS 84, in degrees, written as OCPI wants it."""

    latitude: Annotated[str, Meta(pattern=r"^-?[0-9]{1,2}\.[0-9]{5,7}$")]
    longitude: Annotated[str, Meta(pattern=r"^-?[0-9]{1,3}\.[0-9]{5,7}$")]


class CdrLocation(OcpiValue, frozen=True, kw_only=True):
    """Where it was: the station as the registry knows it, `#NA` for what nobody told."""

    id: Annotated[str, Meta(max_length=36)]
    name: Annotated[str, Meta(max_length=255)] | None = None
    address: Annotated[str, Meta(max_length=45)]
    city: Annotated[str, Meta(max_length=45)]
    postal_code: Annotated[str, Meta(max_length=10)] | None = None
    country: Annotated[str, Meta(min_length=3, max_length=3)]
    coordinates: GeoLocation
    evse_uid: Annotated[str, Meta(max_length=36)]
    evse_id: Annotated[str, Meta(max_length=48)]
    connector_id: Annotated[str, Meta(max_length=36)]
    connector_standard: str
    connector_format: Literal["CABLE", "SOCKET"]
    connector_power_type: Literal["AC_1_PHASE", "AC_2_PHASE", "AC_2_PHASE_SPLIT", "AC_3_PHASE", "DC"]


CdrDimensionType = Literal[
    "ENERGY",
    "MAX_CURRENT",
    "MIN_CURRENT",
    "MAX_POWER",
    "MIN_POWER",
    "PARKING_TIME",
    "RESERVATION_TIME",
    "TIME",
]


class Dimension(OcpiValue, frozen=True, kw_only=True):
    """How much of one thing in a period: kWh, hours, A or kW (OCPI: CdrDimension)."""

    type: CdrDimensionType
    volume: Decimal


class Period(OcpiValue, frozen=True, kw_only=True):
    """A stretch in which neither a price changed nor charging and parking, until the next (OCPI: ChargingPeriod)."""

    start_date_time: Moment
    dimensions: Annotated[tuple[Dimension, ...], Meta(min_length=1)]
    tariff_id: Annotated[str, Meta(max_length=36)] | None = None


class SignedValue(OcpiValue, frozen=True, kw_only=True):
    """One signed reading; `plain_data` is the reading that goes with it."""

    nature: Annotated[str, Meta(max_length=32)]
    plain_data: Annotated[str, Meta(max_length=512)]
    signed_data: Annotated[str, Meta(max_length=5000)]


class SignedData(OcpiValue, frozen=True, kw_only=True):
    """What the meter signed, where OCPI has room for it."""

    encoding_method: Annotated[str, Meta(max_length=36)]
    public_key: Annotated[str, Meta(max_length=512)] | None = None
    signed_values: Annotated[tuple[SignedValue, ...], Meta(min_length=1)]


class Cdr(OcpiValue, frozen=True, kw_only=True):
    """The OCPI object. `tariffs` holds the one that the price was made with, whole (mod_tariffs §11.3.1).

    Energy is in kWh, times are in hours. A credit has all of the record that it credits, `credit_reference_id`,
    with another `id`, and the negative of its `total_cost`.
    """

    country_code: Annotated[str, Meta(min_length=2, max_length=2)]
    party_id: Annotated[str, Meta(max_length=3)]
    id: Annotated[str, Meta(max_length=39)]
    start_date_time: Moment
    end_date_time: Moment
    session_id: Annotated[str, Meta(max_length=36)] | None = None
    cdr_token: CdrToken
    auth_method: Literal["AUTH_REQUEST", "COMMAND", "WHITELIST"]
    cdr_location: CdrLocation
    currency: Annotated[str, Meta(min_length=3, max_length=3)]
    tariffs: tuple[dict[str, Any], ...] = ()
    charging_periods: Annotated[tuple[Period, ...], Meta(min_length=1)]
    signed_data: SignedData | None = None
    total_cost: Price
    total_fixed_cost: Price | None = None
    total_energy: Decimal
    total_energy_cost: Price | None = None
    total_time: Decimal
    total_time_cost: Price | None = None
    total_parking_time: Decimal | None = None
    total_parking_cost: Price | None = None
    total_reservation_cost: Price | None = None
    remark: Annotated[str, Meta(max_length=255)] | None = None
    credit: bool | None = None
    credit_reference_id: Annotated[str, Meta(max_length=39)] | None = None
    last_updated: Moment


class CdrFact(OcpiValue, frozen=True, kw_only=True):
    """What both facts carry.

    `transaction_id` is that of the station's events, whole. `revision` counts the session's records from 1.
    `flags` name each guess that was made (docs/billing.md lists them). `energy_wh` is exact. `metered` is all that the
    price depends on beside the tariff: who prices it again by that tariff gets the same. `signed_readings` are
    the first and the last that the meter signed, untouched.
    """

    NAME: ClassVar[str]
    TOPIC: ClassVar[Topic] = CDRS

    station: str
    transaction_id: str
    revision: Annotated[int, Meta(ge=1)]
    flags: tuple[str, ...] = ()
    energy_wh: Decimal
    metered: dict[str, Any]
    signed_readings: tuple[SignedReading, ...] = ()
    cdr: Cdr


class CdrIssued(CdrFact, frozen=True, kw_only=True):
    """A session has ended, and this is what it came to."""

    NAME = "cdr.issued"


class CdrCredited(CdrFact, frozen=True, kw_only=True):
    """An issued record no longer holds; one with the next revision follows. `because` says what it has otherwise."""

    NAME = "cdr.credited"
    because: tuple[str, ...] = ()


CDR_EVENTS: dict[str, type[CdrFact]] = {fact.NAME: fact for fact in (CdrIssued, CdrCredited)}
"""The class of each event, by the name that follows `billing.` in its CloudEvents type."""

SOURCE = "/billing"
TYPE_PREFIX = "billing."
FOLDER = "billing"
"""Where the schemas of these events are, below those of the gateway's."""

_ENCODER = msgspec.json.Encoder(decimal_format="number")
_VERBATIM: msgspec.json.Decoder[Any] = msgspec.json.Decoder(float_hook=Decimal)
_DECODERS: dict[str, msgspec.json.Decoder[Any]] = {
    name: msgspec.json.Decoder(fact, float_hook=Decimal) for name, fact in CDR_EVENTS.items()
}


def record_id(station: str, transaction_id: str, revision: int, *, is_credit: bool = False) -> str:
    """The id of a record, and of the event that tells it: always the same for the same record of the same session."""
    parts = (station, transaction_id, str(revision), *(("credit",) if is_credit else ()))
    return blake2b("\x1f".join(parts).encode(), digest_size=16).hexdigest()


def encode(fact: CdrFact) -> bytes:
    """The event's data as JSON: exact numbers, absent members left out."""
    return _ENCODER.encode(fact)


def headers(fact: CdrFact) -> Headers:
    """The CloudEvents attributes of a record, as headers (binary mode)."""
    return [
        ("content-type", b"application/json"),
        ("ce_specversion", b"1.0"),
        ("ce_id", fact.cdr.id.encode()),
        ("ce_source", SOURCE.encode()),
        ("ce_subject", fact.station.encode()),
        ("ce_type", f"{TYPE_PREFIX}{fact.NAME}".encode()),
        ("ce_time", _ENCODER.encode(fact.cdr.last_updated)[1:-1]),
        ("ce_dataschema", f"{SCHEMA_ROOT}/{FOLDER}/{fact.NAME}.json".encode()),
    ]


def decode(headers: Headers, value: bytes) -> CdrFact:
    """The event again. Raises KeyError for a type we do not know, msgspec.ValidationError for bad data."""
    name = dict(headers)["ce_type"].decode().removeprefix(TYPE_PREFIX)
    fact: CdrFact = _DECODERS[name].decode(value)
    return fact


def decode_issued(document: str) -> CdrIssued:
    """An issued record from its text. Raises msgspec.ValidationError."""
    record: CdrIssued = _DECODERS[CdrIssued.NAME].decode(document)
    return record


def verbatim(value: Any) -> dict[str, Any]:
    """A value as it reads when its JSON is read again, numbers exact."""
    made: dict[str, Any] = _VERBATIM.decode(_ENCODER.encode(value))
    return made

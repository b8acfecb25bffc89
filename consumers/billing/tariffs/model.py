"""The Tariff object of OCPI 2.2.1 (mod_tariffs §11.3.1 and §11.4), field by field, as data.

Names and shapes are OCPI's. A price is without VAT; VAT is in percent. What OCPI lets another party leave open
and we would have to guess at is refused by `checking`, not here.
"""

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from msgspec import Meta

from contract.cdrs import OcpiValue, Price
from contract.model import Moment

DimensionType = Literal["ENERGY", "FLAT", "PARKING_TIME", "TIME"]
DayOfWeek = Literal["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"]
ReservationRestriction = Literal["RESERVATION", "RESERVATION_EXPIRES"]
TariffType = Literal["AD_HOC_PAYMENT", "PROFILE_CHEAP", "PROFILE_FAST", "PROFILE_GREEN", "REGULAR"]

DAYS: tuple[DayOfWeek, ...] = (
    "MONDAY",
    "TUESDAY",
    "WEDNESDAY",
    "THURSDAY",
    "FRIDAY",
    "SATURDAY",
    "SUNDAY",
)
"""In the order of `datetime.weekday`."""

TimeOfDay = Annotated[str, Meta(pattern="^([0-1][0-9]|2[0-3]):[0-5][0-9]$")]
"""A time on the wall clock of the station, 24 hours, as OCPI writes it: 00:00 to 23:59."""

Seconds = Annotated[int, Meta(ge=0)]


class DisplayText(OcpiValue, frozen=True, kw_only=True):
    """A text in one language (ISO 639-1)."""

    language: Annotated[str, Meta(min_length=2, max_length=2)]
    text: Annotated[str, Meta(max_length=512)]


class PriceComponent(OcpiValue, frozen=True, kw_only=True):
    """The price of one dimension: a kWh, an hour of charging or of parking, or once a session.

    Billed in blocks of `step_size`, which is in Wh or seconds; FLAT has none. Without `vat` (percent) none applies.
    """

    type: DimensionType
    price: Decimal
    vat: Decimal | None = None
    step_size: Annotated[int, Meta(ge=0)]


class TariffRestrictions(OcpiValue, frozen=True, kw_only=True):
    """When an element holds; all that is said must be true of the moment. A minimum is inclusive, a maximum is not.

    Dates and times are on the wall clock of the station. Energy (kWh) and duration (seconds) are the session's, from its
    start until the moment. Current (A, the sum over the phases) and power (kW) are those of the moment.
    """

    start_time: TimeOfDay | None = None
    end_time: TimeOfDay | None = None
    start_date: date | None = None
    end_date: date | None = None
    min_kwh: Decimal | None = None
    max_kwh: Decimal | None = None
    min_current: Decimal | None = None
    max_current: Decimal | None = None
    min_power: Decimal | None = None
    max_power: Decimal | None = None
    min_duration: Seconds | None = None
    max_duration: Seconds | None = None
    day_of_week: tuple[DayOfWeek, ...] = ()
    reservation: ReservationRestriction | None = None


class TariffElement(OcpiValue, frozen=True, kw_only=True):
    """Some prices, and when they hold. Of a dimension's prices the first counts whose element holds."""

    price_components: Annotated[tuple[PriceComponent, ...], Meta(min_length=1)]
    restrictions: TariffRestrictions | None = None


class EnergySource(OcpiValue, frozen=True, kw_only=True):
    """A share, in percent, of a kind of energy."""

    source: str
    percentage: Decimal


class EnvironmentalImpact(OcpiValue, frozen=True, kw_only=True):
    """How much of a kind of waste a kWh makes, in grams."""

    category: str
    amount: Decimal


class EnergyMix(OcpiValue, frozen=True, kw_only=True):
    """Where the energy comes from (mod_locations §8.4.8); carried along, never priced."""

    is_green_energy: bool
    energy_sources: tuple[EnergySource, ...] = ()
    environ_impact: tuple[EnvironmentalImpact, ...] = ()
    supplier_name: Annotated[str, Meta(max_length=64)] | None = None
    energy_product_name: Annotated[str, Meta(max_length=64)] | None = None


class Tariff(OcpiValue, frozen=True, kw_only=True):
    """What charging costs, from `start_date_time` until before `end_date_time`: of the sessions that start then."""

    country_code: Annotated[str, Meta(pattern="^[A-Z]{2}$")]
    party_id: Annotated[str, Meta(pattern="^[A-Z0-9]{3}$")]
    id: Annotated[str, Meta(min_length=1, max_length=36)]
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")]
    type: TariffType | None = None
    tariff_alt_text: tuple[DisplayText, ...] = ()
    tariff_alt_url: Annotated[str, Meta(max_length=255)] | None = None
    min_price: Price | None = None
    max_price: Price | None = None
    elements: Annotated[tuple[TariffElement, ...], Meta(min_length=1)]
    start_date_time: Moment | None = None
    end_date_time: Moment | None = None
    energy_mix: EnergyMix | None = None
    last_updated: Moment

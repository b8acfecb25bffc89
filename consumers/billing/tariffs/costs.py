"""What a session came to, in the words of the OCPI 2.2.1 CDR (mod_cdrs §10.3.1): every field has the name it has there."""

from decimal import Decimal
from typing import Annotated, Literal

from msgspec import Meta

from consumers.billing.tariffs.model import OcpiObject, Price
from contract.model import Moment

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


class CdrDimension(OcpiObject, frozen=True, kw_only=True):
    """How much of one thing: kWh, hours, A or kW."""

    type: CdrDimensionType
    volume: Decimal


class ChargingPeriod(OcpiObject, frozen=True, kw_only=True):
    """A stretch of the session in which neither a price changed nor charging and parking; until the next one starts."""

    start_date_time: Moment
    dimensions: Annotated[tuple[CdrDimension, ...], Meta(min_length=1)]
    tariff_id: str | None = None


class PricedSession(OcpiObject, frozen=True, kw_only=True):
    """The part of a CDR that pricing knows.

    Volumes (kWh, hours) and the partial costs have OCPI's four decimals, `total_cost` those of its currency. A
    partial cost is absent where the tariff asked nothing of the kind; the limits of the tariff (`min_price`,
    `max_price`) and the currency's rounding are in `total_cost` only, so the parts need not add up to it.
    """

    currency: str
    charging_periods: tuple[ChargingPeriod, ...]
    total_cost: Price
    total_fixed_cost: Price | None = None
    total_energy: Decimal
    total_energy_cost: Price | None = None
    total_time: Decimal
    total_time_cost: Price | None = None
    total_parking_time: Decimal
    total_parking_cost: Price | None = None
    total_reservation_cost: Price | None = None

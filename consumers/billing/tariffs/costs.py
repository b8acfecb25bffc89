"""What a session came to, in the words of the OCPI 2.2.1 CDR (mod_cdrs §10.3.1): every field has the name it has there."""

from decimal import Decimal

from contract.cdrs import OcpiValue, Period, Price


class PricedSession(OcpiValue, frozen=True, kw_only=True):
    """The part of a CDR that pricing knows.

    Volumes (kWh, hours) and the partial costs have OCPI's four decimals, `total_cost` those of its currency. A
    partial cost is absent where the tariff asked nothing of the kind; the limits of the tariff (`min_price`,
    `max_price`) and the currency's rounding are in `total_cost` only, so the parts need not add up to it.
    """

    currency: str
    charging_periods: tuple[Period, ...]
    total_cost: Price
    total_fixed_cost: Price | None = None
    total_energy: Decimal
    total_energy_cost: Price | None = None
    total_time: Decimal
    total_time_cost: Price | None = None
    total_parking_time: Decimal
    total_parking_cost: Price | None = None
    total_reservation_cost: Price | None = None

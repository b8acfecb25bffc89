"""Every setting of billing, with its meaning. Loaded and printed by `service.settings`."""

from typing import ClassVar, Literal

from pydantic import Field

from consumers.runtime.settings import ConsumerSettings, DatabaseUrl, database_of, internal_port_of
from service.process import Port


class BillingSettings(ConsumerSettings):
    """What is set in the environment of `ocpp-gateway consume billing`."""

    name: ClassVar[str] = "billing"

    billing_database: DatabaseUrl = database_of("billing")
    billing_internal_port: Port = internal_port_of("billing", 9101)

    billing_country_code: str = Field(
        "ZZ",
        pattern="^[A-Z]{2}$",
        description="OCPI country code (ISO 3166-1 alpha-2) in records of stations whose registry says none.",
    )
    billing_party_id: str = Field(
        "ZZZ",
        pattern="^[A-Z0-9]{3}$",
        description="OCPI party id in records of stations whose registry says none.",
    )
    billing_country: str = Field(
        "ZZZ",
        pattern="^[A-Z]{3}$",
        description="Country of the location (ISO 3166-1 alpha-3) in records of stations whose registry says none.",
    )
    billing_currency: str = Field(
        "EUR", pattern="^[A-Z]{3}$", description="Currency of records for which no tariff was in effect."
    )
    billing_settle_seconds: int = Field(
        300,
        ge=0,
        le=86_400,
        description="After the end of a session: how long its record waits for late events.",
    )
    billing_silence_seconds: int = Field(
        86_400,
        ge=600,
        le=30 * 86_400,
        description="A session of which nothing is heard for so long is closed at the last that was heard.",
    )
    billing_correction_seconds: int = Field(
        14 * 86_400,
        ge=0,
        le=400 * 86_400,
        description="How long after a record events may still correct it.",
    )
    billing_largest_power_kw: int = Field(
        1_000,
        ge=1,
        le=10_000,
        description="A register that rises faster (kW) has jumped; the step is not billed.",
    )
    billing_live_cost: Literal["off", "2.x", "all"] = Field(
        "off",
        description="Show drivers the cost so far: at stations that speak OCPP 2.x, or also at those of 1.6 "
        "(as a DataTransfer, which few understand).",
    )
    billing_live_cost_seconds: int = Field(
        60, ge=10, le=3_600, description="At most one cost is sent in this time for a session."
    )

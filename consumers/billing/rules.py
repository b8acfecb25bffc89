"""From settings to the values that the pure parts take."""

from consumers.billing.records import Owner
from consumers.billing.sessions.closing import Rules
from consumers.billing.settings import BillingSettings


def rules_of(settings: BillingSettings) -> Rules:
    """How sessions end, and what a meter can have measured."""
    return Rules(
        settle_ms=settings.billing_settle_seconds * 1000,
        silence_ms=settings.billing_silence_seconds * 1000,
        largest_power_w=settings.billing_largest_power_kw * 1000,
    )


def owner_of(settings: BillingSettings) -> Owner:
    """Whose the records are."""
    return Owner(
        settings.billing_country_code,
        settings.billing_party_id,
        settings.billing_country,
        settings.billing_currency,
    )


def keep_ms(settings: BillingSettings) -> int:
    """How long after a record its session can be corrected."""
    return settings.billing_correction_seconds * 1000

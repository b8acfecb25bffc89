"""The wiring of billing: what `ocpp-gateway consume billing` runs. Read this first.

topics -> consumer (sessions.hearing -> facts) -> store -> database
       -> tick: sessions.progress -> issuing (tariffs.pricing -> records) -> `billing.cdrs.v1`
"""

from consumers.billing.consumer import Billing
from consumers.billing.settings import BillingSettings
from consumers.runtime.program import Equipment, Program


def make(settings: BillingSettings, equipment: Equipment) -> Program:
    """The consumer."""
    return Program(Billing(settings, equipment))

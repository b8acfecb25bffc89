"""What an OCPP 1.6 station can be asked: the plan of each command that 1.6 has some form of (reference §1.2)."""

from gateway.translation import (
    outbound_16_drivers,
    outbound_16_profiles,
    outbound_16_reports,
    outbound_16_station,
    outbound_16_upkeep,
    outbound_16_variables,
)
from gateway.translation.plan import Outbound

OUTBOUND: Outbound = {
    **outbound_16_drivers.COMMANDS,
    **outbound_16_profiles.COMMANDS,
    **outbound_16_reports.COMMANDS,
    **outbound_16_station.COMMANDS,
    **outbound_16_upkeep.COMMANDS,
    **outbound_16_variables.COMMANDS,
}
"""The plans by command."""

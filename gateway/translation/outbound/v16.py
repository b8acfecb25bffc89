"""What an OCPP 1.6 station can be asked: the plan of each command that 1.6 has some form of (reference §1.2)."""

from gateway.translation.outbound import (
    drivers_16,
    profiles_16,
    reports_16,
    station_16,
    upkeep_16,
    variables_16,
)
from gateway.translation.outbound.plan import Outbound

OUTBOUND: Outbound = {
    **drivers_16.COMMANDS,
    **profiles_16.COMMANDS,
    **reports_16.COMMANDS,
    **station_16.COMMANDS,
    **upkeep_16.COMMANDS,
    **variables_16.COMMANDS,
}
"""The plans by command."""

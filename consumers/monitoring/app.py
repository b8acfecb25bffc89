"""The wiring of the monitoring: what `ocpp-gateway consume monitoring` runs. Read this first.

topics -> monitor (folding -> store) -> database -> watch -> api, page, metrics
"""

from consumers.monitoring.monitor import Monitor
from consumers.monitoring.settings import MonitoringSettings
from consumers.runtime.program import Equipment, Program


def make(settings: MonitoringSettings, _equipment: Equipment) -> Program:
    """The consumer, and what is served beside it."""
    return Program(Monitor(settings))

"""The wiring of the monitoring: what `ocpp-gateway consume monitoring` runs. Read this first.

topics -> monitor (folding -> store) -> database -> watch -> api, page, metrics
"""

from consumers.monitoring.api.document import ROUTES
from consumers.monitoring.api.server import Server
from consumers.monitoring.metrics import declare
from consumers.monitoring.monitor import Monitor
from consumers.monitoring.settings import MonitoringSettings
from consumers.monitoring.watch import Watch
from consumers.runtime.program import Equipment, Program


def make(settings: MonitoringSettings, equipment: Equipment) -> Program:
    """The consumer, and what is served beside it."""
    watch = Watch(equipment.database)
    requests = declare(equipment.metrics, watch, ROUTES)
    server = Server(settings, equipment.database, watch, equipment.now, requests.counted)
    return Program(
        Monitor(settings),
        services=(server,),
        tasks={"watch": watch.run},
        ready={"fleet": lambda: watch.trouble},
    )

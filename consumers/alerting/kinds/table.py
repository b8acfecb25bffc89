"""All kinds of rules, by name."""

from consumers.alerting.kinds import commands, connections, connectors, maintenance, security, sessions
from consumers.alerting.kinds.kind import Kind

KINDS: dict[str, Kind] = {
    kind.name: kind
    for module in (connections, connectors, sessions, maintenance, security, commands)
    for kind in module.KINDS
}

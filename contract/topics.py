"""The topics: their names, and as code what a broker must know of each (partitions, retention).

Every record's key is the station id, so all that concerns a station stands in one partition, in
order. `partition_of` is the partitioner of the Java client (murmur2), so that a backend in any
language that uses the usual default finds a station in the partition in which we put it.
"""

import msgspec

DAY = 86_400


class Topic(msgspec.Struct, frozen=True):
    """What a broker must know of one topic. `retention_seconds` is ignored where `compacted`."""

    name: str
    about: str
    partitions: int = 12
    compacted: bool = False
    retention_seconds: int = 7 * DAY


STATIONS = Topic("ocpp.stations.v1", "boot, connection, status, device model, all that is passed through")
TRANSACTIONS = Topic("ocpp.transactions.v1", "charging transactions started, updated, ended")
METER_VALUES = Topic("ocpp.meter-values.v1", "meter samples, inside and outside transactions")
SECURITY = Topic("ocpp.security.v1", "security events and certificate requests", retention_seconds=30 * DAY)
FRAMES = Topic("ocpp.frames.v1", "raw frames both ways; off by default", retention_seconds=DAY)
DEAD_LETTERS = Topic("ocpp.dead-letters.v1", "records nobody could read", retention_seconds=30 * DAY)
COMMANDS = Topic("ocpp.commands.v1", "what stations are asked to do", retention_seconds=DAY)
COMMAND_RESULTS = Topic("ocpp.command-results.v1", "what became of each command")
PRESENCE = Topic("ocpp.presence.v1", "which gateway holds which station", compacted=True)
DELIVERIES = Topic(
    "ocpp.deliveries.v1", "internal: commands on their way to a gateway", retention_seconds=DAY
)
ROUTES = Topic("ocpp.routes.v1", "internal: whom each command was given to", retention_seconds=2 * DAY)
GATEWAYS = Topic("ocpp.gateways.v1", "internal: which gateways live", partitions=1, compacted=True)
ID_TOKENS = Topic("ocpp.id-tokens.v1", "from backends: which idTokens may charge", compacted=True)
DECISION_REQUESTS = Topic(
    "ocpp.decision-requests.v1", "what a backend is asked to decide", retention_seconds=DAY
)
DECISION_REPLIES = Topic("ocpp.decision-replies.v1", "what it decided", retention_seconds=DAY)

STATIONS_REGISTRY = Topic(
    "ocpp.stations-registry.v1", "from backends: what they know of each station", compacted=True
)
CDRS = Topic("billing.cdrs.v1", "charge detail records of ended sessions", retention_seconds=365 * DAY)
ALERTS = Topic("alerts.v1", "alerts raised, updated and resolved", retention_seconds=30 * DAY)

TOPICS: dict[str, Topic] = {
    topic.name: topic
    for topic in (STATIONS, TRANSACTIONS, METER_VALUES, SECURITY, COMMAND_RESULTS, FRAMES, DEAD_LETTERS)
}
"""Where events stand."""

COMMAND_TOPICS: dict[str, Topic] = {
    topic.name: topic for topic in (COMMANDS, COMMAND_RESULTS, PRESENCE, DELIVERIES, ROUTES, GATEWAYS)
}
"""What commands take from a backend to a station and back."""

DECISION_TOPICS: dict[str, Topic] = {
    topic.name: topic for topic in (ID_TOKENS, DECISION_REQUESTS, DECISION_REPLIES)
}
"""How backends say what stations are answered."""

CONSUMER_TOPICS: dict[str, Topic] = {topic.name: topic for topic in (STATIONS_REGISTRY, CDRS, ALERTS)}
"""What the consumers read and write besides."""

EVERY_TOPIC: dict[str, Topic] = {**TOPICS, **COMMAND_TOPICS, **DECISION_TOPICS, **CONSUMER_TOPICS}
"""What `ocpp-gateway topics` makes of a log."""

GATEWAY_TOPICS: dict[str, Topic] = {**TOPICS, **COMMAND_TOPICS, **DECISION_TOPICS}
"""What a log must have before a gateway uses it."""


def partition_of(key: str, partitions: int) -> int:
    """The partition of a key: murmur2 as in the Java client's default partitioner.

    Source: `org.apache.kafka.common.utils.Utils.murmur2` and `BuiltInPartitioner`.
    """
    return (_murmur2(key.encode()) & 0x7FFFFFFF) % partitions


def _murmur2(data: bytes) -> int:
    length = len(data)
    mixer, mask = 0x5BD1E995, 0xFFFFFFFF
    state = (0x9747B28C ^ length) & mask
    whole = length - length % 4
    for start in range(0, whole, 4):
        word = int.from_bytes(data[start : start + 4], "little")
        word = word * mixer & mask
        word ^= word >> 24
        word = word * mixer & mask
        state = state * mixer & mask ^ word
    rest = data[whole:]
    if rest:
        state ^= int.from_bytes(rest, "little")
        state = state * mixer & mask
    state ^= state >> 13
    state = state * mixer & mask
    return state ^ state >> 15

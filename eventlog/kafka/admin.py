"""Makes the brokers' topics what `contract.topics` says they are."""

from collections.abc import Mapping, Sequence
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import TopicAlreadyExistsError, for_code

from contract.topics import Topic

SYNCED_FROM_REPLICAS = 3
MIN_INSYNC_REPLICAS = "2"
SET_ON_THE_TOPIC = 1
"""`config_source` of a value that is this topic's own, not a default (DescribeConfigs, KIP-226)."""


def settings_of(topic: Topic, replicas: int) -> dict[str, str]:
    """The topic's configuration in Kafka's words."""
    wanted = {"cleanup.policy": "compact" if topic.compacted else "delete"}
    if not topic.compacted:
        wanted["retention.ms"] = str(topic.retention_seconds * 1000)
    if replicas >= SYNCED_FROM_REPLICAS:
        wanted["min.insync.replicas"] = MIN_INSYNC_REPLICAS
    return wanted


async def apply_topics(
    connection: Mapping[str, Any], topics: Sequence[Topic], replicas: int
) -> dict[str, str]:
    """Create what is missing, set what differs; what was done, by name. Raises KafkaError."""
    admin = AIOKafkaAdminClient(**connection)
    await admin.start()
    try:
        # All topics are listed: naming one that is missing could create it.
        existing = {topic["topic"]: topic["partitions"] for topic in await admin.describe_topics()}
        done: dict[str, str] = {}
        for topic in topics:
            if topic.name not in existing and await _create(admin, topic, replicas):
                done[topic.name] = "created"
                continue
            partitions = existing.get(topic.name, ())
            done[topic.name] = await _update(
                admin, topic, len(partitions[0]["replicas"]) if partitions else 1
            )
            if partitions and len(partitions) != topic.partitions:
                done[topic.name] += (
                    f"; has {len(partitions)} partitions, not {topic.partitions}: left as they are"
                )
        return done
    finally:
        await admin.close()


async def _create(admin: AIOKafkaAdminClient, topic: Topic, replicas: int) -> bool:
    """False when somebody else was quicker."""
    wanted = NewTopic(topic.name, topic.partitions, replicas, topic_configs=settings_of(topic, replicas))
    answer: Any = await admin.create_topics([wanted])
    for name, code, message in ((error[0], error[1], error[-1]) for error in answer.topic_errors):
        if code == TopicAlreadyExistsError.errno:
            return False
        if code:
            raise for_code(code)(f"topic {name!r} was not created: {message}")
    return True


async def _update(admin: AIOKafkaAdminClient, topic: Topic, replicas: int) -> str:
    resource = ConfigResource(ConfigResourceType.TOPIC, topic.name)
    answer: Any
    [answer] = await admin.describe_configs([resource])
    [(code, message, _, _, entries)] = answer.resources
    if code:
        raise for_code(code)(f"topic {topic.name!r} could not be read: {message}")
    own = {entry[0]: entry[1] for entry in entries if entry[3] == SET_ON_THE_TOPIC}
    wanted = settings_of(topic, replicas)
    if all(own.get(name) == value for name, value in wanted.items()):
        return "unchanged"
    # AlterConfigs replaces everything that is set on the topic, so what others have set goes with it.
    [answer] = await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic.name, own | wanted)])
    for code, message, *_ in answer.resources:
        if code:
            raise for_code(code)(f"topic {topic.name!r} was not updated: {message}")
    return "updated"

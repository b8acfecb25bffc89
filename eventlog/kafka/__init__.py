"""The engine for production: Apache Kafka through aiokafka. Nothing else in the project imports aiokafka."""

from eventlog.kafka.log import KafkaLog
from eventlog.kafka.settings import KafkaSettings

__all__ = ["KafkaLog", "KafkaSettings"]

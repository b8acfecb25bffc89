"""The settings by which a program finds its event log: fields to be mixed into the settings of each program."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field, FilePath, SecretStr, WithJsonSchema

from eventlog.url import HOW, KAFKA, is_address

if TYPE_CHECKING:
    from eventlog.kafka import KafkaSettings

Seconds = Annotated[float, Field(gt=0, le=86_400)]


def _log_address(url: str) -> str:
    if not is_address(url):
        raise ValueError(HOW)
    return url


class EventLogSettings(BaseModel):
    """Where the events are, and how Kafka is reached."""

    event_log: Annotated[
        str,
        AfterValidator(_log_address),
        WithJsonSchema(
            {"type": "string", "examples": ["sqlite:///./var/ocpp-events.db", "kafka://host:9092,host:9092"]}
        ),
    ] = Field(
        "sqlite:///./var/ocpp-events.db", description="The event log: an SQLite file or a Kafka cluster."
    )
    publish_deadline_seconds: Seconds = Field(
        10, description="What the log has not taken by then is answered with InternalError."
    )

    # How Kafka is reached, where the event log is kafka://
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="Encryption and authentication, in Kafka's words."
    )
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        "PLAIN", description="How user name and password are shown to the broker."
    )
    kafka_username: str | None = Field(None, description="User name for SASL.")
    kafka_password: SecretStr | None = Field(None, description="Password for SASL.")
    kafka_ca_file: FilePath | None = Field(
        None,
        description="PEM file of the authorities that sign the brokers' certificates; else the system's.",
    )
    kafka_certificate_file: FilePath | None = Field(
        None, description="PEM file of our own certificate, for mutual TLS."
    )
    kafka_key_file: FilePath | None = Field(None, description="PEM file of our certificate's private key.")
    kafka_compression: Literal["lz4", "zstd", "gzip", "snappy"] | None = Field(
        None, description="Compression of batches; none where it is not set."
    )
    kafka_linger_ms: float = Field(
        1, ge=0, le=1000, description="How long a batch waits for company: part of each answer's latency."
    )
    kafka_max_batch_bytes: int = Field(
        1_000_000,
        ge=16_384,
        le=1_048_000,
        description="Largest batch of a partition; below the broker's message.max.bytes.",
    )
    kafka_request_timeout_seconds: Seconds = Field(
        5, description="A broker that is silent so long is connected to anew."
    )

    def kafka_conflicts(self) -> Iterable[tuple[str, str]]:
        """What shows only when several of these are seen together: the variables, and what helps."""
        if (self.kafka_certificate_file is None) != (self.kafka_key_file is None):
            yield "OCPP_KAFKA_CERTIFICATE_FILE, OCPP_KAFKA_KEY_FILE", "set both or none"
        if self.kafka_security_protocol.startswith("SASL") and not (
            self.kafka_username and self.kafka_password
        ):
            yield "OCPP_KAFKA_USERNAME, OCPP_KAFKA_PASSWORD", "SASL needs both"

    def kafka_as(self, client_id: str) -> "KafkaSettings | None":
        """How Kafka is reached by a client of this name; None where the event log is no Kafka."""
        if not self.event_log.startswith(KAFKA):
            return None
        # Imported here, because a laptop on the embedded log need not wait for it.
        from eventlog.kafka import KafkaSettings  # noqa: PLC0415

        return KafkaSettings(
            client_id=client_id,
            security_protocol=self.kafka_security_protocol,
            sasl_mechanism=self.kafka_sasl_mechanism,
            username=self.kafka_username,
            password=self.kafka_password.get_secret_value() if self.kafka_password else None,
            ca_file=_text(self.kafka_ca_file),
            certificate_file=_text(self.kafka_certificate_file),
            key_file=_text(self.kafka_key_file),
            compression=self.kafka_compression,
            linger_milliseconds=self.kafka_linger_ms,
            max_batch_bytes=self.kafka_max_batch_bytes,
            request_timeout_seconds=self.kafka_request_timeout_seconds,
        )


def _text(file: Path | None) -> str | None:
    return None if file is None else str(file)

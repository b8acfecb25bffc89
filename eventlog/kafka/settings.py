"""How the brokers are reached, and the few knobs of the producer that are worth turning."""

import ssl
from dataclasses import dataclass, field
from typing import Any, Literal

SecurityProtocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
SaslMechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]
Compression = Literal["lz4", "zstd", "gzip", "snappy"]


RETRY_MILLISECONDS = 250
"""Between two attempts of aiokafka. It logs three errors at each while a broker is gone."""


@dataclass(frozen=True, kw_only=True)
class KafkaSettings:
    """What differs between one Kafka and another."""

    client_id: str = "ocpp-gateway"
    security_protocol: SecurityProtocol = "PLAINTEXT"
    sasl_mechanism: SaslMechanism = "PLAIN"
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: str | None = None
    """None: the authorities that the system trusts."""
    certificate_file: str | None = None
    key_file: str | None = None
    linger_milliseconds: float = 1.0
    """How long a batch waits for company when nothing of its partition is on its way. The answer's latency."""
    max_batch_bytes: int = 1_000_000
    """Below the broker's default `message.max.bytes` of 1,048,588."""
    compression: Compression | None = None
    request_timeout_seconds: float = 5.0
    """How long a silent broker holds up its batches before its connection is dropped and tried anew."""
    open_seconds: float = 15.0

    def connection(self, bootstrap: str) -> dict[str, Any]:
        """The arguments that every aiokafka client takes."""
        return {
            "bootstrap_servers": bootstrap.split(","),
            "client_id": self.client_id,
            "retry_backoff_ms": RETRY_MILLISECONDS,
            "request_timeout_ms": int(self.request_timeout_seconds * 1000),
            "security_protocol": self.security_protocol,
            "ssl_context": self._ssl_context(),
            "sasl_mechanism": self.sasl_mechanism,
            "sasl_plain_username": self.username,
            "sasl_plain_password": self.password,
        }

    def _ssl_context(self) -> ssl.SSLContext | None:
        if self.security_protocol not in {"SSL", "SASL_SSL"}:
            return None
        context = ssl.create_default_context(cafile=self.ca_file)
        if self.certificate_file is not None:
            context.load_cert_chain(self.certificate_file, self.key_file)
        return context


DEFAULT_SETTINGS = KafkaSettings()

"""The gateway's settings: each with its default, its bounds, its unit in the name, and its meaning."""

import secrets
import socket
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, FilePath, SecretStr, WithJsonSchema

from contract.decisions import DECIDED, TOKEN_ACTIONS
from contract.model import AuthorizationStatus
from eventlog.settings import EventLogSettings, Seconds
from gateway.limits import BURST_SECONDS, LONGEST_PAUSE_SECONDS
from service.process import Port, ProcessSettings
from service.settings import Fault, JsonObject

if TYPE_CHECKING:
    from eventlog.kafka import KafkaSettings

Validation = Literal["observe", "enforce", "off"]
Decider = Literal["default", "id_tokens", "ask", "id_tokens_or_ask"]
"""These settings; the table of idTokens; a backend; the table, and a backend for what it does not know."""
IdTokenType = Literal[
    "Central",
    "DirectPayment",
    "EVCCID",
    "ISO14443",
    "ISO15693",
    "KeyCode",
    "Local",
    "MacAddress",
    "NEMA",
    "NoAuthorization",
    "VIN",
    "eMAID",
]


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("not in the time zone database") from None
    return name


def _text_like(*examples: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "examples": list(examples)})


ID_TOKEN = "idToken"  # noqa: S105 - a word of OCPP_DECISIONS, no secret
"""All the actions that ask about an idToken."""

Zone = Annotated[str, AfterValidator(_zone), _text_like("UTC", "Europe/Berlin")]


def gateway_name() -> str:
    """This host's name, made unique so that two processes of one host, or two lives of one, differ."""
    host = "".join(
        c for c in socket.gethostname().partition(".")[0] if c.isascii() and (c.isalnum() or c == "-")
    )
    return f"{host[:48] or 'gateway'}-{secrets.token_hex(3)}"


class GatewaySettings(EventLogSettings, ProcessSettings):
    """What an operator can say to a gateway."""

    # Where stations come in
    host: str = Field("0.0.0.0", description="Address on which stations connect.")  # noqa: S104 - a server's door
    port: Port = Field(9000, description="Port on which stations connect; 0 takes a free one.")
    path: Annotated[
        str,
        Field(pattern=r"^(/[A-Za-z0-9._~-]+)*(,(/[A-Za-z0-9._~-]+)*)*$"),
        _text_like("/ocpp", "/ocpp,/steve/websocket/CentralSystemService"),
    ] = Field(
        "/ocpp",
        description="Path before the station id: /ocpp serves ws://host:port/ocpp/<station id>. Further ones follow "
        "after commas, for instance that of a system that is replaced.",
    )
    max_station_id_characters: int = Field(
        64, ge=1, le=255, description="Longest id of a station; OCPP allows 48 characters."
    )
    tls_certificate: FilePath | None = Field(
        None, description="PEM file with the server's certificate chain; with it stations connect by wss."
    )
    tls_key: FilePath | None = Field(None, description="PEM file with the certificate's private key.")
    max_connections: int = Field(
        10_000,
        ge=1,
        le=1_000_000,
        description="Stations at once; further handshakes get 503 and Retry-After.",
    )
    handshake_timeout_seconds: Seconds = Field(
        10, description="A client that has not asked by then is closed."
    )

    # Where operators look
    internal_port: Port = Field(9100, description="Port of /live, /ready and /metrics; 0 takes a free one.")
    api_token: SecretStr | None = Field(
        None,
        min_length=16,
        description="Bearer token of the HTTP API; without it the API is there only on a loopback address.",
    )

    # What stands in the events
    gateway_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$"), _text_like("gateway-7f3a")] = Field(
        default_factory=gateway_name,
        description="Name of this gateway in the events' source; unique among those that run.",
        json_schema_extra={"default_text": "<host name>-<random>"},
    )
    raw_payloads: bool = Field(
        default=True, description="Put the payload as it came beside each event's data."
    )
    raw_frames: bool = Field(default=False, description="Publish every frame, both ways, to ocpp.frames.v1.")

    # How stations are understood
    assume_version: Literal["1.6", "2.0.1", "2.1", "none"] = Field(
        "1.6", description="OCPP version of stations that offer no subprotocol; none refuses them."
    )
    schema_validation: Validation = Field(
        "observe",
        description="A payload that breaks its schema is noted (observe), refused (enforce), or not checked.",
    )
    schema_validation_overrides: JsonObject[Validation] = Field(
        {}, description="Exceptions from schema_validation by station id."
    )
    station_zone: Zone = Field("UTC", description="Time zone of stations' timestamps that name none.")
    station_zone_overrides: JsonObject[Zone] = Field(
        {}, description="Exceptions from station_zone by station id."
    )
    default_id_token_type: IdTokenType = Field(
        "ISO14443", description="Type given to the idTags of OCPP 1.6, which have none."
    )

    # What stations are answered
    heartbeat_seconds: int = Field(
        300, ge=1, le=86_400, description="Interval of heartbeats that a booting station is told."
    )
    boot_default: Literal["Accepted", "Pending", "Rejected"] = Field(
        "Accepted", description="What a booting station is told where nobody else decides."
    )
    authorize_default: AuthorizationStatus = Field(
        "Accepted", description="The verdict on an idToken where nobody else decides."
    )
    decisions: JsonObject[Decider] = Field(
        {},
        description="Who decides the answer to an OCPP action; idToken stands for all that ask about one "
        "(docs/deciding.md).",
    )
    unknown_id_token: AuthorizationStatus = Field(
        "Unknown", description="The verdict on an idToken that ocpp.id-tokens.v1 does not have."
    )
    decision_timeout_seconds: Seconds = Field(
        3,
        description="Time a backend has to decide, below the stations' own patience; then the default holds.",
    )
    concurrent_transactions: Literal["allow", "refuse"] = Field(
        "allow",
        description="Whether a token that charges may start a second transaction elsewhere; to refuse, "
        "each gateway reads all of ocpp.transactions.v1.",
    )

    # What stations are asked
    ask_status_on_connect: bool = Field(
        default=True,
        description="Ask a station for the status of its connectors that has not told any a while after it connected.",
    )
    ask_boot_on_connect: bool = Field(
        default=False, description="Ask a station that has connected without a boot for a BootNotification."
    )

    # What one station may take
    max_message_bytes: int = Field(
        65_536, ge=1024, le=16_777_216, description="A larger frame ends the connection."
    )
    inbox_messages: int = Field(
        16,
        ge=1,
        le=1024,
        description="Requests of one station that may wait; beyond it its socket is not read.",
    )
    messages_per_second: float = Field(
        50,
        gt=0,
        le=100_000,
        description="Sustained rate of one connection; beyond it its socket is read slower.",
    )
    bytes_per_second: float = Field(
        131_072,
        ge=1024,
        le=1_000_000_000,
        description="Sustained volume of one connection; beyond it its socket is read slower.",
    )
    processing_ms_per_second: float = Field(
        100,
        gt=0,
        le=100_000,
        description="Sustained processor time for the larger messages of one connection (2048 bytes and more); "
        "beyond it its socket is read slower, and far beyond it (30 s of pause) it is closed.",
    )
    bad_frames_per_minute: int = Field(
        20, ge=1, description="Unreadable frames of one connection; beyond it it is closed."
    )
    call_timeout_seconds: Seconds = Field(30, description="Time a station has to answer a call of ours.")
    ping_seconds: Seconds = Field(
        30,
        description="A connection that is silent so long is pinged, with jitter, counted from ping to ping. "
        "Keep it below the shortest timeout of the proxies between the stations and the gateway.",
    )
    ping_timeout_seconds: Seconds = Field(20, description="Time for the pong; then the connection is dead.")

    # How it ends
    drain_grace_seconds: float = Field(
        3,
        ge=0,
        le=3600,
        description="On SIGTERM: time in which a load balancer learns of it, stations still served.",
    )
    drain_seconds: float = Field(
        20,
        ge=0,
        le=3600,
        description="After the grace: time over which connections are closed, evenly spread; few take less.",
    )

    def conflicts(self) -> Iterable[Fault]:
        if (self.tls_certificate is None) != (self.tls_key is None):
            yield Fault("OCPP_TLS_CERTIFICATE, OCPP_TLS_KEY", None, "set both or none")
        if self.port and self.port == self.internal_port:
            yield Fault("OCPP_PORT, OCPP_INTERNAL_PORT", None, "must differ")
        if self.max_message_bytes > self.bytes_per_second * (BURST_SECONDS + LONGEST_PAUSE_SECONDS):
            problem = "one message of that size would pause its connection for more than half a minute"
            yield Fault("OCPP_MAX_MESSAGE_BYTES, OCPP_BYTES_PER_SECOND", None, problem)
        for action, who in self.decisions.items():
            if action != ID_TOKEN and action not in DECIDED:
                yield Fault("OCPP_DECISIONS", action, f"allowed: {ID_TOKEN}, {', '.join(DECIDED)}")
            elif who.startswith("id_tokens") and action not in (ID_TOKEN, *TOKEN_ACTIONS):
                yield Fault("OCPP_DECISIONS", action, f"{who}: it asks about no idToken")
        for variables, problem in self.kafka_conflicts():
            yield Fault(variables, None, problem)

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths before the station id, the gateway's own first."""
        return tuple(self.path.split(","))

    def deciders(self) -> dict[str, Decider]:
        """Who decides each action that is not left to the defaults; its own name counts more than idToken's."""
        every = dict.fromkeys(TOKEN_ACTIONS, self.decisions.get(ID_TOKEN, "default")) | self.decisions
        return {action: who for action, who in every.items() if action != ID_TOKEN and who != "default"}

    def name_of_life(self) -> str:
        """The name of this life of the process: also of two lives of one `gateway_id` only one is meant."""
        if "gateway_id" in self.model_fields_set:
            return f"{self.gateway_id}.{secrets.token_hex(3)}"
        return self.gateway_id

    def kafka(self) -> "KafkaSettings | None":
        """How Kafka is reached; None where the event log is no Kafka."""
        return self.kafka_as(self.gateway_id)

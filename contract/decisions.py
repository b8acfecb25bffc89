"""What a backend is asked to decide (`ocpp.decision-requests.v1`), and what it may answer (`-replies.v1`).

The headers are those of Spring Kafka's request-reply, so that a `@KafkaListener` with `@SendTo`
answers without another word: the reply copies `kafka_correlationId`, and goes to the topic and the
partition that the request names. A backend in another language does the same by hand.
"""

from typing import Annotated, Any, Literal

from msgspec import Meta

from contract.model import Decision, Moment, StatusInfo, Value

CORRELATION_ID = "kafka_correlationId"
"""16 bytes; a reply may also say them as the text of a UUID."""
REPLY_TOPIC = "kafka_replyTopic"
REPLY_PARTITION = "kafka_replyPartition"
"""Four bytes, big-endian, as Java's `ByteBuffer.putInt` writes it."""


class DecisionRequest(Value, frozen=True, kw_only=True):
    """A station waits for this decision; the record's key is the station's id.

    `id` is the same for a question that a station repeats (a start it was not sure of), also at another
    gateway: answer it as before. What came without a time or number of its own has a new one each time.
    `event` and `data` are the event that will be published, without the decision that is asked for; `action`
    and `version` say in which OCPP message the question came. After `deadline_at` nobody waits any more.
    """

    id: str
    action: str
    version: str
    event: str
    deadline_at: Moment
    data: Any


class BootDecision(Value, frozen=True, kw_only=True):
    """The reply to a BootNotification. `interval_seconds` is that of heartbeats, or until the next boot; absent means the gateway's."""

    status: Literal["Accepted", "Pending", "Rejected"]
    interval_seconds: Annotated[int, Meta(ge=0, le=86_400)] | None = None
    status_info: StatusInfo | None = None


class DataTransferDecision(Value, frozen=True, kw_only=True):
    """The reply to a DataTransfer; a 1.6 station is told `data` that is no text as JSON text."""

    status: Literal["Accepted", "Rejected", "UnknownMessageId", "UnknownVendorId"]
    data: Any = None
    status_info: StatusInfo | None = None


class SigningDecision(Value, frozen=True, kw_only=True):
    """The reply to a SignCertificate; the certificate itself follows as the command `certificate.deliver_signed`."""

    status: Literal["Accepted", "Rejected"]
    status_info: StatusInfo | None = None


Ruling = Decision | BootDecision | DataTransferDecision | SigningDecision | dict[str, Any]
"""A decision as it was given; an object is the payload of an OCPP response, passed through."""

TOKEN_ACTIONS = ("Authorize", "StartTransaction", "StopTransaction", "TransactionEvent")
"""They ask about an idToken; a TransactionEvent or StopTransaction only where it names one."""

REPLIES: dict[str, type[Value]] = {
    **dict.fromkeys(TOKEN_ACTIONS, Decision),
    "BootNotification": BootDecision,
    "DataTransfer": DataTransferDecision,
    "SignCertificate": SigningDecision,
}
"""What a reply to a question of each action is."""

PASSED_ON = (
    "Get15118EVCertificate",
    "GetCertificateChainStatus",
    "GetCertificateStatus",
    "NotifyEVChargingNeeds",
    "NotifyEVChargingSchedule",
    "NotifySettlement",
    "OpenPeriodicEventStream",
    "PullDynamicScheduleUpdate",
    "VatNumberValidation",
)
"""A reply to these is the payload of the OCPP response itself, in the station's version."""

DECIDED = (*REPLIES, *PASSED_ON)
"""Every action whose answer carries a decision."""

"""Every metric of the gateway, in one list.

Labels come from closed sets: versions, directions, the actions of the schemas and `other`; never a
station id. On the message path these are plain numbers (`service.counters`), read at scrape.
"""

from typing import get_args

from contract.decisions import DECIDED
from contract.results import Status
from gateway.ocpp.schemas import SCHEMAS
from gateway.ocpp.versions import ERROR_CODES, VERSIONS
from gateway.routing.tally import Tally
from service.counters import OTHER
from service.metrics import LATENCY_SECONDS, Metrics

VERSION = tuple(VERSIONS)
ACTION = (*sorted({action for schemas in SCHEMAS.values() for action in schemas.requests}), OTHER)
HANDSHAKE = (
    "accepted",
    "bad_request",
    "bad_station_id",
    "draining",
    "lost",
    "no_subprotocol",
    "no_upgrade",
    "not_found",
    "overload",
    "timeout",
)
CLOSE = (
    "bad_frames",
    "client",
    "drain",
    "error",
    "lost",
    "ping_timeout",
    "protocol_error",
    "takeover",
    "too_big",
    "too_costly",
)
FRAME = ("call", "callresult", "callerror", "send", "callresulterror", "invalid")
COMMAND_STATUS = get_args(Status)
ROUTE = (
    "/v1/stations/{station}/commands",
    "/v1/commands/{id}",
    "/v1/stations",
    "/v1/stations/{station}",
    "/v1/openapi.json",
    OTHER,
)
METHOD = ("GET", "POST", OTHER)
STATUS = ("2xx", "4xx", "5xx")
DECISION = (
    "answered",
    "concurrent",
    "invalid",
    "known",
    "remembered",
    "silent",
    "unavailable",
    "unknown",
)
INVALID = (
    "binary",
    "framing",
    "json",
    "late",
    "message_type",
    "payload",
    "result_refused",
    "schema",
    "unsolicited",
)


class GatewayMetrics(Metrics):
    """The numbers, to be raised by those they belong to."""

    def __init__(self) -> None:
        super().__init__("ocpp_gateway")
        self.opened = self.counters(
            "connections_opened_total", "Connections that were accepted.", {"version": VERSION}
        )
        self.closed = self.counters(
            "connections_closed_total", "Connections that ended, by reason.", {"reason": CLOSE}
        )
        self.handshakes = self.counters(
            "handshakes_total", "Handshakes, by what became of them.", {"result": HANDSHAKE}
        )
        self.received = self.counters(
            "messages_received_total",
            "Frames from stations; what is no OCPP-J is of type invalid.",
            {"type": FRAME, "action": ACTION},
        )
        self.sent = self.counters(
            "messages_sent_total", "Frames to stations.", {"type": FRAME, "action": ACTION}
        )
        self.received_bytes = self.counter("received_bytes_total", "Bytes of frames from stations.")
        self.sent_bytes = self.counter("sent_bytes_total", "Bytes of frames to stations.")
        self.paused = self.counter(
            "connection_pauses_total",
            "Pauses in reading a connection whose station was beyond one of its rates.",
        )
        self.paused_seconds = self.counter(
            "connection_pause_seconds_total", "Seconds of these pauses, summed over the connections."
        )
        self.metered_seconds = self.counter(
            "large_message_processing_seconds_total",
            "Processor time spent on messages of 2048 bytes and more, which the stations' rates of processing count.",
        )
        self.answer_seconds = self.histograms(
            "call_duration_seconds",
            "From a station's CALL to our answer, the durable append included.",
            {"action": ACTION},
            LATENCY_SECONDS,
        )
        self.own_call_seconds = self.histogram(
            "own_call_duration_seconds", "From our CALL to a station's answer.", LATENCY_SECONDS
        )
        self.own_call_timeouts = self.counter(
            "own_call_timeouts_total", "CALLs of ours that a station did not answer in time."
        )
        self.errors = self.counters(
            "call_errors_total", "CALLERRORs that we answered, by code.", {"code": tuple(sorted(ERROR_CODES))}
        )
        self.invalid = self.counters(
            "invalid_messages_total", "Messages that broke a rule, by kind.", {"kind": INVALID}
        )
        self.append_seconds = self.histogram(
            "log_append_duration_seconds", "From an append to its durability.", LATENCY_SECONDS
        )
        self.append_failures = self.counter(
            "log_append_failures_total",
            "Messages whose records the log did not take within the publish deadline.",
        )
        self.appends = self.counter("log_appends_total", "Records the log has taken durably.")
        self.unlogged_heartbeats = self.counter(
            "heartbeats_unlogged_total", "Heartbeats answered while the log took no records."
        )
        self.lag_seconds = self.histogram(
            "event_loop_lag_seconds", "How much later than due the event loop wakes.", LATENCY_SECONDS
        )
        self.commands = self.counters(
            "commands_total",
            "Commands that had their result here, by its status.",
            {"status": COMMAND_STATUS},
        )
        self.http = self.counters(
            "http_requests_total",
            "Requests to the HTTP API.",
            {"route": ROUTE, "method": METHOD, "status": STATUS},
        )
        self.decisions = self.counters(
            "decisions_total",
            "Decisions by how they came about: a backend answered, was silent, or said what cannot be said; "
            "the table of idTokens has the token or not; a verdict repeated; a second transaction refused.",
            {"action": DECIDED, "outcome": DECISION},
        )
        self.unreadable_tokens = self.counter(
            "id_tokens_unreadable_total", "Records of idTokens that could not be read; the token is unknown."
        )
        letters = self.counters(
            "dead_letters_total",
            "Commands' records that are none: without an id, or with one and answered as invalid.",
            {"reason": ("unreadable", "invalid")},
        )
        self.routing = Tally(
            closes=self.counter(
                "takeovers_told_total", "Connections told to close: their station has a newer one elsewhere."
            ),
            repairs=self.counter(
                "presence_repairs_total", "Connections asked to say again that they hold their station."
            ),
            declared=self.counter(
                "connections_declared_lost_total", "Connections declared ended: their gateway was silent."
            ),
            moved=self.counter(
                "commands_moved_total", "Commands that stood in another partition than their station's."
            ),
            unreadable=letters.at("unreadable"),
            invalid=letters.at("invalid"),
        )
        self.routing_seconds = self.histogram(
            "command_routing_duration_seconds",
            "From a command's record to its delivery to the station's gateway.",
            LATENCY_SECONDS,
        )
        self.gateways_lost = self.counter(
            "gateways_lost_total", "Gateways that this one saw fall silent, without a farewell."
        )
        self.asked_again = self.counter(
            "asked_again_total", "Reports asked for again after the log had refused them."
        )
        self.prompted = self.counter(
            "prompted_total", "Questions to stations that had not told their state since they connected."
        )
        self.backlog_dropped = self.counter(
            "backlog_dropped_total", "Events of the gateway's own that were lost in a long outage of the log."
        )
        self.faults = self.counter(
            "faults_total", "Exceptions of our own code, each of which ended one message."
        )
        self.appending = 0
        self.gauge("log_appends_in_flight", "Records on their way into the log.", lambda: self.appending)

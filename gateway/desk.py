"""What becomes of a station's request: understood, published, and only then answered.

Promise 1: a CALL has its result when its event is durable. When the log does not take it, the
station hears InternalError: it keeps and repeats transaction messages itself, and for what it does not
repeat the desk notes that we owe a question (`owed`), which `recovery` asks when the log is back.
"""

from collections.abc import Awaitable
from datetime import datetime
from typing import Any, Literal, NamedTuple

import orjson
import structlog

from contract.events import ConnectorStatusChanged, FrameRejected, StationBooted, UnknownAction
from contract.model import Evse
from contract.secrets import PLAIN_ACTIONS, harmless, may_hold_secret, redacted
from eventlog.port import LogUnavailable, RecordRefused
from gateway.decisions import Decisions
from gateway.metrics import GatewayMetrics
from gateway.ocpp.rpc import Asked, Garbled, Rpc
from gateway.ocpp.schemas import SCHEMAS, Fault, error_code
from gateway.publisher import Publisher
from gateway.translation.asking import Question, trigger
from gateway.translation.table import Fact, Reading, Row, Speaker, Table, translate

Validation = Literal["observe", "enforce", "off"]

ANSWERED_WITHOUT_LOG = frozenset(("Heartbeat",))
"""A station that gets no answer to its heartbeat reconnects, for ever; and a heartbeat is no fact to keep."""

TELLS_STATE = frozenset(("BootNotification", "NotifyEvent", "StatusNotification"))

MOST_OWED = 64
"""Questions to one station: more than its connectors, and a bound for one that makes connectors up."""

SHOWN_OF_A_BAD_FRAME = 512
LONGEST_ACTION = 255

_log = structlog.get_logger(__name__)


class Refusal(Exception):
    """The request is answered with this CALLERROR, and published nowhere."""

    def __init__(self, code: str, description: str) -> None:
        super().__init__(description)
        self.code = code
        self.description = description


class Told(NamedTuple):
    """A request that was understood: its answer, its way into the log, and what is asked should that fail."""

    answer: dict[str, Any]
    durable: Awaitable[None]
    question: Question | None


class Desk:
    """Serves the requests of one connection, one after the other."""

    __slots__ = (
        "_decisions",
        "_metrics",
        "_mode",
        "_publisher",
        "_rpc",
        "_schemas",
        "_table",
        "_waits",
        "booted",
        "connectors",
        "owed",
        "speaker",
    )

    def __init__(
        self,
        *,
        speaker: Speaker,
        table: Table,
        rpc: Rpc,
        mode: Validation,
        publisher: Publisher,
        metrics: GatewayMetrics,
        decisions: Decisions | None = None,
    ) -> None:
        """Without `decisions` the answers are the named defaults."""
        self.speaker = speaker
        self._table = table
        self._schemas = SCHEMAS[speaker.version]
        self._rpc = rpc
        self._mode = mode
        self._publisher = publisher
        self._metrics = metrics
        self._decisions = decisions
        self._waits = decisions.waits if decisions is not None else {}
        self.owed: list[Question] = []
        self.connectors = frozenset[Evse]()
        """Those that the station has shown since it connected."""
        self.booted = False
        """Whether it has booted since then."""

    async def serve(self, asked: Asked, received_at: datetime) -> bytes | None:
        """The frame that answers the request; None for a SEND, which nobody answers."""
        try:
            return await self._serve(asked, received_at)
        except Refusal as refusal:
            return self._refuse(asked, refusal.code, refusal.description)
        except LogUnavailable:
            return self._refuse(
                asked, "InternalError", "this could not be stored just now, please send it again"
            )
        except RecordRefused:
            return self._refuse(asked, "InternalError", "this is too large to be stored")
        except Exception:  # noqa: BLE001 - a fault of ours ends one message, not the session
            self._metrics.faults.n += 1
            _log.exception(
                "a message could not be served", action=asked.action, station=self.speaker.station.id
            )
            return self._refuse(asked, "InternalError", "the gateway failed on this message")

    async def reject(self, garbled: Garbled, data: bytes, received_at: datetime) -> bytes | None:
        """Publish a frame that is no OCPP-J, as far as the log takes it; the frame that says so, if any."""
        event = FrameRejected(
            station=self.speaker.station,
            received_at=received_at,
            kind=garbled.kind,
            frame=_shown(data),
            size_bytes=len(data),
        )
        try:
            await self._publisher.publish([Fact(event, None)])
        except (LogUnavailable, RecordRefused):
            _log.info(
                "a bad frame could not be published", station=self.speaker.station.id, kind=garbled.kind
            )
        return garbled.reply

    async def _serve(self, asked: Asked, received_at: datetime) -> bytes | None:
        row = self._table.get(asked.action)
        if row is None:
            return await self._unknown(asked, received_at)
        if asked.payload is not None and type(asked.payload) is not dict:
            return await self._misshapen(asked, received_at)
        waits = self._waits.get(asked.action)
        if waits is not None and self._decisions is not None and waits(asked.payload or {}):
            answer = await self._decide(self._decisions, row, asked, received_at)
        elif asked.action in ANSWERED_WITHOUT_LOG and self._publisher.trouble is not None:
            reading = self._read(asked, received_at)
            answer = translate(row, asked.payload, reading).answer
            self._metrics.unlogged_heartbeats.n += 1
        else:
            told = self._tell(row, asked, received_at)
            # Thousands wait for the log at once. What is not needed any more is let go of first: the
            # processor's caches then hold what is worked on. Measured: a third off the CPU of a message.
            asked.payload = None
            answer = told.answer
            try:
                await told.durable
            except LogUnavailable:
                if asked.action not in ANSWERED_WITHOUT_LOG:
                    self._owe(told.question)
                    raise
                self._metrics.unlogged_heartbeats.n += 1
        return None if asked.answered else self._answer(asked, answer)

    def _read(self, asked: Asked, received_at: datetime) -> Reading:
        """The reading of a request, with what breaks its schema noted. Raises Refusal where that is enforced."""
        reading = Reading(self.speaker, asked.action, str(asked.id), received_at)
        schema = self._schemas.requests[asked.action]
        payload = {} if asked.payload is None else asked.payload
        is_checked = self._mode != "off"
        is_valid = is_checked and schema.is_valid(payload)
        # A payload of another shape may have secret places that the schema does not have.
        if not is_valid and asked.action in PLAIN_ACTIONS and may_hold_secret(orjson.dumps(payload)):
            asked.payload = payload = redacted(payload)
        if is_checked and not is_valid:
            self._metrics.invalid.at("schema").n += 1
            faults = schema.faults(payload)
            if self._mode == "enforce":
                raise Refusal(error_code(faults[0]), f"{faults[0].pointer or '/'}: {faults[0].message}")
            for fault in faults:
                reading.quirk(f"schema:{fault.keyword}:{fault.pointer or '/'}")
        return reading

    def _tell(self, row: Row, asked: Asked, received_at: datetime) -> Told:
        """Understand a request and put its facts on their way into the log."""
        reading = self._read(asked, received_at)
        facts, answer = translate(row, asked.payload, reading)
        if asked.action in TELLS_STATE:
            self._learn(facts)
        question = trigger(self.speaker.version, asked.action, asked.payload or {})
        return Told(answer, self._publisher.publish(facts), question)

    async def _decide(
        self, decisions: Decisions, row: Row, asked: Asked, received_at: datetime
    ) -> dict[str, Any]:
        """The answer that somebody else decided, once the facts that say so are durable."""
        reading = self._read(asked, received_at)
        facts, answer = await decisions.translate(row, asked.payload, reading)
        try:
            await self._publisher.publish(facts)
        except LogUnavailable:
            self._owe(trigger(self.speaker.version, asked.action, asked.payload or {}))
            raise
        decisions.told(facts[0], reading)
        if asked.action in TELLS_STATE:
            self._learn(facts)
        return answer

    async def _unknown(self, asked: Asked, received_at: datetime) -> bytes | None:
        action = asked.action[:LONGEST_ACTION]
        event = UnknownAction(
            station=self.speaker.station,
            received_at=received_at,
            protocol=Reading(self.speaker, action, str(asked.id), received_at).protocol,
            action=action,
            payload=asked.payload,
        )
        await self._publisher.publish([Fact(event, None)])
        # An action of the version that only we may send is not ours to implement (OCPP 2.0.1 Part 4 §4.3).
        code = "NotSupported" if asked.action in self._schemas.requests else "NotImplemented"
        return self._refuse(asked, code, f"stations do not send {asked.action[:100]} here")

    async def _misshapen(self, asked: Asked, received_at: datetime) -> bytes | None:
        self._metrics.invalid.at("payload").n += 1
        shown = repr(asked.payload).encode()
        await self.reject(Garbled("payload", "the payload is no object", None), shown, received_at)
        return self._refuse(asked, "FormatViolation", "the payload is no object")

    def _learn(self, facts: list[Fact]) -> None:
        for event, _, _ in facts:
            if isinstance(event, StationBooted):
                self.booted = True
            elif isinstance(event, ConnectorStatusChanged) and event.evse is not None:
                self.connectors |= {event.evse}

    def _answer(self, asked: Asked, answer: dict[str, Any]) -> bytes:
        # What is a SEND in 2.1 has no response; a station that makes a CALL of it waits for one nevertheless.
        schema = self._schemas.responses.get(asked.action)
        if schema is not None and not schema.is_valid(answer):
            raise RuntimeError(
                f"our answer to {asked.action} breaks its schema: {_places(schema.faults(answer))}"
            )
        return self._rpc.answer(asked, answer)

    def _refuse(self, asked: Asked, code: str, description: str) -> bytes | None:
        if asked.answered:
            return None
        self._metrics.errors.at(code).n += 1
        return self._rpc.refuse(asked, code, description)

    def _owe(self, question: Question | None) -> None:
        if question is not None and question not in self.owed and len(self.owed) < MOST_OWED:
            self.owed.append(question)


def _places(faults: list[Fault]) -> str:
    """Where an answer breaks its schema. Not the faults' messages: these repeat the values."""
    return ", ".join(f"{fault.keyword} at {fault.pointer or '/'}" for fault in faults)


def _shown(data: bytes) -> str:
    """The beginning of a frame that is no OCPP-J; nothing of one that may hold a secret and cannot be read."""
    data = harmless(data)
    start = data[:SHOWN_OF_A_BAD_FRAME]
    try:
        return start.decode()
    except UnicodeDecodeError as fault:
        if fault.end == len(start) < len(data):  # the last letter is cut
            return start[: fault.start].decode()
        return start.decode("latin-1")

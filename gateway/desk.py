"""What becomes of a station's request: understood, published, and only then answered.

Promise 1: a CALL has its result when its event is durable. When the log does not take it, the
station hears InternalError: it keeps and repeats transaction messages itself, and for what it does not
repeat the desk notes that we owe a question (`owed`), which `recovery` asks when the log is back.
"""

from datetime import datetime
from typing import Any, Literal

import structlog

from contract.events import FrameRejected, UnknownAction
from contract.model import Evse
from eventlog.port import LogUnavailable, RecordRefused
from gateway.decisions import Decisions
from gateway.metrics import GatewayMetrics
from gateway.ocpp.rpc import Asked, Garbled, Rpc
from gateway.ocpp.schemas import SCHEMAS, error_code
from gateway.publisher import Publisher
from gateway.translation.asking import Question, trigger
from gateway.translation.table import Fact, Reading, Speaker, Table, translate

Validation = Literal["observe", "enforce", "off"]

ANSWERED_WITHOUT_LOG = frozenset(("Heartbeat",))
"""A station that gets no answer to its heartbeat reconnects, for ever; and a heartbeat is no fact to keep."""

MOST_OWED = 64
"""Questions to one station: more than its connectors, and a bound for one that makes connectors up."""

SHOWN_OF_A_BAD_FRAME = 512
LONGEST_ACTION = 255

_log = structlog.get_logger(__name__)


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
        self.connectors = set[Evse]()
        """Those that the station has shown since it connected."""

    async def serve(self, asked: Asked, received_at: datetime) -> bytes | None:
        """The frame that answers the request; None for a SEND, which nobody answers."""
        try:
            return await self._serve(asked, received_at)
        except LogUnavailable:
            self._owe(asked)
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
        action = asked.action
        row = self._table.get(action)
        if row is None:
            return await self._unknown(asked, received_at)
        payload = {} if asked.payload is None else asked.payload
        if type(payload) is not dict:
            return await self._misshapen(asked, received_at)
        reading = Reading(self.speaker, action, str(asked.id), received_at)
        schema = self._schemas.requests[action]
        if self._mode != "off" and not schema.is_valid(payload):
            self._metrics.invalid.at("schema").n += 1
            faults = schema.faults(payload)
            if self._mode == "enforce":
                return self._refuse(
                    asked, error_code(faults[0]), f"{faults[0].pointer or '/'}: {faults[0].message}"
                )
            for fault in faults:
                reading.quirk(f"schema:{fault.keyword}:{fault.pointer or '/'}")
        waits = self._waits.get(action)
        decisions = self._decisions if waits is not None and waits(payload) else None
        if decisions is None:
            facts, answer = translate(row, asked.payload, reading)
        else:
            facts, answer = await decisions.translate(row, asked.payload, reading)
        if action == "StatusNotification" and facts[0].event.evse is not None:
            self.connectors.add(facts[0].event.evse)
        if action not in ANSWERED_WITHOUT_LOG:
            await self._publisher.publish(facts)
        else:
            await self._publish_if_possible(facts)
        if decisions is not None:
            decisions.told(facts[0], reading)
        return None if asked.answered else self._answer(asked, answer)

    async def _publish_if_possible(self, facts: list[Fact]) -> None:
        try:
            if self._publisher.trouble is None:
                await self._publisher.publish(facts)
                return
        except LogUnavailable:
            pass
        self._metrics.unlogged_heartbeats.n += 1

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

    def _answer(self, asked: Asked, answer: dict[str, Any]) -> bytes:
        # What is a SEND in 2.1 has no response; a station that makes a CALL of it waits for one nevertheless.
        schema = self._schemas.responses.get(asked.action)
        if schema is not None and not schema.is_valid(answer):
            raise RuntimeError(f"our answer to {asked.action} breaks its schema: {schema.faults(answer)}")
        return self._rpc.answer(asked, answer)

    def _refuse(self, asked: Asked, code: str, description: str) -> bytes | None:
        if asked.answered:
            return None
        self._metrics.errors.at(code).n += 1
        return self._rpc.refuse(asked, code, description)

    def _owe(self, asked: Asked) -> None:
        payload = asked.payload if type(asked.payload) is dict else {}
        question = trigger(self.speaker.version, asked.action, payload)
        if question is not None and question not in self.owed and len(self.owed) < MOST_OWED:
            self.owed.append(question)


def _shown(data: bytes) -> str:
    start = data[:SHOWN_OF_A_BAD_FRAME]
    try:
        return start.decode()
    except UnicodeDecodeError as fault:
        if fault.end == len(start) < len(data):  # the last letter is cut
            return start[: fault.start].decode()
        return start.decode("latin-1")

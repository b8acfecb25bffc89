"""The answers that somebody else must give: from the table of idTokens, from a backend, else a named default.

A message that waits for a decision is read twice: first to know what is asked, and then with the decision
in it, so that its event and its answer say the same. Every other message passes this by: the desk
looks into `waits`, and that is all it costs.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import msgspec

from contract.decisions import DECIDED, REPLIES, TOKEN_ACTIONS, DecisionRequest, Ruling
from contract.events import AuthorizationRequested, Event, TransactionEnded, TransactionFact
from contract.model import AuthorizationStatus, Decision
from contract.records import RecordReader, UnreadableRecord, in_utc
from eventlog.port import LogUnavailable, RecordRefused
from gateway.asking_backend import Backend, Silent
from gateway.metrics import GatewayMetrics
from gateway.ocpp.schemas import SCHEMAS
from gateway.running import Running
from gateway.settings import Decider
from gateway.tokens import Tokens, verdict
from gateway.translation.table import Fact, Payload, Reading, Row, Translation, translate
from gateway.verdicts import Verdicts

NO_AUTHORIZATION = "NoAuthorization"
"""The type of a token that is none: a start button (OCPP 2.0.1 Part 2, C02)."""

_REPLY: dict[str, RecordReader[Any]] = {action: RecordReader(REPLIES.get(action, dict)) for action in DECIDED}

_STARTS = ("StartTransaction", "TransactionEvent")

_TOKEN_AT = {"StopTransaction": "idTag", "TransactionEvent": "idToken"}
"""Where a message that need not name a token names it."""


def _names_token(action: str) -> Callable[[Payload], bool]:
    member = _TOKEN_AT.get(action)
    return (lambda _payload: True) if member is None else (lambda payload: payload.get(member) is not None)


class Decisions:
    """Who decides what, and what came of it."""

    def __init__(
        self,
        deciders: Mapping[str, Decider],
        *,
        metrics: GatewayMetrics,
        tokens: Tokens | None = None,
        unknown: AuthorizationStatus = "Unknown",
        backend: Backend | None = None,
        timeout_seconds: float = 3.0,
        running: Running | None = None,
        verdicts: Verdicts | None = None,
    ) -> None:
        """`unknown` is the verdict on what the table does not have; with `running` a second transaction is refused."""
        self._deciders = {action: who for action, who in deciders.items() if who != "default"}
        self._metrics = metrics
        self._tokens = tokens
        self._unknown = Decision(status=unknown)
        self._backend = backend
        self._timeout_seconds = timeout_seconds
        self._running = running
        self._verdicts = verdicts if verdicts is not None else Verdicts()
        judged = {*self._deciders, *(_STARTS if running is not None else ())}
        self.waits = {action: _names_token(action) for action in judged}
        """The actions whose messages wait for a decision, and whether a message of them does."""

    async def translate(self, row: Row, said: Any, reading: Reading) -> Translation:
        """Read a message that waits, with its decision; where there is none, with the named default."""
        asked = translate(row, said, reading)
        ruling = await self._ruling(asked.facts[0], reading)
        if ruling is None:
            return asked
        default = reading.verdict
        if isinstance(ruling, Decision):
            reading.verdict = ruling
        else:
            reading.decided = ruling
        decided = translate(row, said, reading)
        if self._is_lawful(decided, reading):
            if reading.decided is not None:
                self._count(reading, "answered")
            return decided
        self._count(reading, "invalid")
        reading.verdict, reading.decided = default, None
        return asked

    def told(self, fact: Fact, reading: Reading) -> None:
        """The station is being told the verdict on this fact."""
        if isinstance(fact.event, TransactionFact):
            self._verdicts.keep(fact.identity, fact.event.id_token, reading.verdict)

    async def _ruling(self, fact: Fact, reading: Reading) -> Ruling | None:
        action, event = reading.protocol.action, fact.event
        if action not in TOKEN_ACTIONS:
            return await self._ask(fact, reading)
        assert isinstance(event, AuthorizationRequested | TransactionFact)
        if isinstance(event, TransactionEnded) and event.id_token is None:
            return None  # an empty idTag asks for nothing (reference §4, quirk 20)
        before = self._verdicts.get(fact.identity, event.id_token)
        if before is not None:
            self._count(reading, "remembered")
            return before
        ruling = await self._verdict(fact, reading)
        if (ruling or reading.verdict).status == "Accepted" and self._is_second(event):
            self._count(reading, "concurrent")
            return Decision(status="ConcurrentTx", group_id=None if ruling is None else ruling.group_id)
        return ruling

    async def _verdict(self, fact: Fact, reading: Reading) -> Decision | None:
        who = self._deciders.get(reading.protocol.action, "default")
        if who == "default":
            return None
        if who == "ask":
            return await self._asked_verdict(fact, reading)
        known = self._known(fact.event, reading)
        if known is not None:
            self._count(reading, "known")
            return known
        asked = await self._asked_verdict(fact, reading) if who == "id_tokens_or_ask" else None
        if asked is None:
            self._count(reading, "unknown")
        return asked or self._unknown

    def _known(self, event: Event, reading: Reading) -> Decision | None:
        """The verdict of the table, on a transaction as of its own time, so that a late repetition hears the same."""
        assert isinstance(event, AuthorizationRequested | TransactionFact)
        assert self._tokens is not None
        token = event.id_token
        if token is None:
            return None
        if not token.value and token.type == NO_AUTHORIZATION:
            return Decision(status="Accepted")
        known = self._tokens.find(token, type_is_certain="idToken.type" not in reading.inferred)
        at = min(event.occurred_at or reading.received_at, reading.received_at)
        return None if known is None else verdict(known, event.station.id, at)

    def _is_second(self, event: Event) -> bool:
        """Whether this would be another transaction with a token that charges already. A stop never is."""
        if (
            self._running is None
            or not isinstance(event, TransactionFact)
            or isinstance(event, TransactionEnded)
        ):
            return False
        if event.id_token is None or not event.id_token.value:
            return False
        transaction = event.transaction.id if event.transaction is not None else None
        place = (event.station.id, event.evse.id if event.evse is not None else None)
        return self._running.is_elsewhere(event.id_token.value, transaction, place)

    async def _asked_verdict(self, fact: Fact, reading: Reading) -> Decision | None:
        ruling = await self._ask(fact, reading)
        if not isinstance(ruling, Decision):
            return None
        self._count(reading, "answered")
        expiry = ruling.cache_expiry
        return ruling if expiry is None else msgspec.structs.replace(ruling, cache_expiry=in_utc(expiry))

    async def _ask(self, fact: Fact, reading: Reading) -> Ruling | None:
        """What a backend decides; None when the named default has to do."""
        assert self._backend is not None
        event = fact.event
        if isinstance(event, AuthorizationRequested | TransactionFact):
            event = msgspec.structs.replace(event, decision=None)
        action, seconds = reading.protocol.action, self._timeout_seconds
        request = DecisionRequest(
            id=fact.identity or uuid4().hex,
            action=action,
            version=reading.protocol.version,
            event=event.NAME,
            deadline_at=datetime.now(UTC) + timedelta(seconds=seconds),
            data=event,
        )
        try:
            value = await self._backend.ask(event.station.id, request, seconds)
            ruling: Ruling = _REPLY[action].read(value)
        except Silent:
            self._count(reading, "silent")
        except (LogUnavailable, RecordRefused):
            self._count(reading, "unavailable")
        except UnreadableRecord:
            self._count(reading, "invalid")
        else:
            return ruling
        return None

    def _is_lawful(self, decided: Translation, reading: Reading) -> bool:
        schema = SCHEMAS[reading.protocol.version].responses[reading.protocol.action]
        return schema.is_valid(decided.answer)

    def _count(self, reading: Reading, outcome: str) -> None:
        self._metrics.decisions.at(reading.protocol.action, outcome).n += 1

"""A station's commands at the gateway that holds it: one after the other, each with one result.

A command is never sent twice. A command that was sent and not answered ends as timed_out, whether the station
was silent, its connection was lost or the gateway failed: nobody knows whether the station acted. A command that
was certainly not sent before the connection ended is handed back, and the router finds the station's next connection.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any, Protocol

import msgspec
import structlog

from contract.deliveries import RunCommand
from contract.model import Station
from contract.results import CommandCompleted, CommandLateResult, CommandRequest, Exchange, Timings
from contract.routes import Returned, command_key
from contract.topics import ROUTES
from eventlog.port import EventLog, LogUnavailable, Record, RecordRefused
from gateway.calls import CallExpired, CallInvalid, CallRefused, CallTimedOut, ConnectionLost
from gateway.metrics import GatewayMetrics
from gateway.ocpp.frames import CallError, CallResult
from gateway.ocpp.rpc import Unmatched
from gateway.publisher import Publisher
from gateway.translation.ids import event_id
from gateway.translation.outbound.plan import (
    Ask,
    Declined,
    Invalid,
    Outcome,
    Plan,
    Said,
    Target,
    Unsupported,
    is_unable,
)
from gateway.translation.table import Fact

WAITING_AT_MOST = 32
"""Commands of one connection that may wait; what comes beyond is answered at once."""
REMEMBERED = 20_000
"""Commands whose results are kept, so that a repeated one gets the same."""
INSIST_SECONDS = 30.0
"""How long after its deadline a result is still appended; the router has given the command its own by then."""
LATE_REMEMBERED = 1_000
"""CALLs that were given up and may be answered yet."""

_log = structlog.get_logger(__name__)

PlanOf = Callable[[CommandRequest, Target], Plan]


class Holder(Protocol):
    """A session, as its orders see it."""

    station: str
    connection: str
    publisher: Publisher
    declined: frozenset[str]

    def target(self, command_id: str) -> Target:
        """The station, as it is known now."""

    async def call(
        self, action: str, payload: dict[str, Any], timeout_seconds: float, answer_seconds: float
    ) -> Any:
        """See `Calls.call`."""


class Unsent(Exception):
    """The connection ended before anything of the command was sent."""


class Order:
    """One command, and what has happened to it so far."""

    __slots__ = ("exchanges", "holder", "queued_at", "request", "run", "sent_at")

    def __init__(self, run: RunCommand, holder: Holder) -> None:
        self.run = run
        self.holder = holder
        self.request = msgspec.convert(run.request, CommandRequest)
        self.queued_at = datetime.now(UTC)
        self.sent_at: datetime | None = None
        self.exchanges: list[Exchange] = []

    def seconds_left(self) -> float:
        return (self.run.deadline_at - datetime.now(UTC)).total_seconds()

    def completed(self, outcome: Outcome) -> CommandCompleted:
        """The result event."""
        now = datetime.now(UTC)
        return CommandCompleted(
            station=Station(id=self.run.station),
            received_at=now,
            command_id=self.request.id,
            status=outcome.status,  # type: ignore[arg-type]  # a plan's words are among the eight
            request=self.run.request,
            timings=Timings(
                asked_at=self.run.asked_at,
                queued_at=self.queued_at,
                sent_at=self.sent_at,
                answered_at=now
                if any(e.response is not None or e.error_code for e in self.exchanges)
                else None,
            ),
            answer=outcome.answer,
            exchanges=tuple(self.exchanges),
            loss=outcome.loss,
            why=outcome.why,
            correlation_id=self.request.correlation_id,
        )


class Orders:
    """The commands in the hands of this gateway.

    A station has `answer_seconds` for each CALL, however long its command has: one that keeps silent must not
    hold up all that is behind it.
    """

    def __init__(
        self, log: EventLog, plan_of: PlanOf, metrics: GatewayMetrics, *, answer_seconds: float
    ) -> None:
        self._log = log
        self._plan_of = plan_of
        self._metrics = metrics
        self._answer_seconds = answer_seconds
        self._in_hand: set[str] = set()
        self._results: OrderedDict[str, list[Record]] = OrderedDict()
        self._unanswered: OrderedDict[str, str] = OrderedDict()
        self._queues: dict[str, deque[Order]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def take(self, run: RunCommand, holder: Holder | None) -> None:
        """Take a command up; `holder` is the session that holds the station, None when it is gone.

        A command that is in hand is not taken twice; one that has its result gets the same again.
        """
        key = command_key(run.station, run.request["id"])
        if key in self._in_hand:
            return
        known = self._results.get(key)
        if known is not None:
            self._spawn(self._append(known, INSIST_SECONDS))
            return
        if holder is None or holder.connection != run.connection:
            self._spawn(self._hand_back(run))
            return
        order = Order(run, holder)
        self._in_hand.add(key)
        queue = self._queues.setdefault(holder.connection, deque())
        if len(queue) >= WAITING_AT_MOST:
            full = Outcome(status="failed", why=f"{WAITING_AT_MOST} commands wait for this station already")
            self._spawn(self._finish(order, full))
            return
        queue.append(order)
        if len(queue) == 1:
            self._spawn(self._serve(queue, holder.connection))

    def late(self, holder: Holder, unmatched: Unmatched) -> None:
        """An answer came after its CALL was given up: publish it as such, if the CALL was a command's."""
        command_id = self._unanswered.pop(unmatched.id, None)
        if command_id is None:
            return
        frame = unmatched.frame
        event = CommandLateResult(
            station=Station(id=holder.station),
            received_at=datetime.now(UTC),
            command_id=command_id,
            payload=frame.payload if isinstance(frame, CallResult) else msgspec.UNSET,
            error_code=frame.code if isinstance(frame, CallError) else None,
        )
        identity = event_id(f"late {command_id} {unmatched.id}")
        self._spawn(self._append(holder.publisher.records([Fact(event, identity)]), INSIST_SECONDS))

    async def stop(self, deadline_seconds: float) -> None:
        """Wait for the results of what is in hand; the sessions are closed by now."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=deadline_seconds)
        for task in list(self._tasks):
            task.cancel()

    async def _serve(self, queue: deque[Order], connection: str) -> None:
        """One connection's commands, first in, first out."""
        while queue:
            order = queue[0]
            try:
                await self._finish(order, await self._outcome(order))
            except Unsent:
                await self._hand_back(order.run)
            queue.popleft()
        del self._queues[connection]

    async def _outcome(self, order: Order) -> Outcome:
        try:
            if order.seconds_left() <= 0:
                raise CallExpired  # noqa: TRY301 - the same end as when its turn does not come
            return await self._perform(order)
        except (Invalid, CallInvalid) as fault:
            return _invalid(order, fault)
        except Unsupported as fault:
            return Outcome(status="unsupported", why=str(fault))
        except CallTimedOut:
            return Outcome(
                status="timed_out", why="the station did not answer in time; whether it acted is unknown"
            )
        except CallExpired:
            if order.sent_at is None:
                return Outcome(status="expired", why="the deadline came before the command was sent")
            return Outcome(status="timed_out", why="the deadline came before all of the command was sent")
        except ConnectionLost as lost:
            if order.sent_at is None and not lost.was_sent:
                raise Unsent from None
            return Outcome(
                status="timed_out", why="the connection was lost; whether the station acted is unknown"
            )
        except Exception:  # noqa: BLE001 - a fault of ours ends one command
            self._metrics.faults.n += 1
            _log.exception("a command failed on our side", command=order.request.command)
            return _failed(order)

    async def _perform(self, order: Order) -> Outcome:
        """Send the CALLs of the plan one after the other; each raises as `Calls.call`."""
        plan = self._plan_of(order.request, order.holder.target(order.request.id))
        try:
            ask = next(plan)
            while True:
                ask = plan.send(await self._ask(order, ask))
        except StopIteration as end:
            outcome: Outcome = end.value
            return outcome

    async def _ask(self, order: Order, ask: Ask) -> Said | Declined:
        before = datetime.now(UTC)
        try:
            payload = await order.holder.call(
                ask.action, ask.payload, max(0.0, order.seconds_left()), self._answer_seconds
            )
        except CallRefused as refused:
            order.sent_at = order.sent_at or before
            order.exchanges.append(
                Exchange(
                    action=ask.action,
                    request=ask.payload,
                    error_code=refused.code,
                    error_description=refused.description or None,
                )
            )
            declined = Declined(refused.code, refused.description)
            if is_unable(declined):
                order.holder.declined |= {ask.action}
            return declined
        except (CallTimedOut, ConnectionLost) as lost:
            if isinstance(lost, CallTimedOut):
                self._unanswered[lost.id] = order.request.id
                if len(self._unanswered) > LATE_REMEMBERED:
                    self._unanswered.popitem(last=False)
            if not isinstance(lost, ConnectionLost) or lost.was_sent:
                order.sent_at = order.sent_at or before
                order.exchanges.append(Exchange(action=ask.action, request=ask.payload))
            raise
        except (CallInvalid, CallExpired):
            raise  # nothing was sent
        except Exception:  # a fault of ours: the CALL may have been sent
            order.sent_at = order.sent_at or before
            raise
        order.sent_at = order.sent_at or before
        order.exchanges.append(Exchange(action=ask.action, request=ask.payload, response=payload))
        return Said(payload if isinstance(payload, dict) else {})

    async def _finish(self, order: Order, outcome: Outcome) -> None:
        event = order.completed(outcome)
        key = command_key(event.station.id, event.command_id)
        made = order.holder.publisher.records([Fact(event, key)])
        # The router publishes it, if it is the first: that makes it the only one, whoever else gave up.
        records = [msgspec.structs.replace(record, topic=ROUTES.name) for record in made]
        self._remember(key, records)
        self._in_hand.discard(key)
        self._metrics.commands.at(outcome.status).n += 1
        await self._append(records, max(0.0, order.seconds_left()) + INSIST_SECONDS)

    async def _hand_back(self, run: RunCommand) -> None:
        """Say that nothing was sent; if it comes again, for a newer connection, it is taken up."""
        key = command_key(run.station, run.request["id"])
        self._in_hand.discard(key)
        value = msgspec.json.encode(Returned(command=key, connection=run.connection))
        record = Record(ROUTES.name, run.station, value)
        await self._append([record], INSIST_SECONDS)

    async def _append(self, records: list[Record], insist_seconds: float) -> None:
        """Append what may be appended again and again, until it is taken or too late."""
        loop = asyncio.get_running_loop()
        until = loop.time() + insist_seconds
        while records:
            try:
                for record in records:
                    await self._log.append(record)
            except LogUnavailable:
                if loop.time() > until:
                    return
                await asyncio.sleep(0.1)
            except RecordRefused:
                _log.exception("a command's result could not be stored")
                return
            else:
                return

    def _remember(self, key: str, records: list[Record]) -> None:
        self._results[key] = records
        while len(self._results) > REMEMBERED:
            self._results.popitem(last=False)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _invalid(order: Order, fault: Exception) -> Outcome:
    """The outcome of a CALL that breaks a rule; the status `invalid` promises that nothing was sent."""
    if order.sent_at is None:
        return Outcome(status="invalid", why=str(fault))
    return Outcome(status="failed", why=f"a part of the command was sent, the next is invalid: {fault}")


def _failed(order: Order) -> Outcome:
    """The outcome of a command on which the gateway failed."""
    if order.sent_at is None:
        return Outcome(status="failed", why="the gateway failed on this command")
    return Outcome(
        status="timed_out",
        why="the gateway failed on this command after it was sent; whether the station acted is unknown",
    )

"""The commands in a gateway's hands: one after the other, each sent at most once, each with one result."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from structlog.testing import LogCapture

from contract.deliveries import RunCommand
from contract.results import CommandCompleted, CommandLateResult
from contract.routes import Note, Returned, command_key
from contract.topics import COMMAND_RESULTS, EVERY_TOPIC, ROUTES
from eventlog.port import Record
from gateway import orders as module
from gateway.orders import WAITING_AT_MOST, Orders
from gateway.translation.outbound.plan import Ask, Plan
from gateway.translation.outbound.requests import plan_of
from tests.support.pod import Connection, Pod

CLEARED = {"status": "Accepted"}


class Hands:
    """One gateway's orders, and what they have written down."""

    def __init__(self, pod: Pod) -> None:
        self.pod = pod
        self.orders = Orders(pod.log, plan_of, pod.metrics, answer_seconds=30)

    async def connect(self, station: str = "CS-1") -> Connection:
        connection = self.pod.connect(station, late=self.orders.late)
        await connection.transport.ask("0", "Heartbeat")
        return connection

    def take(
        self, connection: Connection, id_: str = "1", *, seconds: float = 5.0, **request: Any
    ) -> RunCommand:
        session = connection.session
        now = datetime.now(UTC)
        run = RunCommand(
            station=session.station,
            connection=session.connection,
            request={"id": id_, "command": "authorization.clear_cache", **request},
            asked_at=now,
            deadline_at=now + timedelta(seconds=seconds),
        )
        self.orders.take(run, session)
        return run

    @property
    def noted(self) -> list[Record]:
        return [stored.record for stored in self.pod.stored() if stored.place.topic == ROUTES.name]

    async def results(self, count: int) -> list[CommandCompleted]:
        """So many results, as soon as they are there."""
        await self.pod.until(lambda: len(self._results()) >= count)
        return self._results()

    async def returned(self) -> Returned:
        await self.pod.until(lambda: bool(self.noted))
        [record] = self.noted
        note = msgspec.json.decode(record.value or b"", type=Note)
        assert isinstance(note, Returned)
        return note

    def _results(self) -> list[CommandCompleted]:
        return [
            msgspec.json.decode(record.value or b"", type=CommandCompleted)
            for record in self.noted
            if ("ce_type", b"ocpp.command.completed") in record.headers
        ]


@pytest.fixture
async def hands(pod: Pod) -> AsyncIterator[Hands]:
    await pod.log.apply_topics(EVERY_TOPIC.values())
    made = Hands(pod)
    yield made
    await made.orders.stop(0.1)


async def heard(connection: Connection, answer: dict[str, Any] | None = None) -> str:
    """The action of the next CALL, answered."""
    frame = await connection.transport.hear()
    connection.transport.say([3, frame[1], CLEARED if answer is None else answer])
    action: str = frame[2]
    return action


async def test_commands_are_sent_in_their_order_one_at_a_time(hands: Hands) -> None:
    connection = await hands.connect()
    ids = [str(number) for number in range(5)]
    for id_ in ids:
        hands.take(connection, id_)
    for _ in ids:
        frame = await connection.transport.hear()
        await asyncio.sleep(0.01)
        assert connection.transport.unheard == 0, "a second command was sent before the first was answered"
        connection.transport.say([3, frame[1], CLEARED])
    results = await hands.results(5)
    assert [(result.command_id, result.status) for result in results] == [(id_, "accepted") for id_ in ids]
    for before, after in itertools.pairwise(result.timings for result in results):
        assert before.answered_at is not None
        assert after.sent_at is not None
        assert before.answered_at <= after.sent_at


async def test_more_than_may_wait_is_answered_at_once(hands: Hands) -> None:
    connection = await hands.connect()
    for number in range(WAITING_AT_MOST + 1):
        hands.take(connection, str(number))
    [result] = await hands.results(1)
    assert (result.command_id, result.status) == (str(WAITING_AT_MOST), "failed")
    assert f"{WAITING_AT_MOST} commands wait" in (result.why or "")
    for _ in range(WAITING_AT_MOST):
        await heard(connection)
    assert {result.status for result in (await hands.results(WAITING_AT_MOST + 1))[1:]} == {"accepted"}


async def test_what_is_delivered_again_while_it_is_in_hand_is_sent_once(
    hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when many others have had their results since."""
    monkeypatch.setattr(module, "REMEMBERED", 1)
    slow, quick = await hands.connect("SLOW"), await hands.connect("QUICK")
    run = hands.take(slow)
    for id_ in "abc":
        hands.take(quick, id_)
        await heard(quick)
    await hands.results(3)
    hands.orders.take(run, slow.session)
    await heard(slow)
    await hands.results(4)
    await asyncio.sleep(0.02)
    assert slow.transport.unheard == 0


async def test_what_is_delivered_again_after_its_end_has_the_same_result_again(hands: Hands) -> None:
    connection = await hands.connect()
    run = hands.take(connection)
    await heard(connection)
    await hands.results(1)
    hands.orders.take(run, connection.session)
    hands.orders.take(run, None)
    await hands.results(3)
    assert connection.transport.unheard == 0
    first, *again = hands.noted
    assert again == [first, first]


async def test_a_station_that_does_not_answer_costs_the_next_command_nothing(hands: Hands) -> None:
    connection = await hands.connect()
    hands.take(connection, "deaf", seconds=0.1)
    hands.take(connection, "next")
    late = await connection.transport.hear()
    frame = await connection.transport.hear()
    connection.transport.say([3, late[1], {"status": "Rejected"}])
    connection.transport.say([3, frame[1], CLEARED])
    results = await hands.results(2)
    assert [(result.command_id, result.status) for result in results] == [
        ("deaf", "timed_out"),
        ("next", "accepted"),
    ]
    assert results[0].timings.sent_at is not None
    assert results[0].timings.answered_at is None


async def test_a_command_that_has_an_hour_does_not_hold_up_the_next_for_an_hour(hands: Hands) -> None:
    hands.orders = Orders(hands.pod.log, plan_of, hands.pod.metrics, answer_seconds=0.1)
    connection = await hands.connect()
    hands.take(connection, "deaf", seconds=3_600)
    hands.take(connection, "next")
    await connection.transport.hear()
    await heard(connection)
    results = await hands.results(2)
    assert [result.status for result in results] == ["timed_out", "accepted"]


@pytest.mark.parametrize(
    ("answer", "payload", "code"),
    [
        ([3, {"status": "Rejected"}], {"status": "Rejected"}, None),
        ([4, "InternalError", "", {}], msgspec.UNSET, "InternalError"),
    ],
)
async def test_a_late_answer_is_told_as_such(
    hands: Hands, answer: list[Any], payload: Any, code: Any
) -> None:
    connection = await hands.connect()
    hands.take(connection, "deaf", seconds=0.05)
    frame = await connection.transport.hear()
    await hands.results(1)
    for _ in range(2):
        connection.transport.say([answer[0], frame[1], *answer[1:]])
    await hands.pod.until(lambda: hands.pod.metrics.invalid.at("late").n >= 1)
    await connection.transport.ask("1", "Heartbeat")
    late = [
        msgspec.json.decode(stored.record.value or b"", type=CommandLateResult)
        for stored in hands.pod.stored()
        if stored.place.topic == COMMAND_RESULTS.name
    ]
    assert [(event.command_id, event.payload, event.error_code) for event in late] == [
        ("deaf", payload, code)
    ]


async def test_what_comes_too_late_is_expired_and_not_sent(hands: Hands) -> None:
    connection = await hands.connect()
    hands.take(connection, "old", seconds=-1)
    hands.take(connection, "blocks", seconds=0.2)
    hands.take(connection, "behind", seconds=0.1)
    await connection.transport.hear()
    results = await hands.results(3)
    assert [(result.command_id, result.status) for result in results] == [
        ("old", "expired"),
        ("blocks", "timed_out"),
        ("behind", "expired"),
    ]
    assert connection.transport.unheard == 0


async def test_a_connection_that_ends_leaves_what_was_sent_unknown_and_hands_back_the_rest(
    hands: Hands,
) -> None:
    connection = await hands.connect()
    hands.take(connection, "sent")
    waiting = hands.take(connection, "waiting")
    await connection.transport.hear()
    connection.transport.hang_up()
    [result] = await hands.results(1)
    assert (result.command_id, result.status) == ("sent", "timed_out")
    assert "unknown" in (result.why or "")
    assert result.exchanges[0].action == "ClearCache"
    await hands.pod.until(lambda: len(hands.noted) == 2)
    note = msgspec.json.decode(hands.noted[1].value or b"", type=Note)
    assert note == Returned(command=command_key("CS-1", "waiting"), connection=waiting.connection)


async def test_what_was_handed_back_is_taken_when_it_comes_again(hands: Hands) -> None:
    old = await hands.connect()
    run = hands.take(old)
    hands.orders.take(run, None)  # it is in hand already
    await heard(old)
    await hands.results(1)

    new = await hands.connect("CS-2")
    other = msgspec.structs.replace(run, station="CS-2", connection="before")
    hands.orders.take(other, new.session)
    await hands.pod.until(lambda: len(hands.noted) == 2)
    hands.orders.take(msgspec.structs.replace(other, connection=new.session.connection), new.session)
    assert await heard(new) == "ClearCache"
    assert [result.status for result in await hands.results(2)] == ["accepted", "accepted"]


@pytest.mark.parametrize("is_there", [True, False])
async def test_a_command_for_a_connection_that_is_gone_is_handed_back(
    hands: Hands, *, is_there: bool
) -> None:
    connection = await hands.connect()
    run = RunCommand(
        station="CS-1",
        connection="before",
        request={"id": "1", "command": "authorization.clear_cache"},
        asked_at=datetime.now(UTC),
        deadline_at=datetime.now(UTC) + timedelta(seconds=5),
    )
    hands.orders.take(run, connection.session if is_there else None)
    assert await hands.returned() == Returned(command=command_key("CS-1", "1"), connection="before")
    assert connection.transport.unheard == 0


@pytest.mark.parametrize(
    ("request_", "status", "why"),
    [
        ({"command": "station.dance"}, "invalid", "/command: there is no command 'station.dance'"),
        ({"command": "connector.unlock"}, "invalid", "/arguments"),
        ({"command": "tariff.list"}, "unsupported", "OCPP 1.6 has no tariff.list"),
        ({"command": None}, "invalid", "neither"),
        ({"command": None, "action": "Reset", "version": "2.1"}, "unsupported", "speaks OCPP 1.6, not 2.1"),
        ({"command": None, "action": "Reset", "version": "1.6"}, "invalid", "Reset: "),
        ({"command": None, "action": "Dance", "version": "1.6"}, "invalid", "/action: OCPP 1.6 has no Dance"),
        ({"command": None, "action": "Heartbeat", "version": "1.6"}, "invalid", "for stations to send"),
        ({"command": None, "action": "Reset", "version": "1.6", "payload": [1]}, "invalid", "Reset: "),
    ],
)
async def test_what_cannot_be_asked_is_answered_and_not_sent(
    hands: Hands, request_: dict[str, Any], status: str, why: str
) -> None:
    connection = await hands.connect()
    hands.take(connection, **request_)
    [result] = await hands.results(1)
    assert result.status == status
    assert why in (result.why or "")
    assert connection.transport.unheard == 0


async def test_a_refusal_is_the_outcome_and_remembered(hands: Hands) -> None:
    connection = await hands.connect()
    hands.take(connection, "1")
    frame = await connection.transport.hear()
    connection.transport.say([4, frame[1], "NotImplemented", "no cache", {}])
    [result] = await hands.results(1)
    assert (result.status, result.why) == ("unsupported", "NotImplemented: no cache")
    assert (result.exchanges[0].error_code, result.exchanges[0].error_description) == (
        "NotImplemented",
        "no cache",
    )
    assert connection.session.declined == {"ClearCache"}


async def test_a_fault_of_ours_ends_one_command_and_not_those_behind_it(
    pod: Pod, said_in_log: LogCapture
) -> None:
    await pod.log.apply_topics(EVERY_TOPIC.values())
    hands = Hands(pod)

    def fails(request: Any, target: Any) -> Any:
        if request.id == "broken":
            raise ZeroDivisionError
        return plan_of(request, target)

    hands.orders = Orders(pod.log, fails, pod.metrics, answer_seconds=30)
    connection = await hands.connect()
    hands.take(connection, "broken")
    hands.take(connection, "whole")
    await heard(connection)
    results = await hands.results(2)
    assert [(result.command_id, result.status) for result in results] == [
        ("broken", "failed"),
        ("whole", "accepted"),
    ]
    assert pod.metrics.faults.n == 1
    [entry] = said_in_log.entries
    assert entry["event"] == "a command failed on our side"
    said_in_log.entries.clear()


async def test_a_fault_of_ours_after_the_call_was_sent_leaves_the_outcome_unknown(
    pod: Pod, said_in_log: LogCapture
) -> None:
    await pod.log.apply_topics(EVERY_TOPIC.values())
    hands = Hands(pod)

    def fails_later(_request: Any, _target: Any) -> Plan:
        yield Ask("ClearCache", {})
        raise ZeroDivisionError

    hands.orders = Orders(pod.log, fails_later, pod.metrics, answer_seconds=30)
    connection = await hands.connect()
    hands.take(connection)
    await heard(connection)
    [result] = await hands.results(1)
    assert (result.status, "unknown" in (result.why or "")) == ("timed_out", True)
    said_in_log.entries.clear()


async def test_an_invalid_second_call_is_not_called_a_command_that_was_never_sent(pod: Pod) -> None:
    await pod.log.apply_topics(EVERY_TOPIC.values())
    hands = Hands(pod)

    def two_calls(_request: Any, _target: Any) -> Plan:
        yield Ask("ClearCache", {})
        yield Ask("Reset", {"type": "none of OCPP"})
        raise AssertionError

    hands.orders = Orders(pod.log, two_calls, pod.metrics, answer_seconds=30)
    connection = await hands.connect()
    hands.take(connection)
    await heard(connection)
    [result] = await hands.results(1)
    assert (result.status, [one.action for one in result.exchanges]) == ("failed", ["ClearCache"])


async def test_a_result_that_the_log_does_not_take_is_said_when_it_does(hands: Hands) -> None:
    connection = await hands.connect()
    hands.take(connection)
    frame = await connection.transport.hear()
    hands.pod.down()
    connection.transport.say([3, frame[1], CLEARED])
    await asyncio.sleep(0.1)
    hands.pod.down(None)
    [result] = await hands.results(1)
    assert result.status == "accepted"


async def test_an_end_waits_for_the_results_of_what_is_in_hand(hands: Hands) -> None:
    connection = await hands.connect()
    hands.take(connection)
    frame = await connection.transport.hear()
    stopping = asyncio.create_task(hands.orders.stop(5))
    await asyncio.sleep(0.02)
    connection.transport.say([3, frame[1], CLEARED])
    await stopping
    assert [result.status for result in hands._results()] == ["accepted"]

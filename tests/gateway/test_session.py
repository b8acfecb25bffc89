"""One connection: in order, two independent directions, bounded, and ended for a reason that is told."""

import asyncio
import time
from typing import Any

import pytest
from structlog.testing import LogCapture

from contract.events import FrameRejected, StationConnected, StationDisconnected
from gateway.calls import CallRefused, CallTimedOut, ConnectionLost
from gateway.ocpp.rpc import Garbled
from gateway.translation.table import Inbound
from tests.support.pod import Pod, limits

BOOT = {"chargePointVendor": "V", "chargePointModel": "M"}
STATUS = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}


async def test_a_station_boots_and_its_life_stands_in_the_log(pod: Pod) -> None:
    connection = pod.connect()
    answer = await connection.transport.ask("1", "BootNotification", BOOT)
    assert answer[:2] == [3, "1"]
    assert answer[2]["status"] == "Accepted"
    assert pod.names() == ["station.connected", "station.booted"]

    connection.transport.hang_up(1001)
    await connection.ended()
    connected, booted, disconnected = pod.events()
    assert isinstance(connected, StationConnected)
    assert isinstance(disconnected, StationDisconnected)
    assert (disconnected.reason, disconnected.code) == ("client", 1001)
    assert booted.protocol is not None
    assert booted.protocol.message_id == "1"
    assert [dict(stored.record.headers)["ce_sequence"] for stored in pod.stored()] == [
        b"0000000001",
        b"0000000002",
        b"0000000003",
    ]
    assert len(pod.sessions) == 0
    assert pod.metrics.closed.at("client").n == 1


async def test_requests_are_served_in_the_order_they_came(pod: Pod) -> None:
    transport = pod.connect().transport
    for number in range(40):
        transport.call(str(number), "StatusNotification", {**STATUS, "connectorId": number})
    assert [(await transport.hear())[1] for _ in range(40)] == [str(number) for number in range(40)]
    told = [event.raw["connectorId"] for event in pod.events() if event.NAME == "connector.status_changed"]
    assert told == list(range(40))


async def test_the_answer_comes_after_the_event_is_durable(pod: Pod) -> None:
    transport = pod.connect().transport
    await transport.ask("1", "Heartbeat")
    pod.down()
    transport.call("2", "StatusNotification", STATUS)
    with pytest.raises(TimeoutError):
        await transport.hear(0.2)
    pod.down(None)
    assert (await transport.hear())[:2] == [3, "2"]


async def test_a_full_inbox_pauses_the_socket_and_nothing_is_lost(pod: Pod) -> None:
    transport = pod.connect().transport
    await transport.ask("0", "Heartbeat")
    pod.down()
    for number in range(1, 13):
        transport.call(str(number), "StatusNotification", STATUS)
    await asyncio.sleep(0.1)
    # One is in the worker's hands and four are in the inbox; the rest waits in the socket.
    assert transport.unread == 12 - 5
    pod.down(None)
    assert [(await transport.hear())[1] for _ in range(12)] == [str(number) for number in range(1, 13)]
    assert pod.names().count("connector.status_changed") == 12


async def test_answers_to_our_calls_resolve_while_the_log_is_stuck(pod: Pod) -> None:
    connection = pod.connect()
    await connection.transport.ask("0", "Heartbeat")
    pod.down()
    connection.transport.call("1", "StatusNotification", STATUS)
    calling = asyncio.create_task(connection.session.call("ClearCache", {}, 2))
    frame = await connection.transport.hear(0.2)
    assert frame[0] == 2
    connection.transport.say([3, frame[1], {"status": "Accepted"}])
    assert await asyncio.wait_for(calling, 0.2) == {"status": "Accepted"}


async def test_our_calls_take_turns_first_come_first_served(pod: Pod) -> None:
    connection = pod.connect()
    keys = [str(number) for number in range(5)]
    calls = [
        asyncio.create_task(connection.session.call("GetConfiguration", {"key": [key]}, 5)) for key in keys
    ]
    asked = []
    for _ in keys:
        frame = await connection.transport.hear()
        await asyncio.sleep(0.01)
        assert connection.transport.unheard == 0, "a second call of ours was open"
        asked.append(frame[3]["key"][0])
        connection.transport.say([3, frame[1], {"unknownKey": frame[3]["key"]}])
    assert asked == keys
    assert [(await call)["unknownKey"][0] for call in calls] == keys


async def test_a_timed_out_call_gives_its_turn_back_and_its_late_answer_is_counted(pod: Pod) -> None:
    connection = pod.connect()
    transport = connection.transport
    with pytest.raises(CallTimedOut):
        await connection.session.call("ClearCache", {}, 0.05)
    late = await transport.hear()
    assert pod.metrics.own_call_timeouts.n == 1

    calling = asyncio.create_task(connection.session.call("ClearCache", {}, 2))
    frame = await transport.hear()
    transport.say([3, late[1], {"status": "Rejected"}])
    await pod.until(lambda: pod.metrics.invalid.at("late").n == 1)
    assert not calling.done(), "a late answer ended the next call"
    transport.say([3, frame[1], {"status": "Accepted"}])
    assert await calling == {"status": "Accepted"}


async def test_a_cancelled_call_gives_its_turn_back(pod: Pod) -> None:
    connection = pod.connect()
    first = asyncio.create_task(connection.session.call("ClearCache", {}, 5))
    second = asyncio.create_task(connection.session.call("ClearCache", {}, 5))
    third = asyncio.create_task(connection.session.call("ClearCache", {}, 5))
    await connection.transport.hear()
    second.cancel()  # while it waits for its turn
    first.cancel()  # while it waits for its answer
    frame = await connection.transport.hear()
    connection.transport.say([3, frame[1], {"status": "Accepted"}])
    assert await third == {"status": "Accepted"}


async def test_a_refused_call_says_why_and_gives_its_turn_back(pod: Pod) -> None:
    connection = pod.connect()
    calling = asyncio.create_task(connection.session.call("ClearCache", {}, 5))
    frame = await connection.transport.hear()
    connection.transport.say([4, frame[1], "NotSupported", "no cache", {}])
    with pytest.raises(CallRefused) as refusal:
        await calling
    assert (refusal.value.code, refusal.value.description) == ("NotSupported", "no cache")
    again = asyncio.create_task(connection.session.call("ClearCache", {}, 5))
    frame = await connection.transport.hear()
    connection.transport.say([3, frame[1], {"status": "Accepted"}])
    await again


@pytest.mark.parametrize("reads", [True, False])
async def test_every_call_ends_when_the_station_is_gone(pod: Pod, *, reads: bool) -> None:
    connection = pod.connect()
    await connection.transport.ask("1", "Heartbeat")
    if not reads:
        connection.transport.reads.clear()
    calls = [asyncio.create_task(connection.session.call("ClearCache", {}, 30)) for _ in range(3)]
    await asyncio.sleep(0.02)
    connection.transport.hang_up()
    async with asyncio.timeout(2):
        ended = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(fault) for fault in ended] == [ConnectionLost] * 3
    with pytest.raises(ConnectionLost):
        await connection.session.call("ClearCache", {}, 1)


@pytest.mark.parametrize(
    ("said", "counted"),
    [
        ([3, "nobody", {}], "unsolicited"),
        ([4, "nobody", "GenericError", "", {}], "unsolicited"),
        (b"hello", "json"),
        (b"\xff\xfe", "json"),
        (b"{}", "framing"),
        ([True, "1", "Heartbeat", {}], "framing"),
        ([2.0, "1", "Heartbeat", {}], "framing"),
        ([7, "1", {}], "message_type"),
        (Garbled("binary", "OCPP-J is text", None), "binary"),
    ],
)
async def test_a_bad_frame_is_counted_and_the_next_good_one_answered(
    pod: Pod, said: Any, counted: str
) -> None:
    transport = pod.connect().transport
    transport.say(said)
    assert (await transport.ask("1", "Heartbeat"))[:2] == [3, "1"]
    assert pod.metrics.invalid.at(counted).n == 1
    rejected = [event for event in pod.events() if isinstance(event, FrameRejected)]
    assert len(rejected) == (0 if counted == "unsolicited" else 1)
    if rejected:
        assert rejected[0].kind == counted


async def test_a_station_of_2_x_is_told_of_a_bad_frame(pod: Pod) -> None:
    transport = pod.connect(version="2.0.1").transport
    transport.say(b"hello")
    assert (await transport.hear())[:3] == [4, "-1", "RpcFrameworkError"]


async def test_a_send_of_2_1_is_published_and_not_answered(pod: Pod) -> None:
    transport = pod.connect(version="2.1").transport
    data = {"id": 1, "pending": 0, "basetime": "2026-01-01T00:00:00Z", "data": [{"t": 0, "v": "1"}]}
    transport.say([6, "s", "NotifyPeriodicEventStream", data])
    assert (await transport.ask("1", "Heartbeat"))[:2] == [3, "1"]
    assert len(pod.names()) == 3
    assert pod.metrics.received.at("send", "NotifyPeriodicEventStream").n == 1


async def test_a_flood_of_bad_frames_ends_its_connection_only(pod: Pod) -> None:
    bad, good = pod.connect("BAD", limits=limits(bad_frames_per_minute=20)), pod.connect("GOOD")
    for _ in range(200):
        bad.transport.say(b"garbage")
    assert (await good.transport.ask("1", "Heartbeat"))[0] == 3
    await bad.ended()
    assert bad.transport.closed == (1008, "too many unreadable frames")
    assert pod.names("BAD").count("station.frame_rejected") <= 21
    last = pod.events("BAD")[-1]
    assert isinstance(last, StationDisconnected)
    assert (last.reason, last.code) == ("bad_frames", 1008)
    assert (await good.transport.ask("2", "Heartbeat"))[0] == 3


async def test_the_budget_of_bad_frames_is_not_reached_by_a_few(pod: Pod) -> None:
    connection = pod.connect(limits=limits(bad_frames_per_minute=20))
    for _ in range(20):
        connection.transport.say(b"garbage")
    assert (await connection.transport.ask("1", "Heartbeat"))[0] == 3
    assert connection.transport.closed is None


async def test_a_flood_of_good_frames_is_read_slower_and_nothing_is_lost(pod: Pod) -> None:
    """The burst of four seconds' worth passes at once, the rest at the rate."""
    connection = pod.connect(limits=limits(messages_per_second=50, inbox_messages=1000))
    for number in range(220):
        connection.transport.call(str(number), "Heartbeat")
    started = time.monotonic()
    heard = [(await connection.transport.hear())[1] for _ in range(220)]
    took = time.monotonic() - started
    assert heard == [str(number) for number in range(220)]
    assert 0.3 < took < 3, "20 over the burst at 50 a second are 0.4 s"


async def test_a_flood_of_pings_is_read_slower_too(pod: Pod) -> None:
    connection = pod.connect(limits=limits(messages_per_second=50))
    for _ in range(1000):
        connection.transport.say(None)
    await asyncio.sleep(0.1)
    assert connection.transport.unread > 700
    assert (await pod.connect("OTHER").transport.ask("1", "Heartbeat"))[0] == 3


async def test_a_bug_in_a_row_ends_one_message_only(pod: Pod, said_in_log: LogCapture) -> None:
    def broken(_payload: Any) -> Inbound:
        raise ZeroDivisionError

    from gateway.app import TABLES

    transport = pod.connect(table={**TABLES["1.6"], "Authorize": broken}).transport
    answer = await transport.ask("1", "Authorize", {"idTag": "A"})
    assert answer[:3] == [4, "1", "InternalError"]
    assert "ZeroDivision" not in str(answer), "a station is not told of our insides"
    assert (await transport.ask("2", "Heartbeat"))[:2] == [3, "2"]
    assert pod.metrics.faults.n == 1
    assert [entry["action"] for entry in said_in_log.entries if entry["log_level"] == "error"] == [
        "Authorize"
    ]
    said_in_log.entries.clear()


@pytest.mark.parametrize("where", ["gateway.desk.Desk.serve", "gateway.session.Session._take"])
async def test_a_failed_session_is_closed_and_does_not_touch_others(
    pod: Pod, said_in_log: LogCapture, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """Be it the worker or the reader that fails."""
    failing, other = pod.connect("FAILING"), pod.connect("OTHER")
    await failing.transport.ask("1", "Heartbeat")
    calling = asyncio.create_task(failing.session.call("ClearCache", {}, 30))
    await failing.transport.hear()

    def fail(*_: Any) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as broken:
        broken.setattr(where, fail)
        failing.transport.call("2", "Heartbeat")
        await failing.ended()
    assert failing.transport.closed == (1011, "the gateway failed")
    with pytest.raises(ConnectionLost):
        await calling
    last = pod.events("FAILING")[-1]
    assert isinstance(last, StationDisconnected)
    assert (last.reason, last.code) == ("error", 1011)
    assert (await other.transport.ask("1", "Heartbeat"))[0] == 3
    assert pod.metrics.faults.n == 1
    said_in_log.entries.clear()


async def test_a_station_that_never_reads_is_dropped_and_others_are_served(pod: Pod) -> None:
    deaf = pod.connect("DEAF", limits=limits(ping_seconds=0.2, ping_timeout_seconds=0.2))
    deaf.transport.answers_pings = False
    deaf.transport.reads.clear()
    for number in range(40):
        deaf.transport.call(str(number), "Heartbeat")
    other = pod.connect("OTHER")
    assert (await other.transport.ask("1", "Heartbeat"))[0] == 3
    await deaf.ended()
    assert deaf.transport.aborted
    assert pod.metrics.closed.at("ping_timeout").n == 1


async def test_a_station_is_not_taken_for_dead_while_we_ourselves_do_not_listen(pod: Pod) -> None:
    """Its pong waits behind the requests that the log does not let us take: it is alive."""
    connection = pod.connect(
        limits=limits(ping_seconds=0.05, ping_timeout_seconds=0.05, inbox_messages=1, leave_seconds=0.1)
    )
    await connection.transport.ask("0", "Heartbeat")
    pod.down()
    for number in range(1, 5):
        connection.transport.call(str(number), "StatusNotification", STATUS)
    await asyncio.sleep(0.35)
    assert connection.transport.pings
    assert not connection.transport.aborted
    pod.down(None)
    assert [(await connection.transport.hear())[1] for _ in range(4)] == ["1", "2", "3", "4"]


async def test_what_is_held_at_the_end_is_published_within_the_time_to_leave(pod: Pod) -> None:
    connection = pod.connect()
    await connection.transport.ask("0", "Heartbeat")
    for number in range(3):
        connection.transport.call(str(number), "StatusNotification", {**STATUS, "connectorId": number})
    connection.transport.hang_up()
    await connection.ended()
    assert pod.names().count("connector.status_changed") == 3
    assert pod.names()[-1] == "station.disconnected"


async def test_leaving_is_bounded_while_the_log_is_stuck(pod: Pod) -> None:
    connection = pod.connect(limits=limits(leave_seconds=0.1))
    await connection.transport.ask("0", "Heartbeat")
    pod.down()
    for number in range(4):
        connection.transport.call(str(number), "StatusNotification", STATUS)
    connection.transport.hang_up()
    await connection.ended(1.0)
    assert len(pod.sessions) == 0


async def test_bytes_and_frames_are_counted(pod: Pod) -> None:
    connection = pod.connect()
    await connection.transport.ask("1", "Heartbeat")
    calling = asyncio.create_task(connection.session.call("ClearCache", {}, 5))
    frame = await connection.transport.hear()
    sent = pod.metrics.sent_bytes.n
    connection.transport.say([3, frame[1], {"status": "Accepted"}])
    await calling
    metrics = pod.metrics
    assert metrics.received.at("call", "Heartbeat").n == 1
    assert metrics.received.at("callresult", "other").n == 1
    assert metrics.sent.at("callresult", "Heartbeat").n == 1
    assert metrics.sent.at("call", "ClearCache").n == 1
    assert metrics.received_bytes.n == len(b'[2, "1", "Heartbeat", {}]') + len(
        b'[3, "' + frame[1].encode() + b'", {"status": "Accepted"}]'
    )
    assert sent > len(b'[2,"","ClearCache",{}]') + 32, "our own call counts too"
    assert metrics.answer_seconds.at("Heartbeat").count == 1
    assert metrics.own_call_seconds.count == 1

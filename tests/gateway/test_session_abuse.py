"""What a connection survives and what ends it: bad frames, floods, deaf stations, and faults of our own."""

import asyncio
import time
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
from structlog.testing import LogCapture

from contract.events import FrameRejected, StationDisconnected
from gateway.calls import ConnectionLost
from gateway.ocpp.rpc import Garbled
from gateway.translation.table import Inbound
from tests.support.pod import Pod, limits

BOOT = {"chargePointVendor": "V", "chargePointModel": "M"}
STATUS = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}


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


async def test_a_station_beyond_its_volume_is_read_slower_and_nothing_is_lost(pod: Pod) -> None:
    connection = pod.connect(
        limits=limits(bytes_per_second=40_000, ping_seconds=0.05, ping_timeout_seconds=0.02)
    )
    connection.transport.answers_pings = False
    started = time.monotonic()
    for number in range(30):  # 180 KB: the burst takes 160 KB
        connection.transport.call(str(number), "DataTransfer", {"vendorId": "V", "data": "x" * 6000})
    heard = [(await connection.transport.hear())[1] for _ in range(30)]
    assert heard == [str(number) for number in range(30)]
    assert time.monotonic() - started > 0.3
    assert pod.metrics.paused.n > 0
    assert not connection.transport.aborted, "a station is not judged while its socket is not read"


async def test_a_station_beyond_its_processing_is_read_slower(
    pod: Pod, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of its messages is said to take 250 ms of the processor; 100 ms a second are allowed."""
    monkeypatch.setattr("gateway.limits.time.thread_time", _each_step(0.25))
    connection = pod.connect(limits=limits(processing_ms_per_second=100, inbox_messages=1))
    other = pod.connect("OTHER")
    for number in range(40):
        connection.transport.call(str(number), "DataTransfer", {"vendorId": "V", "data": "x" * 6000})
    await pod.until(lambda: pod.metrics.paused.n > 0)
    assert (await other.transport.ask("1", "Heartbeat"))[:2] == [3, "1"], "others are served meanwhile"
    assert connection.transport.unread > 30
    assert connection.transport.closed is None
    connection.session.end("drain")
    await connection.ended()
    assert connection.transport.closed == (1001, "this gateway is going away"), "a pause delays no end"


async def test_a_station_far_beyond_its_processing_is_closed(
    pod: Pod, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.limits.time.thread_time", _each_step(5.0))
    connection = pod.connect(limits=limits(processing_ms_per_second=100))
    connection.transport.call("1", "DataTransfer", {"vendorId": "V", "data": "x" * 6000})
    await connection.ended()
    assert connection.transport.closed == (1008, "messages that take too long to process")
    last = pod.events()[-1]
    assert isinstance(last, StationDisconnected)
    assert (last.reason, last.code) == ("too_costly", 1008)


def _each_step(seconds: float) -> Callable[[], float]:
    """A processor's clock by which each step of a message's work takes so many seconds."""
    readings = count()
    return lambda: (next(readings) + 1) // 2 * seconds


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


async def test_leaving_is_bounded_while_the_log_is_stuck(pod: Pod) -> None:
    connection = pod.connect(limits=limits(leave_seconds=0.1))
    await connection.transport.ask("0", "Heartbeat")
    pod.down()
    for number in range(4):
        connection.transport.call(str(number), "StatusNotification", STATUS)
    connection.transport.hang_up()
    await connection.ended(1.0)
    assert len(pod.sessions) == 0

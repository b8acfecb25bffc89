"""One connection: in order, bounded, and ended for a reason that is told."""

import asyncio

import pytest

from contract.events import StationConnected, StationDisconnected
from tests.support.pod import Pod

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


async def test_a_send_of_2_1_is_published_and_not_answered(pod: Pod) -> None:
    transport = pod.connect(version="2.1").transport
    data = {"id": 1, "pending": 0, "basetime": "2026-01-01T00:00:00Z", "data": [{"t": 0, "v": "1"}]}
    transport.say([6, "s", "NotifyPeriodicEventStream", data])
    assert (await transport.ask("1", "Heartbeat"))[:2] == [3, "1"]
    assert len(pod.names()) == 3
    assert pod.metrics.received.at("send", "NotifyPeriodicEventStream").n == 1


async def test_what_is_held_at_the_end_is_published_within_the_time_to_leave(pod: Pod) -> None:
    connection = pod.connect()
    await connection.transport.ask("0", "Heartbeat")
    for number in range(3):
        connection.transport.call(str(number), "StatusNotification", {**STATUS, "connectorId": number})
    connection.transport.hang_up()
    await connection.ended()
    assert pod.names().count("connector.status_changed") == 3
    assert pod.names()[-1] == "station.disconnected"


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

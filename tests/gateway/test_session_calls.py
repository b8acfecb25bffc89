"""Our CALLs on a connection: in turn, each ended once, and independent of what the station asks."""

import asyncio

import pytest

from gateway.calls import CallRefused, CallTimedOut, ConnectionLost
from tests.support.pod import Pod

BOOT = {"chargePointVendor": "V", "chargePointModel": "M"}
STATUS = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}


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

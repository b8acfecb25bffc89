"""A station that has told nothing of its state since it connected is asked, and no other is."""

import asyncio
import contextlib
import gc
from collections.abc import AsyncIterator
from typing import Any

import pytest

from gateway.prompting import Prompting
from gateway.session import Session
from gateway.translation.asking import MOST_QUESTIONS, every_status
from tests.support.pod import Connection, Pod

STATUS = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}
STATUS_2X = {
    "timestamp": "2026-08-04T13:40:00Z",
    "connectorStatus": "Available",
    "evseId": 1,
    "connectorId": 1,
}
BOOT = {"chargePointVendor": "V", "chargePointModel": "M"}


@contextlib.asynccontextmanager
async def prompting(pod: Pod, *, status: bool = True, boot: bool = False) -> AsyncIterator[Prompting]:
    made = Prompting(
        pod.log,
        pod.sessions,
        pod.wheel,
        pod.metrics,
        status=status,
        boot=boot,
        call_timeout_seconds=0.5,
        quiet_seconds=0.05,
        spread_seconds=0.0,
    )
    task = asyncio.create_task(made.watch())
    try:
        yield made
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def asked(connection: Connection, answer: Any) -> Any:
    """The payload of the gateway's next question, which is answered so."""
    kind, id_, action, payload = await connection.transport.hear()
    assert (kind, action) == (2, "TriggerMessage")
    connection.transport.say([3, id_, answer] if isinstance(answer, dict) else [4, id_, answer, "", {}])
    return payload


async def is_left_alone(connection: Connection) -> bool:
    await asyncio.sleep(0.2)
    return connection.transport.unheard == 0


async def test_a_silent_station_is_asked_for_its_status_once(pod: Pod) -> None:
    async with prompting(pod) as made:
        station = pod.connect()
        made.expect(station.session)
        assert await asked(station, {"status": "Accepted"}) == {"requestedMessage": "StatusNotification"}
        assert await is_left_alone(station)
        assert pod.metrics.prompted.n == 1


async def test_one_that_has_told_it_is_not(pod: Pod) -> None:
    async with prompting(pod) as made:
        old, new = pod.connect("A"), pod.connect("B", "2.0.1")
        made.expect(old.session)
        made.expect(new.session)
        await old.transport.ask("1", "StatusNotification", STATUS)
        await new.transport.ask("1", "StatusNotification", STATUS_2X)
        assert await is_left_alone(old)
        assert await is_left_alone(new)


async def test_a_report_of_the_device_model_tells_it_too(pod: Pod) -> None:
    async with prompting(pod) as made:
        station = pod.connect(version="2.1")
        made.expect(station.session)
        told = {
            "eventId": 1,
            "timestamp": "2026-08-04T13:40:00Z",
            "trigger": "Delta",
            "actualValue": "Available",
            "component": {"name": "Connector", "evse": {"id": 1, "connectorId": 1}},
            "variable": {"name": "AvailabilityState"},
            "eventNotificationType": "HardWiredNotification",
        }
        report = {"generatedAt": "2026-08-04T13:40:00Z", "seqNo": 0, "eventData": [told]}
        await station.transport.ask("1", "NotifyEvent", report)
        assert await is_left_alone(station)


async def test_a_boot_is_asked_for_only_where_the_setting_says_so_and_none_came(pod: Pod) -> None:
    async with prompting(pod, status=False, boot=True) as made:
        silent, booted = pod.connect("A"), pod.connect("B")
        made.expect(silent.session)
        made.expect(booted.session)
        await booted.transport.ask("1", "BootNotification", BOOT)
        assert await asked(silent, {"status": "Accepted"}) == {"requestedMessage": "BootNotification"}
        assert await is_left_alone(booted)


async def test_nothing_is_asked_where_nothing_shall_be(pod: Pod) -> None:
    async with prompting(pod, status=False) as made:
        station = pod.connect()
        made.expect(station.session)
        assert await is_left_alone(station)


async def test_a_2x_station_is_asked_connector_by_connector_until_there_is_none(pod: Pod) -> None:
    there = {(1, 1), (1, 2), (2, 1)}
    async with prompting(pod) as made:
        station = pod.connect(version="2.0.1")
        made.expect(station.session)
        places = []
        for _ in range(6):
            id_, payload = (await station.transport.hear())[1::2]
            place = (payload["evse"]["id"], payload["evse"]["connectorId"])
            places.append(place)
            station.transport.say([3, id_, {"status": "Accepted" if place in there else "Rejected"}])
        assert places == [(1, 1), (1, 2), (1, 3), (2, 1), (2, 2), (3, 1)]
        assert await is_left_alone(station)


@pytest.mark.parametrize("answer", ["NotImplemented", "InternalError", {"status": "Rejected"}, {}])
async def test_one_that_refuses_is_left_alone(pod: Pod, answer: Any) -> None:
    async with prompting(pod) as made:
        old, new = pod.connect("A"), pod.connect("B", "2.0.1")
        for station in (old, new):
            made.expect(station.session)
            await asked(station, answer)
            assert await is_left_alone(station)
        assert pod.metrics.faults.n == 0


async def test_one_that_does_not_answer_or_goes_delays_nobody(pod: Pod) -> None:
    async with prompting(pod) as made:
        silent, gone, other = pod.connect("A"), pod.connect("B"), pod.connect("C")
        for station in (silent, gone, other):
            made.expect(station.session)
        await silent.transport.hear()
        await gone.transport.hear()
        gone.transport.hang_up()
        assert await asked(other, {"status": "Accepted"}) == {"requestedMessage": "StatusNotification"}
        assert pod.metrics.faults.n == 0


async def test_while_the_log_is_down_nobody_is_asked(pod: Pod) -> None:
    async with prompting(pod) as made:
        station = pod.connect()
        made.expect(station.session)
        pod.down()
        assert await is_left_alone(station)
        pod.down(None)
        assert await asked(station, {"status": "Accepted"}) == {"requestedMessage": "StatusNotification"}


async def test_a_connection_that_has_gone_is_not_kept_for_it(pod: Pod) -> None:
    """Thousands may come and go a second; what waits is a name, not a session."""
    async with prompting(pod) as made:
        made._quiet = 3600.0
        station = pod.connect()
        made.expect(station.session)
        known = id(station.session)
        station.transport.hang_up()
        await station.ended()
        pod.connections.clear()
        del station
        await asyncio.sleep(0.05)
        gc.collect()
        assert known not in {id(one) for one in gc.get_objects() if isinstance(one, Session)}


async def test_its_successor_is_asked_in_its_place(pod: Pod) -> None:
    async with prompting(pod) as made:
        first = pod.connect()
        made.expect(first.session)
        second = pod.connect()
        await first.ended()
        assert await is_left_alone(second)
        made.expect(second.session)
        assert await asked(second, {"status": "Accepted"}) == {"requestedMessage": "StatusNotification"}


def test_a_station_that_agrees_to_everything_is_asked_so_often_only() -> None:
    questions = every_status("2.1")
    next(questions)
    asked = 1
    with contextlib.suppress(StopIteration):
        while True:
            questions.send(True)  # noqa: FBT003 - it agreed
            asked += 1
    assert asked == MOST_QUESTIONS

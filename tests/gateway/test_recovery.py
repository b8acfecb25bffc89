"""When the log is back: late events in order, and stations asked again for what they do not repeat."""

import asyncio
import itertools
from typing import Any

import pytest

from eventlog.in_flight import Limits
from eventlog.port import Record
from gateway.backlog import BACKLOG_RECORDS, Backlog
from gateway.metrics import GatewayMetrics
from gateway.translation.asking import Question
from tests.support.memory_log import MemoryLog
from tests.support.pod import Pod

BOOT = {"chargePointVendor": "V", "chargePointModel": "M"}
STATUS = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}


async def test_who_came_and_went_while_the_log_was_down_is_told_late_and_in_order(pod: Pod) -> None:
    pod.down()
    for _ in range(3):
        connection = pod.connect()
        await connection.transport.ask("1", "Heartbeat")
        connection.transport.hang_up()
        await connection.ended()
    assert pod.stored() == []
    assert len(pod.backlog) == 6
    pod.down(None)
    await pod.until(lambda: len(pod.backlog) == 0)
    assert pod.names() == ["station.connected", "station.disconnected"] * 3
    moments = [event.received_at for event in pod.events()]
    assert moments == sorted(moments), "they tell when it happened, not when it was published"


async def test_an_end_never_overtakes_its_late_beginning(pod: Pod) -> None:
    pod.down()
    connection = pod.connect()
    await connection.transport.ask("1", "Heartbeat")
    pod.down(None)
    connection.transport.hang_up()
    await connection.ended()
    await pod.until(lambda: len(pod.backlog) == 0)
    assert pod.names() == ["station.connected", "station.disconnected"]


async def test_a_refused_status_is_asked_for_again(hasty_pod: Pod) -> None:
    pod = hasty_pod
    transport = pod.connect().transport
    await transport.ask("0", "Heartbeat")
    pod.down()
    assert (await transport.ask("1", "StatusNotification", STATUS))[2] == "InternalError"
    assert (await transport.ask("2", "BootNotification", BOOT))[2] == "InternalError"
    assert (await transport.ask("3", "StatusNotification", STATUS))[2] == "InternalError"
    pod.down(None)
    asked = []
    for _ in range(2):
        frame = await transport.hear()
        asked.append(frame[2:])
        transport.say([3, frame[1], {"status": "Accepted"}])
    assert asked == [
        ["TriggerMessage", {"requestedMessage": "StatusNotification", "connectorId": 1}],
        ["TriggerMessage", {"requestedMessage": "BootNotification"}],
    ]
    await pod.until(lambda: pod.metrics.asked_again.n == 2)
    await asyncio.sleep(0.6)
    assert transport.unheard == 0, "asked once"


async def test_nobody_is_asked_before_the_log_has_taken_something(pod: Pod) -> None:
    """An engine may not see its trouble at once: then the question's answer would fail as well."""
    owing, other = pod.connect("OWING"), pod.connect("OTHER")
    await owing.transport.ask("0", "Heartbeat")
    await other.transport.ask("0", "Heartbeat")
    owing.session.desk.owed.append(Question("TriggerMessage", {"requestedMessage": "BootNotification"}))
    pod.metrics.append_failures.n += 1
    with pytest.raises(TimeoutError):
        await owing.transport.hear(1.2)
    await other.transport.ask("1", "Heartbeat")
    assert (await owing.transport.hear())[2] == "TriggerMessage"


async def test_a_station_of_2_x_is_asked_in_its_own_words(hasty_pod: Pod) -> None:
    transport = hasty_pod.connect(version="2.0.1").transport
    await transport.ask("0", "Heartbeat")
    hasty_pod.down()
    status = {
        "timestamp": "2026-01-01T00:00:00Z",
        "connectorStatus": "Available",
        "evseId": 2,
        "connectorId": 1,
    }
    assert (await transport.ask("1", "StatusNotification", status))[2] == "InternalError"
    hasty_pod.down(None)
    frame = await transport.hear()
    transport.say([3, frame[1], {"status": "Accepted"}])
    evse = {"id": 2, "connectorId": 1}
    assert frame[2:] == ["TriggerMessage", {"requestedMessage": "StatusNotification", "evse": evse}]


async def test_stations_that_do_not_answer_hold_up_neither_others_nor_the_backlog(hasty_pod: Pod) -> None:
    pod = hasty_pod
    silent = [pod.connect(f"SILENT-{number}") for number in range(60)]
    for station in silent:
        await station.transport.ask("0", "Heartbeat")
    pod.down()
    for station in silent:
        station.transport.call("1", "StatusNotification", STATUS)
    for station in silent:
        await station.transport.hear()
    late = pod.connect("LATE")
    await late.transport.ask("0", "Heartbeat")
    pod.down(None)
    await pod.until(lambda: "station.connected" in pod.names("LATE"), 2)
    await pod.until(lambda: pod.metrics.own_call_timeouts.n == 60)
    assert not any(station.transport.closed for station in silent)


async def test_a_station_that_does_not_answer_is_asked_one_thing_at_a_time(pod: Pod) -> None:
    pod.recovery._timeout = 30
    connection = pod.connect()
    await connection.transport.ask("0", "Heartbeat")
    question = Question("TriggerMessage", {"requestedMessage": "BootNotification"})
    connection.session.desk.owed += [question, question, question]
    assert (await connection.transport.hear())[2] == "TriggerMessage"
    await asyncio.sleep(1.2)
    assert len(connection.session.desk.owed) == 2, "the others wait until this one has ended"


async def test_a_station_that_refuses_to_say_is_left_in_peace(hasty_pod: Pod) -> None:
    transport = hasty_pod.connect().transport
    await transport.ask("0", "Heartbeat")
    hasty_pod.down()
    await transport.ask("1", "StatusNotification", STATUS)
    hasty_pod.down(None)
    frame = await transport.hear()
    transport.say([4, frame[1], "NotImplemented", "", {}])
    await asyncio.sleep(0.7)
    assert transport.unheard == 0
    assert (await transport.ask("2", "Heartbeat"))[:2] == [3, "2"]


def record(number: int, value: bytes | None = b"{}", topic: str = "ocpp.stations.v1") -> Record:
    return Record(topic, f"CS-{number}", value)


async def test_the_backlog_has_a_bound_and_drops_the_oldest() -> None:
    metrics = GatewayMetrics()
    backlog = Backlog(metrics)
    backlog.add(record(number) for number in range(BACKLOG_RECORDS + 10))
    assert len(backlog) == BACKLOG_RECORDS
    assert metrics.backlog_dropped.n == 10


async def test_a_record_that_the_log_never_takes_does_not_block_the_backlog(pod: Pod) -> None:
    pod.backlog.add([record(1, topic="no.such.topic"), record(2)])
    await pod.until(lambda: len(pod.backlog) == 0)
    assert [stored.record.key for stored in pod.stored()] == ["CS-2"]
    assert pod.metrics.backlog_dropped.n == 1


class FailingLog(MemoryLog):
    """Takes so many records, and then none until it is told to."""

    left = 3

    def append(self, record: Record) -> Any:
        self.left -= 1
        if self.left == -1:
            self.store.down = "gone again"
        return super().append(record)


async def test_what_a_failing_log_did_not_take_stays_in_order() -> None:
    from contract.topics import TOPICS

    log = FailingLog(limits=Limits(publish_deadline_seconds=0.1))
    await log.open()
    await log.apply_topics(TOPICS.values())
    backlog = Backlog(GatewayMetrics())
    backlog.add(record(0, str(number).encode()) for number in range(5))
    for attempt in itertools.count():
        try:
            await backlog.publish(log)
            break
        except Exception:  # noqa: BLE001 - LogUnavailable, as asserted by what stays
            assert attempt == 0
            assert 0 < len(backlog) <= 5
            log.store.down = None
    values = [stored.record.value for records in log.store.records.values() for stored in records]
    first = {value: values.index(value) for value in set(values)}
    assert sorted(first, key=lambda value: first[value]) == [b"0", b"1", b"2", b"3", b"4"]
    await log.close()

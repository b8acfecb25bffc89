"""What becomes of a request: understood, published, answered; judged as the mode says; refused while the log is away."""

import asyncio
from random import Random
from typing import Any

import orjson
import pytest
from structlog.testing import LogCapture

from contract.events import FrameRejected, UnknownAction
from gateway.app import TABLES
from gateway.desk import MOST_OWED, Validation
from gateway.ocpp.schemas import Fault, error_code
from gateway.ocpp.versions import VERSIONS
from gateway.translation.asking import trigger
from gateway.translation.table import Inbound
from tests.support.memory_log import MemoryLog
from tests.support.payloads import breaks, document, valid
from tests.support.pod import Connection, Pod, limits

BOOT = {"chargePointVendor": "V", "chargePointModel": "M"}
STATUS = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}
FAULTS_OF_EACH = 3


def quirks(pod: Pod) -> list[str]:
    return [quirk for event in pod.events() for quirk in event.quirks if quirk.startswith("schema:")]


@pytest.mark.parametrize("version", VERSIONS)
async def test_every_action_with_a_lawful_payload_is_accepted_without_a_schema_quirk(
    pod: Pod, version: str
) -> None:
    connection = pod.connect(version=version, mode="enforce")
    observed = pod.connect("OBSERVED", version=version, mode="observe")
    for action in TABLES[version]:
        random = Random(f"{version} {action}")
        for optional in (0.0, 0.5, 1.0):
            payload = valid(document(version, action), random, optional)
            for each in (connection, observed):
                await accepted(each, action, payload)
    assert quirks(pod) == []
    assert pod.metrics.invalid.at("schema").n == 0
    assert pod.metrics.faults.n == 0


async def accepted(connection: Connection, action: str, payload: Any) -> None:
    if action == "NotifyPeriodicEventStream":
        connection.transport.say([6, "1", action, payload])
        return
    answer = await connection.transport.ask("1", action, payload)
    assert answer[:2] == [3, "1"], (action, payload, answer)


def quirks_of(pod: Pod, station: str, action: str) -> list[list[str]]:
    records = [stored.record for stored in pod.stored(station)]
    of_action = [record for record in records if ("ce_action", action.encode()) in record.headers]
    return [orjson.loads(record.value or b"").get("quirks", []) for record in of_action]


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_single_fault_is_noted_or_refused_or_passed_as_the_mode_says(pod: Pod, version: str) -> None:
    wide = limits(messages_per_second=100_000)
    modes: tuple[Validation, ...] = ("observe", "enforce", "off")
    stations = {mode: pod.connect(mode, version=version, mode=mode, limits=wide) for mode in modes}
    for action in TABLES[version]:
        if action == "NotifyPeriodicEventStream":
            continue
        random = Random(f"{version} {action}")
        payload = valid(document(version, action), random, 0.7)
        wrong = breaks(document(version, action), payload)
        for one in random.sample(wrong, min(FAULTS_OF_EACH, len(wrong))):
            if not one.place and one.keyword == "type":
                continue  # no object at all: the same in all modes, tested below
            broken = orjson.loads(orjson.dumps(one.of(payload)))
            answers = {
                mode: await station.transport.ask("1", action, broken) for mode, station in stations.items()
            }
            assert answers["off"][0] == 3, (action, one, answers["off"])
            assert answers["observe"][0] == 3, (action, one, answers["observe"])
            expected = f"schema:{one.keyword}:{one.pointer or '/'}"
            assert any(expected in noted for noted in quirks_of(pod, "observe", action)), (action, one)
            assert answers["enforce"][0] == 4, (action, one)
            if one.keyword not in (
                "type",
                "enum",
            ):  # a wrong type is also no word of the list, and the other way
                code = error_code(Fault(one.keyword, "", ""))
                assert answers["enforce"][2] == VERSIONS[version].spelling.get(code, code)
    assert pod.names("enforce") == ["station.connected"], "what is refused is not published"
    assert not [q for event in pod.events("off") for q in event.quirks if q.startswith("schema:")]
    assert pod.metrics.faults.n == 0


@pytest.mark.parametrize("mode", ["observe", "enforce", "off"])
@pytest.mark.parametrize("payload", [[], [1], "text", "", 7, True])
async def test_a_payload_that_is_no_object_is_a_format_violation(
    pod: Pod, mode: Validation, payload: Any
) -> None:
    transport = pod.connect(mode=mode).transport
    transport.say([2, "1", "StatusNotification", payload])
    assert (await transport.hear())[:3] == [4, "1", "FormationViolation"]
    assert pod.names() == ["station.connected", "station.frame_rejected"]
    assert pod.metrics.invalid.at("payload").n == 1


@pytest.mark.parametrize("frame", [[2, "1", "Heartbeat", None], [2, "1", "Heartbeat"]])
async def test_no_payload_is_an_empty_one(pod: Pod, frame: Any) -> None:
    """Reference §4, quirk 25."""
    transport = pod.connect(mode="enforce").transport
    transport.say(frame)
    assert (await transport.hear())[:2] == [3, "1"]
    assert pod.events()[-1].quirks == ("payload_null",)


async def test_an_unknown_action_is_published_raw_and_not_implemented(pod: Pod) -> None:
    transport = pod.connect().transport
    answer = await transport.ask("1", "Frobnicate", {"a": [1]})
    assert answer[:3] == [4, "1", "NotImplemented"]
    event = pod.events()[-1]
    assert isinstance(event, UnknownAction)
    assert (event.action, event.payload) == ("Frobnicate", {"a": [1]})
    assert pod.metrics.received.at("call", "other").n == 1


async def test_an_action_that_only_we_may_send_is_not_supported(pod: Pod) -> None:
    assert (await pod.connect().transport.ask("1", "Reset", {"type": "Soft"}))[2] == "NotSupported"


async def test_a_monstrous_action_is_kept_short(pod: Pod) -> None:
    answer = await pod.connect().transport.ask("1", "A" * 60_000, {})
    assert answer[2] == "NotImplemented"
    assert len(answer[3]) <= 255
    headers = dict(pod.stored()[-1].record.headers)
    assert len(headers["ce_action"]) <= 255


async def test_a_stream_that_is_called_is_taken_and_answered(pod: Pod) -> None:
    """NotifyPeriodicEventStream is a SEND and has no response schema; its CALL can be understood all the same."""
    transport = pod.connect(version="2.1").transport
    data = {"id": 1, "pending": 0, "basetime": "2026-01-01T00:00:00Z", "data": [{"t": 0, "v": "1"}]}
    assert await transport.ask("1", "NotifyPeriodicEventStream", data) == [3, "1", {}]
    assert pod.metrics.faults.n == 0


async def test_an_answer_of_ours_that_breaks_its_schema_is_never_sent(
    pod: Pod, said_in_log: LogCapture
) -> None:
    lawful = TABLES["1.6"]["Heartbeat"]
    assert isinstance(lawful, Inbound)
    unlawful = lawful._replace(answer=lambda _payload, _reading, _event: {"noon": True})
    transport = pod.connect(table={**TABLES["1.6"], "Heartbeat": unlawful}).transport
    assert (await transport.ask("1", "Heartbeat"))[:3] == [4, "1", "InternalError"]
    assert pod.metrics.faults.n == 1
    wrong = [entry["event"] for entry in said_in_log.entries if entry["log_level"] == "error"]
    assert wrong == ["a message could not be served"]
    said_in_log.entries.clear()


async def test_a_request_that_is_sent_is_understood_and_not_answered(pod: Pod) -> None:
    transport = pod.connect(version="2.1").transport
    transport.say([6, "s", "Heartbeat", {}])
    transport.say([6, "s", "NoSuchAction", {}])
    transport.say([6, "s", "Heartbeat", []])
    assert (await transport.ask("1", "Heartbeat"))[:2] == [3, "1"]


async def test_while_the_log_is_down_nothing_is_answered_falsely(hasty_pod: Pod) -> None:
    transport = hasty_pod.connect().transport
    await transport.ask("0", "Heartbeat")
    hasty_pod.down()
    answer = await transport.ask("1", "BootNotification", BOOT)
    assert answer[:3] == [4, "1", "InternalError"]
    assert hasty_pod.metrics.errors.at("InternalError").n == 1
    assert hasty_pod.metrics.append_failures.n == 1


async def test_while_the_log_is_down_heartbeats_are_answered_at_once(hasty_pod: Pod) -> None:
    transport = hasty_pod.connect().transport
    await transport.ask("0", "Heartbeat")
    hasty_pod.down()
    async with asyncio.timeout(0.2):
        answer = await transport.ask("1", "Heartbeat")
    assert answer[:2] == [3, "1"]
    assert hasty_pod.metrics.unlogged_heartbeats.n == 1


async def test_heartbeats_are_answered_also_where_the_engine_sees_no_trouble(
    hasty_pod: Pod, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = hasty_pod.connect()
    await connection.transport.ask("0", "Heartbeat")
    hasty_pod.down()
    monkeypatch.setattr(MemoryLog, "trouble", None)
    assert (await connection.transport.ask("1", "Heartbeat"))[:2] == [3, "1"]
    assert hasty_pod.metrics.unlogged_heartbeats.n == 1
    assert not connection.session.desk.owed


@pytest.mark.parametrize("action", ["StartTransaction", "Authorize", "MeterValues", "NoSuchAction"])
async def test_what_a_station_repeats_itself_is_not_owed(hasty_pod: Pod, action: str) -> None:
    connection = hasty_pod.connect()
    await connection.transport.ask("0", "Heartbeat")
    hasty_pod.down()
    answer = await connection.transport.ask("1", action, {"connectorId": 1})
    assert answer[2] == "InternalError"
    assert not connection.session.desk.owed


async def test_what_is_owed_is_noted_once_for_each_place_and_bounded(pod: Pod) -> None:
    desk = pod.connect().session.desk
    for number in [*range(1, 3), *range(1, MOST_OWED * 2)]:
        desk._owe(trigger("1.6", "StatusNotification", {**STATUS, "connectorId": number}))
    assert len(desk.owed) == MOST_OWED
    assert [question.payload["connectorId"] for question in desk.owed] == list(range(1, MOST_OWED + 1))


async def test_a_record_that_the_log_never_takes_is_refused_and_the_next_one_served(pod: Pod) -> None:
    transport = pod.connect().transport
    del pod.log.store.topics["ocpp.security.v1"]
    security = {"type": "StartupOfTheDevice", "timestamp": "2026-01-01T00:00:00Z"}
    answer = await transport.ask("1", "SecurityEventNotification", security)
    assert answer[:3] == [4, "1", "InternalError"]
    assert (await transport.ask("2", "StatusNotification", STATUS))[:2] == [3, "2"]


async def test_the_beginning_of_a_bad_frame_is_kept_and_a_cut_letter_does_no_harm(pod: Pod) -> None:
    transport = pod.connect(version="2.0.1").transport
    for data in (b"x" + "é".encode() * 2000, b"\xe9t\xe9" * 1000):
        transport.say(data)
        await transport.hear()
    first, second = (event for event in pod.events() if isinstance(event, FrameRejected))
    assert first.frame == "x" + "é" * 255
    assert first.size_bytes == 4001
    assert second.frame.startswith("été")


@pytest.mark.parametrize("depth", [250, 252, 253, 254, 900, 1023, 5000])
@pytest.mark.parametrize("mode", ["observe", "enforce", "off"])
async def test_a_deeply_nested_payload_is_no_fault_of_ours(pod: Pod, mode: Validation, depth: int) -> None:
    transport = pod.connect(mode=mode).transport
    transport.say(b'[2,"1","DataTransfer",{"vendorId":"V","data":' + b"[" * depth + b"]" * depth + b"}]")
    answer = await transport.hear()
    assert answer[1] == "1"
    assert answer[2] != "InternalError"
    assert pod.metrics.faults.n == 0


@pytest.mark.parametrize("written", ["17", "12345678901234567890123", "1.0", "-0"])
async def test_a_number_for_an_id_is_echoed_and_stands_in_the_event_as_text(pod: Pod, written: str) -> None:
    connection = pod.connect()
    connection.transport.say(f'[2,{written},"BootNotification",{orjson.dumps(BOOT).decode()}]'.encode())
    assert (await connection.transport.hear_frame()).startswith(f"[3,{written},".encode())
    [booted] = [event for event in pod.events() if event.NAME == "station.booted"]
    assert booted.protocol is not None
    assert booted.protocol.message_id == written

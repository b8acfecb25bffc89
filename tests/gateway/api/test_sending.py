"""Commands over HTTP: one result each, waited for or asked for later, of whichever gateway."""

import asyncio
import re
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from contract.results import CommandRequest, Status
from contract.topics import COMMAND_RESULTS, COMMANDS, partition_of
from eventlog.port import Partition, Record
from gateway.api import commands as sending
from gateway.api import results
from tests.gateway.api.conftest import Answering, Backend, answering, completed, serving
from tests.support.memory_log import MemoryLog, MemoryStore

COMMANDS_OF_1 = "/v1/stations/CP-1/commands"
UNLOCK = {"command": "connector.unlock", "arguments": {"evse": {"id": 1}}}


def written(store: MemoryStore, station: str = "CP-1") -> list[CommandRequest]:
    """The commands that stand in the topic for a station."""
    number = partition_of(station, COMMANDS.partitions)
    return [
        msgspec.json.decode(stored.record.value or b"", type=CommandRequest)
        for stored in store.records[Partition(COMMANDS.name, number)]
        if stored.record.key == station
    ]


async def test_a_command_is_written_and_its_result_returned(
    backend: Backend, answers: Answering, store: MemoryStore
) -> None:
    sent = await backend.post(COMMANDS_OF_1, {**UNLOCK, "correlationId": "ticket-7", "deadlineSeconds": 5})
    assert sent.status == 200
    assert sent.json["status"] == "accepted"
    assert sent.json["correlationId"] == "ticket-7"
    assert sent.json["station"] == {"id": "CP-1"}
    (request,) = written(store)
    assert request == CommandRequest(
        id=sent.json["commandId"],
        command="connector.unlock",
        arguments={"evse": {"id": 1}},
        deadline_seconds=5,
        correlation_id="ticket-7",
    )
    again = await backend.get(f"/v1/commands/{request.id}")
    assert (again.status, again.json) == (200, sent.json)


@pytest.mark.parametrize("status", ["rejected", "offline", "timed_out", "unsupported"])
async def test_whatever_became_of_it_is_a_result(
    backend: Backend, answers: Answering, status: Status
) -> None:
    answers.status = status
    sent = await backend.post(COMMANDS_OF_1, UNLOCK)
    assert (sent.status, sent.json["status"]) == (200, status)


async def test_an_action_in_the_stations_own_version(
    backend: Backend, answers: Answering, store: MemoryStore
) -> None:
    body = {"action": "ClearCache", "version": "1.6", "payload": {}, "whenOffline": "wait"}
    assert (await backend.post(COMMANDS_OF_1, body)).status == 200
    (request,) = written(store)
    assert (request.action, request.version, request.payload) == ("ClearCache", "1.6", {})
    assert request.when_offline == "wait"


async def test_a_whole_number_may_have_a_point(
    backend: Backend, answers: Answering, store: MemoryStore
) -> None:
    body = b'{"command":"connector.unlock","arguments":{"evse":{"id":1.0}},"deadlineSeconds":2.5}'
    sent = await backend.post(COMMANDS_OF_1, data=body, headers={"Content-Type": "application/json"})
    assert sent.status == 200
    (request,) = written(store)
    assert (request.arguments, request.deadline_seconds) == ({"evse": {"id": 1}}, 2.5)


async def test_who_does_not_wait_is_told_where_the_result_will_be(
    backend: Backend, answers: Answering, log: MemoryLog
) -> None:
    answers.may.clear()
    sent = await backend.post(f"{COMMANDS_OF_1}?wait=0", UNLOCK)
    assert sent.status == 202
    where = sent.headers["Location"]
    assert sent.json == {
        "commandId": where.removeprefix("/v1/commands/"),
        "station": {"id": "CP-1"},
        "href": where,
    }
    assert re.fullmatch(r"/v1/commands/\d+-[0-9a-f-]{36}", where)
    assert (await backend.get(where)).status == 202
    async with serving(log) as other:
        pending = await other.get(where)
        assert (pending.status, pending.headers["Location"]) == (202, where)
        answers.may.set()
        async with asyncio.timeout(5):
            while (found := await other.get(where)).status != 200:  # noqa: ASYNC110 - it asks a server
                await asyncio.sleep(0.02)
        assert found.json["commandId"] == sent.json["commandId"]
        assert (await backend.get(where)).json == found.json


async def test_a_wait_that_is_too_short_ends_with_202(backend: Backend, answers: Answering) -> None:
    answers.may.clear()
    assert (await backend.post(f"{COMMANDS_OF_1}?wait=0.05", UNLOCK)).status == 202


async def test_the_same_id_is_the_same_command(
    backend: Backend, answers: Answering, store: MemoryStore
) -> None:
    answers.may.clear()
    body = {**UNLOCK, "id": "order-4711"}
    waiting = [asyncio.create_task(backend.post(COMMANDS_OF_1, body)) for _ in range(3)]
    await asyncio.sleep(0.1)
    answers.may.set()
    replies = await asyncio.gather(*waiting)
    replies.append(await backend.post(COMMANDS_OF_1, dict(reversed(body.items()))))
    assert [reply.status for reply in replies] == [200] * 4
    assert {reply.json["commandId"] for reply in replies} == {"order-4711"}
    assert len(written(store)) == 1


@pytest.mark.parametrize(("station", "change"), [("CP-1", {"arguments": {"evse": {"id": 2}}}), ("CP-2", {})])
async def test_an_id_cannot_be_given_to_another_command(
    backend: Backend, answers: Answering, station: str, change: dict[str, object]
) -> None:
    body = {**UNLOCK, "id": "order-4711"}
    assert (await backend.post(COMMANDS_OF_1, body)).status == 200
    assert (await backend.post(f"/v1/stations/{station}/commands", body | change)).status == 409


async def test_an_own_id_is_found_by_another_gateway_as_location_says(
    backend: Backend, answers: Answering, log: MemoryLog
) -> None:
    answers.may.clear()
    sent = await backend.post(f"{COMMANDS_OF_1}?wait=0", {**UNLOCK, "id": "a+b=c@d"})
    where = sent.headers["Location"]
    query = parse_qs(urlsplit(where).query)
    assert query["station"] == ["CP-1"]
    async with serving(log) as other:
        assert (await other.get(where)).status == 202
        answers.may.set()
        async with asyncio.timeout(5):
            while (await other.get(where)).status != 200:  # noqa: ASYNC110 - it asks a server
                await asyncio.sleep(0.02)
        assert (await other.get("/v1/commands/a+b=c@d?station=CP-1")).status == 200
        assert (await other.get("/v1/commands/a+b=c@d?station=CP-2")).status == 404
        hidden = await other.get("/v1/commands/a+b=c@d")
        assert hidden.status == 404
        assert "name its `station`" in hidden.json["detail"]


async def test_what_is_repeated_to_another_gateway_gets_the_result_it_had(
    backend: Backend, log: MemoryLog, store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A router gives a command one result: when it comes again, nothing more is published."""
    monkeypatch.setattr(sending, "RECALL_SECONDS", 0.1)
    body = {**UNLOCK, "id": "order-1"}
    async with answering(log):
        first = await backend.post(COMMANDS_OF_1, body)
    async with serving(log) as other, asyncio.timeout(3):
        again = await other.post(COMMANDS_OF_1, body)
    assert (again.status, again.json) == (200, first.json)
    assert len(written(store)) == 2


async def test_a_command_that_never_was_is_not_found(backend: Backend, answers: Answering) -> None:
    sent = await backend.post(COMMANDS_OF_1, UNLOCK)
    number, _, rest = sent.json["commandId"].partition("-")
    for unknown in (f"{number}-{rest[:-4]}0000", f"99-{rest}", "nothing"):
        assert (await backend.get(f"/v1/commands/{unknown}")).status == 404


async def test_what_is_forgotten_here_is_found_in_the_log(
    backend: Backend, answers: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "KNOWN_AT_MOST", 2)
    first = await backend.post(COMMANDS_OF_1, UNLOCK)
    for _ in range(4):
        await backend.post(COMMANDS_OF_1, UNLOCK)
    assert len(backend.api._commands._known) == 2
    assert (await backend.get(f"/v1/commands/{first.json['commandId']}")).json == first.json
    monkeypatch.setattr(sending, "KNOWN_BYTES", 100)
    await backend.post(COMMANDS_OF_1, UNLOCK)
    assert not backend.api._commands._known
    assert backend.api._commands._kept_bytes == 0


async def test_who_waits_longest_is_sent_to_the_log_when_too_many_wait(
    backend: Backend, answers: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers.may.clear()
    monkeypatch.setattr(sending, "KNOWN_AT_MOST", 2)
    oldest = asyncio.create_task(backend.post(COMMANDS_OF_1, UNLOCK))
    await asyncio.sleep(0.05)
    for _ in range(2):
        await backend.post(f"{COMMANDS_OF_1}?wait=0", UNLOCK)
    async with asyncio.timeout(2):
        assert (await oldest).status == 202


async def test_a_result_that_never_comes_is_waited_for_a_little_beyond_the_deadline(
    backend: Backend, answers: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers.may.clear()
    monkeypatch.setattr(sending, "GRACE_SECONDS", 0.1)
    async with asyncio.timeout(2):
        sent = await backend.post(COMMANDS_OF_1, {**UNLOCK, "deadlineSeconds": 0.1})
    assert sent.status == 202
    assert not backend.api._commands._known
    assert (await backend.get(sent.headers["Location"])).status == 202


async def test_many_at_once_share_the_tails(
    backend: Backend, answers: Answering, log: MemoryLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(results, "LINGER_SECONDS", 0.2)
    tails = 0
    real = log.tail

    def counted(*topics: object, **how: object) -> object:
        nonlocal tails
        tails += 1
        return real(*topics, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(log, "tail", counted)
    sent = await asyncio.gather(
        *(backend.post(f"/v1/stations/CP-{number}/commands", UNLOCK) for number in range(40))
    )
    assert {reply.status for reply in sent} == {200}
    assert len({reply.json["commandId"] for reply in sent}) == 40
    assert 1 <= tails <= COMMAND_RESULTS.partitions
    async with asyncio.timeout(2):
        while backend.api._commands._results._watches:  # noqa: ASYNC110 - until the last has lingered
            await asyncio.sleep(0.05)


async def test_a_log_that_is_down_is_said_and_the_retry_stays_one_command(
    backend: Backend, answers: Answering, store: MemoryStore
) -> None:
    body = {**UNLOCK, "id": "order-1"}
    store.down = "the disk is full"
    refused = await backend.post(COMMANDS_OF_1, body)
    assert (refused.status, refused.headers["Retry-After"]) == (503, "1")
    store.down = None
    async with asyncio.timeout(10):
        while (status := (await backend.post(COMMANDS_OF_1, body)).status) == 503:  # noqa: ASYNC110 - a retry
            await asyncio.sleep(0.05)  # the results' partition is followed again in its own time
    assert status == 200
    assert len(written(store)) == 1


async def test_an_append_that_fails_says_which_id_to_repeat(
    backend: Backend, answers: Answering, store: MemoryStore
) -> None:
    assert (await backend.post(COMMANDS_OF_1, UNLOCK)).status == 200  # its partition is followed now
    count = len(written(store))
    real = store.partitions

    def broken_soon(topic: str) -> list[Partition]:
        found = real(topic)
        store.down = "the disk is full"
        return found

    store.partitions = broken_soon  # type: ignore[method-assign]
    refused = await backend.post(COMMANDS_OF_1, UNLOCK)
    store.partitions, store.down = real, None  # type: ignore[method-assign]
    assert refused.status == 503
    (command_id,) = re.findall(r"with the id '([^']+)'", refused.json["detail"])
    sent = await backend.post(COMMANDS_OF_1, {**UNLOCK, "id": command_id})
    assert (sent.status, sent.json["commandId"]) == (200, command_id)
    assert {request.id for request in written(store)[count:]} == {command_id}


async def test_a_result_that_was_missed_in_an_outage_is_caught_up_with(
    backend: Backend, answers: Answering, log: MemoryLog, store: MemoryStore
) -> None:
    answers.may.clear()
    waiting = asyncio.create_task(backend.post(COMMANDS_OF_1, {**UNLOCK, "id": "order-1"}))
    async with asyncio.timeout(2):
        while not written(store):  # noqa: ASYNC110 - a store tells nobody
            await asyncio.sleep(0.01)
    (request,) = written(store)
    store.down = "gone for a moment"
    await asyncio.sleep(0.2)
    store.write(completed("CP-1", request, "accepted"))  # by a gateway that is better connected
    store.down = None
    async with asyncio.timeout(5):
        assert (await waiting).json["status"] == "accepted"


async def test_records_that_are_no_results_are_passed_over(
    backend: Backend, answers: Answering, log: MemoryLog
) -> None:
    answers.may.clear()
    waiting = asyncio.create_task(backend.post(COMMANDS_OF_1, {**UNLOCK, "id": "order-1"}))
    await asyncio.sleep(0.05)
    headers = [("ce_type", b"ocpp.command.completed")]
    for value in (b"no json", b"{}", None):
        await log.append(Record(COMMAND_RESULTS.name, "CP-1", value, headers))
    late = [("ce_type", b"ocpp.command.late_result")]
    await log.append(Record(COMMAND_RESULTS.name, "CP-1", b'{"commandId":"order-1"}', late))
    await asyncio.sleep(0.1)
    assert not waiting.done()
    answers.may.set()
    assert (await waiting).json["status"] == "accepted"


async def test_an_ending_gateway_tells_who_waits_where_the_result_will_be(
    log: MemoryLog, answers: Answering
) -> None:
    answers.may.clear()
    async with serving(log) as leaving:
        waiting = asyncio.create_task(leaving.post(COMMANDS_OF_1, UNLOCK))
        await asyncio.sleep(0.1)
        await leaving.api.close()
        assert (await waiting).status == 202

"""What is refused, and that every refusal is a problem document that says why."""

import asyncio
from typing import Any

import pytest

from contract.topics import COMMANDS
from gateway.metrics import ROUTE
from service import parameters
from service.parameters import BODY_BYTES
from tests.gateway.api.conftest import Answering, Backend, serving
from tests.support.memory_log import MemoryLog, MemoryStore

COMMANDS_OF_1 = "/v1/stations/CP-1/commands"
UNLOCK = {"command": "connector.unlock", "arguments": {"evse": {"id": 1}}}
TOKEN = "correct horse battery"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.mark.parametrize(
    ("body", "pointer", "words"),
    [
        ([], "", "no object"),
        ({}, "", "needs a command"),
        ({"command": "connector.unlok"}, "/command", "did you mean connector.unlock?"),
        ({"command": "connector.unlock"}, "/arguments", "missing required field `evse`"),
        ({"command": 7}, "/command", "Expected `str"),
        ({"command": "station.reset", "arguments": {"typ": "OnIdle"}}, "/arguments/typ", "mean type?"),
        (
            {"command": "station.reset", "arguments": {"type": "Soon"}},
            "/arguments/type",
            "none of Immediate, On",
        ),
        ({"command": "station.reset", "arguments": {"type": None}}, "/arguments/type", "leave it out"),
        ({"command": "station.reset", "argument": {}}, "/argument", "did you mean arguments?"),
        ({"command": "station.reset", "id": "a b"}, "/id", "does not match"),
        ({"command": "station.reset", "deadlineSeconds": 0}, "/deadlineSeconds", "above 0"),
        ({"command": "station.reset", "deadlineSeconds": 1e9}, "/deadlineSeconds", "86400"),
        ({"command": "station.reset", "whenOffline": "maybe"}, "/whenOffline", "'maybe'"),
        ({"command": "station.reset", "payload": {}}, "", "belong to an action"),
        ({"action": "Reset", "payload": {}}, "/version", "1.6, 2.0.1, 2.1"),
        ({"action": "Reset", "version": "1.6", "payload": None}, "/payload", "leave it out"),
        ({"action": "Reset", "version": "1.6", "payload": 7}, "/payload", "no object"),
        ({"action": "Reset", "version": "1.6", "command": "station.reset"}, "", "either"),
    ],
)
async def test_what_is_no_command_is_refused_with_the_place_of_the_fault(
    backend: Backend, answers: Answering, body: Any, pointer: str, words: str
) -> None:
    refused = await backend.post(COMMANDS_OF_1, body)
    assert refused.status == 422
    assert refused.json["type"].endswith("/problems/no-command")
    assert refused.json["title"] == "Unprocessable Entity"
    assert refused.json["requestId"] == refused.headers["X-Request-Id"]
    (fault,) = refused.json["errors"]
    assert fault["pointer"] == pointer
    assert words in fault["detail"]
    assert not answers.seen


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/nowhere", 404),
        ("GET", "/v1", 404),
        ("DELETE", "/v1/stations", 405),
        ("GET", COMMANDS_OF_1, 405),
        ("POST", "/v1/stations/no%3Bsuch%3Bid/commands", 400),
        ("POST", f"{COMMANDS_OF_1}?wait=soon", 400),
        ("POST", f"{COMMANDS_OF_1}?wait=-1", 400),
        ("POST", f"{COMMANDS_OF_1}?wait=nan", 400),
        ("POST", f"{COMMANDS_OF_1}?wait=301", 400),
        ("POST", COMMANDS_OF_1, 415),
        ("GET", "/v1/commands/a%2Fb", 400),
        ("GET", "/v1/commands/x?station=%2F", 400),
        ("GET", "/v1/commands/x?since=yesterday", 400),
        ("GET", "/v1/commands/x?since=2026-03-01T12:00:00", 400),
        ("GET", "/v1/stations?limit=0", 400),
        ("GET", "/v1/stations?limit=1001", 400),
        ("GET", "/v1/stations?limit=2.5", 400),
        ("GET", "/v1/stations?online=perhaps", 400),
        ("GET", "/v1/stations?after=%21", 400),
        ("GET", "/v1/stations?after=AAAA", 400),
        ("GET", "/v1/stations/CP-1", 404),
    ],
)
async def test_requests_that_cannot_be_done(backend: Backend, method: str, path: str, status: int) -> None:
    refused = await backend.ask(method, path)
    assert (refused.status, refused.json["status"]) == (status, status)
    assert refused.json["type"]
    if status == 405:
        assert refused.headers["Allow"]


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b'{"command":', b"[" * 100_000])
async def test_a_body_that_is_no_json(backend: Backend, body: bytes) -> None:
    json = {"Content-Type": "application/json"}
    assert (await backend.ask("POST", COMMANDS_OF_1, data=body, headers=json)).status == 400


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "application/xml"])
async def test_a_body_of_another_kind(backend: Backend, kind: str) -> None:
    """What a web page may send across origins without being asked for is never taken."""
    refused = await backend.ask("POST", COMMANDS_OF_1, data=b"{}", headers={"Content-Type": kind})
    assert refused.status == 415


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_that_is_too_large(backend: Backend, *, chunked: bool) -> None:
    body = b'{"command":"' + b"x" * BODY_BYTES + b'"}'

    async def pieces() -> Any:
        yield body

    refused = await backend.ask(
        "POST",
        COMMANDS_OF_1,
        data=pieces() if chunked else body,
        headers={"Content-Type": "application/json"},
    )
    assert refused.status == 413


async def test_a_body_that_is_too_slow(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parameters, "BODY_SECONDS", 0.1)

    async def drops() -> Any:
        yield b"{"
        await asyncio.sleep(0.5)
        yield b"}"

    json = {"Content-Type": "application/json"}
    assert (await backend.ask("POST", COMMANDS_OF_1, data=drops(), headers=json)).status == 408


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer"},
        {"Authorization": f"Bearer {TOKEN}!"},
        {"Authorization": "Bearer \xe4"},
        {"Authorization": f"Basic {TOKEN}"},
    ],
)
@pytest.mark.parametrize("path", ["/v1/stations", "/v1/openapi.json", "/v1/nowhere"])
async def test_without_the_token_nobody_comes_in(log: MemoryLog, headers: dict[str, str], path: str) -> None:
    async with serving(log, host="0.0.0.0", token=TOKEN) as backend:
        refused = await backend.get(path, headers=headers)
        assert refused.status == 401
        assert refused.headers["WWW-Authenticate"].startswith("Bearer")
        assert (await backend.post(COMMANDS_OF_1, UNLOCK, headers=headers)).status == 401


async def test_a_token_that_is_no_text_is_none(log: MemoryLog) -> None:
    async with serving(log, host="0.0.0.0", token=TOKEN) as backend:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(backend.url.rpartition(":")[2]))
        writer.write(b"GET /v1/stations HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \xff\xfe\r\n\r\n")
        assert (await reader.readline()).split()[1] == b"401"
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
async def test_with_the_token_everybody_does(log: MemoryLog, scheme: str) -> None:
    async with serving(log, host="0.0.0.0", token=TOKEN) as backend:
        headers = {"Authorization": f"{scheme} {TOKEN}", "Host": "gateway.example"}
        assert (await backend.get("/v1/stations", headers=headers)).status == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "gateway.example"])
async def test_without_a_token_the_api_is_closed_to_the_network(log: MemoryLog, host: str) -> None:
    async with serving(log, host=host) as backend:
        for path in ("/v1/stations", "/v1/openapi.json", "/v1/nowhere"):
            refused = await backend.get(path)
            assert refused.status == 403
            assert "OCPP_API_TOKEN" in refused.json["detail"]
        assert (await backend.post(COMMANDS_OF_1, UNLOCK)).status == 403


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
async def test_on_the_loopback_it_is_open(log: MemoryLog, host: str) -> None:
    async with serving(log, host=host) as backend:
        for name in ("localhost", "LOCALHOST:9100", "127.0.0.1:1", "[::1]:9100"):
            assert (await backend.get("/v1/stations", headers={"Host": name})).status == 200


@pytest.mark.parametrize("name", ["evil.example", "evil.example:9100", "127.0.0.1.evil.example", "[::2]"])
async def test_but_not_to_a_web_page_that_has_moved_its_name_here(log: MemoryLog, name: str) -> None:
    async with serving(log) as backend:
        assert (await backend.get("/v1/stations", headers={"Host": name})).status == 403


async def test_a_gateway_that_is_starting_asks_for_patience(log: MemoryLog) -> None:
    async with serving(log, is_open=lambda: False) as backend:
        for path in ("/v1/stations", "/v1/commands/x"):
            refused = await backend.get(path)
            assert (refused.status, refused.headers["Retry-After"]) == (503, "1")
        assert (await backend.get("/v1/nowhere")).status == 404


async def test_a_missing_topic_is_said(store: MemoryStore, backend: Backend) -> None:
    store.topics.clear()
    refused = await backend.post(COMMANDS_OF_1, UNLOCK)
    assert refused.status == 503
    assert "does not exist" in refused.json["detail"]


async def test_a_missing_topic_of_results_does_not_hang(store: MemoryStore, backend: Backend) -> None:
    del store.topics[COMMANDS.name]
    refused = await backend.post(COMMANDS_OF_1, UNLOCK)
    assert refused.status == 503


async def test_a_request_keeps_the_id_it_was_given(backend: Backend) -> None:
    assert (await backend.get("/v1/stations", headers={"X-Request-Id": "abc-1"})).headers[
        "X-Request-Id"
    ] == "abc-1"
    odd = await backend.get("/v1/stations", headers={"X-Request-Id": "a b"})
    assert odd.headers["X-Request-Id"] not in ("", "a b")


async def test_a_fault_of_ours_is_told_counted_and_logged(
    backend: Backend, monkeypatch: pytest.MonkeyPatch, said_in_log: Any
) -> None:
    async def broken(*_: Any) -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(backend.api._commands, "partition", broken)
    failed = await backend.post(COMMANDS_OF_1, UNLOCK, headers={"X-Request-Id": "r-1"})
    assert failed.status == 500
    assert "secret" not in str(failed.json)
    assert backend.metrics.faults.n == 1
    (entry,) = [entry for entry in said_in_log.entries if entry["log_level"] == "error"]
    assert entry["request_id"] == "r-1"
    said_in_log.entries.clear()


async def test_requests_are_counted_by_route_and_never_by_station(
    backend: Backend, answers: Answering
) -> None:
    await backend.post(COMMANDS_OF_1, UNLOCK)
    await backend.get("/v1/stations/CP-1")
    await backend.get("/v1/nowhere")
    await backend.ask("DELETE", "/v1/stations")
    counted = {labels: cell.n for labels, cell in backend.metrics.http.items() if cell.n}
    assert counted == {
        ("/v1/stations/{station}/commands", "POST", "2xx"): 1,
        ("/v1/stations/{station}", "GET", "4xx"): 1,
        ("other", "GET", "4xx"): 1,
        ("other", "other", "4xx"): 1,
    }


def test_every_route_has_its_place_in_the_metrics(backend: Backend) -> None:
    routes = {resource.canonical for resource in backend.api.application.router.resources()}
    assert routes == set(ROUTE) - {"other"}

"""The internal port answers the orchestrator with a verdict and its reasons, and Prometheus with numbers."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable

import pytest
from aiohttp import ClientSession
from prometheus_client import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics
from prometheus_client.parser import text_string_to_metric_families as classic

from service.internal import InternalPort
from service.metrics import Metrics, registry_of

Parser = Callable[[str], Iterable[Metric]]


class Kitchen:
    """Something to be watched."""

    def __init__(self) -> None:
        self.trouble: str | None = "the oven is cold"
        self.fire: str | None = None


@pytest.fixture
def kitchen() -> Kitchen:
    return Kitchen()


@pytest.fixture
async def port(kitchen: Kitchen) -> AsyncIterator[int]:
    metrics = Metrics("shop")
    metrics.counter("sold_total", "Loaves.").n += 7
    internal = InternalPort(
        registry_of(metrics),
        ready={"oven": lambda: kitchen.trouble},
        live={"fire": lambda: kitchen.fire},
        ask_seconds=0.3,
    )
    yield await internal.start("127.0.0.1", 0)
    await internal.stop()
    await internal.stop()


async def get(port: int, path: str) -> tuple[int, object]:
    async with (
        ClientSession() as client,
        client.get(f"http://127.0.0.1:{port}{path}") as response,
    ):
        return response.status, await response.json()


async def test_ready_says_why_not(port: int, kitchen: Kitchen) -> None:
    assert await get(port, "/ready") == (503, {"ok": False, "reasons": {"oven": "the oven is cold"}})
    kitchen.trouble = None
    assert await get(port, "/ready") == (200, {"ok": True, "reasons": {}})


async def test_live_is_another_question_than_ready(port: int, kitchen: Kitchen) -> None:
    assert await get(port, "/live") == (200, {"ok": True, "reasons": {}})
    kitchen.fire = "run"
    assert await get(port, "/live") == (503, {"ok": False, "reasons": {"fire": "run"}})


@pytest.mark.parametrize(
    ("accept", "parse"),
    [
        ("*/*", classic),
        ("text/plain;version=0.0.4", classic),
        ("application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5", open_metrics),
    ],
)
async def test_metrics_in_the_format_that_was_asked_for(port: int, accept: str, parse: Parser) -> None:
    async with (
        ClientSession() as client,
        client.get(f"http://127.0.0.1:{port}/metrics", headers={"Accept": accept}) as response,
    ):
        assert response.status == 200
        assert response.content_type == accept.partition(";")[0].replace("*/*", "text/plain")
        found = {family.name: family for family in parse(await response.text())}
    assert found["shop_sold"].samples[0].value == 7


async def test_nothing_else_is_there(port: int) -> None:
    async with ClientSession() as client, client.get(f"http://127.0.0.1:{port}/") as response:
        assert response.status == 404


@pytest.mark.parametrize(
    "version", [b"\xff", b"1", b"", b"1.0.0.0.0", b"x", b"-1", b"1.0.0\xff", b"9" * 5000]
)
async def test_a_version_that_is_none_is_answered_all_the_same(port: int, version: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(
        b"GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAccept: application/openmetrics-text;version="
        + version
        + b"\r\n\r\n"
    )
    async with asyncio.timeout(5):
        answer = await reader.read()
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"shop_sold_total 7.0" in answer
    writer.close()


async def test_what_is_no_http_is_refused_and_no_error_of_ours(
    port: int, caplog: pytest.LogCaptureFixture
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /live HTTP/1.1\r\nX: " + b"a" * 200_000 + b"\r\n\r\n")
    async with asyncio.timeout(5):
        assert (await reader.readline()).split()[1] == b"400"
    writer.close()
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.parametrize("said", [b"", b"GET /live HT", b"GET /live HTTP/1.1\r\nHost: a\r\n"])
async def test_who_does_not_finish_asking_is_dropped(port: int, said: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(said)
    async with asyncio.timeout(5):
        assert await reader.read() == b""
    writer.close()


async def test_who_has_asked_may_ask_again_later(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(2):
        writer.write(b"GET /live HTTP/1.1\r\nHost: a\r\n\r\n")
        async with asyncio.timeout(5):
            assert (await reader.readuntil(b"}}")).startswith(b"HTTP/1.1 200 ")
        await asyncio.sleep(0.4)
    writer.close()

"""On a real Kafka, with backends that know nothing of us but the topics: plain clients, Spring's header names."""

import asyncio
import contextlib
import json
import os
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaProducer

from contract.topics import EVERY_TOPIC
from eventlog.url import open_log
from gateway.app import Gateway
from tests.support.in_process import serving
from tests.support.raw_station import RawStation

EXAMPLE = Path(__file__).parents[3] / "docs" / "examples" / "deciding.py"
TOKENS = "ocpp.id-tokens.v1"


@pytest.fixture
async def brokers(kafka: str) -> str:
    """The brokers' addresses; the topics are there."""
    log = open_log(kafka)
    await log.open()
    await log.apply_topics(EVERY_TOPIC.values())
    await log.close()
    return kafka.removeprefix("kafka://")


@contextlib.asynccontextmanager
async def gateway(folder: Path, brokers: str, **settings: Any) -> AsyncIterator[Gateway]:
    """A gateway with a log that others share."""
    async with serving(folder, event_log=f"kafka://{brokers}", **settings) as started:
        yield started
        for session in started.sessions:
            session.end("drain")


@contextlib.asynccontextmanager
async def backend(brokers: str, *tokens: str) -> AsyncIterator[None]:
    """The example of the docs, as one would run it."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, EXAMPLE, brokers, *tokens, env={"PATH": os.environ["PATH"]}
    )
    try:
        yield
    finally:
        process.terminate()
        await process.wait()


async def station(of: Gateway) -> RawStation:
    return await RawStation.connect(of.port, f"CS-{uuid4().hex[:8]}")


async def authorize(one: RawStation, tag: str) -> str:
    """The verdict that the station hears."""
    kind, _, answer = await one.ask(uuid4().hex, "Authorize", {"idTag": tag})
    assert kind == 3
    status: str = answer["idTagInfo"]["status"]
    return status


async def until(one: RawStation, tag: str, status: str) -> None:
    """Ask until the verdict is this."""
    async with asyncio.timeout(30):
        while await authorize(one, tag) != status:  # noqa: ASYNC110 - another process decides
            await asyncio.sleep(0.05)


async def test_the_example_backend_decides_for_two_gateways(tmp_path: Path, brokers: str) -> None:
    settings: dict[str, Any] = {
        "decisions": {"idToken": "ask"},
        "authorize_default": "Blocked",
        "decision_timeout_seconds": 1,
    }
    known = uuid4().hex[:16].upper()
    async with (
        gateway(tmp_path, brokers, gateway_id=f"one-{uuid4().hex[:6]}", **settings) as one,
        gateway(tmp_path, brokers, gateway_id=f"other-{uuid4().hex[:6]}", **settings) as other,
    ):
        stations = [await station(one), await station(other)]
        assert await authorize(stations[0], known) == "Blocked", "nobody listens: the default, in time"
        async with backend(brokers, known):
            await until(stations[0], known, "Accepted")
            await decided_for_both(stations, known)
            await told_the_cost(await RawStation.connect(one.port, "CS-201", ("ocpp2.0.1",)), known)
        assert one.metrics.decisions.at("Authorize", "silent").n >= 1
        assert other.metrics.decisions.at("Authorize", "answered").n == 53


async def told_the_cost(station: RawStation, known: str) -> None:
    ended = {
        "eventType": "Ended",
        "timestamp": "2026-08-04T13:40:00Z",
        "triggerReason": "StopAuthorized",
        "seqNo": 1,
        "transactionInfo": {"transactionId": uuid4().hex},
        "idToken": {"idToken": known, "type": "ISO14443"},
    }
    _, _, answer = await station.ask("1", "TransactionEvent", ended)
    message = {"format": "UTF8", "content": "Thank you"}
    assert answer == {
        "idTokenInfo": {"status": "Accepted"},
        "totalCost": 12.5,
        "updatedPersonalMessage": message,
    }
    asked = {"idToken": {"idToken": "nobody", "type": "ISO14443"}}
    _, _, answer = await station.ask("2", "Authorize", asked)
    refused = {"format": "UTF8", "content": "Please register this card"}
    assert answer == {"idTokenInfo": {"status": "Unknown", "personalMessage": refused}}


async def decided_for_both(stations: list[RawStation], known: str) -> None:
    for each in stations:
        assert await authorize(each, known) == "Accepted"
        assert await authorize(each, known.lower()) == "Accepted"
        assert await authorize(each, "nobody") == "Invalid"
    seconds = []
    for _ in range(50):
        began = time.perf_counter()
        assert await authorize(stations[1], known) == "Accepted"
        seconds.append(time.perf_counter() - began)
    print(f"asked and answered: p50 {sorted(seconds)[25] * 1000:.1f} ms")  # noqa: T201 - a figure for -s
    assert sorted(seconds)[25] < 0.5


async def test_a_table_that_a_plain_client_feeds(tmp_path: Path, brokers: str) -> None:
    """Thousands that stood there before, and what is changed while stations are connected."""
    marks = uuid4().hex[:8]
    tokens = [f"{marks}-{number:05}" for number in range(5_000)]
    producer = AIOKafkaProducer(bootstrap_servers=brokers)
    async with producer:
        for number, token in enumerate(tokens):
            value = {"status": "Accepted" if number % 2 else "Blocked", "groupId": "FLEET"}
            await producer.send(TOKENS, json.dumps(value).encode(), key=token.encode())
        await producer.flush()
        async with gateway(tmp_path, brokers, decisions={"idToken": "id_tokens"}) as started:
            one = await station(started)
            assert [await authorize(one, token.upper()) for token in tokens[-4:]] == [
                "Blocked",
                "Accepted",
            ] * 2
            await producer.send_and_wait(TOKENS, b'{"status": "Expired"}', key=tokens[-1].encode())
            await until(one, tokens[-1], "Expired")
            await producer.send_and_wait(TOKENS, None, key=tokens[-1].encode())
            await until(one, tokens[-1], "Invalid")
            assert started.metrics.unreadable_tokens.n == 0


async def test_what_runs_is_known_to_a_gateway_that_starts_later(tmp_path: Path, brokers: str) -> None:
    tag = uuid4().hex[:16]
    begun = {"connectorId": 1, "idTag": tag, "meterStart": 0, "timestamp": "2026-08-04T13:40:00Z"}
    settings: dict[str, Any] = {"concurrent_transactions": "refuse"}
    async with gateway(tmp_path, brokers, **settings) as before:
        first = await (await station(before)).ask("1", "StartTransaction", begun)
        assert first[2]["idTagInfo"]["status"] == "Accepted"
    async with gateway(tmp_path, brokers, **settings) as after:
        second = await (await station(after)).ask("1", "StartTransaction", begun)
        assert second[2]["idTagInfo"]["status"] == "ConcurrentTx"

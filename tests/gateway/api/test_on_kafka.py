"""The API on a real Kafka: what was sent over one gateway is found over another, and a page takes no longer than people wait."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from contract.topics import COMMAND_TOPICS
from eventlog.port import EventLog
from eventlog.url import open_log
from tests.gateway.api.conftest import answering, held, say, serving

UNLOCK = {"command": "connector.unlock", "arguments": {"evse": {"id": 1}}}
PEOPLE_WAIT_SECONDS = 5.0


@contextlib.asynccontextmanager
async def opened(url: str) -> AsyncIterator[EventLog]:
    log = open_log(url)
    await log.open()
    try:
        await log.apply_topics(COMMAND_TOPICS.values())
        yield log
    finally:
        await log.close()


@pytest.mark.usefixtures("nothing_left")
async def test_a_command_and_its_result(kafka: str) -> None:
    station = f"CP-{uuid4().hex[:8]}"
    async with (
        opened(kafka) as log,
        opened(kafka) as elsewhere,
        answering(elsewhere) as answers,
        serving(log) as one,
        serving(elsewhere) as another,
    ):
        path = f"/v1/stations/{station}/commands"
        assert (await one.post(path, UNLOCK)).json["status"] == "accepted"
        began = time.monotonic()
        assert (await one.post(path, UNLOCK)).status == 200
        assert time.monotonic() - began < 1.0  # the tail of its partition is there now
        answers.may.clear()
        sent = await one.post(f"{path}?wait=0", UNLOCK)
        where = sent.headers["Location"]
        assert (await another.get(where)).status == 202
        answers.may.set()
        async with asyncio.timeout(20):
            while (found := await another.get(where)).status != 200:  # noqa: ASYNC110 - it asks a server
                await asyncio.sleep(0.05)
        assert found.json["commandId"] == sent.json["commandId"]


@pytest.mark.usefixtures("nothing_left")
async def test_who_is_connected_where(kafka: str) -> None:
    prefix = f"CP-{uuid4().hex[:8]}"
    async with opened(kafka) as log, serving(log) as backend:
        names = {f"{prefix}-{number}" for number in range(30)}
        await asyncio.gather(*(say(log, name, held()) for name in names))
        began = time.monotonic()
        page = (await backend.get("/v1/stations?limit=1000")).json
        assert time.monotonic() - began < PEOPLE_WAIT_SECONDS
        assert {one["id"] for one in page["stations"] if one["id"].startswith(prefix)} == names
        assert (await backend.get(f"/v1/stations/{prefix}-7")).json["online"] is True

"""The API over a log in memory, and somebody who gives commands their results."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec
import pytest
from aiohttp import ClientSession

from contract.envelope import unconnected
from contract.model import Station
from contract.presence import Presence
from contract.results import CommandCompleted, CommandRequest, Status, Timings
from contract.topics import COMMAND_RESULTS, COMMAND_TOPICS, COMMANDS, PRESENCE
from eventlog.in_flight import Limits
from eventlog.port import EventLog, LogUnavailable, Place, Record
from gateway.api.access import Access
from gateway.api.application import Api
from gateway.metrics import GatewayMetrics
from service.internal import InternalPort
from service.metrics import registry_of
from tests.support.memory_log import MemoryLog, MemoryStore

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


class Reply(NamedTuple):
    """What the API answered."""

    status: int
    headers: Mapping[str, str]
    json: Any


class Backend:
    """A backend that speaks HTTP to one gateway."""

    def __init__(self, http: ClientSession, port: int, api: Api, metrics: GatewayMetrics) -> None:
        self._http = http
        self.url = f"http://127.0.0.1:{port}"
        self.api = api
        self.metrics = metrics

    async def get(self, path: str, **options: Any) -> Reply:
        return await self.ask("GET", path, **options)

    async def post(self, path: str, body: Any = None, **options: Any) -> Reply:
        if body is not None:
            options["json"] = body
        return await self.ask("POST", path, **options)

    async def ask(self, method: str, path: str, **options: Any) -> Reply:
        async with self._http.request(method, self.url + path, **options) as response:
            body = await response.read()
            assert response.headers["X-Request-Id"]
            kind = "application/json" if response.status < 400 else "application/problem+json"
            assert response.content_type == kind
            return Reply(response.status, response.headers, msgspec.json.decode(body) if body else None)


@contextlib.asynccontextmanager
async def serving(
    log: EventLog,
    *,
    host: str = "127.0.0.1",
    token: str | None = None,
    is_open: Callable[[], bool] = lambda: True,
) -> AsyncIterator[Backend]:
    """The API of one gateway, on the loopback whatever `host` it believes to be bound to."""
    metrics = GatewayMetrics()
    api = Api(log, Access(host, token), metrics, is_open)
    internal = InternalPort(registry_of(metrics), parts={"/v1": api.application})
    port = await internal.start("127.0.0.1", 0)
    try:
        async with ClientSession() as http:
            yield Backend(http, port, api, metrics)
    finally:
        await api.close()
        await internal.stop()


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
async def log(store: MemoryStore, nothing_left: None) -> AsyncIterator[MemoryLog]:
    made = MemoryLog(store, Limits(publish_deadline_seconds=0.5))
    await made.open()
    await made.apply_topics(COMMAND_TOPICS.values())
    yield made
    store.down = None
    await made.close()


@pytest.fixture
async def backend(log: MemoryLog) -> AsyncIterator[Backend]:
    async with serving(log) as made:
        yield made


def completed(station: str, request: CommandRequest, status: Status) -> Record:
    """The record of a result, as a router publishes it."""
    event = CommandCompleted(
        station=Station(id=station),
        received_at=NOW,
        command_id=request.id,
        status=status,
        request=msgspec.to_builtins(request),
        timings=Timings(asked_at=NOW),
        correlation_id=request.correlation_id,
    )
    headers = unconnected("gw", event, f"result-{request.id}")
    return Record(COMMAND_RESULTS.name, station, msgspec.json.encode(event), headers)


class Answering:
    """Reads the commands' topic, and gives each its result, once `may` is set."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self.may = asyncio.Event()
        self.status: Status = "accepted"
        self.seen: list[tuple[str, CommandRequest]] = []
        self._answered: set[Place] = set()

    async def run(self) -> None:
        """Until cancelled, also when the log has been down in between."""
        while True:
            with contextlib.suppress(LogUnavailable):
                await self._answer()
            await asyncio.sleep(0.01)

    async def _answer(self) -> None:
        async with contextlib.aclosing(self._log.tail([COMMANDS.name], from_beginning=True)) as records:
            async for stored in records:
                if stored.place in self._answered:
                    continue
                self._answered.add(stored.place)
                request = msgspec.json.decode(stored.record.value or b"", type=CommandRequest)
                self.seen.append((stored.record.key, request))
                await self.may.wait()
                await self._log.append(completed(stored.record.key, request, self.status))


@contextlib.asynccontextmanager
async def answering(log: EventLog) -> AsyncIterator[Answering]:
    made = Answering(log)
    made.may.set()
    running = asyncio.create_task(made.run())
    try:
        yield made
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@pytest.fixture
async def answers(log: MemoryLog) -> AsyncIterator[Answering]:
    """Results for all commands, at once unless the test takes `may` away."""
    async with answering(log) as made:
        yield made


async def say(log: EventLog, station: str, presence: Presence | None) -> None:
    """A record of the presence topic."""
    value = None if presence is None else msgspec.json.encode(presence)
    await log.append(Record(PRESENCE.name, station, value))


def held(connection: str = "c-1", *, online: bool = True, **more: Any) -> Presence:
    """A presence record of a 1.6 station at a gateway."""
    given: dict[str, Any] = {"gateway": "gw-1", "version": "1.6", "since": NOW, **more}
    return Presence(online=online, connection=connection, **given)

"""A backend as anybody would write it, and the judge of what became of its commands."""

import asyncio
import json
import uuid
from collections import Counter, defaultdict
from collections.abc import Sequence
from random import Random
from typing import Any, NamedTuple

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from contract.topics import COMMAND_RESULTS, COMMANDS

NEVER_SENT = {"offline", "expired", "invalid", "unsupported"}


class Asked(NamedTuple):
    """A command in the log, with the time (ms) of its first record."""

    id: str
    station: str
    deadline_seconds: float
    at_ms: int


class Told(NamedTuple):
    """A result in the log."""

    id: str
    event_id: str
    value: bytes
    at_ms: int

    @property
    def status(self) -> str:
        status: str = json.loads(self.value)["status"]
        return status


class Backend:
    """Sends commands at a rate, some of them twice; all that the log has taken are in `asked`."""

    def __init__(self, bootstrap: str, stations: Sequence[str], seed: int) -> None:
        self._bootstrap = bootstrap
        self._stations = stations
        self._chance = Random(seed)
        self.asked: dict[str, Asked] = {}
        self.repeated = 0

    async def send(self, per_second: float, enough: asyncio.Event) -> None:
        """Until it is enough; each command is a DataTransfer whose data is the command's id."""
        producer = AIOKafkaProducer(bootstrap_servers=self._bootstrap, acks="all", enable_idempotence=True)
        await producer.start()
        sending: set[asyncio.Task[None]] = set()
        while not enough.is_set():
            task = asyncio.create_task(self._send(producer))
            sending.add(task)
            task.add_done_callback(sending.discard)
            await asyncio.sleep(self._chance.expovariate(per_second))
        await asyncio.gather(*sending)
        await producer.stop()

    async def _send(self, producer: AIOKafkaProducer) -> None:
        chance = self._chance
        station, id_ = chance.choice(self._stations), uuid.uuid4().hex
        deadline_seconds = chance.choice((12.0, 16.0, 20.0))
        request: dict[str, Any] = {
            "id": id_,
            "command": "data_transfer.send",
            "arguments": {"vendorId": "a test", "data": id_},
            "deadlineSeconds": deadline_seconds,
            "whenOffline": chance.choice(("fail", "wait")),
        }
        is_repeated, pause = chance.random() < 0.1, chance.uniform(0, 3)
        value = json.dumps(request).encode()
        stored = await producer.send_and_wait(COMMANDS.name, value, key=station.encode())
        self.asked[id_] = Asked(id_, station, deadline_seconds, stored.timestamp)
        if is_repeated:
            await asyncio.sleep(pause)
            await producer.send_and_wait(COMMANDS.name, value, key=station.encode())
            self.repeated += 1


class Listener:
    """Reads every result there ever was."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self.told: list[Told] = []

    async def listen(self) -> None:
        consumer = AIOKafkaConsumer(
            COMMAND_RESULTS.name, bootstrap_servers=self._bootstrap, auto_offset_reset="earliest"
        )
        await consumer.start()
        try:
            async for record in consumer:
                headers = dict(record.headers)
                if headers["ce_type"] == b"ocpp.command.completed":
                    id_ = json.loads(record.value)["commandId"]
                    self.told.append(Told(id_, headers["ce_id"].decode(), record.value, record.timestamp))
        finally:
            await consumer.stop()


class Outage(NamedTuple):
    """When the log was away, in ms; what is due then may be late by as much."""

    began_ms: int
    ended_ms: int


def lost(asked: dict[str, Asked], told: Sequence[Told]) -> list[Asked]:
    """Commands without a result."""
    known = {one.id for one in told}
    return [one for one in asked.values() if one.id not in known]


def unlike(told: Sequence[Told]) -> dict[str, list[str]]:
    """Commands with results that are not the same."""
    values: defaultdict[str, dict[tuple[str, bytes], str]] = defaultdict(dict)
    for one in told:
        values[one.id][one.event_id, one.value] = one.status
    return {id_: list(found.values()) for id_, found in values.items() if len(found) > 1}


def ran_twice(heard: Counter[str]) -> dict[str, int]:
    """Commands that stations heard more than once."""
    return {id_: count for id_, count in heard.items() if count > 1}


def lied(told: Sequence[Told], heard: Counter[str]) -> list[tuple[str, str]]:
    """Commands that are told not to have been sent and were, or answered and were not."""
    return [
        (one.id, one.status)
        for one in told
        if (one.status in NEVER_SENT) == bool(heard[one.id])
        and one.status in NEVER_SENT | {"accepted", "rejected"}
    ]


def late(
    asked: dict[str, Asked], told: Sequence[Told], outages: Sequence[Outage], slack_seconds: float
) -> list[tuple[str, float]]:
    """First results that came later than their deadline and the slack, the log's outages not counted."""
    first: dict[str, Told] = {}
    for one in told:
        first.setdefault(one.id, one)
    found = []
    for id_, one in first.items():
        if id_ not in asked:
            continue
        began = asked[id_].at_ms
        away = sum(max(0, min(one.at_ms, o.ended_ms) - max(began, o.began_ms)) for o in outages)
        over = (one.at_ms - began - away) / 1000 - asked[id_].deadline_seconds
        if over > slack_seconds:
            found.append((id_, over))
    return found

"""A pod whose answers somebody else decides, and a backend that does so through the log."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec

from contract import envelope
from contract.decisions import CORRELATION_ID, REPLY_PARTITION, REPLY_TOPIC
from contract.tokens import folded
from contract.topics import DECISION_REQUESTS, DECISION_TOPICS, ID_TOKENS, TOPICS
from eventlog.port import EventLog, LogUnavailable, Record, Stored
from gateway.deciding import Deciding
from gateway.metrics import GatewayMetrics
from gateway.settings import GatewaySettings
from gateway.tokens import Tokens
from tests.support.pod import Pod

SILENCE = object()
"""What a backend replies that does not."""

Decide = Callable[[dict[str, Any]], Any]
"""What a backend replies to a request: JSON, or bytes as they are, or SILENCE."""


class DecidingPod:
    """One pod with its decisions, and what tests do with it."""

    def __init__(self, pod: Pod, deciding: Deciding, metrics: GatewayMetrics) -> None:
        self.pod = pod
        self.deciding = deciding
        self.metrics = metrics

    def outcomes(self) -> dict[tuple[str, ...], float]:
        """How decisions came about: their numbers by action and outcome."""
        return {labels: cell.n for labels, cell in self.metrics.decisions.items() if cell.n}

    async def name(self, token: str, **known: Any) -> None:
        """A backend says what is known of a token (nothing: a tombstone), and the pod has heard it."""
        value = msgspec.json.encode(known) if known else None
        await self.pod.log.append(Record(ID_TOKENS.name, token, value))
        tokens = self.deciding._followed["id_tokens"]._view
        assert isinstance(tokens, Tokens)
        await self.pod.until(lambda: tokens._known.get(folded(token)) == value)

    def requests(self) -> list[dict[str, Any]]:
        """What the backend was asked."""
        return [
            msgspec.json.decode(stored.record.value or b"")
            for stored in self.pod.stored()
            if stored.place.topic == DECISION_REQUESTS.name
        ]

    def events(self, name: str) -> list[Any]:
        """The events of this name in the log."""
        every = [
            envelope.decode(list(stored.record.headers), stored.record.value or b"")
            for stored in self.pod.stored()
            if stored.place.topic in TOPICS
        ]
        return [event for event in every if name == event.NAME]


@contextlib.asynccontextmanager
async def deciding(pod: Pod, decide: Decide | None = None, **settings: Any) -> AsyncIterator[DecidingPod]:
    """Stations that connect to the pod from now on have their answers decided, as the settings say."""
    metrics = GatewayMetrics()
    made = Deciding(GatewaySettings(gateway_id="pod", **settings), pod.log, metrics)
    await pod.log.apply_topics(DECISION_TOPICS.values())
    listening = asyncio.Event()
    work = list(made.tasks().values())
    if decide is not None:
        work.append(backend(pod.log, decide, listening))
    else:
        listening.set()
    tasks = [asyncio.create_task(one) for one in work]
    try:
        async with asyncio.timeout(5):
            await made.informed()
            await listening.wait()
        pod.decisions = made.decisions
        yield DecidingPod(pod, made, metrics)
    finally:
        for task in tasks:
            task.cancel()
        for fault in await asyncio.gather(*tasks, return_exceptions=True):
            assert isinstance(fault, asyncio.CancelledError), fault


async def backend(log: EventLog, decide: Decide, listening: asyncio.Event) -> None:
    """Reply to every request, as a `@KafkaListener` with `@SendTo` does; also after an outage."""
    while True:
        with contextlib.suppress(LogUnavailable):
            async with contextlib.aclosing(
                log.tail([DECISION_REQUESTS.name], started=listening.set)
            ) as requests:
                async for stored in requests:
                    said = decide(msgspec.json.decode(stored.record.value or b""))
                    if said is not SILENCE:
                        await log.append(reply(stored, said))
        await asyncio.sleep(0.05)


def reply(stored: Stored, said: Any) -> Record:
    """The record that answers a request, made of its headers."""
    headers = dict(stored.record.headers)
    value = said if isinstance(said, bytes | None) else msgspec.json.encode(said)
    return Record(
        headers[REPLY_TOPIC].decode(),
        stored.record.key,
        value,
        [(CORRELATION_ID, headers[CORRELATION_ID])],
        partition=int.from_bytes(headers[REPLY_PARTITION], "big"),
    )

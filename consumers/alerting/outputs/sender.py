"""Tells the receivers, each at its own pace: a task for each, so that a dead one delays nobody else."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

import aiohttp
import structlog

from consumers.alerting.metrics import AlertingMetrics
from consumers.alerting.outputs import queue
from consumers.alerting.outputs.receiver import NotTaken, Receiver
from consumers.runtime.backoff import Backoff
from consumers.runtime.database import Database
from consumers.runtime.transience import is_transient

LOOK_SECONDS: Final = 0.5
"""How often the queue is looked at."""

FIRST_SECONDS, LONGEST_SECONDS = 0.5, 15.0
"""The waits for a receiver that does not take anything."""

HOUSEKEEPING_SECONDS: Final = 15.0
HOUR_MS: Final = 3_600_000

_log = structlog.get_logger(__name__)


class Clients:
    """The HTTP client that all receivers share; opened on the event loop that uses it, by the first who asks."""

    def __init__(self) -> None:
        self._client: aiohttp.ClientSession | None = None

    def __call__(self) -> aiohttp.ClientSession:
        if self._client is None:
            self._client = aiohttp.ClientSession(headers={"User-Agent": "ocpp-gateway"})
        return self._client

    async def start(self) -> None:
        """Nothing has to be open before the first telling."""

    async def stop(self) -> None:
        """Close what was opened."""
        if self._client is not None:
            await self._client.close()


class Sender:
    """Sends what the queue holds for the shards that are this member's now."""

    def __init__(
        self,
        database: Database,
        receivers: Sequence[Receiver],
        *,
        shards: Callable[[], frozenset[int]],
        metrics: AlertingMetrics,
        now: Callable[[], datetime],
        give_up_hours: int,
    ) -> None:
        self._database = database
        self._receivers = tuple(receivers)
        self._shards = shards
        self._metrics = metrics
        self._now = now
        self._give_up_ms = give_up_hours * HOUR_MS
        self._failing_since: dict[str, datetime] = {}

    async def tell_forever(self, receiver: Receiver) -> None:
        """The task of one receiver."""
        backoff = Backoff(FIRST_SECONDS, LONGEST_SECONDS)
        while True:
            try:
                if not await self.tell_once(receiver):
                    await asyncio.sleep(LOOK_SECONDS)
                    continue
            except NotTaken:
                await backoff.wait()
            except Exception as error:
                if not is_transient(error):
                    raise
                await backoff.wait()  # the database is away; the consumer's loop says so
            else:
                backoff.reset()

    async def tell_once(self, receiver: Receiver) -> bool:
        """Tell it what is due; whether anything was. Raises NotTaken."""
        # One at a time while it refuses: should one alert be the cause, the others go their way.
        limit = 1 if receiver.name in self._failing_since else receiver.at_once
        now_ms = self._now_ms()
        async with self._database.transaction() as connection:
            claimed = await queue.claim(connection, receiver.name, self._shards(), limit, now_ms)
        if not claimed:
            return False
        try:
            await receiver.tell([one.telling for one in claimed])
        except NotTaken as why:
            self._failed(receiver, str(why), len(claimed))
            raise
        self._metrics.notifications.at(receiver.name, "sent").n += len(claimed)
        if self._failing_since.pop(receiver.name, None) is not None:
            _log.info("a receiver takes alerts again", receiver=receiver.name)
        again = receiver.again_seconds
        again_ms = None if again is None else self._now_ms() + int(again * 1000)
        async with self._database.transaction() as connection:
            await queue.taken(connection, receiver.name, claimed, again_ms)
        return True

    async def keep_house(self) -> None:
        """The task that gives up what nobody took, and reads the numbers for the metrics."""
        names = [receiver.name for receiver in self._receivers]
        while True:
            try:
                async with self._database.transaction() as connection:
                    await queue.forget(connection, names)
                    dropped = await queue.drop(connection, self._shards(), self._now_ms() - self._give_up_ms)
                    self._metrics.queued = await queue.depth(connection, self._shards(), self._now_ms())
            except Exception as error:
                if not is_transient(error):
                    raise
            else:
                for name, count in dropped.items():
                    if name in names:
                        self._metrics.notifications.at(name, "dropped").n += count
            now = self._now()
            self._metrics.failing_seconds = {
                name: (now - since).total_seconds() for name, since in self._failing_since.items()
            }
            await asyncio.sleep(HOUSEKEEPING_SECONDS)

    def _failed(self, receiver: Receiver, why: str, count: int) -> None:
        self._metrics.notifications.at(receiver.name, "failed").n += count
        if receiver.name not in self._failing_since:
            self._failing_since[receiver.name] = self._now()
            _log.warning("a receiver does not take alerts", receiver=receiver.name, why=why, alerts=count)

    def _now_ms(self) -> int:
        return int(self._now().timestamp() * 1000)

"""What must not be lost: messages kept in order, retried as OCPP says, and sent again after a reconnect.

1.6 §3.7 and §4.10: after a failure wait TransactionMessageRetryInterval times the number of tries so far;
give up after TransactionMessageAttempts. 2.x E13: the same with MessageAttemptInterval and MessageAttempts.
Being offline is no failure: the message waits. Later ones wait behind it, so order holds.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from simulator.journal import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulator.facts import Payload
    from simulator.station import Station


@dataclass(slots=True)
class Kept:
    """One message to be delivered.

    `build` makes the payload at the moment of sending, because a 1.6 station that started offline learns
    the transaction id only from the answer to a message further ahead in the queue.
    """

    action: str
    build: Callable[[], Payload]
    answered: Callable[[Payload], None] | None = None
    transaction: str | None = None
    message_id: str | int | None = None
    tries: int = 0


class Outbox:
    """The queue of one station and its delivery."""

    def __init__(self, station: Station) -> None:
        self._station = station
        self._queue: deque[Kept] = deque()
        self._filled = asyncio.Event()
        self._emptied = asyncio.Event()
        self._emptied.set()

    def __len__(self) -> int:
        return len(self._queue)

    def holds(self, transaction: str | None) -> bool:
        """Whether something of this transaction (None: of any) waits to be delivered."""
        return any(transaction is None or kept.transaction == transaction for kept in self._queue)

    def keep(self, kept: Kept) -> None:
        self._queue.append(kept)
        self._station.tally.queued += 1
        self._filled.set()
        self._emptied.clear()

    async def emptied(self) -> None:
        await self._emptied.wait()

    async def deliver(self) -> None:
        """Sends the queue, head first, for as long as the station lives."""
        while True:
            await self._filled.wait()
            await self._station.online.wait()
            kept = self._queue[0]
            if await self._is_done(kept):
                self._queue.popleft()
                self._station.tally.queued -= 1
                if not self._queue:
                    self._filled.clear()
                    self._emptied.set()

    async def _is_done(self, kept: Kept) -> bool:
        station = self._station
        if kept.message_id is None or station.retries_get_new_ids:
            kept.message_id = station.new_message_id()
        exchange = await station.call(
            kept.action, kept.build(), message_id=kept.message_id, attempt=kept.tries + 1, kept=True
        )
        match exchange.outcome:
            case Outcome.RESULT:
                if kept.answered is not None and exchange.answer is not None:
                    kept.answered(exchange.answer)
                return True
            case Outcome.DISCONNECTED:
                return False
        kept.tries += 1
        limit = station.device.integer("TransactionMessageAttempts")
        if limit and kept.tries >= limit:
            station.tally.dropped += 1
            return True
        await asyncio.sleep(station.device.integer("TransactionMessageRetryInterval") * kept.tries)
        return False

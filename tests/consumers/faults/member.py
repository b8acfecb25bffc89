"""A member of the counting consumer as a process of its own, which kills or stops itself where it is told to.

    python -m tests.consumers.faults.member LOG DATABASE POINT SIGNAL AFTER

At the `AFTER`th time that it comes to POINT it sends itself SIGNAL: `before_commit`, everything is written and
nothing is true; `after_commit`, it is true and nothing is published; `after_publishing`, it is published
and stands in the outbox yet; `after_positions`, the group has been told as well; `never`.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from consumers.runtime import database, loop, outbox, process
from consumers.runtime.consumer import Message, Work
from consumers.runtime.decoding import Read
from consumers.runtime.loop import Loop
from consumers.runtime.outbox import Outbox
from consumers.runtime.process import ConsumerProcess
from consumers.runtime.program import Equipment, Program
from consumers.runtime.transaction import Transactions
from eventlog.kafka import subscription
from eventlog.port import Subscription
from service import logging
from service.run import run
from tests.support.counting.app import SCHEMA, Counting, CountingSettings

BATCH_SECONDS = 0.03
"""A batch takes a little, so that there is a middle to be killed in."""


class Point:
    """Where it ends, or is stopped."""

    def __init__(self, name: str, number: signal.Signals, after: int) -> None:
        self._name = name
        self._signal = number
        self._left = after

    def at(self, name: str) -> None:
        if name == self._name:
            self._left -= 1
            if self._left == 0:
                print(f"{self._signal.name} {name}", flush=True)  # noqa: T201 what the test waits for
                os.kill(os.getpid(), self._signal)


def arm(point: Point) -> None:
    """Put the points into the runtime's own classes, and make it quick to notice a death."""

    class Dying(Transactions):
        async def handle(self, batch: Sequence[Read]) -> None:
            await super().handle(batch)
            point.at("after_commit")

    class Publishing(Outbox):
        async def _in_turn(self, rows: Sequence[Row[Any]], done: list[int]) -> None:
            await super()._in_turn(rows, done)
            point.at("after_publishing")

    class Telling(Loop):
        async def _tell_group(self, subscription: Subscription) -> None:
            await super()._tell_group(subscription)
            point.at("after_positions")

    for name, armed in {"Transactions": Dying, "Outbox": Publishing, "Loop": Telling}.items():
        setattr(process, name, armed)
    loop.COMMIT_SECONDS = 0.3
    outbox.BITE_RECORDS = 60
    subscription.SESSION_MILLISECONDS, subscription.HEARTBEAT_MILLISECONDS = 3_000, 500
    database.SESSION["idle_in_transaction_session_timeout"] = "3s"


def main(event_log: str, address: str, name: str, number: str, after: str) -> int:
    point = Point(name, signal.Signals[number], int(after))
    arm(point)

    class Slow(Counting):
        async def handle(self, messages: Sequence[Message], work: Work) -> None:
            await super().handle(messages, work)
            await asyncio.sleep(BATCH_SECONDS)
            point.at("before_commit")

    def make(settings: CountingSettings, equipment: Equipment) -> Program:
        del settings, equipment
        return Program(Slow())

    settings = CountingSettings.load(
        event_log=event_log,
        counting_database=address,
        counting_internal_port=0,
        internal_host="127.0.0.1",
        consumer_batch_records=40,
    )
    logging.configure("info", "json")
    return run(lambda: ConsumerProcess(SCHEMA, settings, make))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

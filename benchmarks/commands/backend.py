"""The backend of the load: writes commands to the log when they are due, and reads what became of them."""

import asyncio
import contextlib
import itertools
import time
from collections.abc import Sequence

import msgspec

from benchmarks.commands.account import Account
from benchmarks.load import PATIENCE_SECONDS, LoadFailed
from benchmarks.pacer import pace
from contract.topics import COMMAND_RESULTS, COMMANDS
from eventlog.port import EventLog, Place, Record

LOOK_SECONDS = 0.3
AGAIN_SECONDS = 0.7
"""After the last result: a second one of a command would come within this time."""


class _Completed(msgspec.Struct, rename="camel"):
    """As much of a result as is accounted for."""

    command_id: str
    status: str


class Backend:
    """Asks each station in turn to start a transaction. `account` is that of the measurement under way."""

    def __init__(self, log: EventLog, stations: Sequence[str]) -> None:
        self._log = log
        self._turn = itertools.cycle(stations)
        self._numbers = itertools.count(1)
        self._decode = msgspec.json.Decoder(_Completed).decode
        self.account = Account()

    def reached(self, command: str, station: str, at: float) -> None:
        """A station was asked."""
        self.account.reached(command, station, at)

    async def at_rate(self, per_second: float, seconds: float) -> None:
        """The open loop: a command each time one is due; at a rate of 0 there is none. Raises LogUnavailable."""
        appends: list[asyncio.Future[Place]] = []

        def ask(due: float) -> None:
            command, station = f"{next(self._numbers):016x}", next(self._turn)
            self.account.asked(command, station, due)
            record = Record(COMMANDS.name, station, request(command))
            appends.append(asyncio.ensure_future(self._log.append(record)))

        if per_second:
            await pace(per_second, seconds, ask)
        else:
            await asyncio.sleep(seconds)
        await asyncio.gather(*appends)

    async def settle(self, since_ms: int) -> None:
        """Read the results since then until each command has one. Raises LoadFailed where one has not just one."""
        end = time.monotonic() + PATIENCE_SECONDS
        places: dict[int, int] = {}
        while self.account.open and time.monotonic() < end:
            await self._read(since_ms, places)
            await asyncio.sleep(LOOK_SECONDS)
        await asyncio.sleep(AGAIN_SECONDS)
        await self._read(since_ms, places)
        if faults := self.account.judge():
            raise LoadFailed(", ".join(f"{count} x {fault}" for fault, count in faults.items()))

    async def _read(self, since_ms: int, places: dict[int, int]) -> None:
        """The results that were not read before; `places` is how far each partition has been."""
        clock = time.time() - time.monotonic()
        results = self._log.read([COMMAND_RESULTS.name], since_ms=since_ms)
        async with contextlib.aclosing(results):
            async for stored in results:
                _, partition, offset = stored.place
                if offset >= places.get(partition, 0):
                    places[partition] = offset + 1
                    completed = self._decode(stored.record.value or b"")
                    self.account.ended(completed.command_id, completed.status, stored.appended_ms, clock)


def request(command: str) -> bytes:
    """The value of a command's record. Its id is also the token, by which the station's CALL is known."""
    return (
        b'{"id":"%(id)b","command":"transaction.start",'
        b'"arguments":{"idToken":{"value":"%(id)b","type":"ISO14443"},"evse":{"id":1}}}'
    ) % {b"id": command.encode()}

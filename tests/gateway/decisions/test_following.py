"""A topic is followed from its past into the present: nothing is left out, nothing old comes after its newer."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Iterable

import pytest

from contract.topics import Topic
from eventlog.port import Record, Stored
from gateway import following
from gateway.following import Following
from tests.support.memory_log import MemoryLog

TOPIC = Topic("table.v1", "a test's", partitions=3, compacted=True)


class Seen:
    """A view that keeps what it was given."""

    def __init__(self) -> None:
        self.past: list[str] = []
        self.present: list[str] = []
        self.readings = 0
        self._is_past = True

    def begin(self) -> None:
        self.readings += 1
        self.past, self.present, self._is_past = [], [], True

    def take(self, stored: Stored) -> None:
        said = f"{stored.record.key}={(stored.record.value or b'').decode()}"
        (self.past if self._is_past else self.present).append(said)

    def caught_up(self) -> None:
        self._is_past = False

    def table(self) -> dict[str, str]:
        """The last word on each key."""
        return dict(entry.split("=") for entry in (*self.past, *self.present))


class SlowPast(MemoryLog):
    """A log whose past is read while more is appended."""

    meanwhile: list[Record]

    async def read(
        self, topics: Iterable[str], *, partitions: Iterable[int] | None = None, since_ms: int = 0
    ) -> AsyncGenerator[Stored, None]:
        async with contextlib.aclosing(
            super().read(topics, partitions=partitions, since_ms=since_ms)
        ) as records:
            async for stored in records:
                for record in self.meanwhile:
                    await self.append(record)
                self.meanwhile = []
                yield stored


@contextlib.asynccontextmanager
async def followed(log: MemoryLog, view: Seen) -> AsyncIterator[Following]:
    await log.open()
    await log.apply_topics([TOPIC])
    made = Following(log, TOPIC.name, view)
    task = asyncio.create_task(made.watch())
    try:
        yield made
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await log.close()


async def until(condition: object) -> None:
    assert callable(condition)
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - a condition of many kinds
            await asyncio.sleep(0.005)


async def test_the_past_and_then_what_comes() -> None:
    log, view = MemoryLog(), Seen()
    async with followed(log, view) as made:
        await made.caught_up.wait()
        assert view.past == []
        await log.append(Record(TOPIC.name, "a", b"1"))
        await until(lambda: view.present == ["a=1"])


async def test_what_comes_while_the_past_is_read_comes_after_it() -> None:
    log, view = SlowPast(), Seen()
    log.meanwhile = []
    await log.open()
    await log.apply_topics([TOPIC])
    for number in range(50):
        await log.append(Record(TOPIC.name, f"k{number}", b"old"))
    log.meanwhile = [Record(TOPIC.name, f"k{number}", b"new") for number in range(60)]
    made = Following(log, TOPIC.name, view)
    task = asyncio.create_task(made.watch())
    try:
        async with asyncio.timeout(5):
            await made.caught_up.wait()
        await until(lambda: len(view.table()) == 60)
        assert set(view.table().values()) == {"new"}
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await log.close()


async def test_after_an_outage_everything_is_read_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "RETRY_SECONDS", 0.01)
    log, view = MemoryLog(), Seen()
    async with followed(log, view) as made:
        await made.caught_up.wait()
        await log.append(Record(TOPIC.name, "a", b"1"))
        await until(lambda: view.present == ["a=1"])
        log.store.down = "gone"
        await asyncio.sleep(0.3)
        assert made.caught_up.is_set(), "it goes on with what it has"
        log.store.down = None
        await until(lambda: view.past == ["a=1"])
        assert view.readings > 1
        await log.append(Record(TOPIC.name, "a", b"2"))
        await until(lambda: view.present == ["a=2"])


async def test_a_thousand_in_order() -> None:
    log, view = MemoryLog(), Seen()
    async with followed(log, view) as made:
        appends = [log.append(Record(TOPIC.name, "k", b"%d" % number)) for number in range(1_000)]
        await made.caught_up.wait()
        await asyncio.gather(*appends)
        await until(lambda: view.table().get("k") == "999")
        heard = [int(entry.partition("=")[2]) for entry in (*view.past, *view.present)]
        firsts = list(dict.fromkeys(heard))
        assert firsts == sorted(firsts)

"""A member of a consumer group of the embedded log: its partitions, its positions, its beats."""

import asyncio
import uuid
from collections.abc import Iterable, Mapping
from functools import partial

from eventlog.embedded.file import LogFile
from eventlog.embedded.group import Member
from eventlog.embedded.threads import Threads
from eventlog.port import Assigned, LogUnavailable, Partition, Stored

BEATS_A_SESSION = 5
LOOK_SECONDS = 0.2


class EmbeddedSubscription:
    """Knows which partitions are its own and where it stands in each."""

    def __init__(
        self,
        threads: Threads,
        topics: Iterable[str],
        group: str,
        *,
        session_seconds: float,
        on_assigned: Assigned | None,
        on_revoked: Assigned | None,
    ) -> None:
        self._threads = threads
        self._member = Member(group, uuid.uuid4().hex, topics, session_seconds)
        self._beat_seconds = session_seconds / BEATS_A_SESSION
        self._on_assigned = on_assigned
        self._on_revoked = on_revoked
        self._beaten_at = float("-inf")
        self._positions: dict[Partition, int] = {}
        self._fetchable: set[Partition] = set()
        self._membership: asyncio.Task[None] | None = None

    @property
    def assigned(self) -> frozenset[Partition]:
        return frozenset(self._positions)

    async def join(self) -> None:
        """Enter the group and take what is free already."""
        await self._settle()
        self._membership = asyncio.create_task(self._stay(), name="eventlog-membership")

    async def fetch(self, max_records: int = 500, wait_seconds: float = 1.0) -> list[Stored]:
        loop = asyncio.get_running_loop()
        until = loop.time() + wait_seconds
        while True:
            if self._membership is None or self._membership.done():
                raise self._ended()
            news = self._threads.news.next()
            positions = {p: offset for p, offset in self._positions.items() if p in self._fetchable}
            found = await self._threads.reading(lambda file, p=positions: file.read(p, max_records))  # type: ignore[misc]
            found = [stored for stored in found if self._advance(stored, positions)]
            if found:
                return found
            if (left := until - loop.time()) <= 0:
                return []
            await self._threads.news.wait(news, left)

    async def commit(self, positions: Mapping[Partition, int]) -> None:
        await self._threads.writing(lambda file: self._member.commit(file, positions))

    def seek(self, partition: Partition, offset: int) -> None:
        if partition not in self._positions:
            raise ValueError(f"{partition} is not assigned to this member")
        self._positions[partition] = offset

    async def begins(self, partitions: Iterable[Partition]) -> dict[Partition, int]:
        wanted = list(partitions)
        return await self._threads.reading(lambda file: {p: file.begin(p) for p in wanted})

    async def ends(self, partitions: Iterable[Partition]) -> dict[Partition, int]:
        wanted = list(partitions)
        by_topic = {
            topic: await self._threads.reading(partial(LogFile.ends, topic=topic))
            for topic in {partition.topic for partition in wanted}
        }
        return {partition: by_topic[partition.topic][partition.number] for partition in wanted}

    async def position(self, partition: Partition) -> int:
        if partition not in self._positions:
            raise ValueError(f"{partition} is not assigned to this member")
        offset = self._positions[partition]
        return await self._threads.reading(lambda file: file.settle(partition, offset))

    async def close(self) -> None:
        membership, self._membership = self._membership, None
        if membership is None:
            return
        membership.cancel()
        await asyncio.gather(membership, return_exceptions=True)
        try:
            await self._revoke(self.assigned)
            await self._threads.writing(self._member.leave)
        except LogUnavailable:
            pass  # the others will take us for dead, only later
        finally:
            self._threads.news.tell()

    def _advance(self, stored: Stored, read_from: Mapping[Partition, int]) -> bool:
        """Move behind this record, unless a seek or a revocation came while the file was read."""
        topic, number, offset = stored.place
        partition = Partition(topic, number)
        position = self._positions.get(partition)
        if position is None or position < read_from[partition] or position > offset:
            return False
        # The partition goes to the end of the line, so that the busy ones starve none.
        del self._positions[partition]
        self._positions[partition] = offset + 1
        return True

    async def _stay(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self._settle()
            except LogUnavailable:
                continue  # when it lasts, the others take us for dead, and `_settle` will see that

    async def _settle(self) -> None:
        """One move towards our fair share."""
        loop = asyncio.get_running_loop()
        standing = await self._threads.reading(self._member.look)
        await self._revoke(self.assigned - standing.held)
        if surplus := standing.held - standing.share:
            await self._revoke(surplus & self.assigned)
            await self._threads.writing(lambda file: self._member.release(file, surplus))
        if not standing.known or loop.time() - self._beaten_at >= self._beat_seconds:
            await self._threads.writing(self._member.beat)
            self._beaten_at = loop.time()
        if not standing.known:
            standing = await self._threads.reading(self._member.look)
        if standing.free:
            await self._assign(await self._threads.writing(self._member.claim))

    async def _assign(self, taken: Mapping[Partition, int]) -> None:
        if taken:
            self._positions.update(taken)
            if self._on_assigned is not None:
                await self._on_assigned(frozenset(taken))
            self._fetchable.update(taken)
            self._threads.news.tell()

    async def _revoke(self, lost: frozenset[Partition]) -> None:
        if lost:
            self._fetchable -= lost
            if self._on_revoked is not None:
                await self._on_revoked(lost)
            for partition in lost:
                self._positions.pop(partition, None)

    def _ended(self) -> BaseException:
        """Why there is nothing to fetch: closed, or a callback of ours raised."""
        if self._membership is not None and not self._membership.cancelled():
            failure = self._membership.exception()
            if failure is not None:
                return failure
        return LogUnavailable("the subscription is closed")

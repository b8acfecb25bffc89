"""How far each partition is read, and whose it is: the row that decides, whatever the group believes.

Taking a partition writes our token into its row. Each transaction of a batch first locks the rows of
its partitions and finds our token in them, or fails: a member that was paused through a rebalance (a
zombie) can undo nobody's work. The successor's taking waits for a transaction under way, and reads the
position that this one leaves.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from consumers.runtime.database import Database, upsert
from consumers.runtime.schema import Schema
from eventlog.port import Partition


class Fenced(Exception):
    """Another member has taken these partitions: nothing of ours may become true in them any more."""


class Positions:
    """The rows of one consumer, seen by the member whose token is `owner`, unique to this life of the process."""

    def __init__(self, schema: Schema, owner: str) -> None:
        self._table = table = schema.positions
        self._owner = owner
        self._mine = (
            select(table.c.topic, table.c.shard, table.c.next_offset)
            .where(table.c.owner == owner)
            .order_by(table.c.topic, table.c.shard)
            .with_for_update()  # of SQLite's writers there is one anyway
        )
        self._move = (
            update(table)
            .where(table.c.topic == bindparam("of_topic"), table.c.shard == bindparam("of_shard"))
            .values(next_offset=bindparam("behind"))
        )

    async def take(
        self, database: Database, partitions: Iterable[Partition], at: datetime
    ) -> dict[Partition, int]:
        """Own these from now on; where each stands. 0 where nobody has read it yet."""
        # In order, so that two members that take the same cannot each wait for the other.
        wanted = sorted(partitions)
        async with database.transaction() as connection:
            await upsert(
                connection,
                self._table,
                [
                    {"topic": topic, "shard": shard, "owner": self._owner, "taken_at": at}
                    for topic, shard in wanted
                ],
            )
            return await self.hold(connection, wanted)

    async def hold(
        self, connection: AsyncConnection, partitions: Iterable[Partition]
    ) -> dict[Partition, int]:
        """Lock the rows of all that is ours until the transaction ends; where these stand. Raises Fenced."""
        rows = await connection.execute(self._mine)
        mine = {Partition(topic, shard): next_offset for topic, shard, next_offset in rows}
        wanted = set(partitions)
        if lost := wanted - mine.keys():
            raise Fenced(
                f"another member has {', '.join(f'{topic}/{shard}' for topic, shard in sorted(lost))}"
            )
        return {partition: mine[partition] for partition in wanted}

    async def move(self, connection: AsyncConnection, behind: Mapping[Partition, int]) -> None:
        """In a transaction that holds them: these are the next to be read."""
        if behind:
            await connection.execute(
                self._move,
                [
                    {"of_topic": topic, "of_shard": shard, "behind": offset}
                    for (topic, shard), offset in behind.items()
                ],
            )

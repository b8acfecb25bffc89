"""Looks at the database once a second for all who want to know what changes: followers of the stream, and Prometheus.

A member writes only its own shards, and a shard's batches become true in the order of their numbers. So what is new
is what has a higher number in its shard than was seen, whichever member wrote it.
"""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec
import structlog
from sqlalchemy import and_, or_, select

from consumers.monitoring import state
from consumers.monitoring.api.fleet import Totals, facets_of, totals_of
from consumers.monitoring.api.showing import summary
from consumers.monitoring.followers import Follower
from consumers.monitoring.tables import STATIONS
from consumers.monitoring.tally import LEVELS
from consumers.runtime.database import Database
from consumers.runtime.transience import is_transient

LOOK_SECONDS: Final = 1.0
CHANGED_AT_MOST: Final = 2000
"""Of more stations in one look it is not told which they are."""
NAMED_AT_MOST: Final = 10_000
"""Databases take some 32,000 values in a statement: where more stations are followed, none is named in it."""
FACETS_SECONDS: Final = 10.0
FOLLOWERS_AT_MOST: Final = 500

_log = structlog.get_logger(__name__)


class Watch:
    """What was seen last, and who is told of it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._followers: set[Follower] = set()
        self._facets_at = float("-inf")
        self.sequences: dict[int, int] = {}
        self.totals: Totals = dict.fromkeys(("stations", *LEVELS), 0)
        self.facets: Mapping[str, list[tuple[str, int]]] = {}
        self.trouble: str | None = "it has not looked yet"

    @property
    def followers(self) -> int:
        """How many follow."""
        return len(self._followers)

    async def run(self) -> None:
        """Until cancelled. A database that is away is looked at again."""
        while True:
            try:
                await self.look()
                self.trouble = None
            except Exception as error:
                if not is_transient(error):
                    raise
                if self.trouble is None:
                    _log.warning("the database cannot be looked at", reason=str(error))
                self.trouble = f"the database: {error}"
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """See what is new, and tell."""
        async with self._database.reading() as connection:
            sequences, totals = await totals_of(connection)
            now = asyncio.get_running_loop().time()
            if sequences != self.sequences and now - self._facets_at >= FACETS_SECONDS:
                self.facets, self._facets_at = await facets_of(connection), now
        seen, self.sequences, self.totals = self.sequences, sequences, totals
        if not self._followers or sequences == seen:
            return
        everyone = any(follower.stations is None for follower in self._followers)
        wanted = frozenset().union(*(one.stations or () for one in self._followers))
        changed = await self.since(seen, None if everyone or len(wanted) > NAMED_AT_MOST else wanted)
        for follower in self._followers:
            follower.offer(changed, totals, sequences)

    async def since(
        self, seen: Mapping[int, int], wanted: Iterable[str] | None = None
    ) -> dict[str, msgspec.Raw] | None:
        """The stations (of these) that have changed since then, as JSON; None where they are too many."""
        newer = [
            and_(STATIONS.c.shard == shard, STATIONS.c.change > seen.get(shard, 0))
            for shard, sequence in self.sequences.items()
            if sequence > seen.get(shard, 0)
        ]
        if not newer:
            return {}
        query = select(STATIONS.c.id, STATIONS.c.state).where(or_(*newer))
        if wanted is not None:
            query = query.where(STATIONS.c.id.in_(sorted(wanted)))
        async with self._database.reading() as connection:
            rows = (await connection.execute(query.limit(CHANGED_AT_MOST + 1))).all()
        if len(rows) > CHANGED_AT_MOST:
            return None
        return {row.id: msgspec.Raw(msgspec.json.encode(summary(state.unpack(row.state)))) for row in rows}

    def follow(self, follower: Follower) -> bool:
        """Tell it from now on; False where too many follow already."""
        if len(self._followers) >= FOLLOWERS_AT_MOST:
            return False
        self._followers.add(follower)
        return True

    def leave(self, follower: Follower) -> None:
        """Tell it no more."""
        self._followers.discard(follower)

    def close(self) -> None:
        """Nobody is told any more."""
        for follower in self._followers:
            follower.close()

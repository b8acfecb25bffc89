"""Consumer groups in the file: who is a member, who has claimed which partition, how far the group is.

Every member computes the same fair share from the list of the living, and moves towards it: it gives
up what is no longer its own, and claims what is its own as soon as nobody living holds it. A claim
is a row, so that a partition never has two members at once; a member whose beats stop is dead after
`session_seconds` and its claims are free. All of it blocks and runs in the engine's threads.
"""

from collections.abc import Iterable, Mapping

import msgspec

from eventlog.embedded.file import LogFile, now_ms
from eventlog.port import Partition

_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(list[str]).decode


class Standing(msgspec.Struct, frozen=True):
    """What a member sees when it looks at its group."""

    known: bool
    """Its row is there; otherwise the others took it for dead."""
    held: frozenset[Partition]
    share: frozenset[Partition]
    free: frozenset[Partition]
    """Of its share: what nobody living holds, itself included."""


class Member:
    """One member of one group."""

    def __init__(self, group: str, name: str, topics: Iterable[str], session_seconds: float) -> None:
        self._group = group
        self._name = name
        self._topics = sorted(set(topics))
        self._session_ms = int(session_seconds * 1000)

    def beat(self, file: LogFile) -> None:
        """Say that we live; the first beat joins the group."""
        with file.writing() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO members VALUES (?, ?, ?, ?)",
                (self._group, self._name, _pack(self._topics), now_ms()),
            )

    def look(self, file: LogFile) -> Standing:
        """Read how the group stands."""
        living = {
            name: _unpack(topics)
            for name, topics in file.connection.execute(
                'SELECT member, topics FROM members WHERE "group" = ? AND beat_ms > ? ORDER BY member',
                (self._group, now_ms() - self._session_ms),
            )
        }
        claims = {
            Partition(topic, number): member
            for topic, number, member in file.connection.execute(
                'SELECT topic, number, member FROM claims WHERE "group" = ?', (self._group,)
            )
        }
        share: set[Partition] = set()
        for topic in self._topics:
            readers = [name for name, topics in living.items() if topic in topics]
            # The same number of every topic goes to the same member, so that equally
            # partitioned topics can be joined.
            share.update(
                Partition(topic, number)
                for number in range(len(file.partition_ids(topic)))
                if readers and readers[number % len(readers)] == self._name
            )
        return Standing(
            known=self._name in living,
            held=frozenset(p for p, member in claims.items() if member == self._name),
            share=frozenset(share),
            free=frozenset(p for p in share if claims.get(p) not in living),
        )

    def claim(self, file: LogFile) -> dict[Partition, int]:
        """Take what is free of our share; where the group stands in each partition taken."""
        with file.writing() as connection:
            free = self.look(file).free  # again, now that nobody else can write
            connection.execute(
                'DELETE FROM members WHERE "group" = ? AND beat_ms <= ?',
                (self._group, now_ms() - self._session_ms),
            )
            connection.executemany(
                "INSERT OR REPLACE INTO claims VALUES (?, ?, ?, ?)",
                ((self._group, *p, self._name) for p in free),
            )
            committed = {
                Partition(topic, number): int(offset)
                for topic, number, offset in connection.execute(
                    'SELECT topic, number, next_offset FROM positions WHERE "group" = ?', (self._group,)
                )
            }
            return {partition: committed.get(partition, 0) for partition in free}

    def release(self, file: LogFile, partitions: Iterable[Partition]) -> None:
        """Give these up."""
        with file.writing() as connection:
            connection.executemany(
                'DELETE FROM claims WHERE "group" = ? AND topic = ? AND number = ? AND member = ?',
                ((self._group, *p, self._name) for p in partitions),
            )

    def commit(self, file: LogFile, positions: Mapping[Partition, int]) -> None:
        """Store the group's positions in the partitions we hold; another's are not ours to move."""
        with file.writing() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO positions SELECT ?1, ?2, ?3, ?4 FROM claims"
                ' WHERE "group" = ?1 AND topic = ?2 AND number = ?3 AND member = ?5',
                ((self._group, *p, offset, self._name) for p, offset in positions.items()),
            )

    def leave(self, file: LogFile) -> None:
        """Give up everything, so that the others need not wait for our death."""
        with file.writing() as connection:
            connection.execute(
                'DELETE FROM claims WHERE "group" = ? AND member = ?', (self._group, self._name)
            )
            connection.execute(
                'DELETE FROM members WHERE "group" = ? AND member = ?', (self._group, self._name)
            )

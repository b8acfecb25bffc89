"""The time of one shard: how far it was read, and when its log was silent as a whole. Pure.

Silence proves something only while others are heard. A log that nobody could write to looks like a fleet that says
nothing; so what waits for silence counts from the end of the last gap in the shard's records, and its time
does not pass further than one such gap behind the newest of them.
"""

from typing import NamedTuple

GAP_MS = 420_000
"""A shard with stations has a record at least each heartbeat, which is every five minutes: longer is a gap."""

JUMP_MS = 60_000
"""Nobody looked for longer than this: what fell due meanwhile waits as long for news that ends it."""

LATE_MS = 5_000
"""A record that was received so much before it was appended tells that the log was away."""


class ShardTime(NamedTuple):
    """`now_ms` up to which all is read; `heard_ms` of the newest record. The last gap in the records, if there was
    one: from `silent_ms`, which was time enough to say that it is one, to `resumed_ms`.
    """

    now_ms: int = 0
    heard_ms: int = 0
    silent_ms: int = 0
    resumed_ms: int = 0

    def hear(self, appended_ms: int) -> "ShardTime":
        """A record was read."""
        if appended_ms <= self.heard_ms:
            return self
        if self.heard_ms and appended_ms - self.heard_ms > GAP_MS:
            return self._replace(
                heard_ms=appended_ms, silent_ms=self.heard_ms + GAP_MS, resumed_ms=appended_ms
            )
        return self._replace(heard_ms=appended_ms)

    def until(self, now_ms: int) -> "ShardTime":
        """All is read up to then."""
        return self._replace(now_ms=max(self.now_ms, now_ms))

    def silence_due_ms(self, since_ms: int, due_ms: int, lasting_ms: int) -> int:
        """When a silence that would be one at `due_ms` is one, the last gap of the log not counted."""
        if since_ms < self.resumed_ms and due_ms > self.silent_ms:
            return max(due_ms, self.resumed_ms + lasting_ms)
        return due_ms

    @property
    def silence_ms(self) -> int:
        """The time up to which silence means something."""
        return min(self.now_ms, self.heard_ms + GAP_MS)

"""Which records of a partition are read and not yet done with: how far may be committed. Pure."""

from collections import deque


class Offsets:
    """Offsets are added as they are read, rising, and freed in any order."""

    def __init__(self) -> None:
        self._held: deque[int] = deque()
        self._freed: set[int] = set()
        self.next = 0
        """Behind the last that was read."""

    def __len__(self) -> int:
        return len(self._held) - len(self._freed)

    @property
    def first(self) -> int:
        """The first that is not done with; where all are, the next to be read."""
        return self._held[0] if self._held else self.next

    def begin(self, offset: int) -> None:
        """Nothing before this one is ours to read."""
        self.next = max(self.next, offset)

    def add(self, offset: int) -> None:
        """It was read."""
        self._held.append(offset)
        self.next = offset + 1

    def skip(self, offset: int) -> None:
        """It was read, and there is nothing to do about it."""
        self.next = offset + 1

    def free(self, offset: int) -> None:
        """It is done with."""
        if not self._held or not self._held[0] <= offset < self.next:
            return
        self._freed.add(offset)
        while self._held and self._held[0] in self._freed:
            self._freed.discard(self._held.popleft())

"""What a router counts of its own doing: plain numbers, read at scrape."""

from typing import NamedTuple

from service.counters import Counter


class Tally(NamedTuple):
    """One for all partitions of a process.

    `closes`: connections told to close, because the station has a newer one. `repairs`: connections asked to
    say again that they hold their station. `declared`: connections declared ended, because their gateway was
    silent. `moved`: commands that stood in another partition than their station's. Dead letters: `unreadable`
    have no id, so that nobody can be answered; `invalid` are answered so.
    """

    closes: Counter
    repairs: Counter
    declared: Counter
    moved: Counter
    unreadable: Counter
    invalid: Counter

    @classmethod
    def new(cls) -> "Tally":
        """Numbers that nobody reads."""
        return cls(*(Counter() for _ in cls._fields))

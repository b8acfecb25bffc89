"""The verdicts that stations were given lately: a station that repeats a start gets the same (promise 2).

A driver who was let in is not shut out by his own retry, also when his token was blocked in between: that
is a matter for the next transaction, or for a command that stops this one.
"""

from contract.model import Decision

REMEMBERED = 20_000


class Verdicts:
    """The last of them, by the id of the fact for which each was given: the same, whoever computes it."""

    def __init__(self) -> None:
        self._given: dict[str, Decision] = {}

    def __len__(self) -> int:
        return len(self._given)

    def get(self, fact: str | None) -> Decision | None:
        """What was said to this very fact; None where it is a new one."""
        return None if fact is None else self._given.get(fact)

    def keep(self, fact: str | None, verdict: Decision) -> None:
        """The first verdict counts; the oldest ones are forgotten."""
        if fact is None or fact in self._given:
            return
        self._given[fact] = verdict
        if len(self._given) > REMEMBERED:
            del self._given[next(iter(self._given))]

"""The verdicts that stations were given lately: a station that repeats a start gets the same (promise 2).

A driver who was let in is not shut out by his own retry, also when his token was blocked in between: that
is a matter for the next transaction, or for a command that stops this one.
"""

from contract.model import Decision, IdToken
from contract.tokens import folded

REMEMBERED = 20_000


class Verdicts:
    """The last of them, by the id of the fact for which each was given: the same, whoever computes it.

    And by the token: where the numbers of two starts collide (ADR 10), the verdict on one driver is not the
    other's.
    """

    def __init__(self) -> None:
        self._given: dict[tuple[str, str], Decision] = {}

    def __len__(self) -> int:
        return len(self._given)

    def get(self, fact: str | None, token: IdToken | None) -> Decision | None:
        """What was said of this token to this very fact; None where it is a new one."""
        return None if fact is None else self._given.get((fact, _text(token)))

    def keep(self, fact: str | None, token: IdToken | None, verdict: Decision) -> None:
        """The first verdict counts; the oldest ones are forgotten."""
        if fact is None:
            return
        self._given.setdefault((fact, _text(token)), verdict)
        if len(self._given) > REMEMBERED:
            del self._given[next(iter(self._given))]


def _text(token: IdToken | None) -> str:
    return folded(token.value or "") if token is not None else ""

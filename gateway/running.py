"""Which token charges where: the running transactions of all stations, as far as the log tells of them.

A view of `ocpp.transactions.v1`, followed only where a second transaction with a token is refused. What
it cannot know makes it allow, never refuse: a start of a moment ago at another gateway, a transaction
older than `LONGEST_SECONDS`. What it may keep too long is a transaction whose end nobody told
(reference §4, quirk 10): until the next start at the same EVSE, or until it is too old.
"""

import time
from collections import defaultdict

from contract.model import Decision, Evse, IdToken, Station, Transaction, Value
from contract.records import RecordReader, UnreadableRecord, header_text
from contract.tokens import folded
from eventlog.port import Stored
from gateway.verdicts import Verdicts

LONGEST_SECONDS = 86_400

_STARTED = b"ocpp.transaction.started"
_ENDED = b"ocpp.transaction.ended"

Place = tuple[str, int | None]
"""A station and one of its EVSEs."""


class _Told(Value, frozen=True, kw_only=True):
    """What matters here of a transaction's event."""

    station: Station
    transaction: Transaction | None = None
    evse: Evse | None = None
    id_token: IdToken | None = None
    decision: Decision | None = None


class _Use:
    """A transaction that runs; its token is known when the station has named it."""

    __slots__ = ("place", "token", "told_ms")

    def __init__(self, place: Place, told_ms: int) -> None:
        self.token: str | None = None
        self.place = place
        self.told_ms = told_ms


class Running:
    """The tokens in use; on the way, the verdicts that other gateways gave."""

    def __init__(self, verdicts: Verdicts) -> None:
        self._verdicts = verdicts
        self._read = RecordReader(_Told).read
        self.begin()

    def begin(self) -> None:
        self._uses: dict[str, _Use] = {}
        self._of_token: defaultdict[str, set[str]] = defaultdict(set)
        self._at: dict[Place, str] = {}

    def __len__(self) -> int:
        """How many transactions run."""
        return len(self._uses)

    def is_elsewhere(self, token: str, transaction: str | None, place: Place) -> bool:
        """Whether the token charges in another transaction, at another place.

        A start is never refused for itself, whichever gateway heard it before; nor for an older transaction
        at its own EVSE, which it ends (a station that gives a retry a new time makes another transaction of it).
        """
        return any(
            other != transaction and use.place != place and not _is_old(use)
            for other in self._of_token.get(folded(token), ())
            if (use := self._uses[other])
        )

    def take(self, stored: Stored) -> None:
        headers = dict(stored.record.headers)
        try:
            told = self._read(stored.record.value)
        except UnreadableRecord:
            return  # not for us to complain of: nothing in it can be in use
        if told.decision is not None:
            fact = header_text(stored.record.headers, "ce_id") or ""
            self._verdicts.keep(fact, told.id_token, told.decision)
        if told.transaction is not None and told.transaction.id is not None:
            self._learn(told.transaction.id, headers.get("ce_type"), told, stored.appended_ms)
            self._forget_old()

    def caught_up(self) -> None:
        """Nothing changes then: as long as the view is not complete, it allows."""

    def _learn(self, transaction: str, kind: bytes | None, told: _Told, told_ms: int) -> None:
        if kind == _ENDED:
            self._end(transaction)
            return
        use = self._uses.get(transaction)
        if use is None:
            place = (told.station.id, told.evse.id if told.evse is not None else None)
            use = self._uses[transaction] = _Use(place, told_ms)
            if kind == _STARTED and place[1] is not None:
                self._end(self._at.get(place))  # one EVSE, one transaction
                self._at[place] = transaction
        token = folded(told.id_token.value) if told.id_token is not None and told.id_token.value else None
        if told.decision is not None and told.decision.status != "Accepted":
            if use.token in (None, token):  # else it was another card, held up to stop it
                self._end(transaction)
        elif use.token is None and token is not None:
            use.token = token
            self._of_token[token].add(transaction)

    def _end(self, transaction: str | None) -> None:
        use = self._uses.pop(transaction, None) if transaction is not None else None
        if use is None:
            return
        if self._at.get(use.place) == transaction:
            del self._at[use.place]
        if use.token is not None:
            others = self._of_token[use.token]
            others.discard(transaction or "")
            if not others:
                del self._of_token[use.token]

    def _forget_old(self) -> None:
        """The first that were told of are the oldest."""
        while self._uses and _is_old(next(iter(self._uses.values()))):
            self._end(next(iter(self._uses)))


def _is_old(use: _Use) -> bool:
    return time.time() - use.told_ms / 1000 > LONGEST_SECONDS

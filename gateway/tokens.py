"""The idTokens that backends have named, held in memory, and the verdict that follows from what is known of one."""

from datetime import datetime, timedelta

import structlog

from contract.model import AuthorizationStatus, Decision, IdToken
from contract.records import LATEST, RecordReader, UnreadableRecord, in_utc
from contract.tokens import KnownToken, folded
from eventlog.port import Stored
from gateway.metrics import GatewayMetrics

_log = structlog.get_logger(__name__)


class Tokens:
    """`ocpp.id-tokens.v1` as a table: a view to be followed.

    A record is kept as it came and read again when its token is asked for: an object for each of a
    hundred thousand tokens would take three times the memory.
    """

    def __init__(self, metrics: GatewayMetrics) -> None:
        self._metrics = metrics
        self._read = RecordReader(KnownToken).read
        self._known: dict[str, bytes] = {}
        self._coming = self._known

    def __len__(self) -> int:
        return len(self._known)

    def find(self, token: IdToken, *, type_is_certain: bool) -> KnownToken | None:
        """What is known of a token; a type that the gateway inferred (1.6) tells no two tokens apart."""
        value = self._known.get(folded(token.value or ""))
        if value is None:
            return None
        known = self._read(value)
        if type_is_certain and known.type and token.type and folded(known.type) != folded(token.type):
            return None
        return known

    def begin(self) -> None:
        self._coming = {}

    def take(self, stored: Stored) -> None:
        token, value = folded(stored.record.key), stored.record.value
        if value is not None:
            try:
                self._read(value)
            except UnreadableRecord as fault:
                # The newest word on the token is one that nobody understands: it may have been a refusal.
                self._metrics.unreadable_tokens.n += 1
                _log.warning("a record of a token cannot be read", place=stored.place, why=str(fault))
                value = None
        if value is None:
            self._coming.pop(token, None)
        else:
            self._coming[token] = value

    def caught_up(self) -> None:
        self._known = self._coming


def verdict(known: KnownToken, station: str, at: datetime) -> Decision:
    """The verdict on a token at a station at this moment. Pure.

    A refused driver is told as much as one who is let in, for the station shows the message and keeps the refusal.
    """
    status = _status(known, station, at)
    return Decision(
        status=status,
        cache_expiry=_cache_expiry(known, at, is_expired=status == "Expired"),
        group_id=known.group_id,
        charging_priority=known.charging_priority,
        languages=known.languages,
        personal_message=known.personal_message,
    )


def _status(known: KnownToken, station: str, at: datetime) -> AuthorizationStatus:
    if known.status != "Accepted":
        return known.status
    if known.expires_at is not None and known.expires_at <= at:
        return "Expired"
    if known.stations is not None and station not in known.stations:
        return "NotAtThisLocation"
    return "Accepted"


def _cache_expiry(known: KnownToken, at: datetime, *, is_expired: bool) -> datetime | None:
    """How long the station may keep the verdict; the end of the token bounds it until it has come."""
    ends = []
    if known.status == "Accepted" and known.expires_at is not None and not is_expired:
        ends.append(in_utc(known.expires_at))
    if known.cache_seconds is not None:
        ends.append(_later(at, known.cache_seconds))
    return min(ends, default=None)


def _later(at: datetime, seconds: int) -> datetime:
    """So many seconds later, at most the last moment of the calendar."""
    return at + timedelta(seconds=seconds) if seconds < (LATEST - at).total_seconds() else LATEST

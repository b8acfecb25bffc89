"""What a change of an alert leads to: a fact on `alerts.v1`, the list of those that stand, and what receivers are told."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import and_, bindparam, delete, update
from sqlalchemy.ext.asyncio import AsyncConnection

from consumers.alerting.alerts import Alert, Change
from consumers.alerting.durations import moment
from consumers.alerting.tables import ALERTS, NOTIFICATIONS
from consumers.runtime.consumer import Work
from consumers.runtime.database import upsert
from contract.alerts import AlertFact, AlertRaised, AlertResolved, AlertUpdated, headers_of, key_of
from contract.topics import ALERTS as TOPIC
from eventlog.port import Record


class Noted(NamedTuple):
    """A change, the shard that it belongs to, and whether that shard is behind: then receivers hear of it only if
    it still stands when the shard has caught up.
    """

    change: Change
    shard: int
    is_behind: bool = False


class Ledger:
    """Writes changes down for these receivers."""

    def __init__(self, receivers: Sequence[str]) -> None:
        self._receivers = tuple(receivers)

    async def note(self, noted: Iterable[Noted], work: Work, now_ms: int) -> None:
        """In the order in which they happened; `now_ms` is the clock's."""
        newest: dict[str, Noted] = {}
        for one in noted:
            emit(one.change, work)
            newest[one.change.alert.fingerprint] = one
        standing = [one for one in newest.values() if one.change.became != "resolved"]
        over = [one for one in newest.values() if one.change.became == "resolved"]
        await upsert(work.database, ALERTS, [_standing(one) for one in standing])
        await upsert(
            work.database,
            NOTIFICATIONS,
            [_notification(name, one, now_ms) for one in standing for name in self._receivers],
        )
        if over:
            await self._end(work.database, over, now_ms)

    async def _end(self, database: AsyncConnection, over: list[Noted], now_ms: int) -> None:
        gone = [{"of": one.change.alert.fingerprint} for one in over]
        await database.execute(delete(ALERTS).where(ALERTS.c.fingerprint == bindparam("of")), gone)
        if not self._receivers:
            return
        # Who never heard of it need not hear of its end.
        await database.execute(
            delete(NOTIFICATIONS).where(
                and_(NOTIFICATIONS.c.fingerprint == bindparam("of"), NOTIFICATIONS.c.told.is_(False))
            ),
            gone,
        )
        await database.execute(
            update(NOTIFICATIONS)
            .where(NOTIFICATIONS.c.fingerprint == bindparam("of"))
            .values(
                stamp=bindparam("new_stamp"),
                body=bindparam("new_body"),
                resolved=True,
                held=bindparam("new_held"),
                changed_ms=now_ms,
                next_ms=now_ms,
                attempts=0,
            ),
            [
                {
                    "of": one.change.alert.fingerprint,
                    "new_stamp": stamp(one.change.alert),
                    "new_body": one.change.alert,
                    "new_held": one.is_behind,
                }
                for one in over
            ],
        )


def stamp(alert: Alert) -> str:
    """What tells one state of an alert from its others."""
    return f"{alert.raised_ms:x}-{alert.revision}"


def emit(change: Change, work: Work) -> None:
    """Publish the fact."""
    fact = fact_of(change)
    value = msgspec.json.encode(fact)
    work.emit(Record(TOPIC.name, key_of(fact), value, headers_of(fact, moment(change.at_ms))))


def fact_of(change: Change) -> AlertFact:
    """A change as the contract says it."""
    alert = change.alert
    shared: dict[str, Any] = {
        "alert": alert.fingerprint,
        "rule": alert.rule,
        "kind": alert.kind,
        "severity": alert.severity,
        "station": alert.station,
        "group": alert.group,
        "tenant": alert.labels.get("tenant"),
        "evse": alert.evse,
        "transaction": alert.transaction,
        "labels": alert.labels,
        "annotations": alert.annotations,
        "since_at": moment(alert.since_ms),
        "raised_at": moment(alert.raised_ms),
        "revision": alert.revision,
    }
    match change.became:
        case "raised":
            return AlertRaised(**shared)
        case "updated":
            return AlertUpdated(**shared, updated_at=moment(change.at_ms))
        case "resolved":
            return AlertResolved(**shared, resolved_at=moment(change.at_ms), why=alert.why or "ended")


def _standing(one: Noted) -> dict[str, object]:
    alert = one.change.alert
    return {
        "fingerprint": alert.fingerprint,
        "shard": one.shard,
        "rule": alert.rule,
        "severity": alert.severity,
        "station": alert.station,
        "body": alert,
    }


def _notification(receiver: str, one: Noted, now_ms: int) -> dict[str, object]:
    alert = one.change.alert
    return {
        "receiver": receiver,
        "fingerprint": alert.fingerprint,
        "shard": one.shard,
        "stamp": stamp(alert),
        "body": alert,
        "resolved": False,
        "held": one.is_behind,
        "changed_ms": now_ms,
        "next_ms": now_ms,
        "attempts": 0,
    }

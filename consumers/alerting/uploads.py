"""Remote diagnostics on an alert: a `log.upload` command, at most one a station and day, and so many a shard and hour."""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from consumers.alerting.alerts import Alert
from consumers.alerting.ledger import Noted, stamp
from consumers.alerting.station import Station
from consumers.alerting.tables import SHARDS
from consumers.runtime.consumer import Work
from contract.commands import LogUpload
from contract.results import CommandRequest
from contract.topics import COMMANDS
from eventlog.port import Record
from service.counters import Counter

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS
DEADLINE_SECONDS: Final = 600.0


class Uploads:
    """Asks for logs to be uploaded to `location`, or never where that is None."""

    def __init__(self, location: str | None, per_hour: int, counter: Counter) -> None:
        self._location = location
        self._per_hour = per_hour
        self._counter = counter

    async def ask(
        self, noted: Sequence[Noted], stations: Mapping[str, Station], work: Work, now_ms: int
    ) -> None:
        """Of these changes, the alerts that were raised just now and want a log."""
        for change, shard, is_behind in noted:
            alert = change.alert
            if self._location is None or is_behind or change.became != "raised" or not alert.log_upload:
                continue
            station = stations.get(alert.station or "")
            if station is None or now_ms - station.uploaded_ms < DAY_MS:
                continue
            if await self._take(work.database, shard, now_ms // HOUR_MS):
                station.uploaded_ms = now_ms
                work.emit(command_of(alert, self._location))
                self._counter.n += 1

    async def _take(self, database: AsyncConnection, shard: int, hour: int) -> bool:
        """Whether the shard has not asked for too many in this hour; then one more counts."""
        found = (
            await database.execute(
                select(SHARDS.c.uploads_hour, SHARDS.c.uploads).where(SHARDS.c.shard == shard)
            )
        ).first()
        used = found.uploads if found is not None and found.uploads_hour == hour else 0
        if found is None or used >= self._per_hour:
            return False
        await database.execute(
            update(SHARDS).where(SHARDS.c.shard == shard).values(uploads_hour=hour, uploads=used + 1)
        )
        return True


def command_of(alert: Alert, location: str) -> Record:
    """The command; its id is the alert's, so that a repetition of the record is the same command."""
    assert alert.station is not None
    request = CommandRequest(
        id=f"alert-{alert.fingerprint}-{stamp(alert)}",
        command=LogUpload.NAME,
        arguments=msgspec.to_builtins(LogUpload(location=location, kind="diagnostics")),
        deadline_seconds=DEADLINE_SECONDS,
        when_offline="wait",
        correlation_id=alert.fingerprint,
    )
    return Record(COMMANDS.name, alert.station, msgspec.json.encode(request))

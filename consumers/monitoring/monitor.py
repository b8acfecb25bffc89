"""The consumer: a batch is read into the state of its stations, and written back with all that it changed."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from consumers.monitoring import series, store
from consumers.monitoring.folding import count, facets, fold
from consumers.monitoring.noting import COMMAND, EVENT
from consumers.monitoring.pruning import Pruning
from consumers.monitoring.settings import MonitoringSettings
from consumers.monitoring.state import Kept
from consumers.monitoring.store import Hour, hour_of
from consumers.monitoring.tables import SCHEMA
from consumers.monitoring.tally import ShardTally, StationTally
from consumers.runtime.consumer import Message, Work
from contract import topics
from contract.topics import Topic

TOPICS: Final = (
    topics.STATIONS,
    topics.TRANSACTIONS,
    topics.METER_VALUES,
    topics.SECURITY,
    topics.COMMAND_RESULTS,
    topics.PRESENCE,
    topics.STATIONS_REGISTRY,
)


class Monitor:
    """A `consumers.runtime.consumer.Consumer`. Holds nothing: all is in the database."""

    def __init__(self, settings: MonitoringSettings) -> None:
        self._rings = {EVENT: settings.monitoring_events, COMMAND: settings.monitoring_commands}
        self._step_ms = settings.monitoring_series_step_seconds * 1000
        self._pruning = Pruning(settings)

    @property
    def name(self) -> str:
        return SCHEMA.name

    @property
    def topics(self) -> Sequence[Topic]:
        return TOPICS

    async def handle(self, messages: Sequence[Message], work: Work) -> None:
        """Fold the messages into their stations."""
        shards = {message.station: message.place.partition for message in messages}
        stations = await store.kept_of(work.database, shards)
        sequences = await store.sequences_of(work.database, set(shards.values()))
        before = {station: facets(kept) for station, kept in stations.items()}
        tallies = {shard: ShardTally() for shard in shards.values()}
        beside = {station: StationTally(tallies[shard]) for station, shard in shards.items()}
        for message in messages:
            kept = stations.get(message.station)
            if kept is None:
                kept = stations[message.station] = Kept(message.station)
            fold(kept, message, beside[message.station])
        for station, kept in stations.items():
            count(before.get(station), kept, tallies[shards[station]])
        for tally in tallies.values():
            tally.totals["sequence"] = 1
        rows = [
            store.station_row(kept, shards[station], sequences.get(shards[station], 0) + 1)
            for station, kept in sorted(stations.items())
        ]
        await store.write_stations(work.database, rows)
        await store.write_shards(work.database, tallies)
        await self._write_beside(work, shards, beside)

    async def tick(self, now: Mapping[int, datetime], work: Work) -> None:
        """Forget what is older than it is kept, a little at a time."""
        await self._pruning.prune(now, work.database)

    async def _write_beside(
        self, work: Work, shards: Mapping[str, int], beside: Mapping[str, StationTally]
    ) -> None:
        transitions = [
            {"station": station, **place._asdict(), **transition._asdict(), "shard": shards[station]}
            for station, tally in sorted(beside.items())
            for (place, _), transition in tally.transitions.items()
        ]
        recent = [
            {
                "station": station,
                "kind": one.kind,
                "slot": one.number % self._rings[one.kind],
                "number": one.number,
                "body": one.body,
            }
            for station, tally in sorted(beside.items())
            for one in tally.recent
        ]
        chunks = await self._chunks(work, beside)
        hours = [
            {"station": hour.station, "hour": hour.hour, "shard": shards[hour.station], "body": body}
            for hour, body in sorted(chunks.items())
        ]
        await store.write_beside(work.database, transitions, recent, hours)

    async def _chunks(self, work: Work, beside: Mapping[str, StationTally]) -> dict[Hour, bytes]:
        """The hours of series in which there are new points, with these."""
        measured = [
            (hour_of(station, point.at_ms), point)
            for station, tally in beside.items()
            for point in tally.points
        ]
        chunks = await store.chunks_of(work.database, (hour for hour, _ in measured))
        for hour, point in measured:
            series.add(chunks.setdefault(hour, {}), point, self._step_ms)
        return {hour: series.pack(chunk) for hour, chunk in chunks.items()}

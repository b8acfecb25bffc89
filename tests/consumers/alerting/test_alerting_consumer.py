"""The consumer on both databases: what it says on alerts.v1, whoever is killed or started when, and however batched."""

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema_rs
import msgspec
import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary_event
from sqlalchemy import func, select

from cli.docs import documents
from consumers.alerting.tables import ALERTS, MEMBERS, NOTIFICATIONS, SCHEMA, STATIONS, TIMERS
from consumers.runtime.migrations import differences
from contract.alerts import AlertResolved, fact_of
from contract.registry import RegisteredStation
from contract.results import CommandRequest
from contract.topics import ALERTS as TOPIC
from contract.topics import COMMANDS, STATIONS_REGISTRY
from eventlog.port import Record
from tests.consumers.alerting.conftest import Alerts, Running
from tests.consumers.alerting.fleet import Charger, at
from tests.support.consumers import shard_of
from tests.support.memory_log import MemoryLog

if TYPE_CHECKING:
    from contract.events import Event

OFFLINE = "rules:\n- {name: Offline, kind: station_offline, for: 10m}\n"
FAULTED = "rules:\n- {name: Faulted, kind: connector_faulted, for: 0s}\n"
SITE = OFFLINE + "- {name: Site, kind: many, of: Offline, by: site, at_least: 3, for: 2m}\n"
FLEET = (
    OFFLINE
    + "- {name: Ours, kind: many, of: Offline, because: ours, at_least: 20, for: 5m}\n"
    + "- {name: Fleet, kind: many, of: Offline, because: station, at_least: 20, share: 0.2, for: 3m}\n"
)

A = Charger("A")
DAY = (
    A.connects(0),
    A.status(1, "Faulted", code="GroundFailure"),
    A.status(8, "Available"),
    A.starts(10),
    *(A.meters(minute, watts=7000, wh=1000 + minute) for minute in range(11, 40, 4)),
    A.leaves(50),
    A.connects(70),
    A.leaves(75),
    A.ends(76),
)


def check_alert(record: Record) -> None:
    """Raises where the record is not what is published of it, or no CloudEvent to those who read it elsewhere."""
    assert record.value is not None
    headers = list(record.headers)
    fact = fact_of(headers, record.value)
    schema = json.loads(documents()[f"contract/schemas/alerts/{fact.NAME}.json"])
    jsonschema_rs.validator_for(schema).validate(json.loads(record.value))
    read = from_binary_event(KafkaMessage(dict(headers), record.key, record.value))
    assert read.get_type() == f"ocpp.{fact.NAME}"
    assert read.get_subject() == record.key == "A"


async def count(alerts: Alerts, table: object) -> int:
    async with alerts.world.database.reading() as connection:
        return (await connection.execute(select(func.count()).select_from(table))).scalar_one()  # type: ignore[arg-type]


async def test_the_migrations_make_the_tables_that_are_declared(running: Running, address: str) -> None:
    async with running(database=address) as alerts:
        assert await differences(alerts.world.database, SCHEMA) == []


async def test_an_alert_stands_on_the_topic_and_in_the_database_until_it_is_over(
    running: Running, address: str
) -> None:
    async with running(OFFLINE, database=address) as alerts:
        await alerts.say(A.connects(0), A.leaves(1))
        await alerts.tick(10.5)
        assert alerts.told == []
        await alerts.tick(11.1)
        assert alerts.told == [("Offline A", "raised", 11)]
        assert await count(alerts, ALERTS) == 1
        await alerts.tick(12)
        await alerts.say(A.connects(12), connection="c2")
        await alerts.tick(12.5, 13)
        assert alerts.told == [("Offline A", "raised", 11), ("Offline A", "resolved", 12)]
        assert await count(alerts, ALERTS) == 0
        assert await count(alerts, TIMERS) == 0
        for stored in alerts.world.published(TOPIC):
            check_alert(stored.record)


async def test_a_timer_survives_the_program(running: Running, tmp_path: Path, address: str) -> None:
    log = MemoryLog()
    async with running(OFFLINE, log=log, database=address) as alerts:
        await alerts.say(A.connects(0), A.leaves(1))
        await alerts.tick(5)
    async with running(OFFLINE, minute=10.5, log=MemoryLog(log.store), database=address) as alerts:
        await alerts.tick(10.8, 11)
        assert alerts.told == [("Offline A", "raised", 11)]


@pytest.mark.parametrize("records", [1, 3, 500])
async def test_however_it_is_batched_and_whenever_it_is_read_the_same_alerts_are_told(
    running: Running, records: int
) -> None:
    """Read at once a day later: each alert is raised and resolved at its own time."""
    async with running("defaults: true", minute=24 * 60, consumer_batch_records=records) as alerts:
        await alerts.say(*DAY)
        await alerts.tick(24 * 60 + 2, 24 * 60 + 4)
        assert alerts.told == [
            ("ConnectorFaulted A", "raised", 6),
            ("ConnectorFaulted A", "resolved", 8),
            ("StationOffline A", "raised", 60),
            ("StationOffline A", "resolved", 70),
            ("StationOffline A", "raised", 85),
        ]


async def test_a_group_across_shards_is_one_alert_and_its_stations_none(
    running: Running, address: str
) -> None:
    stations = [Charger(f"S{number}") for number in range(6)]
    assert len({shard_of(one.id, COMMANDS) for one in stations}) > 2
    async with running(SITE, database=address) as alerts:
        for one in stations:
            await alerts.world.append_value(
                STATIONS_REGISTRY, one.id, RegisteredStation(site="Berlin"), at(0)
            )
        await alerts.say(*(one.connects(0) for one in stations))
        await alerts.say(*(one.leaves(1) for one in stations[:4]))
        await alerts.tick(2, 2.9)
        assert alerts.standing == []
        await alerts.tick(3.1)
        assert alerts.standing == ["Site site:Berlin"]
        await alerts.tick(*range(4, 16))
        assert alerts.standing == ["Site site:Berlin"]
        (fact,) = alerts.facts
        assert fact.labels == {"alertname": "Site", "severity": "warning", "site": "Berlin"}
        assert fact.annotations["summary"] == "4 stations of site Berlin at once: Offline"
        await alerts.say(*(one.connects(16) for one in stations[:3]), connection="c2")
        await alerts.tick(17, 18, 19, 20)
        assert alerts.standing == ["Offline S3"]  # the one that is left speaks for itself
        await alerts.say(stations[3].connects(20), connection="c2")
        await alerts.tick(21)
        assert alerts.standing == []
        assert await count(alerts, MEMBERS) == 0


async def test_the_registry_may_come_after_the_station_and_changes(running: Running) -> None:
    stations = [Charger(f"S{number}") for number in range(3)]
    async with running(SITE) as alerts:
        await alerts.say(*(one.connects(0) for one in stations), *(one.leaves(1) for one in stations))
        await alerts.tick(5)
        assert alerts.standing == []
        for one in stations:
            await alerts.world.append_value(STATIONS_REGISTRY, one.id, RegisteredStation(site="Bonn"), at(5))
        await alerts.tick(6)
        assert alerts.standing == ["Site site:Bonn"]
        await alerts.world.append_value(STATIONS_REGISTRY, "S0", None, at(6))
        await alerts.world.append_value(STATIONS_REGISTRY, "S1", None, at(6))
        await alerts.tick(7)
        assert alerts.standing == []


async def test_a_station_that_is_taken_out_of_the_registry_is_missed_no_more(running: Running) -> None:
    old, other, third = Charger("S0"), Charger("S1"), Charger("S2")
    async with running("rules: [{name: Offline, kind: station_offline, for: 10m}]") as alerts:
        await alerts.say(
            old.connects(0), other.connects(0), third.connects(0), old.leaves(1), other.leaves(1)
        )
        await alerts.tick(3, 10, 11, 12)
        assert alerts.standing == ["Offline S0", "Offline S1"]
        await alerts.world.append_value(STATIONS_REGISTRY, "S0", None, at(13))
        await alerts.tick(14)
        assert alerts.standing == ["Offline S1"]
        assert [fact.why for fact in alerts.facts if isinstance(fact, AlertResolved)] == ["removed"]
        await alerts.say(old.leaves(2))  # told late: it happened before
        await alerts.tick(40)
        assert alerts.standing == ["Offline S1"]
        await alerts.world.append_value(STATIONS_REGISTRY, "S2", None, at(41))
        await alerts.say(third.leaves(42))  # it was taken out first, and switched off then
        await alerts.tick(43, 50, 54, 55)
        assert alerts.standing == ["Offline S1"]
        await alerts.say(old.connects(56), connection="c2")
        await alerts.say(old.leaves(57), connection="c2")
        await alerts.tick(59, 66, 67, 68)
        assert alerts.standing == ["Offline S0", "Offline S1"]


async def storm(alerts: Alerts, reason: str, count: int, back: int) -> list[Charger]:
    """So many stations lose their connection in minute 1, and the first of them are back in minute 4."""
    stations = [Charger(f"S{number}") for number in range(count)]
    await alerts.say(*(one.connects(0) for one in stations))
    await alerts.say(*(one.leaves(1, reason) for one in stations))
    await alerts.tick(2, 3)
    await alerts.say(*(one.connects(4) for one in stations[:back]), connection="c2")
    return stations


async def test_the_restart_of_a_gateway_is_no_alert_at_all(running: Running) -> None:
    async with running(FLEET) as alerts:
        await storm(alerts, "drain", 5000, 5000)
        await alerts.tick(6, 12, 32)
        assert alerts.facts == []
        assert await count(alerts, STATIONS) == 5000
        assert await count(alerts, MEMBERS) == 0


async def test_a_gateway_that_is_gone_is_one_alert(running: Running) -> None:
    async with running(FLEET) as alerts:
        stations = await storm(alerts, "gateway_lost", 300, 0)
        await alerts.tick(5, 6, 8, 11, 12, 31, 32, 33, 35, 40)
        assert alerts.standing == ["Ours fleet:all"]
        await alerts.say(*(one.connects(41) for one in stations[:298]), connection="c2")
        await alerts.tick(42, 43, 44, 45, 46)
        assert alerts.standing == ["Offline S298", "Offline S299"]


async def test_a_network_that_is_gone_is_one_alert(running: Running) -> None:
    async with running(FLEET) as alerts:
        await storm(alerts, "lost", 500, 0)
        await alerts.tick(5, 6, 8, 11, 12, 31, 32)
        assert alerts.standing == ["Fleet fleet:all"]


async def test_an_outage_of_the_log_is_no_alert(running: Running) -> None:
    """The stations are away for a minute in which the log is down; it has both ends of that a quarter later."""
    stations = [Charger(f"S{number}") for number in range(100)]
    async with running("defaults: true") as alerts:
        await alerts.say(*(one.connects(0) for one in stations), *(one.starts(1) for one in stations))
        await alerts.say(*(one.meters(2, watts=7000) for one in stations))
        await alerts.tick(2, 3)
        alerts.world.log.store.down = "down for a test"
        alerts.world.clock.at = at(40)
        for kind, connection in (("leaves", "c1"), ("connects", "c2")):
            for one in stations:
                event: Event = getattr(one, kind)(10 if kind == "leaves" else 11)
                await alerts.world.append(event, at=at(40), connection=connection)
        alerts.world.log.store.down = None
        await alerts.tick(40.1, 41.2, 42)
        await alerts.say(*(one.meters(42, watts=7000) for one in stations), connection="c2")
        await alerts.tick(43, 44, 50, 60)
        assert alerts.facts == []


async def test_an_alert_whose_rule_was_taken_out_is_resolved_and_new_group_rules_count_what_is_there(
    running: Running, address: str
) -> None:
    stations = [Charger(f"S{number}") for number in range(4)]
    log = MemoryLog()
    async with running(FAULTED, log=log, database=address) as alerts:
        await alerts.say(*(one.status(0, "Faulted") for one in stations))
        await alerts.tick(1)
        assert len(alerts.standing) == 4
    late = "rules:\n- {name: Faulted, kind: connector_faulted, for: 5m}\n"
    late += "- {name: Many, kind: many, of: Faulted, at_least: 4, for: 0s}\n"
    async with running(late, minute=2, log=MemoryLog(log.store), database=address) as alerts:
        await alerts.tick(3, 4)
        assert "Many fleet:all" in alerts.standing
    async with running(OFFLINE, minute=5, log=MemoryLog(log.store), database=address) as alerts:
        await alerts.tick(6, 7)
        assert alerts.standing == []
        assert await count(alerts, MEMBERS) == 0


async def test_logs_are_asked_for_once_a_day_and_station_and_never_too_many(running: Running) -> None:
    rules = "rules:\n- {name: Faulted, kind: connector_faulted, for: 1m, log_upload: true}\n"
    more = {"alerting_log_upload_location": "ftp://logs.example/", "alerting_log_uploads_per_hour": 1}
    same_shard = [Charger(name) for name in map(str, range(100)) if shard_of(name, COMMANDS) == 3][:3]
    async with running(rules, **more) as alerts:
        await alerts.say(*(one.status(0, "Faulted") for one in same_shard))
        await alerts.tick(0.5, 1.2)
        asked = alerts.world.published(COMMANDS)
        assert len(asked) == 1
        value = asked[0].record.value
        assert value is not None
        request = msgspec.json.decode(value, type=CommandRequest)
        assert request.command == "log.upload"
        assert request.arguments == {
            "location": "ftp://logs.example/"
        }  # of diagnostics, which need not be said
        assert request.id.startswith("alert-")
        await alerts.say(*(one.status(70, "Available") for one in same_shard))
        await alerts.say(*(one.status(71, "Faulted") for one in same_shard))
        await alerts.tick(71.5, 72.2)
        assert len({stored.record.key for stored in alerts.world.published(COMMANDS)}) == 2
        assert len(alerts.world.published(COMMANDS)) == 2


async def test_a_replay_asks_no_station_for_its_log(running: Running) -> None:
    rules = "rules:\n- {name: Faulted, kind: connector_faulted, for: 0s, log_upload: true}\n"
    async with running(rules, minute=600, alerting_log_upload_location="ftp://logs.example/") as alerts:
        await alerts.say(A.status(0, "Faulted"))
        await alerts.tick(601)
        assert alerts.standing == ["Faulted A"]
        assert alerts.world.published(COMMANDS) == []


async def test_who_catches_up_tells_only_what_still_stands(running: Running) -> None:
    async with running(FAULTED, minute=600, alerting_webhooks="http://127.0.0.1:1/nobody") as alerts:
        await alerts.say(A.status(0, "Faulted"), A.status(1, "Available"), A.status(2, "Faulted", evse=2))
        await alerts.world.caught_up()
        async with alerts.world.database.reading() as connection:
            rows = (await connection.execute(select(NOTIFICATIONS.c.body))).scalars().all()
        assert [alert.evse for alert in rows] == ["2"]
        await alerts.tick(601)
        async with alerts.world.database.reading() as connection:
            assert (await connection.execute(select(NOTIFICATIONS.c.held))).scalars().all() == [False]


async def ticks(alerts: Alerts, more: int) -> None:
    """Wait for so many ticks of a member that has not all shards, and so never reads all there is."""
    seen = alerts.world.process.metrics.tick_seconds
    until = seen.count + more
    await alerts.world.until(lambda: seen.count >= until)


async def test_two_members_tell_of_one_group_once_and_one_takes_over(running: Running, address: str) -> None:
    stations = [Charger(f"S{number}") for number in range(12)]
    log = MemoryLog()
    many = OFFLINE + "- {name: Many, kind: many, of: Offline, at_least: 10, for: 2m}\n"
    async with running(many, log=log, database=address) as one:
        async with running(many, log=MemoryLog(log.store), database=address, clock=one.world.clock) as other:
            await other.world.until(lambda: 0 < len(other.world.process.loop.shards) < 12)  # type: ignore[union-attr]
            await one.say(*(each.connects(0) for each in stations), *(each.leaves(1) for each in stations))
            for minute in (1.5, 2.5, 3.2, 3.5):
                one.world.clock.at = at(minute)
                await asyncio.gather(ticks(one, 3), ticks(other, 3))
            await one.world.until(lambda: one.standing == ["Many fleet:all"])
        await one.world.until(lambda: len(one.world.process.loop.shards) == 12)  # type: ignore[union-attr]
        await one.say(*(each.connects(5) for each in stations), connection="c2")
        await one.tick(6, 7)
        assert [became for _, became, _ in one.told] == ["raised", "resolved"]

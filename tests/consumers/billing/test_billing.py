"""The consumer on its runtime: each session ends in exactly one record, whatever comes late, twice, or never."""

import base64
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from consumers.billing import shelf, store
from consumers.billing.app import make
from consumers.billing.records import issued
from consumers.billing.sessions.assembly import Session
from consumers.billing.settings import BillingSettings
from consumers.billing.tables import SCHEMA
from consumers.billing.tariffs import book
from consumers.billing.tariffs.book import TariffBook
from consumers.billing.tariffs.metering import MeteredSession
from consumers.billing.tariffs.model import Tariff
from consumers.billing.tariffs.pricing import price
from consumers.runtime import migrations
from contract import cdrs
from contract.cdrs import CdrCredited, CdrFact, CdrIssued
from contract.events import Event
from contract.model import IdToken, Sample, SignedReading
from contract.registry import Coordinates, RegisteredStation
from contract.results import CommandRequest
from contract.topics import CDRS, COMMANDS, DEAD_LETTERS, STATIONS_REGISTRY
from tests.consumers.billing.ocpi import check_cdr
from tests.consumers.billing.saying import STATION, Saying, at, register
from tests.support.consumers import Clock, World, consuming
from tests.support.memory_log import MemoryLog
from tests.support.postgres import Postgres

TARIFFS = """
country_code: DE
party_id: ABC
last_updated: 2026-01-01T00:00:00Z
tariffs:
  - id: standard
    currency: EUR
    elements:
      - price_components:
          - {type: ENERGY, price: 0.40, vat: 19, step_size: 1}
          - {type: PARKING_TIME, price: 6.00, vat: 19, step_size: 60}
  - id: staff
    currency: EUR
    elements: [{price_components: [{type: ENERGY, price: 0.10, step_size: 1}]}]
assignments:
  - {tariff: standard}
  - {tariff: staff, tokens: [TOKEN-S]}
  - {tariff: staff, groups: [depot]}
"""

T = Saying()
LONG_AGO = at(-10_000)


def running(folder: Path, clock: Clock, **settings: Any) -> AbstractAsyncContextManager[World]:
    return consuming(folder, SCHEMA, BillingSettings, make, clock=clock, **settings)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    clock = Clock()
    clock.at = at(0)
    async with running(tmp_path, clock) as world:
        await load(world, TARIFFS)
        yield world


async def load(world: World, text: str, effective_from: datetime = LONG_AGO) -> None:
    made = book.read(text)
    assert isinstance(made, TariffBook), made
    async with world.database.transaction() as connection:
        await shelf.put(connection, made, source="test", effective_from=effective_from, loaded_at=at(0))


async def say(world: World, *events: Event) -> None:
    for event in events:
        await world.append(event, at=event.received_at)


async def until(world: World, minute: float) -> list[CdrFact]:
    """The time is so many minutes after noon; all records that there are then."""
    world.clock.at = at(minute)
    await world.ticked()
    return records(world)


def records(world: World) -> list[CdrFact]:
    found = [
        cdrs.decode(list(stored.record.headers), stored.record.value or b"")
        for stored in world.published(CDRS)
    ]
    for stored, record in zip(world.published(CDRS), found, strict=True):
        assert stored.record.key == record.station
        check_cdr(msgspec.json.decode(stored.record.value or b"")["cdr"])
    return found


WHOLE = (
    T.started(0, 1000),
    T.status(0, "Charging"),
    T.sampled(30, 6000),
    T.status(40, "SuspendedEV"),
    T.ended(60, 7000),
)


async def test_a_session_becomes_one_record(world: World) -> None:
    await say(world, *WHOLE, *WHOLE)
    assert await until(world, 64) == []
    (record,) = await until(world, 66)
    assert isinstance(record, CdrIssued)
    assert (float(record.energy_wh), record.revision, record.flags) == (6000, 1, ("location_unknown",))
    cdr = record.cdr
    assert (cdr.start_date_time, cdr.end_date_time, cdr.last_updated) == (at(0), at(60), at(65))
    assert (float(cdr.total_energy), float(cdr.total_time), cdr.cdr_token.uid) == (6, 1, "TOKEN")
    assert cdr.total_energy_cost == cdrs.Price(excl_vat=Decimal("2.4"), incl_vat=Decimal("2.856"))
    assert cdr.total_parking_cost == cdrs.Price(excl_vat=Decimal(2), incl_vat=Decimal("2.38"))
    assert cdr.total_cost == cdrs.Price(excl_vat=Decimal("4.4"), incl_vat=Decimal("5.24"))
    assert len(await until(world, 10_000)) == 1


async def test_the_price_is_found_again_from_the_record_alone(world: World) -> None:
    await say(world, *WHOLE)
    (record,) = await until(world, 66)
    priced = price(
        msgspec.convert(record.metered, MeteredSession), msgspec.convert(record.cdr.tariffs[0], Tariff)
    )
    again, cdr = cdrs.verbatim(priced), cdrs.verbatim(record.cdr)
    assert {name: cdr[name] for name in again} == again


async def test_a_late_event_credits_the_record_and_makes_a_new_one(world: World) -> None:
    await say(world, *WHOLE[:3], T.ended(60))
    assert len(await until(world, 66)) == 1
    await say(world, T.ended(60, 7000, received_at=at(100)))
    assert len(await until(world, 104)) == 1
    first, credit, second = await until(world, 106)
    assert isinstance(first, CdrIssued)
    assert isinstance(credit, CdrCredited)
    assert isinstance(second, CdrIssued)
    assert (float(first.energy_wh), float(second.energy_wh), second.revision) == (5000, 6000, 2)
    assert credit.cdr.credit
    assert credit.cdr.credit_reference_id == first.cdr.id
    assert credit.cdr.total_cost.excl_vat == -first.cdr.total_cost.excl_vat
    assert credit.cdr.total_energy == first.cdr.total_energy
    assert "energy_wh" in credit.because
    assert len({record.cdr.id for record in (first, credit, second)}) == 3


async def test_a_late_repetition_changes_nothing(world: World) -> None:
    await say(world, *WHOLE)
    assert len(await until(world, 66)) == 1
    await say(world, T.started(0, 1000, received_at=at(3000)), T.ended(60, 7000, received_at=at(3000)))
    await say(world, T.sampled(30, 6000, received_at=at(3000)))
    assert len(await until(world, 4000)) == 1


async def test_what_is_forgotten_is_not_billed_again(world: World) -> None:
    await say(world, *WHOLE)
    assert len(await until(world, 66)) == 1
    await until(world, 15 * 1440 + 100)
    late = 15 * 1440 + 200
    await say(world, T.started(0, 1000, received_at=at(late)), T.ended(60, 9000, received_at=at(late)))
    assert len(await until(world, late + 2000)) == 1


@pytest.mark.parametrize(
    ("events", "minute", "flag"),
    [
        ((T.status(70, "Available"),), 76, "end_by_status"),
        ((T.booted(70),), 76, "end_by_reboot"),
        ((Saying("t2").started(70, 8000),), 76, "end_by_next_start"),
        ((Saying(None).ended(70, 8000),), 76, "end_matched"),
        ((), 1540, "end_by_timeout"),
    ],
)
async def test_a_session_without_a_stop_is_closed(
    world: World, events: tuple[Event, ...], minute: int, flag: str
) -> None:
    await say(world, *WHOLE[:3])
    assert await until(world, 69) == []
    await say(world, *events)
    (record,) = await until(world, minute)
    assert flag in record.flags
    assert record.energy_wh == (7000 if flag == "end_matched" else 5000)


async def test_two_nameless_ends_are_those_of_two_sessions(world: World) -> None:
    one, other, nameless = Saying("a", evse=1), Saying("b", evse=2), Saying(None, evse=None)
    await say(
        world, one.started(0, 1000), other.started(1, 1000), one.sampled(20, 3000), other.sampled(20, 2000)
    )
    await say(world, nameless.ended(30, 3500))
    (first,) = await until(world, 36)
    assert isinstance(first, CdrIssued)
    assert (first.transaction_id, first.cdr.end_date_time, float(first.energy_wh)) == ("a", at(30), 2500)
    await say(world, other.sampled(40, 2800), nameless.ended(50, 3600))
    _, second = await until(world, 56)
    assert isinstance(second, CdrIssued)
    assert (second.transaction_id, second.cdr.end_date_time, float(second.energy_wh)) == ("b", at(50), 2600)
    assert len(await until(world, 10_000)) == 2


async def test_nameless_ends_that_follow_each_other_are_both_looked_at(world: World) -> None:
    """Both come before the first look, whose moment knows only the first: the second asks for another look."""
    one, other, nameless = Saying("a", evse=1), Saying("b", evse=2), Saying(None, evse=None)
    ends = {"received_at": at(72), "id_token": None}
    await say(world, one.started(0, 10_000, "A"), other.started(10, 500_000, "B"))
    await say(world, nameless.ended(50, 15_000, **(ends | {"received_at": at(71)})))
    await say(world, nameless.ended(70, 509_000, **ends))
    records = await until(world, 80)
    assert {(one.transaction_id, float(one.energy_wh)) for one in records} == {("a", 5000.0), ("b", 9000.0)}


async def test_a_nameless_end_with_a_token_is_its_drivers(world: World) -> None:
    """The registers would give the end to the other session."""
    one, other, nameless = Saying("a", evse=1), Saying("b", evse=2), Saying(None, evse=None)
    await say(world, one.started(0, 10_000, "A"), other.started(10, 10_500, "B"))
    await say(world, nameless.ended(50, 15_000, id_token=IdToken(value="A", type="ISO14443")))
    (record,) = await until(world, 60)
    assert (record.transaction_id, float(record.energy_wh)) == ("a", 5000.0)


async def test_a_registry_that_changes_takes_nothing_from_a_session_that_goes_on(world: World) -> None:
    await say(
        world,
        T.started(0, 1000),
        T.status(0, "Charging"),
        T.status(20, "SuspendedEV"),
        T.status(40, "Charging"),
    )
    world.clock.at = at(300)
    await world.ticked()
    await world.append_value(STATIONS_REGISTRY, STATION, RegisteredStation(), at=at(300))
    await world.ticked()
    await say(world, T.ended(310, 7000))
    (record,) = await until(world, 320)
    assert record.cdr.total_parking_time == Decimal("0.3333")


async def test_a_topic_that_is_read_far_behind_another_loses_nothing(world: World) -> None:
    """In a replay the statuses of days may come before the transactions that they belong to."""
    await say(world, T.status(0, "Charging"), T.status(20, "SuspendedEV"), T.status(40, "Charging"))
    await say(world, T.status(1000, "Available"))
    await world.ticked()
    await say(world, T.status(1001, "Available"))
    await world.ticked()
    await say(world, T.started(0, 1000), T.ended(60, 7000))
    (record,) = await until(world, 1100)
    assert record.cdr.total_parking_time == Decimal("0.3333")


async def test_a_stop_that_comes_after_all_corrects_the_guess(world: World) -> None:
    await say(world, *WHOLE[:3], T.status(70, "Available"))
    assert len(await until(world, 76)) == 1
    await say(world, T.ended(60, 7000, received_at=at(2000)))
    last = (await until(world, 2006))[-1]
    assert (float(last.energy_wh), last.revision, last.flags) == (7000 - 1000, 2, ("location_unknown",))


async def test_tariffs_by_token_and_group_and_in_effect_at_the_start(world: World) -> None:
    dear = TARIFFS.replace("0.40", "0.80")
    await load(world, dear, effective_from=at(30))
    await world.append_value(
        STATIONS_REGISTRY,
        "CP-2",
        RegisteredStation(
            groups=("depot",),
            address="Am Kai 1",
            city="Kiel",
            country="DEU",
            country_code="DE",
            party_id="ABC",
            site="SITE-7",
            coordinates=Coordinates(latitude=54.3, longitude=10.1),
        ),
        at=at(0),
    )
    staff, depot, late = Saying("s"), Saying("d", station="CP-2"), Saying("l", station="CP-3")
    for one, start, token in (
        (T, 0, "TOKEN"),
        (staff, 10, "token-s"),
        (depot, 10, "TOKEN"),
        (late, 30, "TOKEN"),
    ):
        await say(world, one.started(start, 0, token=token), one.sampled(40, 500), one.ended(50, 1000))
    found = {record.transaction_id: record.cdr for record in await until(world, 60)}
    assert {name: cdr.total_energy_cost and cdr.total_energy_cost.excl_vat for name, cdr in found.items()} == {
        "t1": Decimal("0.4"), "s": Decimal("0.1"), "d": Decimal("0.1"), "l": Decimal("0.8"),
    }  # fmt: skip
    assert found["d"].cdr_location.city == "Kiel"
    assert found["d"].cdr_location.coordinates.latitude == "54.30000"
    assert (found["d"].country_code, found["d"].cdr_location.id) == ("DE", "SITE-7")


async def test_without_a_tariff_it_costs_nothing_and_says_so(tmp_path: Path) -> None:
    clock = Clock()
    clock.at = at(0)
    async with running(tmp_path, clock) as world:
        await say(world, *WHOLE)
        (record,) = await until(world, 66)
        assert record.cdr.total_cost.excl_vat == 0
        assert record.cdr.tariffs == ()
        assert "tariff_missing" in record.flags


async def test_a_registry_that_is_wrong_stops_nothing(world: World) -> None:
    wrong = RegisteredStation(
        time_zone="Mars/Olympus", country_code="DEU", party_id="ABCD", country="Germany"
    )
    await world.append_value(STATIONS_REGISTRY, STATION, wrong, at=at(0))
    await say(world, *WHOLE)
    (record,) = await until(world, 66)
    assert record.flags == ("location_unknown", "text_cut", "time_zone_unknown")


async def test_a_session_that_cannot_be_billed_keeps_no_other_from_its_record(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(session: Session, *rest: Any, **more: Any) -> CdrIssued:
        if session.session == "bad":
            raise ValueError("a bug of ours")
        return issued(session, *rest, **more)

    monkeypatch.setattr("consumers.billing.issuing.issued", failing)
    bad = Saying("bad", evse=2)
    await say(world, *WHOLE, bad.started(0, 0), bad.ended(59, 100))
    assert [record.transaction_id for record in await until(world, 66)] == ["t1"]
    monkeypatch.undo()
    assert [record.transaction_id for record in await until(world, 130)] == ["t1", "bad"]


async def test_a_record_that_no_log_takes_keeps_no_other_from_its_own(world: World) -> None:
    large = Saying("large", evse=2)
    readings = (
        Sample(measurand="Energy.Active.Import.Register", at=at(m), signed=SignedReading(data="x" * 500_000))
        for m in (1, 2)
    )
    await say(world, *WHOLE, large.started(0, 0), large.sampled(2, *readings), large.ended(59, 100))
    assert [record.transaction_id for record in await until(world, 66)] == ["t1"]
    assert world.process.loop is not None
    assert world.process.loop.trouble is None


async def test_signed_data_in_base64_comes_with_its_key_and_what_was_signed(world: World) -> None:
    """As OCPP 2.x and the JSON envelope of 1.6 stations have it."""

    def signed(minute: float, wh: int, context: str) -> Event:
        text = base64.b64encode(f'OCMF|{{"RV":{wh}}}|{{"SD":"30"}}'.encode()).decode()
        reading = SignedReading(
            data=text, encoding="OCMF", signing="ECDSA-secp256r1-SHA256", public_key="3059"
        )
        sample = Sample(
            measurand="Energy.Active.Import.Register", at=at(minute), context=context, signed=reading
        )
        return T.sampled(minute, sample)

    await say(world, T.started(0, 1000), signed(0, 1000, "Transaction.Begin"))
    await say(world, signed(60, 8000, "Transaction.End"), T.ended(60, 8000))
    (record,) = await until(world, 70)
    data = record.cdr.signed_data
    assert data is not None
    assert (data.encoding_method, data.public_key) == ("OCMF", "3059")
    assert [(one.nature, one.plain_data) for one in data.signed_values] == [
        ("Start", '{"RV":1000}'),
        ("End", '{"RV":8000}'),
    ]
    assert record.energy_wh == 7000


async def test_signed_readings_are_kept(world: World) -> None:
    def signed(minute: float, data: str) -> Event:
        kind = "Energy.Active.Import.Register"
        return T.sampled(
            minute,
            Sample(measurand=kind, at=at(minute), signed=SignedReading(data=data, encoding="OCMF")),
            register(minute, 1000 + 100 * minute),
        )

    await say(
        world,
        WHOLE[0],
        signed(0, 'OCMF|{"RV":1}|{}'),
        signed(5, "x" * 6000),
        signed(60, "OCMF|{}|{}"),
        WHOLE[-1],
    )
    (record,) = await until(world, 66)
    assert [signed.data[:9] for signed in record.signed_readings] == ['OCMF|{"RV', "OCMF|{}|{"]
    assert record.cdr.signed_data is not None
    assert [value.plain_data for value in record.cdr.signed_data.signed_values] == ['{"RV":1}', "{}"]


async def test_odd_names_fit_into_ocpi(world: World) -> None:
    odd = Saying("x" * 80, station="Säule/" + "9" * 60)
    await say(world, odd.started(0, 0, token="Ü" * 50), odd.ended(10, 100))
    (record,) = await until(world, 20)
    assert "text_cut" in record.flags
    assert record.transaction_id == "x" * 80


async def test_the_cost_of_a_running_session_is_shown(tmp_path: Path) -> None:
    clock = Clock()
    clock.at = at(0)
    async with running(tmp_path, clock, billing_live_cost="all") as world:
        await load(world, TARIFFS)
        await say(world, T.started(0, 0))
        await world.caught_up()
        for minute, wh in ((10, 1000), (10.2, 1100), (11.5, 1500)):
            clock.at = at(minute)
            await say(world, T.sampled(minute, wh))
            await world.caught_up()
        clock.at = at(30)
        await say(world, T.sampled(12, 9999), T.ended(13, 9999))  # nobody stands there any more
        await world.caught_up()
        sent = [
            msgspec.json.decode(one.record.value or b"", type=CommandRequest)
            for one in world.published(COMMANDS)
        ]
        assert [(one.command, one.arguments) for one in sent] == [
            ("cost.update", {"transactionId": "t1", "totalCost": 0.0}),
            ("cost.update", {"transactionId": "t1", "totalCost": 0.48}),
            ("cost.update", {"transactionId": "t1", "totalCost": 0.71}),
        ]
        assert len({one.id for one in sent}) == 3
        assert {one.record.key for one in world.published(COMMANDS)} == {STATION}


async def test_a_cost_that_cannot_be_shown_loses_nothing_of_the_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: Any) -> Any:
        raise ValueError("a bug of ours")

    monkeypatch.setattr("consumers.billing.consumer.cost_so_far", failing)
    clock = Clock()
    clock.at = at(0)
    async with running(tmp_path, clock, billing_live_cost="all") as world:
        await load(world, TARIFFS)
        await say(world, T.started(0, 1000))
        await world.caught_up()
        await say(world, *WHOLE[1:])
        (record,) = await until(world, 66)
        assert record.energy_wh == 6000
        assert world.published(DEAD_LETTERS) == []


async def test_of_sessions_that_are_named_alike_only_the_stations_own_are_read(world: World) -> None:
    await say(world, *(Saying("1", station=f"CP-{n}").started(0, 0) for n in range(5)))
    await world.caught_up()
    async with world.database.reading() as connection:
        found = await store.sessions_of(connection, {("CP-3", "1")}, ())
    assert found.keys() == {("CP-3", "1")}


async def test_of_the_sessions_of_years_only_those_that_began_later_are_read(world: World) -> None:
    for number in range(6):
        session, minute = Saying(f"t{number}"), 100 * number
        await say(world, session.started(minute, 0), session.ended(minute + 60, 1000))
        await until(world, minute + 66)
    assert len(records(world)) == 6
    await say(world, Saying("t3").sampled(330, 500, received_at=at(570)))  # late: it is to be looked at again
    await world.caught_up()
    async with world.database.reading() as connection:
        rows = list((await store.sessions_of(connection, {(STATION, "t3")}, ())).values())
        found = await store.siblings_of(connection, rows, {})
    assert [sibling.session for sibling in found[STATION]] == ["t4", "t5"]


async def test_a_replay_of_the_whole_topic_gives_identical_records(world: World, tmp_path: Path) -> None:
    other = Saying("t2", evse=2)
    await say(world, *WHOLE, other.started(5, 0), other.sampled(50, 4000))
    await until(world, 66)
    await say(world, T.sampled(45, 6900, received_at=at(70)), other.status(71, "Available"))
    await until(world, 90)
    await say(world, T.ended(60, 7100, received_at=at(95)), other.ended(68, 4100, received_at=at(96)))
    await until(world, 120)
    before = {stored.record.value for stored in world.published(CDRS)}
    assert len(before) == 6
    log = MemoryLog(world.log.store)
    for partition in log.store.partitions(CDRS.name):
        log.store.records[partition] = []
    (tmp_path / "again").mkdir()
    await world.process.stop()
    log.store.positions.clear()
    async with running(tmp_path / "again", world.clock, log=MemoryLog(log.store)) as again:
        await load(again, TARIFFS)
        await again.ticked()
        assert {stored.record.value for stored in again.published(CDRS)} >= before


async def test_on_postgresql_it_is_the_same(tmp_path: Path, postgres: Postgres) -> None:
    clock = Clock()
    clock.at = at(0)
    async with running(tmp_path, clock, database=postgres.new()) as world:
        await load(world, TARIFFS)
        await say(world, *WHOLE[:3], T.status(40, "SuspendedEV"), T.ended(60))
        assert len(await until(world, 66)) == 1
        await say(world, T.ended(60, 7000, received_at=at(100)))
        first, credit, second = await until(world, 106)
        assert isinstance(credit, CdrCredited)
        assert (float(first.energy_wh), float(second.energy_wh)) == (5000, 6000)
        assert await migrations.differences(world.database, SCHEMA) == []


async def test_the_migrations_make_the_tables_that_are_declared(world: World) -> None:
    assert await migrations.differences(world.database, SCHEMA) == []

"""Events a second on one core, and bytes of state a session: `python -m benchmarks.billing`.

Batches of 500 messages of 10,000 stations that charge, through the consumer and its database in one process.
"""

import asyncio
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from consumers.billing.consumer import Billing
from consumers.billing.settings import BillingSettings
from consumers.billing.tables import SCHEMA, SESSIONS
from consumers.runtime.consumer import Message
from consumers.runtime.database import Database
from consumers.runtime.migrations import upgrade
from consumers.runtime.program import Equipment
from consumers.runtime.transaction import Writing
from contract.events import Event, TransactionEnded, TransactionStarted, TransactionUpdated
from contract.model import Evse, IdToken, Meter, Protocol, Sample, Station, Transaction
from contract.topics import TRANSACTIONS, partition_of
from eventlog.port import EventLog, Place
from service.metrics import Metrics

STATIONS = int(sys.argv[2]) if len(sys.argv) > 2 else 10_000
SAMPLES = 10
BATCH = 500
BEGAN = datetime(2026, 3, 2, 12, tzinfo=UTC)
REGISTER = "Energy.Active.Import.Register"


def messages() -> Iterator[Message]:
    """Each station's session: a start, a sample a minute, the stop; all stations side by side."""
    stations = [f"CP-{number:05d}" for number in range(STATIONS)]
    shards = {station: partition_of(station, TRANSACTIONS.partitions) for station in stations}
    offset = 0
    for turn in range(SAMPLES + 2):
        for number, station in enumerate(stations):
            at = BEGAN + timedelta(minutes=turn, microseconds=number)
            offset += 1
            yield Message(
                _event(station, turn, at),
                station,
                Place(TRANSACTIONS.name, shards[station], offset),
                at,
                str(offset),
            )


def _event(station: str, turn: int, at: datetime) -> Event:
    wh = Decimal(1000 + 180 * turn)
    shared: dict[str, Any] = {
        "station": Station(id=station),
        "received_at": at,
        "occurred_at": at,
        "protocol": Protocol(version="2.0.1", action="TransactionEvent", message_id="1"),
        "evse": Evse(id=1, connector_id=1),
        "transaction": Transaction(id=f"{station}-7f3e-8c4d-9a1b", seq_no=turn, charging_state="Charging"),
        "samples": (
            Sample(measurand=REGISTER, value=wh, unit="Wh", at=at),
            Sample(measurand="Power.Active.Import", value=Decimal(10_800), unit="W", at=at),
            *(
                Sample(measurand="Current.Import", value=Decimal(16), unit="A", at=at, phase=f"L{n}")
                for n in (1, 2, 3)
            ),
        ),
    }
    if turn == 0:
        return TransactionStarted(
            **shared, id_token=IdToken(value="T", type="ISO14443"), meter=Meter(start_wh=wh)
        )
    if turn <= SAMPLES:
        return TransactionUpdated(**shared, trigger_reason="MeterValuePeriodic")
    return TransactionEnded(**shared, stopped_reason="Local", meter=Meter(stop_wh=wh))


class _NoLog:
    """Nothing is published here."""


async def measure(url: str) -> None:
    database = Database(url)
    await database.open()
    await upgrade(database, SCHEMA)
    log: EventLog = _NoLog()  # type: ignore[assignment]
    consumer = Billing(
        BillingSettings.load(), Equipment(log, database, Metrics("ocpp_billing"), lambda: datetime.now(UTC))
    )
    made = list(messages())
    began, cpu = time.perf_counter(), _cpu_seconds()
    for start in range(0, len(made), BATCH):
        async with database.transaction() as connection:
            await consumer.handle(made[start : start + BATCH], Writing(connection))
        if start + BATCH == STATIONS * (SAMPLES + 1):
            print(
                f"{await _state_bytes(database):8.0f} bytes of state a running session of {SAMPLES + 1} readings"
            )
    seconds, cpu = time.perf_counter() - began, _cpu_seconds() - cpu
    print(
        f"{len(made) / cpu:8.0f} events/s on one core ({len(made)} events, {seconds:.1f} s, {cpu:.1f} s of CPU)"
    )
    now = dict.fromkeys(range(TRANSACTIONS.partitions), BEGAN + timedelta(hours=1))
    began, cpu, emitted = time.perf_counter(), _cpu_seconds(), 0
    while True:
        async with database.transaction() as connection:
            work = Writing(connection)
            await consumer.tick(now, work)
        if not work.emitted:
            break
        emitted += len(work.emitted)
    cpu = _cpu_seconds() - cpu
    print(
        f"{emitted / cpu:8.0f} records/s on one core ({emitted} records, {time.perf_counter() - began:.1f} s)"
    )
    print(
        f"{await _state_bytes(database):8.0f} bytes of state a session with its record, until it is forgotten"
    )
    await database.close()


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def _state_bytes(database: Database) -> float:
    async with database.reading() as connection:
        return float(
            (await connection.execute(select(func.avg(func.length(SESSIONS.c.progress))))).scalar_one()
        )


def main() -> None:
    """On SQLite, or on the database whose address is given."""
    with tempfile.TemporaryDirectory() as folder:
        url = sys.argv[1] if len(sys.argv) > 1 else f"sqlite+aiosqlite:///{Path(folder) / 'billing.db'}"
        asyncio.run(measure(url))


if __name__ == "__main__":
    main()

"""The rules of what is in flight, without an engine."""

import asyncio

import pytest

from eventlog.in_flight import InFlight, Limits, Pending, measure
from eventlog.port import LogUnavailable, Place, Record, RecordRefused

RECORD = Record("a.v1", "CP-1", b"x" * 36)
PLACE = Place("a.v1", 0, 0)


class Engine:
    """Takes records and keeps them until the test says that they are written."""

    def __init__(self, limits: Limits) -> None:
        self.in_flight = InFlight(self.take, limits)
        self.held: list[tuple[Record, Pending]] = []

    def take(self, record: Record, future: Pending) -> None:
        self.held.append((record, future))
        self.in_flight.held_bytes += 100

    def write(self, count: int) -> None:
        written, self.held = self.held[:count], self.held[count:]
        for _, future in written:
            if not future.done():
                future.set_result(PLACE)
        self.in_flight.release(100 * len(written))


async def test_beyond_the_bound_appends_wait_outside_in_order() -> None:
    engine = Engine(Limits(max_in_flight_bytes=300))
    records = [Record("a.v1", str(n), b"") for n in range(10)]
    for record in records:
        engine.in_flight.append(record)
    assert [record.key for record, _ in engine.held] == ["0", "1", "2"]
    engine.write(2)
    assert [record.key for record, _ in engine.held] == ["2", "3", "4"]
    engine.write(3)
    engine.write(3)
    assert [record.key for record, _ in engine.held] == ["8", "9"]


async def test_who_gave_up_outside_is_never_let_in() -> None:
    engine = Engine(Limits(max_in_flight_bytes=100))
    engine.in_flight.append(RECORD)
    gone = engine.in_flight.append(Record("a.v1", "gone", b""))
    engine.in_flight.append(Record("a.v1", "patient", b""))
    gone.cancel()
    engine.write(1)
    assert [record.key for record, _ in engine.held] == ["patient"]


@pytest.mark.timeout(10)  # a deadline that is not kept is a failure here, and no hang
async def test_the_sweep_fails_what_is_late_and_nothing_else() -> None:
    loop = asyncio.get_running_loop()
    engine = Engine(Limits(publish_deadline_seconds=0.4, max_in_flight_bytes=100))
    held, outside = engine.in_flight.append(RECORD), engine.in_flight.append(RECORD)
    began = loop.time()
    for _ in range(4):
        await asyncio.sleep(engine.in_flight.sweep_seconds)
        assert engine.in_flight.sweep("no disk") == 0
    young = engine.in_flight.append(RECORD)
    while not held.done():
        await asyncio.sleep(engine.in_flight.sweep_seconds)
        engine.in_flight.sweep("no disk")
    assert 0.3 < loop.time() - began < 0.8
    for late in (held, outside):
        with pytest.raises(LogUnavailable, match="no disk"):
            await late
    assert not young.done()
    assert engine.in_flight.count == 1


async def test_one_that_waits_does_not_keep_those_that_have_ended() -> None:
    """An append that hangs for its whole deadline, while thousands pass: only it is remembered."""
    engine = Engine(Limits(max_in_flight_bytes=10**9))
    stuck = engine.in_flight.append(RECORD)
    engine.held.clear()
    for _ in range(5):
        for _ in range(1_000):
            engine.in_flight.append(RECORD)
        engine.write(1_000)
        engine.in_flight.sweep(None)
    assert [future for _, futures in engine.in_flight._past for future in futures] == [stuck]


@pytest.mark.timeout(10)
async def test_after_close_nothing_is_taken_and_what_waits_is_failed() -> None:
    engine = Engine(Limits())
    waits = engine.in_flight.append(RECORD)
    engine.in_flight.close("closed")
    with pytest.raises(LogUnavailable, match="closed"):
        await engine.in_flight.append(RECORD)
    assert not await engine.in_flight.drained(0.05)
    engine.in_flight.fail_all("no time left")
    with pytest.raises(LogUnavailable, match="no time left"):
        await waits


def test_the_measure_is_of_bytes() -> None:
    assert measure(RECORD, Limits()) == 100 + 4
    assert measure(Record("a.v1", "säule", None, [("h", b"12")]), Limits()) == 64 + 6 + 4 + 1 + 2
    with pytest.raises(RecordRefused, match="104 bytes"):
        measure(RECORD, Limits(max_record_bytes=103))

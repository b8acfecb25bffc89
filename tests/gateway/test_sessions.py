"""A second connection of a station takes over, the clean-up of the old one touches nothing, and the drain ends all."""

import asyncio
import itertools
import time

from contract.events import StationDisconnected
from tests.support.pod import Connection, Pod, limits

STATUS = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}


def connections(pod: Pod, station: str = "CS-1") -> list[tuple[str, bytes]]:
    """Each event's name and connection, in the order of the log."""
    headers = [dict(stored.record.headers) for stored in pod.stored(station)]
    return [
        (header["ce_type"].decode().removeprefix("ocpp."), header["ce_connection"][-1:]) for header in headers
    ]


async def test_the_newest_connection_owns_the_station(pod: Pod) -> None:
    old = pod.connect()
    await old.transport.ask("1", "Heartbeat")
    new = pod.connect()
    assert (await new.transport.ask("1", "Heartbeat"))[:2] == [3, "1"]
    await old.ended()
    assert old.transport.closed == (1008, "a newer connection of this station")
    assert pod.sessions.get("CS-1") is new.session
    assert [session.station for session in pod.sessions] == ["CS-1"]
    assert len(pod.sessions) == 1
    ended = [event for event in pod.events() if isinstance(event, StationDisconnected)]
    assert [(event.reason, event.code) for event in ended] == [("takeover", 1008)]


async def test_the_old_connections_last_event_comes_before_the_new_ones_first(pod: Pod) -> None:
    old = pod.connect()
    await old.transport.ask("0", "Heartbeat")
    pod.down()
    for number in range(3):
        old.transport.call(str(number), "StatusNotification", STATUS)
    await asyncio.sleep(0.02)
    new = pod.connect()
    new.transport.call("1", "StatusNotification", STATUS)
    await asyncio.sleep(0.02)
    pod.down(None)
    assert (await new.transport.hear())[:2] == [3, "1"]
    assert connections(pod) == [
        ("station.connected", b"1"),
        ("station.heartbeat", b"1"),
        *[("connector.status_changed", b"1")] * 3,
        ("station.disconnected", b"1"),
        ("station.connected", b"2"),
        ("connector.status_changed", b"2"),
    ]


async def test_a_stale_clean_up_leaves_the_successor_alone(pod: Pod) -> None:
    """A's clean-up is held, B comes, A is let go: B lives."""
    old = pod.connect(limits=limits(leave_seconds=5))
    await old.transport.ask("0", "Heartbeat")
    pod.down()  # the barrier: A's worker and its last event wait for the log
    old.transport.call("1", "StatusNotification", STATUS)
    old.transport.hang_up()
    await asyncio.sleep(0.05)
    assert not old.serving.done()
    new = pod.connect()
    await asyncio.sleep(0.05)
    assert pod.sessions.get("CS-1") is new.session
    pod.down(None)
    await old.ended()
    assert pod.sessions.get("CS-1") is new.session
    assert new.transport.closed is None
    assert (await new.transport.ask("1", "Heartbeat"))[:2] == [3, "1"]
    assert connections(pod)[-3:] == [
        ("station.disconnected", b"1"),
        ("station.connected", b"2"),
        ("station.heartbeat", b"2"),
    ]


async def test_a_close_that_the_old_station_does_not_answer_holds_up_nobody(pod: Pod) -> None:
    old = pod.connect()
    await old.transport.ask("0", "Heartbeat")
    old.transport.closes.clear()
    new = pod.connect()
    assert (await new.transport.ask("1", "Heartbeat"))[:2] == [3, "1"]
    assert not old.serving.done()


async def test_many_take_overs_in_a_row_keep_the_order_and_the_last_one_lives(pod: Pod) -> None:
    crowd = [pod.connect() for _ in range(5)]
    assert (await crowd[-1].transport.ask("1", "Heartbeat"))[:2] == [3, "1"]
    await asyncio.gather(*(connection.ended() for connection in crowd[:-1]))
    assert pod.sessions.get("CS-1") is crowd[-1].session
    seen = connections(pod)
    assert [number for _, number in seen] == sorted(number for _, number in seen)
    # Each that began also ended, but for the last.
    names = [name for name, _ in seen]
    assert names.count("station.connected") == names.count("station.disconnected") + 1


async def test_who_is_taken_over_before_it_began_says_nothing(pod: Pod) -> None:
    """Its predecessor holds it up, its successor ends it: an end without a beginning would be a riddle."""
    first = pod.connect(limits=limits(leave_seconds=5))
    await first.transport.ask("0", "Heartbeat")
    pod.down()
    first.transport.call("1", "StatusNotification", STATUS)
    await asyncio.sleep(0.02)
    second = pod.connect(limits=limits(leave_seconds=0.05))
    await asyncio.sleep(0.02)
    third = pod.connect()
    await asyncio.sleep(0.2)
    pod.down(None)
    assert (await third.transport.ask("1", "Heartbeat"))[:2] == [3, "1"]
    await second.ended()
    assert [number for _, number in connections(pod)] == [b"1"] * 4 + [b"3"] * 2


async def test_connections_are_counted_by_version(pod: Pod) -> None:
    for number, version in enumerate(("1.6", "1.6", "2.1")):
        await pod.connect(f"CS-{number}", version=version).transport.ask("1", "Heartbeat")
    assert pod.sessions.by_version() == {("1.6",): 2, ("2.1",): 1}


async def drained(pod: Pod, seconds: float) -> float:
    started = time.monotonic()
    await pod.sessions.drain(seconds)
    return time.monotonic() - started


async def test_the_drain_closes_evenly_over_its_time(pod: Pod) -> None:
    stations = [pod.connect(f"CS-{number}") for number in range(10)]
    for station in stations:
        await station.transport.ask("1", "Heartbeat")
    closed_at: dict[Connection, float] = {}
    started = time.monotonic()

    async def watch(station: Connection) -> None:
        await pod.until(lambda: station.transport.closed is not None)
        closed_at[station] = time.monotonic() - started

    watching = [asyncio.create_task(watch(station)) for station in stations]
    took = await drained(pod, 1.0)
    await asyncio.gather(*watching)
    assert 0.8 < took < 3
    times = sorted(closed_at.values())
    gaps = [later - sooner for sooner, later in itertools.pairwise(times)]
    assert max(gaps) < 0.6, "not all at once, and no pause"
    assert times[-1] - times[0] > 0.3
    assert {station.transport.closed for station in stations} == {(1001, "this gateway is going away")}
    assert len(pod.sessions) == 0
    assert pod.metrics.closed.at("drain").n == 10


async def test_the_drain_is_bounded_while_the_log_is_stuck_and_stations_do_not_read(pod: Pod) -> None:
    station = pod.connect(limits=limits(leave_seconds=0.2))
    await station.transport.ask("1", "Heartbeat")
    pod.down()
    station.transport.reads.clear()
    for number in range(10):
        station.transport.call(str(number), "StatusNotification", STATUS)
    assert await drained(pod, 0) < 1


async def test_the_drain_of_nobody_takes_no_time(pod: Pod) -> None:
    assert await drained(pod, 5) < 6


async def test_few_stations_are_not_kept_waiting_by_the_drain(pod: Pod) -> None:
    crowd = [pod.connect(f"CS-{number}") for number in range(3)]
    for one in crowd:
        await one.transport.ask("1", "Heartbeat")
        one.transport.closes.set()
    started = time.monotonic()
    await pod.sessions.drain(20)
    assert 0.2 <= time.monotonic() - started < 2, "a pause of 0.1 s between two"
    assert len(pod.sessions) == 0

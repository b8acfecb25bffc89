"""What a gateway finds in its inbox, and what it does about it."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from structlog.testing import LogCapture

from contract.deliveries import (
    FOR_GATEWAY,
    CloseConnection,
    Delivery,
    RestatePresence,
    RunCommand,
    inbox_of,
)
from contract.presence import Presence
from contract.topics import DELIVERIES, EVERY_TOPIC, PRESENCE, ROUTES
from eventlog.port import Record
from gateway.inbox import Inbox
from gateway.orders import Orders
from gateway.presence import Announcer
from gateway.translation.outbound.requests import plan_of
from tests.support.pod import Connection, Pod

OWN, OTHER = "gw-1", "gw-2"


class Desk:
    """A gateway that reads its inbox."""

    def __init__(self, pod: Pod) -> None:
        self.pod = pod
        orders = Orders(pod.log, plan_of, pod.metrics, answer_seconds=30)
        self.announcer = Announcer(pod.log, OWN)
        self.inbox = Inbox(pod.log, OWN, pod.sessions, orders, self.announcer)

    async def connect(self) -> Connection:
        connection = self.pod.connect(announcer=self.announcer)
        await connection.transport.ask("0", "Heartbeat")
        return connection

    async def deliver(self, said: Delivery | bytes, gateway: str = OWN) -> None:
        """A record in our partition, for whomever."""
        value = said if isinstance(said, bytes) else msgspec.json.encode(said)
        headers = [(FOR_GATEWAY, gateway.encode())]
        number = inbox_of(OWN, await self.pod.log.partitions(DELIVERIES.name))
        await self.pod.log.append(Record(DELIVERIES.name, "CS-1", value, headers, number))

    def presence(self) -> list[tuple[bool, bool]]:
        """Of each record of the station whether it says `online`, and whether `restated`."""
        values = [s.record.value or b"" for s in self.pod.stored("CS-1") if s.place.topic == PRESENCE.name]
        return [(one.online, one.restated) for one in (msgspec.json.decode(v, type=Presence) for v in values)]

    def connected(self) -> int:
        told = ("ce_type", b"ocpp.station.connected")
        return sum(told in stored.record.headers for stored in self.pod.stored("CS-1"))


@pytest.fixture
async def desk(pod: Pod) -> AsyncIterator[Desk]:
    await pod.log.apply_topics(EVERY_TOPIC.values())
    made = Desk(pod)
    watching = asyncio.create_task(made.inbox.watch())
    async with asyncio.timeout(5):
        await made.inbox.reading.wait()
    yield made
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)


def clear_cache(connection: str, id_: str = "1") -> RunCommand:
    now = datetime.now(UTC)
    request: dict[str, Any] = {"id": id_, "command": "authorization.clear_cache"}
    return RunCommand(
        station="CS-1",
        connection=connection,
        request=request,
        asked_at=now,
        deadline_at=now + timedelta(seconds=5),
    )


async def test_a_command_for_us_is_run_and_one_for_a_neighbour_is_not(desk: Desk) -> None:
    station = await desk.connect()
    connection = station.session.connection
    await desk.deliver(clear_cache(connection, "theirs"), OTHER)
    await desk.deliver(clear_cache(connection, "ours"))
    frame = await station.transport.hear()
    station.transport.say([3, frame[1], {"status": "Accepted"}])
    await desk.pod.until(lambda: any(s.place.topic == ROUTES.name for s in desk.pod.stored()))
    [noted] = [s.record.value or b"" for s in desk.pod.stored() if s.place.topic == ROUTES.name]
    assert msgspec.json.decode(noted)["commandId"] == "ours"
    assert station.transport.unheard == 0


async def test_a_connection_that_lost_its_station_is_closed_and_says_nothing_of_it(desk: Desk) -> None:
    station = await desk.connect()
    await desk.deliver(CloseConnection(station="CS-1", connection="an older one"))
    await desk.deliver(CloseConnection(station="CS-2", connection=station.session.connection))
    await desk.deliver(CloseConnection(station="CS-1", connection=station.session.connection), OTHER)
    assert (await station.transport.ask("1", "Heartbeat"))[0] == 3
    await desk.deliver(CloseConnection(station="CS-1", connection=station.session.connection))
    await station.ended()
    assert station.transport.closed is not None
    assert station.transport.closed[0] == 1008
    await desk.announcer.finish(1)
    assert desk.presence() == [(True, False)]


@pytest.mark.parametrize("was_lost", [False, True])
async def test_a_connection_that_holds_its_station_says_so_again(desk: Desk, *, was_lost: bool) -> None:
    station = await desk.connect()
    for connection in ("an older one", station.session.connection):
        await desk.deliver(RestatePresence(station="CS-1", connection=connection, was_lost=was_lost))
    await desk.pod.until(lambda: desk.presence() == [(True, False), (True, True)])
    await desk.pod.until(lambda: desk.connected() == 1 + was_lost)


async def test_what_is_no_delivery_is_passed_over(desk: Desk, said_in_log: LogCapture) -> None:
    station = await desk.connect()
    for value in (b"", b"{}", b'{"kind": "dance"}', b"\xff"):
        await desk.deliver(value)
    await desk.deliver(clear_cache(station.session.connection))
    assert (await station.transport.hear())[2] == "ClearCache"
    assert {entry["event"] for entry in said_in_log.entries} == {"a delivery cannot be read"}
    said_in_log.entries.clear()


async def test_it_is_read_on_after_an_outage(desk: Desk) -> None:
    station = await desk.connect()
    desk.pod.down()
    await asyncio.sleep(0.1)
    desk.pod.down(None)
    await asyncio.sleep(0.7)
    await desk.deliver(clear_cache(station.session.connection))
    assert (await station.transport.hear())[2] == "ClearCache"

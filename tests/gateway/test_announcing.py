"""Who is connected here, as it stands in the presence topic: in order, and also after the log was away."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import msgspec
import pytest

from contract.presence import Presence
from contract.topics import EVERY_TOPIC, PRESENCE
from gateway.presence import Announcer
from tests.support.pod import Pod

SINCE = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
async def announcer(hasty_pod: Pod) -> AsyncIterator[Announcer]:
    await hasty_pod.log.apply_topics(EVERY_TOPIC.values())
    made = Announcer(hasty_pod.log, "gw-1")
    watching = asyncio.create_task(made.watch())
    yield made
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)


def said(pod: Pod, station: str = "CS-1") -> list[Presence]:
    return [
        msgspec.json.decode(stored.record.value or b"", type=Presence)
        for stored in pod.stored(station)
        if stored.place.topic == PRESENCE.name
    ]


async def test_a_connection_begins_and_ends(hasty_pod: Pod, announcer: Announcer) -> None:
    announcer.online("CS-1", "c-1", "2.1", SINCE)
    announcer.gone("CS-1", "client")
    announcer.gone("CS-1", "client")
    announcer.gone("CS-2", "client")
    await announcer.finish(1)
    begun, ended = said(hasty_pod)
    assert begun == Presence(online=True, gateway="gw-1", connection="c-1", version="2.1", since=SINCE)
    assert (ended.online, ended.connection, ended.reason) == (False, "c-1", "client")
    assert ended.since > SINCE
    assert said(hasty_pod, "CS-2") == []


async def test_a_connection_that_was_taken_over_here_is_replaced_and_not_gone(
    hasty_pod: Pod, announcer: Announcer
) -> None:
    announcer.online("CS-1", "c-1", "2.1", SINCE)
    announcer.gone("CS-1", "takeover")
    announcer.online("CS-1", "c-2", "2.1", SINCE)
    await announcer.finish(1)
    assert [(one.online, one.connection) for one in said(hasty_pod)] == [(True, "c-1"), (True, "c-2")]


async def test_of_a_station_that_went_elsewhere_nothing_more_is_said(
    hasty_pod: Pod, announcer: Announcer
) -> None:
    announcer.online("CS-1", "c-1", "2.1", SINCE)
    announcer.superseded("CS-1", "another")
    assert announcer.restate("CS-1", "c-1")
    announcer.superseded("CS-1", "c-1")
    announcer.gone("CS-1", "takeover")
    announcer.gone("CS-1", "client")
    assert not announcer.restate("CS-1", "c-1")
    await announcer.finish(1)
    assert [one.online for one in said(hasty_pod)] == [True, True]


async def test_only_the_connection_that_holds_the_station_says_so_again(
    hasty_pod: Pod, announcer: Announcer
) -> None:
    announcer.online("CS-1", "c-1", "2.1", SINCE)
    assert not announcer.restate("CS-1", "c-0")
    assert not announcer.restate("CS-2", "c-1")
    assert announcer.restate("CS-1", "c-1")
    announcer.gone("CS-1", "client")
    assert not announcer.restate("CS-1", "c-1")
    await announcer.finish(1)
    assert [(one.online, one.restated) for one in said(hasty_pod)] == [
        (True, False),
        (True, True),
        (False, False),
    ]


async def test_what_the_log_did_not_take_is_said_late_and_only_the_newest(
    hasty_pod: Pod, announcer: Announcer
) -> None:
    hasty_pod.down()
    announcer.online("CS-1", "c-1", "2.1", SINCE)
    announcer.gone("CS-1", "client")
    announcer.online("CS-1", "c-2", "2.1", SINCE)
    announcer.online("CS-2", "c-3", "2.1", SINCE)
    announcer.gone("CS-2", "client")
    await asyncio.sleep(0.5)
    assert len(announcer) == 2
    await announcer.finish(0.05)
    hasty_pod.down(None)
    await hasty_pod.until(lambda: not len(announcer))
    assert [(one.online, one.connection, one.restated) for one in said(hasty_pod)] == [(True, "c-2", True)]
    assert [(one.online, one.connection, one.restated) for one in said(hasty_pod, "CS-2")] == [
        (False, "c-3", False)
    ]


async def test_an_end_waits_until_all_is_said(hasty_pod: Pod, announcer: Announcer) -> None:
    hasty_pod.down()
    announcer.online("CS-1", "c-1", "2.1", SINCE)
    finishing = asyncio.create_task(announcer.finish(5))
    await asyncio.sleep(0.4)
    assert not finishing.done()
    hasty_pod.down(None)
    await finishing
    assert len(said(hasty_pod)) == 1

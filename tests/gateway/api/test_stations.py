"""Who is connected where, as the presence topic says."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from contract.presence import Presence
from contract.topics import PRESENCE
from eventlog.port import Record
from gateway.api import stations
from gateway.api.stations import follow, read_presence
from tests.gateway.api.conftest import NOW, Backend, held, say
from tests.support.memory_log import MemoryLog

LATER = NOW + timedelta(seconds=1)


async def test_a_station_as_it_is_connected(backend: Backend, log: MemoryLog) -> None:
    await say(log, "DE*ABC*1", held())
    found = await backend.get("/v1/stations/DE%2AABC%2A1")
    assert (found.status, found.json) == (
        200,
        {
            "id": "DE*ABC*1",
            "online": True,
            "version": "1.6",
            "gateway": "gw-1",
            "connection": "c-1",
            "since": "2026-03-01T12:00:00Z",
        },
    )


async def test_a_station_that_has_left(backend: Backend, log: MemoryLog) -> None:
    await say(log, "CP-1", held())
    await say(log, "CP-1", held(online=False, reason="client"))
    found = await backend.get("/v1/stations/CP-1")
    assert (found.json["online"], found.json["reason"]) == (False, "client")


async def test_a_station_that_was_removed_is_not_known(backend: Backend, log: MemoryLog) -> None:
    await say(log, "CP-1", held())
    await say(log, "CP-1", None)
    assert (await backend.get("/v1/stations/CP-1")).status == 404


@pytest.mark.parametrize(
    ("said", "owner"),
    [
        (held("c-2", gateway="gw-2"), "c-2"),
        (held("c-0", online=False), "c-1"),
        (held("c-1", online=False), None),
        (held("c-0", restated=True, since=NOW - timedelta(seconds=1)), "c-1"),
        (held("c-2", restated=True, since=LATER), "c-2"),
    ],
    ids=["newer", "late end of an older", "its own end", "older said again", "newer said again"],
)
def test_the_newest_connection_owns_the_station(said: Presence, owner: str | None) -> None:
    after = follow(held("c-1"), said)
    assert (after.connection if after.online else None) == owner


def test_one_that_is_said_again_counts_where_nobody_is_connected() -> None:
    gone = held("c-1", online=False)
    assert follow(gone, held("c-0", restated=True)).connection == "c-0"
    assert follow(None, held("c-0", restated=True)).connection == "c-0"


async def test_pages_follow_each_other_to_the_end(backend: Backend, log: MemoryLog) -> None:
    names = {f"CP-{number}" for number in range(50)}
    for name in names:
        await say(log, name, held(online=name.endswith("1")))
    seen: list[str] = []
    query: dict[str, Any] = {"limit": 7}
    pages = 0
    while True:
        page = (await backend.get("/v1/stations", params=query)).json
        seen += [station["id"] for station in page["stations"]]
        pages += 1
        if "next" not in page:
            break
        assert len(page["stations"]) == 7
        query["after"] = page["next"]
    assert len(seen) == 50
    assert set(seen) == names
    assert pages == 8

    exact = (await backend.get("/v1/stations?limit=50")).json
    assert len(exact["stations"]) == 50
    assert "next" not in exact
    online = (await backend.get("/v1/stations?online=true")).json["stations"]
    assert {station["id"] for station in online} == {name for name in names if name.endswith("1")}
    offline = (await backend.get("/v1/stations?online=false")).json["stations"]
    assert len(offline) == 45


async def test_nobody_is_an_empty_page(backend: Backend) -> None:
    assert (await backend.get("/v1/stations")).json == {"stations": []}


async def test_what_was_read_is_not_kept(
    backend: Backend, log: MemoryLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stations, "FRESH_SECONDS", 0.05)
    reads = 0
    real = log.read

    def counted(*topics: Any, **how: Any) -> Any:
        nonlocal reads
        reads += 1
        return real(*topics, **how)

    monkeypatch.setattr(log, "read", counted)
    await say(log, "CP-1", held())
    found = await asyncio.gather(*(backend.get("/v1/stations/CP-1") for _ in range(20)))
    assert {reply.status for reply in found} == {200}
    assert reads == 1
    await asyncio.sleep(0.1)
    await say(log, "CP-1", held(online=False))
    assert (await backend.get("/v1/stations/CP-1")).json["online"] is False
    assert reads == 2


async def test_a_record_that_is_none_is_passed_over(log: MemoryLog) -> None:
    await say(log, "CP-1", held())
    await log.append(Record(PRESENCE.name, "CP-1", b"nonsense"))
    assert (await read_presence(log))["CP-1"].online

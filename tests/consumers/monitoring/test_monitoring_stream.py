"""The stream of changes: what is told, to whom, from where on, and to somebody who is slow."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from aiohttp import ClientResponse

from consumers.monitoring import positions
from consumers.monitoring.api import streaming
from consumers.monitoring.followers import OWED_AT_MOST, Follower
from consumers.monitoring.tally import LEVELS
from contract.topics import partition_of
from tests.consumers.monitoring.conftest import Charger, Viewer, a_day, monitoring, viewing
from tests.support.consumers import World
from tests.support.memory_log import MemoryLog
from tests.support.postgres import Postgres

SECONDS = 15.0
TOTALS = dict.fromkeys(("stations", *LEVELS), 0)


class Heard(NamedTuple):
    """An event of the stream."""

    name: str
    data: Any
    position: str | None


class Stream:
    """Reads events."""

    def __init__(self, response: ClientResponse) -> None:
        self._response = response
        self.position = ""

    async def next(self) -> Heard:
        name, data, position = "", None, None
        async with asyncio.timeout(SECONDS):
            async for line in self._response.content:
                field, _, value = line.decode().rstrip("\n").partition(": ")
                match field:
                    case "event":
                        name = value
                    case "data":
                        data = msgspec.json.decode(value)
                    case "id":
                        position = self.position = value
                    case "" if name:
                        return Heard(name, data, position)
                    case _:
                        pass
        raise AssertionError("the stream ended")


@contextlib.asynccontextmanager
async def following(viewer: Viewer, **options: Any) -> AsyncIterator[Stream]:
    async with viewer.http.get(f"{viewer.url}/api/v1/changes", **options) as response:
        assert response.content_type == "text/event-stream"
        assert response.headers["X-Request-Id"]
        yield Stream(response)


async def changed(stream: Stream) -> tuple[list[str], dict[str, Any]]:
    """The next stations that are told, and what was told of the overview until then."""
    overview: dict[str, Any] = {}
    while True:
        heard = await stream.next()
        if heard.name == "stations":
            return [station["id"] for station in heard.data["stations"]], overview
        overview |= heard.data


async def test_a_change_is_told_soon(viewer: Viewer) -> None:
    async with following(viewer) as stream:
        await a_day(viewer.world)
        began = asyncio.get_running_loop().time()
        ids, _ = await changed(stream)
        assert ids == ["CP-1"]
        assert asyncio.get_running_loop().time() - began < 3
        told: dict[str, Any] = {}
        while told.get("powerW") != 11_500:
            told |= (await stream.next()).data
        assert told["stations"] == {"known": 1, "connected": 1, "disconnected": 0}


async def test_only_what_is_followed(viewer: Viewer) -> None:
    async with following(viewer, params=[("station", "CP-2"), ("overview", "false")]) as stream:
        await a_day(viewer.world, "CP-1")
        await a_day(viewer.world, "CP-2")
        heard = await stream.next()
        assert [station["id"] for station in heard.data["stations"]] == ["CP-2"]


async def test_who_was_cut_off_goes_on_where_it_was(viewer: Viewer) -> None:
    await a_day(viewer.world, "CP-1")
    position = (await viewer.get("/overview")).json["position"]
    await a_day(viewer.world, "CP-2")
    await asyncio.sleep(1.5)  # the watch has seen it
    async with following(viewer, headers={"Last-Event-ID": position}) as stream:
        assert (await changed(stream))[0] == ["CP-2"]
        while positions.read(stream.position or "none") == positions.read(position):
            await stream.next()
    async with following(viewer, params={"after": "none", "overview": "false"}) as stream:
        heard = await stream.next()
        assert sorted(station["id"] for station in heard.data["stations"]) == ["CP-1", "CP-2"]


async def test_each_member_tells_what_another_has_written(tmp_path: Path, postgres: Postgres) -> None:
    (tmp_path / "other").mkdir()
    address = postgres.new()
    async with viewing(tmp_path, database=address) as viewer:
        log = MemoryLog(viewer.world.log.store)
        async with monitoring(tmp_path / "other", database=address, log=log) as other:
            await viewer.world.until(lambda: bool(viewer.world.process.loop and other.process.loop))
            await viewer.world.until(lambda: len(held_by(viewer.world)) == len(held_by(other)) == 6)
            names = {f"CP-{number}": partition_of(f"CP-{number}", 12) for number in range(40)}
            mine = next(name for name, shard in names.items() if shard in held_by(viewer.world))
            its = next(name for name, shard in names.items() if shard in held_by(other))
            told: set[str] = set()
            async with following(viewer, params={"overview": "false"}) as stream:
                await viewer.world.append(Charger(mine).boots(), Charger(its).boots())
                while told != {mine, its}:
                    told |= set((await changed(stream))[0])


def held_by(world: World) -> frozenset[int]:
    """The shards of a member."""
    loop = world.process.loop
    return frozenset() if loop is None else loop.shards


async def test_a_position_that_never_was_means_asking_anew(viewer: Viewer) -> None:
    await a_day(viewer.world)
    async with following(viewer, params={"after": "1-999999"}) as stream:
        assert (await stream.next()).name == "reload"


async def test_a_stop_ends_the_streams(tmp_path: Path) -> None:
    async with viewing(tmp_path) as viewer, following(viewer) as stream:
        await viewer.server.stop()
        with pytest.raises(AssertionError, match="the stream ended"):
            await stream.next()


async def test_however_many_stations_are_followed(viewer: Viewer) -> None:
    watch = viewer.server._watch
    everybody = Follower(frozenset({"CP-1", *map(str, range(40_000))}), overview=False)
    assert watch.follow(everybody)
    await a_day(viewer.world)
    news = await everybody.news(SECONDS)
    assert news is not None
    assert [msgspec.json.decode(said)["id"] for said in news.stations] == ["CP-1"]
    assert watch.trouble is None


async def test_what_changed_while_one_caught_up_is_newer_than_what_was_missed() -> None:
    follower = Follower(None, overview=True)
    follower.offer({"CP-1": msgspec.Raw(b"2")}, TOTALS | {"sessions": 2}, {0: 2})
    follower.catch_up({"CP-1": msgspec.Raw(b"1"), "CP-2": msgspec.Raw(b"1")}, TOTALS, {0: 1})
    news = await follower.news(1)
    assert news is not None
    assert (news.stations, news.position) == ((msgspec.Raw(b"2"), msgspec.Raw(b"1")), "0-2")
    assert news.overview is not None
    assert news.overview.sessions == 2


class TestSlow:
    async def test_who_takes_nothing_is_cut_off(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(streaming, "SLOW_SECONDS", 0.2)
        large = dict.fromkeys(
            (f"CP-{number}" for number in range(1000)), msgspec.Raw(b'"%s"' % (b"x" * 2000))
        )
        async with viewing(tmp_path) as viewer:
            watch, server = viewer.server._watch, viewer.server._runner.server
            assert server is not None
            with socket.create_connection(("127.0.0.1", viewer.server.port)) as asking:
                asking.sendall(b"GET /api/v1/changes HTTP/1.1\r\nHost: localhost\r\n\r\n")
                await viewer.world.until(lambda: watch.followers == 1)
                (follower,) = watch._followers
                for sequence in range(10):
                    follower.offer(large, TOTALS, {0: sequence})
                    await asyncio.sleep(0.05)
                await viewer.world.until(lambda: watch.followers == 0 and not server.connections)

    async def test_a_station_is_owed_once(self) -> None:
        follower = Follower(None, overview=True)
        follower.begin(TOTALS, {0: 1})
        for number in range(2, 5):
            follower.offer({"CP-1": msgspec.Raw(b"%d" % number)}, TOTALS | {"sessions": number}, {0: number})
        news = await follower.news(1)
        assert news is not None
        assert (news.stations, news.position) == ((msgspec.Raw(b"4"),), "0-4")
        assert news.overview is not None
        assert (news.overview.sessions, news.overview.power_w, news.overview.stations) == (4, None, None)
        assert await follower.news(0.01) is None

    async def test_one_that_is_owed_too_much_asks_anew(self) -> None:
        follower = Follower(None, overview=False)
        for number in range(OWED_AT_MOST + 1):
            follower.offer({f"CP-{number}": msgspec.Raw(b"{}")}, TOTALS, {0: number})
        news = await follower.news(1)
        assert news is not None
        assert (news.reload, news.stations) == (True, ())
        follower.offer({"CP-1": msgspec.Raw(b"{}")}, TOTALS, {0: 9999})
        news = await follower.news(1)
        assert news is not None
        assert (news.reload, len(news.stations)) == (False, 1)


def test_positions_are_read_as_they_are_written() -> None:
    for sequences in ({}, {0: 1}, {11: 3, 2: 9}):
        assert positions.read(positions.written(sequences)) == sequences
    assert Charger().id == "CP-1"

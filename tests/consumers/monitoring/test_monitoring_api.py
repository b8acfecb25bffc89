"""The API on a running consumer: what it answers, refuses, and lets nobody see."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from aiohttp import web
from yarl import URL

from consumers.monitoring.state import STATUSES
from contract.events import DataTransferReceived
from contract.model import Station
from contract.results import CommandCompleted, Timings
from contract.topics import PRESENCE
from tests.consumers.monitoring.conftest import NOW, Charger, Viewer, a_day, ago, viewing

TOKEN = "correct-horse-battery"


async def test_an_empty_fleet(viewer: Viewer) -> None:
    told = (await viewer.get("/overview")).json
    assert told["stations"] == {"known": 0, "connected": 0, "disconnected": 0}
    assert told["connectors"] == dict.fromkeys(STATUSES, 0)
    assert told["position"] == "none"
    assert "availability" not in told["lastDay"]
    assert (await viewer.get("/stations")).json == {"stations": []}
    assert len((await viewer.get("/trends")).json["points"]) == 48


async def test_the_fleet_at_a_glance(viewer: Viewer) -> None:
    for number in range(3):
        await a_day(viewer.world, f"CP-{number}")
    await viewer.world.append_value(PRESENCE, "CP-2", Charger("CP-2").offline(30))
    await viewer.world.caught_up()
    told = (await viewer.get("/overview")).json
    assert told["stations"] == {"known": 3, "connected": 2, "disconnected": 1}
    assert (told["connectors"]["Occupied"], told["sessions"], told["powerW"]) == (3, 3, 34_500)
    assert told["facets"]["vendor"] == {"values": [{"value": "Alfa", "stations": 3}]}
    assert told["lastDay"]["energyWh"] == 3 * 4100
    assert told["lastDay"]["sessionsStarted"] == 3
    # Connectors exist for 90 minutes; one of three could not be used in the last 30.
    assert told["lastDay"]["availability"] == pytest.approx((3 * 90 - 30) / (3 * 90))
    assert told["lastDay"]["utilisation"] == pytest.approx(61 / 90)


async def test_the_fleet_over_time(viewer: Viewer) -> None:
    await a_day(viewer.world)
    points = (await viewer.get("/trends", params={"step": "hour"})).json["points"]
    by_hour = {point["at"]: point for point in points}
    first, second = by_hour["2026-03-01T10:00:00Z"], by_hour["2026-03-01T11:00:00Z"]
    assert first["connected"] == pytest.approx(40 / 60)
    assert first["connectors"]["Available"] == pytest.approx(29 / 60)
    assert second["powerW"] == pytest.approx((11_000 * 0.5 + 11_500 * 39.5) / 60)
    assert (second["energyWh"], second["sessionsStarted"]) == (4100, 1)
    minutes = (await viewer.get("/trends", params={"step": "minute"})).json["points"]
    assert minutes[-2]["powerW"] == pytest.approx(11_500)
    days = (await viewer.get("/trends", params={"step": "day", "since": ago(60 * 48).isoformat()})).json
    assert [point["energyWh"] for point in days["points"]] == [0, 0, 4100]


async def test_a_station_and_its_past(viewer: Viewer) -> None:
    await a_day(viewer.world)
    told = (await viewer.get("/stations/CP-1")).json
    assert (told["connected"], told["status"], told["powerW"], told["name"]) == (
        True,
        "Occupied",
        11_500,
        "Harbour 3",
    )
    session = told["evses"][0]["session"]
    assert (session["energyWh"], session["socPercent"], session["idToken"]) == (4100, 41, "04…F7 (ISO14443)")
    timeline = (await viewer.get("/stations/CP-1/timeline")).json
    tracks = {track["kind"]: track["spells"] for track in timeline["tracks"]}
    assert [spell["state"] for spell in tracks["status"]] == ["Available", "Occupied"]
    assert tracks["status"][0]["until"] == tracks["status"][1]["since"] == "2026-03-01T10:59:00Z"
    assert "until" not in tracks["status"][1]
    usage = (await viewer.get("/stations/CP-1/usage")).json
    (place,) = [place for place in usage["places"] if "connector" in place]
    last = {step["at"]: step for step in place["steps"]}["2026-03-01T11:00:00Z"]
    assert (last["available"], last["occupied"], last["charging"]) == (1, 1, 1)
    series = (await viewer.get("/stations/CP-1/series")).json
    assert [(point["powerW"], point["registerWh"]) for point in series["points"]] == [
        (11_000, 5000),
        (11_500, 5100),
    ]
    assert len((await viewer.get("/stations/CP-1/series", params={"points": 2})).json["points"]) == 2


async def test_events_are_in_the_order_of_their_time_and_late_ones_say_so(viewer: Viewer) -> None:
    charger = Charger()
    await viewer.world.append(
        charger.boots(50),
        charger.starts("told-late", 300, told=40),
        charger.ends("told-late", 200, told=39),
        charger.status("Faulted", 30),
    )
    await viewer.world.caught_up()
    events = (await viewer.get("/stations/CP-1/events")).json["events"]
    assert [(event["name"], event.get("late", False)) for event in events] == [
        ("connector.status_changed", False),
        ("station.booted", False),
        ("transaction.ended", True),
        ("transaction.started", True),
    ]


async def test_events_and_commands_of_late(viewer: Viewer) -> None:
    charger = Charger()
    token = {"idToken": {"value": "04A2B3C4D5E6F7", "type": "ISO14443"}, "evse": {"id": 1}}
    command = CommandCompleted(
        station=Station(id="CP-1"),
        received_at=ago(1),
        command_id="c-1",
        status="accepted",
        request={"id": "c-1", "command": "transaction.start", "arguments": token},
        timings=Timings(asked_at=ago(2)),
    )
    await viewer.world.append(
        *(charger.status(status, minutes) for minutes, status in ((9, "Occupied"), (5, "Faulted"))), command
    )
    await viewer.world.append(charger.starts(minutes=4))
    await viewer.world.caught_up()
    first = (await viewer.get("/stations/CP-1/events", params={"limit": 2})).json
    rest = (await viewer.get("/stations/CP-1/events", params={"before": first["next"]})).json
    names = [event["name"] for event in (*first["events"], *rest["events"])]
    assert sorted(names) == ["connector.status_changed", "connector.status_changed", "transaction.started"]
    assert "next" not in rest
    commands = await viewer.get("/stations/CP-1/commands")
    assert commands.json["commands"][0]["arguments"]["idToken"] == {"value": "04…F7", "type": "ISO14443"}


async def test_nothing_is_known_of_a_stranger(viewer: Viewer) -> None:
    for path in ("", "/timeline", "/usage", "/series", "/events", "/commands"):
        assert (await viewer.get(f"/stations/CP-9{path}")).status == 404


class TestList:
    @pytest.fixture
    async def fleet(self, viewer: Viewer) -> Viewer:
        for number in range(12):
            charger = Charger(f"CP-{number:02}")
            if number % 3:
                await viewer.world.append_value(PRESENCE, charger.id, charger.online(50 - number))
            await viewer.world.append(
                charger.boots(
                    20 - number, vendor="Alfa" if number % 2 else "Bravo_100%", serial_number=f"S{number}"
                ),
                charger.status("Faulted" if number == 5 else "Available", 20 - number),
            )
        await viewer.world.caught_up()
        return viewer

    async def ids(self, viewer: Viewer, *query: tuple[str, Any]) -> list[str]:
        found: list[str] = []
        after: tuple[tuple[str, str], ...] = ()
        while True:
            page = await viewer.get("/stations", params=[*query, *after])
            assert page.status == 200, page.json
            found += [station["id"] for station in page.json["stations"]]
            if "next" not in page.json:
                return found
            after = (("after", page.json["next"]),)

    async def test_page_by_page_in_every_order(self, fleet: Viewer) -> None:
        everyone = [f"CP-{number:02}" for number in range(12)]
        for sort in ("id", "name", "status", "seen", "power"):
            rising = await self.ids(fleet, ("sort", sort), ("limit", 5))
            falling = await self.ids(fleet, ("sort", sort), ("order", "falling"), ("limit", 5))
            assert sorted(rising) == everyone, sort
            assert falling == rising[::-1], sort
        assert (await self.ids(fleet, ("sort", "status")))[0] == "CP-05"
        assert (await self.ids(fleet, ("sort", "seen"), ("order", "falling")))[0] == "CP-11"

    async def test_filters(self, fleet: Viewer) -> None:
        assert await self.ids(fleet, ("status", "Faulted")) == ["CP-05"]
        assert len(await self.ids(fleet, ("connected", "true"))) == 8
        assert len(await self.ids(fleet, ("vendor", "Alfa"))) == 6
        assert len(await self.ids(fleet, ("vendor", "Alfa"), ("vendor", "Bravo_100%"), ("site", ""))) == 12
        assert await self.ids(fleet, ("charging", "true")) == []

    async def test_search(self, fleet: Viewer) -> None:
        assert await self.ids(fleet, ("search", "cp-07")) == ["CP-07"]
        assert await self.ids(fleet, ("search", "S11 alfa")) == ["CP-11"]
        assert len(await self.ids(fleet, ("search", "_100%"))) == 6
        assert await self.ids(fleet, ("search", "%")) == await self.ids(fleet, ("vendor", "Bravo_100%"))

    async def test_a_cursor_of_another_order_is_refused(self, fleet: Viewer) -> None:
        page = (await fleet.get("/stations", params={"limit": 1})).json
        assert (await fleet.get("/stations", params={"after": page["next"], "sort": "power"})).status == 404


@pytest.mark.parametrize(
    "query",
    [
        "/stations?limit=0",
        "/stations?limit=1.5",
        "/stations?status=Melting",
        "/stations?sort=colour",
        "/trends?step=year",
        "/trends?since=yesterday",
        "/trends?since=2026-03-01T00:00:00",
        "/stations/CP-1/series?evse=-1",
        "/stations/CP-1/events?before=0",
        "/stations/CP-1/events?before=9007199254740993",
        "/changes?after=here",
        "/stations/a%0Ab",
    ],
)
async def test_what_cannot_be_read_is_refused_in_words(viewer: Viewer, query: str) -> None:
    refused = await viewer.get(query)
    assert refused.status == 400
    assert refused.json["detail"]


async def test_routes_that_are_not_there(viewer: Viewer) -> None:
    assert (await viewer.get("/nothing")).status == 404
    assert (await viewer.ask("GET", "/../settings.py")).status == 404
    refused = await viewer.ask("PUT", "/api/v1/stations")
    assert refused.status == 405
    assert "GET" in refused.headers["Allow"]


class TestAccess:
    async def test_the_token_or_its_cookie(self, tmp_path: Path) -> None:
        async with viewing(tmp_path, monitoring_token=TOKEN) as viewer:
            assert (await viewer.get("/overview")).status == 401
            assert (await viewer.get("/changes")).status == 401
            shown = {"Authorization": f"Bearer {TOKEN}"}
            assert (await viewer.get("/overview", headers=shown)).status == 200
            assert (
                await viewer.get("/overview", headers={"Authorization": "Bearer wrong-horse-battery"})
            ).status == 401
            assert (await viewer.get("/possibilities")).json == {
                "tokenRequired": True,
                "signedIn": False,
                "commands": False,
            }
            refused = await viewer.ask("POST", "/api/v1/sign-in", json={"token": "wrong"})
            assert refused.status == 401
            signed = await viewer.ask("POST", "/api/v1/sign-in", json={"token": TOKEN})
            assert signed.status == 204
            cookie = signed.headers["Set-Cookie"]
            assert "HttpOnly" in cookie
            assert "SameSite=Strict" in cookie
            assert TOKEN not in cookie
            assert "Secure" not in cookie
            assert (await viewer.get("/overview")).status == 200
            assert (await viewer.ask("DELETE", "/api/v1/sign-in")).status == 204
            assert (await viewer.get("/overview")).status == 401

    async def test_the_cookie_of_a_page_behind_tls_goes_nowhere_else(self, tmp_path: Path) -> None:
        async with viewing(tmp_path, monitoring_token=TOKEN) as viewer:
            origin = viewer.url.replace("http:", "https:")
            signed = await viewer.ask(
                "POST", "/api/v1/sign-in", json={"token": TOKEN}, headers={"Origin": origin}
            )
            assert signed.status == 204
            assert "Secure" in signed.headers["Set-Cookie"]

    async def test_without_a_token_only_this_machine_s_names(self, viewer: Viewer) -> None:
        for path in ("/api/v1/overview", "/", "/api/v1/possibilities"):
            refused = await viewer.ask("GET", path, headers={"Host": "evil.example:9180"})
            assert (refused.status, refused.json["type"].rsplit("/", 1)[1]) == (403, "foreign-host")

    async def test_another_site_s_page_commands_nothing(self, viewer: Viewer) -> None:
        refused = await viewer.ask(
            "POST", "/api/v1/stations/CP-1/commands", json={}, headers={"Origin": "https://evil.example"}
        )
        assert (refused.status, refused.json["type"].rsplit("/", 1)[1]) == (403, "foreign-origin")
        own = await viewer.ask("POST", "/api/v1/sign-in", json={"token": "x"}, headers={"Origin": viewer.url})
        assert own.status == 204

    async def test_every_answer_is_guarded(self, viewer: Viewer) -> None:
        for path in ("/", "/api/v1/overview", "/api/v1/nothing"):
            headers = (await viewer.ask("GET", path)).headers
            assert "default-src 'self'" in headers["Content-Security-Policy"]
            assert headers["Referrer-Policy"] == "no-referrer"
        assert (await viewer.get("/overview")).headers["Cache-Control"] == "no-store"


class TestPage:
    async def test_it_is_served_and_kept_by_the_browser(self, viewer: Viewer) -> None:
        first = await viewer.ask("GET", "/")
        assert (first.status, first.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
        assert first.headers["Content-Encoding"] == "gzip"
        again = await viewer.ask("GET", "/", headers={"If-None-Match": first.headers["ETag"]})
        assert again.status == 304
        plain = await viewer.ask("GET", "/index.html", headers={"Accept-Encoding": "identity"})
        assert "Content-Encoding" not in plain.headers
        assert plain.json == first.json


class Gateway:
    """The command API of a gateway, as far as it is asked."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, Any, str | None]] = []
        self.answer = web.json_response({})

    async def take(self, request: web.Request) -> web.Response:
        self.seen.append((request.path_qs, await request.json(), request.headers.get("Authorization")))
        return self.answer


class TestCommands:
    @pytest.fixture
    async def gateway(self) -> AsyncIterator[tuple[Gateway, str]]:
        gateway = Gateway()
        application = web.Application()
        application.router.add_post("/v1/stations/{station}/commands", gateway.take)
        runner = web.AppRunner(application)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        yield gateway, f"http://127.0.0.1:{runner.addresses[0][1]}"
        await runner.cleanup()

    async def test_it_is_handed_on_with_the_token(self, tmp_path: Path, gateway: tuple[Gateway, str]) -> None:
        there, address = gateway
        there.answer = web.json_response({"status": "accepted"})
        async with viewing(tmp_path, monitoring_command_api=address) as viewer:
            assert (await viewer.get("/possibilities")).json["commands"] is True
            body = {"command": "station.reset"}
            sent = await viewer.ask(
                "POST",
                "/api/v1/stations/DE*1/commands?wait=5",
                json=body,
                headers={"X-Command-Token": "s3cret"},
            )
        assert (sent.status, sent.json) == (200, {"status": "accepted"})
        assert there.seen == [("/v1/stations/DE*1/commands?wait=5", body, "Bearer s3cret")]

    async def test_the_name_of_a_station_leads_nowhere_else(
        self, tmp_path: Path, gateway: tuple[Gateway, str]
    ) -> None:
        there, address = gateway
        async with viewing(tmp_path, monitoring_command_api=address) as viewer:
            for name in ("..", ".", "a|b"):
                there.answer = web.json_response({})
                path = f"/api/v1/stations/{quote(name)}/commands"
                async with viewer.http.post(URL(viewer.url + path, encoded=True), json={}) as sent:
                    assert sent.status == 200
        assert [path for path, *_ in there.seen] == [
            "/v1/stations/../commands",
            "/v1/stations/./commands",
            "/v1/stations/a%7Cb/commands",
        ]

    @pytest.mark.parametrize(
        ("answer", "status", "name"),
        [
            (web.json_response({}, status=401), 403, "command-token"),
            (web.Response(text="<html>"), 502, "odd-gateway"),
            (web.Response(status=302, headers={"Location": "/x"}), 502, "odd-gateway"),
        ],
    )
    async def test_what_the_gateway_refuses(
        self, tmp_path: Path, gateway: tuple[Gateway, str], answer: web.Response, status: int, name: str
    ) -> None:
        there, address = gateway
        there.answer = answer
        async with viewing(tmp_path, monitoring_command_api=address) as viewer:
            refused = await viewer.ask("POST", "/api/v1/stations/CP-1/commands", json={})
        assert (refused.status, refused.json["type"].rsplit("/", 1)[1]) == (status, name)

    async def test_without_a_gateway(self, tmp_path: Path) -> None:
        async with viewing(tmp_path) as viewer:
            refused = await viewer.ask("POST", "/api/v1/stations/CP-1/commands", json={})
            assert refused.status == 403
            assert "OCPP_MONITORING_COMMAND_API" in refused.json["detail"]
        async with viewing(tmp_path, monitoring_command_api="http://127.0.0.1:9") as viewer:
            away = await viewer.ask("POST", "/api/v1/stations/CP-1/commands", json={})
            assert (away.status, away.headers["Retry-After"]) == (503, "1")


async def test_the_fleet_s_metrics(viewer: Viewer) -> None:
    await a_day(viewer.world)
    odd = DataTransferReceived(station=Station(id="CP-1"), received_at=NOW, vendor_id="x")
    await viewer.world.append(odd)
    await viewer.world.caught_up()
    import asyncio

    await asyncio.sleep(1.2)
    internal = f"http://127.0.0.1:{viewer.world.process.internal_port}/metrics"
    async with viewer.http.get(internal) as response:
        text = await response.text()
    for line in (
        'ocpp_monitoring_stations{connectivity="connected"} 1.0',
        'ocpp_monitoring_connectors{status="Occupied"} 1.0',
        "ocpp_monitoring_sessions 1.0",
        "ocpp_monitoring_power_watts 11500.0",
    ):
        assert line in text
    assert "CP-1" not in text


async def test_the_longest_filters_that_the_document_allows_are_read(viewer: Viewer) -> None:
    longest = ["\N{BATTERY}" * 200] * 20
    filters = ("version", "vendor", "model", "firmware", "site")
    given = [
        ("status", "Faulted"),
        ("search", longest[0]),
        *((name, one) for name in filters for one in longest),
    ]
    assert (await viewer.get("/stations", params=given)).json == {"stations": []}


@pytest.mark.parametrize("name", ["search", "site"])
async def test_a_nul_is_refused_and_called_by_its_name(viewer: Viewer, name: str) -> None:
    refused = await viewer.get("/stations", params={name: "a\0"})
    assert refused.status == 400
    assert "NUL" in refused.json["detail"]

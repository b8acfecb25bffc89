"""The monitoring's API in memory, and its page beside it: what the tests of the page talk to.

It answers in the structs of the real one, filters and pages as that does, and can be told to be slow, to fail,
to be away, and what has changed.
"""

import asyncio
import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec
from aiohttp import web

from consumers.monitoring.api import answers as fleet
from consumers.monitoring.api import station_answers as one
from consumers.monitoring.api.asked import STATUSES, STEPS, USUAL_LIST, USUAL_PAGE
from contract.http import Problem
from tests.support import monitoring_past as past
from tests.support.monitoring_fleet import overview_of

PAGE: Final = Path(__file__).parents[2] / "consumers" / "monitoring" / "page"
POLICY: Final = (
    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types lit-html"
)
"""The page works under this: nothing from elsewhere, nothing inline, and no text becomes HTML."""

_SORTED_BY: Final[dict[str, Callable[[fleet.StationSummary], Any]]] = {
    "id": lambda station: "",
    "name": lambda station: station.name or "\uffff",
    "status": lambda station: STATUSES.index(station.status),
    "seen": lambda station: station.seen_at or datetime.min.replace(tzinfo=UTC),
    "power": lambda station: station.power_w,
}
_FACTS: Final = ("status", "version", "vendor", "model", "firmware", "site")
_SEARCHED: Final = ("id", "name", "site", "vendor", "model")


class FakeMonitoring:
    """The fleet it serves, and how it behaves. Change `stations` by `change`, so that streams hear of it."""

    def __init__(self, stations: list[fleet.StationSummary]) -> None:
        self.stations = {station.id: station for station in stations}
        self.commands: dict[str, list[one.RecentCommand]] = {}
        self.token: str | None = None
        self.command_token: str | None = None
        self.can_command = True
        self.outcome: dict[str, Any] = {"status": "accepted", "answer": {"status": "Accepted"}}
        """What is said of the next commands."""
        self.failing: dict[str, int] = {}
        """By a part of the path: the status that is answered instead."""
        self.going = asyncio.Event()
        """While it is not set, nothing is answered."""
        self.going.set()
        self.asked: list[str] = []
        self.sent: list[dict[str, Any]] = []
        self.streams: list[tuple[frozenset[str], asyncio.Queue[bytes | None]]] = []
        self._position = 1

    def application(self) -> web.Application:
        """All of it, to be served."""
        app = web.Application(middlewares=[self._behave])
        api = app.router
        api.add_get("/api/v1/possibilities", self._possibilities)
        api.add_post("/api/v1/sign-in", self._sign_in)
        api.add_get("/api/v1/overview", self._overview)
        api.add_get("/api/v1/trends", self._trends)
        api.add_get("/api/v1/stations", self._list)
        api.add_get("/api/v1/stations/{station}", self._one(past.state_of))
        api.add_get("/api/v1/stations/{station}/timeline", self._one(past.timeline_of))
        api.add_get("/api/v1/stations/{station}/series", self._series)
        api.add_get("/api/v1/stations/{station}/events", self._events)
        api.add_get("/api/v1/stations/{station}/commands", self._commands)
        api.add_post("/api/v1/stations/{station}/commands", self._send)
        api.add_get("/api/v1/changes", self._changes)
        api.add_get("/", self._index)
        api.add_static("/", PAGE)
        return app

    def change(self, station: fleet.StationSummary) -> None:
        """The station is so now: say it to all who follow it."""
        self.stations[station.id] = station
        self._say("stations", fleet.ChangedStations(stations=(station,)), station.id)
        now = overview_of(self.stations.values(), datetime.now(UTC), self._at())
        self._say(
            "overview",
            fleet.ChangedOverview(
                at=now.at,
                stations=now.stations,
                connectors=now.connectors,
                sessions=now.sessions,
                power_w=now.power_w,
            ),
        )

    def say_reload(self) -> None:
        """Tell all streams that too much was missed."""
        self._say("reload", None)

    def hang_up(self) -> None:
        """End all streams."""
        for _, queue in self.streams:
            queue.put_nowait(None)

    def _at(self) -> str:
        return f"0-{self._position}"

    def _say(self, event: str, data: Any, station: str | None = None) -> None:
        self._position += 1
        value = msgspec.json.encode(data).decode()
        text = f"id: {self._at()}\nevent: {event}\ndata: {value}\n\n".encode()
        for followed, queue in self.streams:
            if station is None or not followed or station in followed:
                queue.put_nowait(text)

    @web.middleware
    async def _behave(
        self, request: web.Request, handler: Callable[[web.Request], Any]
    ) -> web.StreamResponse:
        if not request.path.startswith("/api/"):
            response: web.StreamResponse = await handler(request)
            response.headers["Content-Security-Policy"] = POLICY
            response.headers["Cache-Control"] = "no-cache"
            return response
        self.asked.append(f"{request.method} {request.path_qs}")
        await self.going.wait()
        for part, status in self.failing.items():
            if part in request.path:
                return _problem(status, "It is said to fail.")
        is_open = request.path.endswith(("/possibilities", "/sign-in"))
        if self.token and not is_open and request.cookies.get("ocpp_monitoring") != self.token:
            return _problem(401, "There is no token, or the wrong one.")
        answered: web.StreamResponse = await handler(request)
        return answered

    async def _index(self, _request: web.Request) -> web.FileResponse:
        return web.FileResponse(PAGE / "index.html")

    async def _possibilities(self, request: web.Request) -> web.Response:
        is_in = self.token is None or request.cookies.get("ocpp_monitoring") == self.token
        return _json(
            fleet.Possibilities(
                token_required=self.token is not None, signed_in=is_in, commands=self.can_command
            )
        )

    async def _sign_in(self, request: web.Request) -> web.Response:
        if (await request.json())["token"] != self.token:
            return _problem(401, "This is not the token.")
        response = web.Response(status=204)
        response.set_cookie("ocpp_monitoring", self.token or "", httponly=True, samesite="Strict")
        return response

    async def _overview(self, _request: web.Request) -> web.Response:
        return _json(overview_of(self.stations.values(), datetime.now(UTC), self._at()))

    async def _trends(self, request: web.Request) -> web.Response:
        now = overview_of(self.stations.values(), datetime.now(UTC), self._at())
        if not self.stations:
            return _json(fleet.FleetTrend(step_seconds=3600, points=()))
        step = STEPS[request.query.get("step", "hour")]
        return _json(past.trend_of(now, step, _moment(request, "since")))

    async def _list(self, request: web.Request) -> web.Response:
        found = [station for station in self.stations.values() if _matches(station, request)]
        by = _SORTED_BY[request.query.get("sort", "id")]
        found.sort(
            key=lambda station: (by(station), station.id), reverse=request.query.get("order") == "falling"
        )
        limit = int(request.query.get("limit", USUAL_PAGE))
        start = _offset(request.query.get("after"))
        page = found[start : start + limit]
        more = start + limit < len(found)
        return _json(fleet.StationList(stations=tuple(page), next=_cursor(start + limit) if more else None))

    def _one(self, told: Callable[[fleet.StationSummary, datetime], Any]) -> Callable[..., Any]:
        async def handler(request: web.Request) -> web.Response:
            station = self.stations.get(request.match_info["station"])
            return _unknown() if station is None else _json(told(station, datetime.now(UTC)))

        return handler

    async def _series(self, request: web.Request) -> web.Response:
        station = self.stations.get(request.match_info["station"])
        now = datetime.now(UTC)
        since = _moment(request, "since") or now - timedelta(hours=24)
        evse = int(request.query.get("evse", 1))
        return _unknown() if station is None else _json(past.series_of(station, evse, since, now))

    async def _events(self, request: web.Request) -> web.Response:
        before = request.query.get("before")
        limit = int(request.query.get("limit", USUAL_LIST))
        return _json(past.events_of(datetime.now(UTC), int(before) if before else None, limit))

    async def _commands(self, request: web.Request) -> web.Response:
        sent = self.commands.get(request.match_info["station"], [])
        return _json(one.RecentCommands(commands=tuple(reversed(sent))))

    async def _send(self, request: web.Request) -> web.Response:
        if self.command_token and request.headers.get("X-Command-Token") != self.command_token:
            return _problem(403, "The gateway asks for its token.")
        body = await request.json()
        station = request.match_info["station"]
        self.sent.append({"station": station, **body})
        sent = self.commands.setdefault(station, [])
        sent.append(
            past.command_of(
                len(sent) + 1,
                body["command"],
                self.outcome["status"],
                datetime.now(UTC),
                arguments=body.get("arguments"),
                answer=self.outcome.get("answer", {}).get("status"),
                why=self.outcome.get("why"),
            )
        )
        completed = {"commandId": body["id"], "station": {"id": station}, "request": body, **self.outcome}
        return web.json_response(completed)

    async def _changes(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        stream = (frozenset(request.query.getall("station", [])), queue)
        self.streams.append(stream)
        try:
            await response.prepare(request)
            await response.write(f"retry: 200\nid: {self._at()}\n\n".encode())
            while (text := await queue.get()) is not None:
                await response.write(text)
        except ConnectionResetError:
            pass
        finally:
            self.streams.remove(stream)
        return response


def _matches(station: fleet.StationSummary, request: web.Request) -> bool:
    query = request.query
    text = query.get("search", "").casefold()
    is_searched = not text or any(text in (getattr(station, fact) or "").casefold() for fact in _SEARCHED)
    return (
        is_searched
        and query.get("connected") in (None, json.dumps(station.connected))
        and query.get("charging") in (None, json.dumps(bool(station.sessions)))
        and all(fact not in query or (getattr(station, fact) or "") in query.getall(fact) for fact in _FACTS)
    )


def _cursor(offset: int) -> str:
    return base64.urlsafe_b64encode(str(offset).encode()).decode().rstrip("=")


def _offset(cursor: str | None) -> int:
    return int(base64.urlsafe_b64decode(cursor + "==")) if cursor else 0


def _moment(request: web.Request, name: str) -> datetime | None:
    text = request.query.get(name)
    return datetime.fromisoformat(text) if text else None


def _json(value: Any) -> web.Response:
    return web.Response(body=msgspec.json.encode(value), content_type="application/json")


def _unknown() -> web.Response:
    return _problem(404, "There is no such station.")


def _problem(status: int, detail: str) -> web.Response:
    problem = Problem(type="about:blank", title="A problem", status=status, detail=detail)
    return web.Response(
        body=msgspec.json.encode(problem), status=status, content_type="application/problem+json"
    )

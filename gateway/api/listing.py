"""The requests about stations: a page of them, or one."""

import re

import msgspec
from aiohttp import web

from contract.openapi import CURSOR, LARGEST_PAGE, USUAL_PAGE
from gateway.api.parameters import station_in_path
from gateway.api.stations import Stations
from service.parameters import boolean, number, text
from service.problems import Refused

_CURSOR = re.compile(CURSOR)


class StationRoutes:
    """Knows the stations; speaks HTTP."""

    def __init__(self, stations: Stations) -> None:
        self._stations = stations

    async def page(self, request: web.Request) -> web.Response:
        """`GET /v1/stations`."""
        limit = number(request, "limit", 1, LARGEST_PAGE)
        if limit is not None and limit != int(limit):
            raise Refused(400, "bad-parameter", "`limit` is a whole number.")
        after = request.query.get("after")
        if after is not None:
            text(after, _CURSOR, "the `next` of a page")
        online = boolean(request, "online")
        page = await self._stations.page(int(limit or USUAL_PAGE), after, online=online)
        return web.Response(body=msgspec.json.encode(page), content_type="application/json")

    async def one(self, request: web.Request) -> web.Response:
        """`GET /v1/stations/{station}`."""
        name = station_in_path(request)
        station = await self._stations.one(name)
        if station is None:
            raise Refused(404, "no-such-station", f"No station {name!r} has ever connected.")
        return web.Response(body=msgspec.json.encode(station), content_type="application/json")

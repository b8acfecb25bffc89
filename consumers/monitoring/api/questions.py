"""The requests about the fleet and its stations: each is read, asked of the database, and answered."""

from typing import Any, Final

import msgspec
from aiohttp import web

from consumers.monitoring.api import reading
from consumers.monitoring.api.asked import (
    LARGEST_LIST,
    LARGEST_PAGE,
    LARGEST_SERIES,
    LARGEST_WHOLE,
    USUAL_LIST,
    USUAL_PAGE,
    USUAL_SERIES,
)
from consumers.monitoring.api.document import ROOT
from consumers.monitoring.api.fleet import Fleet
from consumers.monitoring.api.listing import Listing
from consumers.monitoring.api.past import Past

LARGEST_EVSE: Final = 2**31


class Questions:
    """Knows who can answer; speaks HTTP."""

    def __init__(self, fleet: Fleet, listing: Listing, past: Past) -> None:
        self._fleet, self._listing, self._past = fleet, listing, past

    def routes(self) -> list[web.RouteDef]:
        """Where what is asked."""
        station = f"{ROOT}/stations/{{station}}"
        return [
            web.get(f"{ROOT}/overview", self.overview),
            web.get(f"{ROOT}/trends", self.trends),
            web.get(f"{ROOT}/stations", self.list),
            web.get(station, self.station),
            web.get(f"{station}/timeline", self.timeline),
            web.get(f"{station}/usage", self.usage),
            web.get(f"{station}/series", self.series),
            web.get(f"{station}/events", self.events),
            web.get(f"{station}/commands", self.commands),
        ]

    async def overview(self, _request: web.Request) -> web.Response:
        return json_answer(await self._fleet.overview())

    async def trends(self, request: web.Request) -> web.Response:
        between = reading.moment_ms(request, "since"), reading.moment_ms(request, "until")
        return json_answer(await self._fleet.trend(reading.step_ms(request), *between))

    async def list(self, request: web.Request) -> web.Response:
        wanted = reading.wanted(request)
        limit = reading.whole_number(request, "limit", 1, LARGEST_PAGE) or USUAL_PAGE
        return json_answer(await self._listing.page(wanted, limit, reading.cursor(request, wanted.sort)))

    async def station(self, request: web.Request) -> web.Response:
        return json_answer(await self._past.station(reading.station(request)))

    async def timeline(self, request: web.Request) -> web.Response:
        between = reading.moment_ms(request, "since"), reading.moment_ms(request, "until")
        return json_answer(await self._past.timeline(reading.station(request), *between))

    async def usage(self, request: web.Request) -> web.Response:
        between = reading.moment_ms(request, "since"), reading.moment_ms(request, "until")
        step_ms = reading.step_ms(request, "hour", "day")
        return json_answer(await self._past.usage(reading.station(request), step_ms, *between))

    async def series(self, request: web.Request) -> web.Response:
        between = reading.moment_ms(request, "since"), reading.moment_ms(request, "until")
        evse = reading.whole_number(request, "evse", 0, LARGEST_EVSE)
        most = reading.whole_number(request, "points", 2, LARGEST_SERIES) or USUAL_SERIES
        station = reading.station(request)
        return json_answer(await self._past.series(station, 1 if evse is None else evse, *between, most))

    async def events(self, request: web.Request) -> web.Response:
        return json_answer(await self._past.events(reading.station(request), *_page_of(request)))

    async def commands(self, request: web.Request) -> web.Response:
        return json_answer(await self._past.commands(reading.station(request), *_page_of(request)))


def json_answer(said: Any) -> web.Response:
    """It, as JSON."""
    return web.Response(body=msgspec.json.encode(said), content_type="application/json")


def _page_of(request: web.Request) -> tuple[int, int | None]:
    limit = reading.whole_number(request, "limit", 1, LARGEST_LIST) or USUAL_LIST
    return limit, reading.whole_number(request, "before", 1, LARGEST_WHOLE)

"""The station that a request is about."""

import re

from aiohttp import web

from contract.openapi import STATION_ID
from service.parameters import text

_STATION_ID = re.compile(STATION_ID)


def station_in_path(request: web.Request) -> str:
    """The station of the route. Raises Refused."""
    return text(request.match_info["station"], _STATION_ID, "the id of a station")


def station_in_query(request: web.Request) -> str | None:
    """The station that was named. Raises Refused."""
    given = request.query.get("station")
    return None if given is None else text(given, _STATION_ID, "the id of a station")

"""What a request says beside its route, read as the document has it."""

import re
from datetime import datetime
from typing import Annotated, Final

import msgspec
from aiohttp import web

from consumers.monitoring.api.asked import CURSOR, LONGEST_TEXT, POSITION, SORTS, STATUSES, STEPS
from consumers.monitoring.api.listing import FACTS, Cursor, NoCursor, Wanted, read_cursor
from consumers.monitoring.moments import ms
from contract.openapi import STATION_ID
from service.parameters import boolean, number, text
from service.problems import Refused

_STATION_ID = re.compile(STATION_ID)
_CURSOR = re.compile(CURSOR)
POSITIONS: Final = re.compile(POSITION)
VALUES_AT_MOST: Final = 20


def station(request: web.Request) -> str:
    """The station of the route. Raises Refused, as all of these do."""
    return text(request.match_info["station"], _STATION_ID, "the id of a station")


def whole_number(request: web.Request, name: str, least: int, most: int) -> int | None:
    """A whole number within bounds."""
    value = number(request, name, least, most)
    if value is not None and value != int(value):
        raise Refused(400, "bad-parameter", f"`{name}` is a whole number.")
    return None if value is None else int(value)


def moment_ms(request: web.Request, name: str) -> int | None:
    """A time."""
    given = request.query.get(name)
    if given is None:
        return None
    try:
        at = msgspec.convert(given, Annotated[datetime, msgspec.Meta(tz=True)])
    except msgspec.ValidationError:
        raise Refused(400, "bad-parameter", f"`{name}` is no time with an offset (RFC 3339).") from None
    return max(0, ms(at))


def choice(request: web.Request, name: str, allowed: tuple[str, ...], usual: str) -> str:
    """One of some words."""
    given = request.query.get(name, usual)
    if given not in allowed:
        raise Refused(400, "bad-parameter", f"`{name}` is one of {', '.join(allowed)}.")
    return given


def step_ms(request: web.Request, *steps: str) -> int:
    """The length of a step, by its name."""
    return STEPS[choice(request, "step", steps or tuple(STEPS), "hour")] * 1000


def texts(request: web.Request, name: str, most: int = VALUES_AT_MOST) -> tuple[str, ...]:
    """A parameter that may be repeated."""
    given = request.query.getall(name, [])
    if len(given) > most or any(len(one) > LONGEST_TEXT or "\0" in one for one in given):
        raise Refused(
            400,
            "bad-parameter",
            f"`{name}`: at most {most} texts of {LONGEST_TEXT} characters, none of them NUL.",
        )
    return tuple(given)


def wanted(request: web.Request) -> Wanted:
    """Which stations, in which order."""
    statuses = texts(request, "status")
    if odd := set(statuses) - set(STATUSES):
        raise Refused(400, "bad-parameter", f"`status` is one of {', '.join(STATUSES)}, not {sorted(odd)}.")
    search = request.query.get("search", "")
    if len(search) > LONGEST_TEXT or "\0" in search:
        raise Refused(
            400, "bad-parameter", f"`search` has at most {LONGEST_TEXT} characters, none of them NUL."
        )
    return Wanted(
        search=search,
        connected=boolean(request, "connected"),
        charging=boolean(request, "charging"),
        statuses=statuses,
        facts={name: texts(request, name) for name in FACTS},
        sort=choice(request, "sort", SORTS, "id"),
        is_falling=choice(request, "order", ("rising", "falling"), "rising") == "falling",
    )


def cursor(request: web.Request, sort: str) -> Cursor | None:
    """Where the last page ended."""
    given = request.query.get("after")
    if given is None:
        return None
    try:
        return read_cursor(text(given, _CURSOR, "the `next` of a page"), sort)
    except NoCursor as why:
        raise Refused(404, "no-such-page", f"`after` is not the `next` of such a page: {why}") from None

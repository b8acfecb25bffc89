"""What may be asked: the parameters of each operation, as the document has them and the routes read them."""

from typing import Any, Final

LARGEST_PAGE: Final = 500
USUAL_PAGE: Final = 50
LARGEST_LIST: Final = 100
USUAL_LIST: Final = 50
LARGEST_SERIES: Final = 2000
USUAL_SERIES: Final = 600
FOLLOWED_AT_MOST: Final = 200
LARGEST_WHOLE: Final = 2**53 - 1
"""The last from which on every number of a browser is the one that was meant (I-JSON, RFC 7493)."""
LONGEST_TEXT: Final = 200
LONGEST_LINE_BYTES: Final = 320 * 1024
"""The line of a request: all six filters with twenty texts of two hundred characters, percent-encoded, fit in."""
LONGEST_WAIT_SECONDS: Final = 300

TEXT = "^[^\\x00]*$"
"""PostgreSQL keeps no NUL, so nothing that is kept has one."""
CURSOR = "^[A-Za-z0-9_-]{2,1200}$"
POSITION = "^[0-9]{1,5}-[0-9]{1,18}([.][0-9]{1,5}-[0-9]{1,18})*$|^none$"

STATUSES = ("Faulted", "Unavailable", "Occupied", "Reserved", "Available", "Unknown")
"""The statuses of a connector, the most pressing first; a station's is the first that a connector of it has."""

SORTS = ("id", "name", "status", "seen", "power")
STEPS: dict[str, int] = {"minute": 60, "hour": 3600, "day": 86_400}

Parameter = dict[str, Any]


def _query(name: str, about: str, **schema: Any) -> Parameter:
    return {"name": name, "in": "query", "description": about, "schema": schema}


def _any_of(name: str, about: str, **item: Any) -> Parameter:
    given = {"type": "string", "maxLength": LONGEST_TEXT, "pattern": TEXT, **item}
    return _query(name, about, type="array", items=given, maxItems=20)


def _limit(largest: int, usual: int) -> Parameter:
    return _query("limit", "At most so many.", type="integer", minimum=1, maximum=largest, default=usual)


def _moment(name: str, about: str) -> Parameter:
    return _query(name, about, type="string", format="date-time")


_SINCE = _moment("since", "From this time on; else the last day of what there is to say.")
_UNTIL = _moment("until", "Up to this time; else now.")
_BEFORE = _query("before", "The `next` of the list before.", type="integer", minimum=1, maximum=LARGEST_WHOLE)

PARAMETERS: dict[str, list[Parameter]] = {
    "getOverview": [],
    "getTrends": [
        _query("step", "The length of a step.", enum=list(STEPS), default="hour"),
        _moment("since", "From this time on; else the last 3 hours, 48 hours or 31 days, by step."),
        _UNTIL,
    ],
    "listStations": [
        _query(
            "search",
            "In id, name, site, serial number, vendor or model.",
            type="string",
            maxLength=LONGEST_TEXT,
            pattern=TEXT,
        ),
        _query("connected", "Only those that are, or are not, connected.", type="boolean"),
        _query("charging", "Only those with, or without, a running session.", type="boolean"),
        _any_of("status", "The most pressing of the connectors' statuses.", enum=list(STATUSES)),
        _any_of("version", "The version of OCPP."),
        _any_of("vendor", "The vendor."),
        _any_of("model", "The model."),
        _any_of("firmware", "The firmware's version."),
        _any_of("site", "The site, as the registry has it."),
        _query("sort", "By what.", enum=list(SORTS), default="id"),
        _query("order", "Rising or falling.", enum=["rising", "falling"], default="rising"),
        _limit(LARGEST_PAGE, USUAL_PAGE),
        _query("after", "The `next` of the page before, asked for likewise.", type="string", pattern=CURSOR),
    ],
    "getStation": [],
    "getTimeline": [_SINCE, _UNTIL],
    "getUsage": [
        _query("step", "The length of a step.", enum=["hour", "day"], default="hour"),
        _moment("since", "From this time on; else the last 24 hours or 7 days, by step."),
        _UNTIL,
    ],
    "getSeries": [
        _query(
            "evse",
            "The number of the EVSE; 0 is the main meter.",
            type="integer",
            minimum=0,
            maximum=2**31,
            default=1,
        ),
        _SINCE,
        _UNTIL,
        _query(
            "points",
            "At most so many: steps are made longer until they fit.",
            type="integer",
            minimum=2,
            maximum=LARGEST_SERIES,
            default=USUAL_SERIES,
        ),
    ],
    "listEvents": [_limit(LARGEST_LIST, USUAL_LIST), _BEFORE],
    "listCommands": [_limit(LARGEST_LIST, USUAL_LIST), _BEFORE],
    "sendCommand": [
        _query(
            "wait", "Seconds to wait for the result.", type="number", minimum=0, maximum=LONGEST_WAIT_SECONDS
        ),
        {
            "name": "X-Command-Token",
            "in": "header",
            "description": "The token of the gateway's API, where it asks for one.",
            "schema": {"type": "string", "pattern": "^[!-~]{1,1024}$"},
        },
    ],
    "followChanges": [
        {
            **_any_of("station", "Only these stations; none said, all.", maxLength=255),
            "schema": {
                "type": "array",
                "items": {"type": "string", "maxLength": 255, "pattern": TEXT},
                "maxItems": FOLLOWED_AT_MOST,
            },
        },
        _query("overview", "Whether the overview's changes are wanted.", type="boolean", default=True),
        _query("after", "Where to go on: the `position` of an overview.", type="string", pattern=POSITION),
        {
            "name": "Last-Event-ID",
            "in": "header",
            "description": "Where to go on; what an `EventSource` sends by itself.",
            "schema": {"type": "string", "pattern": POSITION},
        },
    ],
}
"""By `operationId`; the station of the path is beside them."""

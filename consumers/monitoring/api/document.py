"""The OpenAPI 3.1 document of the monitoring's API.

Source: OpenAPI 3.1.1, RFC 9457 (problems), the HTML standard §9.2 (server-sent events). The schemas are made
from the structs of the answers, so that the document cannot say anything else than the code.
"""

from typing import Any

from consumers.monitoring.api import answers, examples, station_answers
from consumers.monitoring.api.asked import LARGEST_PAGE, PARAMETERS, USUAL_PAGE
from contract.http import Problem
from contract.openapi import STATION_ID
from contract.published import Json, schemas_of

ROOT = "/api/v1"

_ABOUT = """\
The state of the fleet as the consumer `monitoring` knows it: counts and trends, stations with their connectors and
sessions, series of power and energy, recent events and commands, and a stream of what changes.

With `OCPP_MONITORING_TOKEN` set, requests carry it as a bearer token, or the cookie that `POST /api/v1/sign-in`
gives for it; without, the API is there only where its port is bound to a loopback address.

Every fault is `application/problem+json`. Every answer has an `X-Request-Id`: yours, or one of ours."""

_STREAM = """\
Server-sent events, so that a browser's `EventSource` can follow. `event: stations` has the stations that changed, as
they are now (`ChangedStations`); `event: overview` what of the overview changed (`ChangedOverview`); `event: reload`
(no data of meaning) says that too much was missed: ask again for what is shown, the stream goes on from there.
Ids are positions: an `EventSource` that was cut off goes on with `Last-Event-ID` where it was."""


def document(version: str) -> Json:
    """The whole document; `version` is the program's."""
    return {
        "openapi": "3.1.1",
        "info": {
            "title": "OCPP monitoring",
            "version": version,
            "description": _ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "http://localhost:9180", "description": "The consumer's own port."}],
        "security": [{"token": []}, {"cookie": []}],
        "tags": [{"name": name} for name in ("fleet", "stations", "commands", "access")],
        "paths": {ROOT + path: operations for path, operations in _paths().items()},
        "components": {
            "schemas": _schemas(),
            "responses": _problems(),
            "headers": {"RequestId": {"schema": {"type": "string"}, "required": True}},
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "cookie": {"type": "apiKey", "in": "cookie", "name": "ocpp_monitoring"},
            },
        },
    }


def _paths() -> Json:
    station = {"parameters": [_station()]}
    return {
        "/overview": {"get": _get("getOverview", "fleet", "The fleet at a glance.", "FleetOverview")},
        "/trends": {"get": _get("getTrends", "fleet", "The fleet over time.", "FleetTrend")},
        "/stations": {"get": _list_stations()},
        "/stations/{station}": {
            **station,
            "get": _of_station("getStation", "All that is known of a station now.", "StationState"),
        },
        "/stations/{station}/timeline": {
            **station,
            "get": _of_station("getTimeline", "Connection, status and charging over time.", "Timeline"),
        },
        "/stations/{station}/usage": {
            **station,
            "get": _of_station("getUsage", "Availability and use by hour or day (UTC).", "StationUsage"),
        },
        "/stations/{station}/series": {
            **station,
            "get": _of_station("getSeries", "Power and energy of an EVSE over time.", "Series"),
        },
        "/stations/{station}/events": {
            **station,
            "get": _of_station("listEvents", "What happened of late.", "RecentEvents"),
        },
        "/stations/{station}/commands": {
            **station,
            "get": _of_station("listCommands", "Which commands were sent of late.", "RecentCommands"),
            "post": _send(),
        },
        "/changes": {"get": _changes()},
        "/possibilities": {"get": _possibilities()},
        "/sign-in": {"post": _sign_in(), "delete": _sign_out()},
        "/openapi.json": {"get": _document()},
    }


def _get(operation: str, tag: str, summary: str, schema: str, *more: str) -> Json:
    return {
        "operationId": operation,
        "tags": [tag],
        "summary": summary,
        "parameters": PARAMETERS[operation],
        "responses": {"200": _answer(summary, schema), **_refused("400", "401", "403", *more, "503")},
    }


def _of_station(operation: str, summary: str, schema: str) -> Json:
    return _get(operation, "stations", summary, schema, "404")


def _list_stations() -> Json:
    listing = _get(
        "listStations", "stations", "Stations, searched, filtered and sorted.", "StationList", "404"
    )
    first = {"operationId": "getStation", "parameters": {"station": "$response.body#/stations/0/id"}}
    listing["responses"]["200"]["links"] = {"station": first}
    listing["description"] = (
        f"A page has {USUAL_PAGE} stations, at most {LARGEST_PAGE}. Filters that are repeated mean any of the values; "
        "an empty value means stations that have not said it."
    )
    return listing


def _send() -> Json:
    return {
        "operationId": "sendCommand",
        "tags": ["commands"],
        "summary": "Have the station do something: handed on to the HTTP API of a gateway.",
        "description": "Body and answer are those of `POST /v1/stations/{station}/commands` of the gateway, whose "
        "document says more. `X-Command-Token` is the gateway's token, handed on as its bearer token.",
        "parameters": PARAMETERS["sendCommand"],
        "requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}},
        "responses": {
            "200": _anything("The result of the command (`CommandCompleted`)."),
            "202": _anything("There is no result yet."),
            **_refused("400", "401", "403", "404", "408", "409", "413", "415", "422", "502", "503"),
        },
    }


def _changes() -> Json:
    return {
        "operationId": "followChanges",
        "tags": ["fleet"],
        "summary": "What changes, as it changes.",
        "description": _STREAM,
        "parameters": PARAMETERS["followChanges"],
        "responses": {
            "200": {
                "description": "A stream without end.",
                "headers": _HEADERS,
                "content": {"text/event-stream": {"schema": {"type": "string"}}},
            },
            **_refused("400", "401", "403", "503"),
        },
    }


def _possibilities() -> Json:
    return {
        "operationId": "getPossibilities",
        "tags": ["access"],
        "summary": "What a page may offer. Needs no token.",
        "security": [{}],
        "responses": {"200": _answer("What is possible.", "Possibilities"), **_refused("403")},
    }


def _sign_in() -> Json:
    return {
        "operationId": "signIn",
        "tags": ["access"],
        "summary": "The token for a cookie, which a browser sends by itself, to the stream too.",
        "security": [{}],
        "requestBody": {"required": True, "content": {"application/json": {"schema": _ref("SignIn")}}},
        "responses": {
            "204": {"description": "The cookie is set.", "headers": _HEADERS},
            **_refused("400", "401", "403", "408", "413", "415", "422"),
        },
    }


def _sign_out() -> Json:
    return {
        "operationId": "signOut",
        "tags": ["access"],
        "summary": "Forget the cookie.",
        "security": [{}],
        "responses": {"204": {"description": "It is forgotten.", "headers": _HEADERS}, **_refused("403")},
    }


def _document() -> Json:
    return {
        "operationId": "getDocument",
        "tags": ["access"],
        "summary": "This document.",
        "responses": {"200": _anything("OpenAPI 3.1."), **_refused("401", "403")},
    }


def _schemas() -> Json:
    outward = (
        answers.FleetOverview,
        answers.FleetTrend,
        answers.StationList,
        answers.ChangedStations,
        answers.ChangedOverview,
        answers.Possibilities,
        station_answers.StationState,
        station_answers.Timeline,
        station_answers.StationUsage,
        station_answers.Series,
        station_answers.RecentEvents,
        station_answers.RecentCommands,
        Problem,
    )
    inward = schemas_of([answers.SignIn], "#/components/schemas/{name}")
    closed = {name: {**schema, "additionalProperties": False} for name, schema in inward.items()}
    return {**schemas_of(outward, "#/components/schemas/{name}"), **closed}


_PROBLEMS = {
    "400": "The request cannot be read.",
    "401": "There is no token, or the wrong one.",
    "403": "This is not open to this request; the problem says what would open it.",
    "404": "There is no such station, or no such page.",
    "408": "The body did not come in time.",
    "409": "This id was given to another command before.",
    "413": "The body is too large.",
    "415": "The body is no application/json.",
    "422": "The body is not what was asked for; `errors` say where and why.",
    "502": "The gateway answered what cannot be understood.",
    "503": "The database, or the gateway, does not take it just now; worth a retry.",
}


def _problems() -> Json:
    content = {"application/problem+json": {"schema": _ref("Problem")}}
    return {
        f"Problem{status}": {"description": said, "headers": _HEADERS, "content": content}
        for status, said in _PROBLEMS.items()
    }


def _refused(*statuses: str) -> Json:
    return {status: {"$ref": f"#/components/responses/Problem{status}"} for status in statuses}


def _answer(description: str, schema: str) -> Json:
    content: Json = {"schema": _ref(schema)}
    if schema in examples.ANSWERS:
        content["example"] = examples.ANSWERS[schema]
    return {"description": description, "headers": _HEADERS, "content": {"application/json": content}}


def _anything(description: str) -> Json:
    content = {"application/json": {"schema": {"type": "object"}}}
    return {"description": description, "headers": _HEADERS, "content": content}


def _station() -> Json:
    return {
        "name": "station",
        "in": "path",
        "required": True,
        "description": "The station's id, percent-encoded.",
        "schema": {"type": "string", "pattern": STATION_ID},
    }


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


_HEADERS: Json = {"X-Request-Id": {"$ref": "#/components/headers/RequestId"}}

ROUTES = tuple(ROOT + path for path in _paths())
"""Every path there is."""

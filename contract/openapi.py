"""The OpenAPI 3.1 document of the HTTP API: how backends that prefer HTTP command stations.

Source: OpenAPI 3.1.1, RFC 9457 (problems). The schemas are made from the structs, so that the document
cannot say anything else than the code. What is given to us is closed, since a field that nobody reads
would be a command that does something else than was meant; what we give is open, as everywhere.
"""

from typing import Any

from contract.checking import LONGEST_DEADLINE_SECONDS
from contract.commands import ALL, Command
from contract.http import CommandPending, Problem, StationPage, StationPresence
from contract.published import Json, description_of, schemas_of
from contract.results import CommandCompleted, CommandRequest
from contract.vocabulary import COMMANDS

COMMAND_ID = "^[A-Za-z0-9._~:@+=-]{1,128}$"
STATION_ID = "^[A-Za-z0-9*_=:+|@.-]([A-Za-z0-9*_=:+|@. -]{0,253}[A-Za-z0-9*_=:+|@.-])?$"
"""OCPP's identifierString, with spaces inside; a gateway takes ids up to a length that is a setting of it."""
CURSOR = "^[0-9]{1,5}-([0-9a-f]{2}){1,255}$"
LONGEST_WAIT_SECONDS = 300
LARGEST_PAGE = 1000
USUAL_PAGE = 100

_GIVEN = "given."
"""Before the names of schemas of what is given to us."""

_ABOUT = """\
Commands for stations, and who is connected where: the same as in the topics `ocpp.commands.v1`,
`ocpp.command-results.v1` and `ocpp.presence.v1`, over HTTP. Any gateway takes a command for any station.

Served on the gateways' internal port. With `OCPP_API_TOKEN` set, every request carries it as a bearer
token; without, the API is there only where that port is bound to a loopback address.

Every fault is `application/problem+json`. Every answer has an `X-Request-Id`: yours, or one of ours."""


def document(version: str) -> Json:
    """The whole document; `version` is that of the gateway."""
    return {
        "openapi": "3.1.1",
        "info": {
            "title": "OCPP gateway",
            "version": version,
            "description": _ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "http://localhost:9100", "description": "The internal port of a gateway."}],
        "security": [{"token": []}],
        "tags": [{"name": "commands"}, {"name": "stations"}, {"name": "document"}],
        "paths": {
            "/v1/stations/{station}/commands": {"parameters": [_station()], "post": _send()},
            "/v1/commands/{id}": {"get": _find()},
            "/v1/stations": {"get": _list()},
            "/v1/stations/{station}": {"parameters": [_station()], "get": _one()},
            "/v1/openapi.json": {"get": _document()},
        },
        "components": {
            "schemas": _schemas(),
            "responses": _problems(),
            "headers": {"RequestId": {"schema": {"type": "string"}, "required": True}},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _send() -> Json:
    return {
        "operationId": "sendCommand",
        "tags": ["commands"],
        "summary": "Have a station do something, and wait for the one result.",
        "description": "The status of the result is in its body: also `offline` or `rejected` come with 200. "
        "A request that is repeated with the same `id` is the same command, and gets the same result.",
        "parameters": [
            {
                "name": "wait",
                "in": "query",
                "description": "Seconds to wait for the result; else until a little after the deadline.",
                "schema": {"type": "number", "minimum": 0, "maximum": LONGEST_WAIT_SECONDS},
            }
        ],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": _ref("CommandBody"), "examples": _EXAMPLES}},
        },
        "responses": {
            "200": {**_answer("The result.", "CommandCompleted"), "links": _RESULT},
            "202": {**_pending("There is no result yet; `Location` is where it will be."), "links": _RESULT},
            **_refused("400", "401", "403", "408", "409", "413", "415", "422", "503"),
        },
    }


def _find() -> Json:
    return {
        "operationId": "getCommand",
        "tags": ["commands"],
        "summary": "The result of a command that was sent over HTTP, by any gateway.",
        "description": "An id that the gateway made tells where its result stands. For an id of your own, asked "
        "of another gateway than it was sent by, add the `station` and `since`, as its `Location` does.",
        "parameters": [
            {"name": "id", "in": "path", "required": True, "schema": _text(COMMAND_ID)},
            {"name": "station", "in": "query", "schema": _text(STATION_ID)},
            {
                "name": "since",
                "in": "query",
                "description": "When it was sent, at the earliest; else an hour ago.",
                "schema": {"type": "string", "format": "date-time"},
            },
        ],
        "responses": {
            "200": _answer("The result.", "CommandCompleted"),
            "202": _pending("There is no result yet."),
            **_refused("400", "401", "403", "404", "503"),
        },
    }


def _list() -> Json:
    return {
        "operationId": "listStations",
        "tags": ["stations"],
        "summary": "Which stations are known, and where they are connected.",
        "parameters": [
            {
                "name": "online",
                "in": "query",
                "description": "Only those that are, or are not, connected.",
                "schema": {"type": "boolean"},
            },
            {
                "name": "limit",
                "in": "query",
                "schema": {"type": "integer", "minimum": 1, "maximum": LARGEST_PAGE, "default": USUAL_PAGE},
            },
            {
                "name": "after",
                "in": "query",
                "description": "The `next` of the page before.",
                "schema": _text(CURSOR),
            },
        ],
        "responses": {
            "200": {**_answer("A page of them.", "StationPage"), "links": _FIRST_STATION},
            **_refused("400", "401", "403", "503"),
        },
    }


def _one() -> Json:
    return {
        "operationId": "getStation",
        "tags": ["stations"],
        "summary": "Where one station is connected, or was last.",
        "responses": {
            "200": _answer("The station.", "StationPresence"),
            **_refused("400", "401", "403", "404", "503"),
        },
    }


def _document() -> Json:
    return {
        "operationId": "getDocument",
        "tags": ["document"],
        "summary": "This document.",
        "responses": {
            "200": {
                "description": "OpenAPI 3.1.",
                "headers": _HEADERS,
                "content": {"application/json": {"schema": {"type": "object"}}},
            },
            **_refused("401", "403"),
        },
    }


def _schemas() -> Json:
    outward = (CommandCompleted, CommandPending, StationPage, StationPresence, Problem)
    inward = schemas_of(COMMANDS.values(), f"#/components/schemas/{_GIVEN}{{name}}")
    return {
        "CommandBody": {
            "description": "A command with its arguments, or an action of OCPP with its payload.",
            "oneOf": [_command(kind) for kind in COMMANDS.values()] + [_action()],
        },
        **{f"{_GIVEN}{name}": _closed(schema) for name, schema in inward.items()},
        **schemas_of(outward, "#/components/schemas/{name}"),
    }


def _command(kind: type[Command]) -> Json:
    """The body that asks for one command; `arguments` may be left out where none are required."""
    required = ["command"]
    arguments = f"{_GIVEN}{kind.__name__}"
    if schemas_of([kind], "{name}")[kind.__name__].get("required"):
        required.append("arguments")
    return {
        "title": kind.NAME,
        "description": f"{description_of(kind)}\n\nOCPP {', '.join(kind.VERSIONS)}.",
        "type": "object",
        "properties": {"command": {"const": kind.NAME}, "arguments": _ref(arguments), **_common()},
        "required": required,
        "additionalProperties": False,
    }


def _action() -> Json:
    return {
        "title": "action",
        "description": "An action of OCPP, as the station's own version has it.",
        "type": "object",
        "properties": {
            "action": {"type": "string", "minLength": 1},
            "version": {"enum": list(ALL)},
            "payload": {"type": "object"},
            **_common(),
        },
        "required": ["action", "version"],
        "additionalProperties": False,
    }


def _common() -> Json:
    """The fields of every request, as the topic has them; `id` may be left to the gateway here."""
    fields: Json = schemas_of([CommandRequest], "{name}")["CommandRequest"]["properties"]
    return {
        "id": {**fields["id"], "pattern": COMMAND_ID},
        "deadlineSeconds": {
            **fields["deadlineSeconds"],
            "exclusiveMinimum": 0,
            "maximum": LONGEST_DEADLINE_SECONDS,
        },
        "whenOffline": fields["whenOffline"],
        "correlationId": fields["correlationId"],
    }


def _closed(schema: Json) -> Json:
    """What is given: nothing beside what is named, and times with any offset."""
    return {**_with_any_offset(schema), "additionalProperties": False}


def _with_any_offset(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_with_any_offset(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("format") == "date-time":
        schema = {name: said for name, said in schema.items() if name != "pattern"}
    return {name: _with_any_offset(part) for name, part in schema.items()}


_PROBLEMS = {
    "400": "The request cannot be read.",
    "401": "There is no token, or the wrong one.",
    "403": "The API is not open to this request; the problem says what would open it.",
    "404": "There is no such thing.",
    "408": "The body did not come in time.",
    "409": "This id was given to another command before.",
    "413": "The body is too large.",
    "415": "The body is no application/json.",
    "422": "This is no command; `errors` say where and why.",
    "503": "The event log, or this gateway, does not take it just now; worth a retry.",
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
    return {
        "description": description,
        "headers": _HEADERS,
        "content": {"application/json": {"schema": _ref(schema)}},
    }


def _pending(description: str) -> Json:
    location = {"schema": {"type": "string", "format": "uri-reference"}, "required": True}
    return {**_answer(description, "CommandPending"), "headers": {**_HEADERS, "Location": location}}


def _station() -> Json:
    return {
        "name": "station",
        "in": "path",
        "required": True,
        "description": "The station's id, percent-encoded.",
        "schema": _text(STATION_ID),
    }


def _text(pattern: str) -> Json:
    return {"type": "string", "pattern": pattern}


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


_RESULT: Json = {"result": {"operationId": "getCommand", "parameters": {"id": "$response.body#/commandId"}}}
_FIRST_STATION: Json = {
    "station": {"operationId": "getStation", "parameters": {"station": "$response.body#/stations/0/id"}}
}

_HEADERS: Json = {"X-Request-Id": {"$ref": "#/components/headers/RequestId"}}

_EXAMPLES: Json = {
    "start": {
        "summary": "Start charging at EVSE 1.",
        "value": {
            "command": "transaction.start",
            "arguments": {"idToken": {"value": "04A2B6", "type": "ISO14443"}, "evse": {"id": 1}},
        },
    },
    "reset": {
        "summary": "Restart when nobody charges, and wait for a station that is offline, up to an hour.",
        "value": {
            "command": "station.reset",
            "arguments": {"type": "OnIdle", "acceptSoft": True},
            "deadlineSeconds": 3600,
            "whenOffline": "wait",
        },
    },
    "action": {
        "summary": "An action in the station's own version.",
        "value": {"action": "ChangeConfiguration", "version": "1.6", "payload": {"key": "k", "value": "v"}},
    },
}

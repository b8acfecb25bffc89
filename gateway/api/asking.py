"""The requests about commands: one is sent and waited for, or its result asked for later."""

import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
import structlog
from aiohttp import web

from contract.checking import Fault, fault_of, faults, strange
from contract.http import CommandPending
from contract.model import Station
from contract.openapi import COMMAND_ID, LONGEST_WAIT_SECONDS
from contract.results import CommandRequest
from eventlog.port import LogUnavailable
from gateway.api.commands import GRACE_SECONDS, RECALL_AGE_MS, Commands
from gateway.api.ids import Whereabouts, new_id, now_ms, whereabouts
from gateway.api.parameters import station_in_path, station_in_query
from service.parameters import REQUEST_ID, json_body, number, text
from service.problems import Refused

_COMMAND_ID = re.compile(COMMAND_ID)

_log = structlog.get_logger(__name__)


class CommandRoutes:
    """Knows the commands; speaks HTTP."""

    def __init__(self, commands: Commands) -> None:
        self._commands = commands

    async def send(self, request: web.Request) -> web.Response:
        """`POST /v1/stations/{station}/commands`."""
        station = station_in_path(request)
        wait_seconds = number(request, "wait", 0, LONGEST_WAIT_SECONDS)
        body = await json_body(request)
        command = _command(body, await self._commands.partition(station))
        try:
            sent = await self._commands.send(station, command, is_new="id" not in body)
        except LogUnavailable as trouble:
            raise Refused(
                503,
                "unavailable",
                f"The event log: {trouble}. The command may be carried out all the same; "
                f"repeat it with the id {command.id!r}, and it stays one command.",
                headers={"Retry-After": "1"},
            ) from None
        _log.info(
            "command",
            station=station,
            command=command.command or command.action,
            id=command.id,
            request_id=request[REQUEST_ID],
        )
        if wait_seconds is None:
            wait_seconds = min(command.deadline_seconds + GRACE_SECONDS, LONGEST_WAIT_SECONDS)
        result = await sent.result(wait_seconds)
        return _answer(command.id, station, sent.since_ms, result)

    async def find(self, request: web.Request) -> web.Response:
        """`GET /v1/commands/{id}`."""
        command_id = text(request.match_info["id"], _COMMAND_ID, "the id of a command")
        station = station_in_query(request)
        since_ms = _since_ms(request)
        where = whereabouts(command_id)
        if station is not None:
            where = Whereabouts(await self._commands.partition(station), since_ms or now_ms() - RECALL_AGE_MS)
        known = await self._commands.find(command_id, station, where)
        if known is None:
            hint = "" if where else " This gateway did not take it; name its `station` to ask the log."
            raise Refused(404, "no-such-command", f"There is no trace of the command {command_id!r}.{hint}")
        return _answer(command_id, known.station, since_ms, known.result)


def _command(body: Any, partition: int) -> CommandRequest:
    """What was posted, with an id of ours where it has none. Raises Refused."""
    if not isinstance(body, dict):
        raise _no_command([Fault("", "no object")])
    odd = list(strange(body, CommandRequest))
    odd += [
        Fault(f"/{name}", "null; leave it out")
        for name in ("arguments", "payload")
        if name in body and body[name] is None
    ]
    try:
        command = msgspec.convert({"id": new_id(partition, now_ms()), **body}, CommandRequest)
    except msgspec.ValidationError as error:
        fault = fault_of(error)
        told = fault.pointer in [other.pointer for other in odd]
        raise _no_command(odd if told else [*odd, fault]) from None
    if not _COMMAND_ID.fullmatch(command.id):
        odd.append(Fault("/id", f"does not match {COMMAND_ID}"))
    if wrong := [*odd, *faults(command)]:
        raise _no_command(wrong)
    return command


def _no_command(wrong: list[Fault]) -> Refused:
    return Refused(422, "no-command", "; ".join(map(str, wrong)), faults=wrong)


def _answer(command_id: str, station: str, since_ms: int | None, result: bytes | None) -> web.Response:
    """The result as it stands in the topic; else 202, and where it will be found, whichever gateway is asked."""
    if result is not None:
        return web.Response(body=result, content_type="application/json")
    href = f"/v1/commands/{quote(command_id, safe='')}"
    if whereabouts(command_id) is None:
        query = {"station": station}
        if since_ms is not None:
            moment = datetime.fromtimestamp(since_ms / 1000, UTC)
            query["since"] = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        href += "?" + urlencode(query)
    pending = CommandPending(command_id=command_id, station=Station(id=station), href=href)
    return web.Response(
        status=202,
        body=msgspec.json.encode(pending),
        content_type="application/json",
        headers={"Location": href, "Retry-After": "1"},
    )


def _since_ms(request: web.Request) -> int | None:
    given = request.query.get("since")
    if given is None:
        return None
    try:
        moment = msgspec.convert(given, datetime)
    except msgspec.ValidationError:
        moment = datetime.min  # noqa: DTZ901 - refused below, as one without an offset is
    if moment.tzinfo is None:
        raise Refused(400, "bad-parameter", "`since` is no time with an offset (RFC 3339).")
    return max(0, int(moment.timestamp() * 1000))

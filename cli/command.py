"""`ocpp-gateway command`: have a station do something, and print the one result of it.

It needs no gateway's address: the command is a record in the log, and so is its result.
"""

import asyncio
import contextlib
import json
import re
import sys
from enum import StrEnum
from typing import Annotated, Any

import msgspec
import typer

from cli.command_view import listed, worded
from cli.event_log import DEFAULT, Address, opened, run_quietly
from cli.faults import USAGE, fail
from contract.checking import faults
from contract.openapi import STATION_ID
from contract.results import CommandRequest
from contract.topics import COMMAND_RESULTS, COMMANDS, partition_of
from eventlog.port import Record
from gateway.api.commands import GRACE_SECONDS
from gateway.api.ids import new_id, now_ms
from gateway.api.results import Results

EXIT_CODES: dict[str, int] = {
    "accepted": 0,
    "rejected": 1,
    "invalid": USAGE,
    "failed": 3,
    "timed_out": 4,
    "expired": 5,
    "offline": 6,
    "unsupported": 7,
}
NO_RESULT = 8
NO_LOG = 9
"""The exit codes; docs/commands.md has them in words."""


class Output(StrEnum):
    """How the result is printed."""

    text = "text"
    json = "json"


class WhenOffline(StrEnum):
    """What becomes of a command for a station that is not connected."""

    fail = "fail"
    wait = "wait"


def command(
    station: Annotated[str | None, typer.Argument(help="The station's id.", show_default=False)] = None,
    name: Annotated[
        str | None, typer.Argument(metavar="[COMMAND]", help="As transaction.start.", show_default=False)
    ] = None,
    *,
    arguments: Annotated[
        str | None,
        typer.Option("--json", metavar="JSON", help="The arguments, or the payload of --raw; - reads them."),
    ] = None,
    wait: Annotated[float, typer.Option(min=0.1, max=86_400, help="The deadline, in seconds.")] = 30.0,
    when_offline: Annotated[
        WhenOffline, typer.Option(help="fail at once, or wait for the station until the deadline.")
    ] = WhenOffline.fail,
    raw: Annotated[
        str | None, typer.Option(metavar="ACTION", help="An action of OCPP instead; needs --version.")
    ] = None,
    version: Annotated[
        str | None, typer.Option(metavar="VERSION", help="The station's version of OCPP: 1.6, 2.0.1, 2.1.")
    ] = None,
    output: Annotated[Output, typer.Option(help="In words, or the result's own JSON.")] = Output.text,
    list_: Annotated[bool, typer.Option("--list", help="Print the commands and what they need.")] = False,
    event_log: Address = DEFAULT,
) -> None:
    """Have a station do something, wait for the result and print it.

    Ends with 0 accepted, 1 rejected, 2 invalid, 3 failed, 4 timed out, 5 expired,
    6 offline, 7 unsupported, 8 no result came, 9 no event log.
    """
    if list_:
        typer.echo(listed(), nl=False)
        return
    if station is None or (name is None) == (raw is None):
        fail("name a station and a command, or a station and --raw ACTION; --list shows the commands", USAGE)
    if not re.fullmatch(STATION_ID, station):
        fail(f"{station!r} is not the id of a station: it does not match {STATION_ID}", USAGE)
    given = _json(arguments)
    request = CommandRequest(
        id="",
        command=name,
        arguments=given if raw is None else None,
        action=raw,
        payload=given if raw is not None else None,
        version=version,
        deadline_seconds=wait,
        when_offline="wait" if when_offline is WhenOffline.wait else "fail",
    )
    if wrong := faults(request):
        fail("\n".join(map(str, wrong)), USAGE)
    outcome = Outcome()
    run_quietly(_carry_out(event_log, station, request, outcome))
    if outcome.result is None:
        fail(_nothing(outcome.command_id), NO_RESULT)
    result = msgspec.json.decode(outcome.result)
    typer.echo(outcome.result.decode() if output is Output.json else worded(result), nl=output is Output.json)
    raise SystemExit(EXIT_CODES.get(result["status"], EXIT_CODES["failed"]))


class Outcome:
    """What became of the command, as far as one waited."""

    def __init__(self) -> None:
        self.command_id: str | None = None
        self.result: bytes | None = None


async def _carry_out(address: str, station: str, request: CommandRequest, outcome: Outcome) -> None:
    async with opened(address, code=NO_LOG) as log, contextlib.AsyncExitStack() as stack:
        results = Results(log)
        stack.push_async_callback(results.close)
        partition = partition_of(station, await log.partitions(COMMAND_RESULTS.name))
        request = msgspec.structs.replace(request, id=new_id(partition, now_ms()))
        result = await results.expect(partition, station, request.id)
        outcome.command_id = request.id
        await log.append(Record(COMMANDS.name, station, msgspec.json.encode(request)))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(request.deadline_seconds + GRACE_SECONDS):
                outcome.result = await result


def _json(text: str | None) -> dict[str, Any]:
    if text is None:
        return {}
    try:
        given = json.loads(sys.stdin.read() if text == "-" else text)
    except (ValueError, RecursionError) as error:
        fail(f"--json is no JSON: {error}", USAGE)
    if not isinstance(given, dict):
        fail("--json is no object", USAGE)
    return given


def _nothing(command_id: str | None) -> str:
    if command_id is None:
        return "nothing was sent"
    return f"no result of command {command_id} came: it may be carried out yet. Does a gateway run on this event log?"

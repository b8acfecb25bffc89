"""`ocpp-gateway stations`: who is connected where, as the gateways have announced it in the log."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import msgspec
import typer

from cli.event_line import printable
from cli.event_log import DEFAULT, Address, opened, run_quietly
from cli.faults import fail
from contract.http import StationPresence
from contract.topics import PRESENCE, partition_of
from gateway.api.stations import read_presence, shown

HEADS = ("STATION", "OCPP", "STATE", "GATEWAY", "SINCE")


def stations(
    station: Annotated[str | None, typer.Argument(help="Only this one.", show_default=False)] = None,
    *,
    online: Annotated[bool, typer.Option("--online", help="Only those that are connected.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    event_log: Address = DEFAULT,
) -> None:
    """Print who is connected where. Ends with 1 if the station that is named has never been here."""
    run_quietly(_print(event_log, station, online=online, as_json=as_json))


async def _print(address: str, station: str | None, *, online: bool, as_json: bool) -> None:
    async with opened(address) as log:
        chosen = None
        if station is not None:
            chosen = [partition_of(station, await log.partitions(PRESENCE.name))]
        held = await read_presence(log, chosen)
    if station is not None and station not in held:
        fail(f"no station {station!r} has ever connected")
    found = [
        shown(name, held[name])
        for name in sorted(held if station is None else [station])
        if held[name].online or not online
    ]
    if as_json:
        for one in found:
            typer.echo(msgspec.json.encode(one).decode())
    else:
        _table(found)


def _table(found: list[StationPresence]) -> None:
    now = datetime.now(UTC)
    rows = [HEADS, *(_row(one, now) for one in found)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADS))]
    for number, row in enumerate(rows):
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        typer.echo(typer.style(line, dim=True) if number == 0 or row[2] != "online" else line)
    online = sum(one.online for one in found)
    typer.echo(typer.style(f"{online} online, {len(found) - online} not", dim=True))


def _row(one: StationPresence, now: datetime) -> tuple[str, ...]:
    state = "online" if one.online else f"offline: {printable(one.reason)}" if one.reason else "offline"
    return (printable(one.id), printable(one.version), state, printable(one.gateway), _age(now - one.since))


def _age(span: timedelta) -> str:
    """A span of time as people say it, in its largest unit."""
    seconds = max(0, int(span.total_seconds()))
    for name, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size} {name} ago"
    return f"{seconds} s ago"

"""`ocpp-gateway tail`: follow the events in the log, a line each, as any consumer would see them."""

import contextlib
import os
import sys
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Annotated, Any

import msgspec
import typer

from cli.event_line import Lines, printable
from cli.event_log import DEFAULT, Address, opened, run_quietly
from cli.faults import USAGE, fail
from contract.envelope import structured
from contract.topics import EVERY_TOPIC, TOPICS
from eventlog.port import Stored


class Wanted(msgspec.Struct, frozen=True):
    """Which records are shown: those that fit one pattern of each kind that was given."""

    stations: Sequence[str]
    types: Sequence[str]

    def station(self, stored: Stored) -> bool:
        return _fits(stored.record.key, self.stations)

    def type(self, name: str) -> bool:
        return _fits(name, self.types) or _fits(name.removeprefix("ocpp."), self.types)


def _fits(text: str, patterns: Sequence[str]) -> bool:
    return not patterns or any(fnmatchcase(text, pattern) for pattern in patterns)


def tail(
    *,
    topic: Annotated[list[str] | None, typer.Option(help="Only this topic; may be repeated.")] = None,
    station: Annotated[
        list[str] | None, typer.Option(help="Only stations that match, as CP-0*; may be repeated.")
    ] = None,
    type_: Annotated[
        list[str] | None,
        typer.Option("--type", help="Only types that match, as ocpp.transaction.*; may be repeated."),
    ] = None,
    from_beginning: Annotated[
        bool, typer.Option("--from-beginning", help="From the oldest event kept, not from now on.")
    ] = False,
    count: Annotated[int | None, typer.Option(min=1, help="End after so many events.")] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One CloudEvent in structured JSON a line.")
    ] = False,
    event_log: Address = DEFAULT,
) -> None:
    """Print events as they come."""
    wanted = Wanted(tuple(station or ()), tuple(type_ or ()))
    topics = topic or list(TOPICS)
    if unknown := [name for name in topics if name not in EVERY_TOPIC]:
        fail(f"no such topic: {', '.join(unknown)}; there are {', '.join(EVERY_TOPIC)}", USAGE)
    try:
        run_quietly(
            _follow(event_log, topics, wanted, from_beginning=from_beginning, count=count, as_json=as_json)
        )
    except BrokenPipeError:
        # The reader has left (`tail | head`). Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


async def _follow(
    address: str,
    topics: list[str],
    wanted: Wanted,
    *,
    from_beginning: bool,
    count: int | None,
    as_json: bool,
) -> None:
    lines = Lines()
    shown = 0
    async with (
        opened(address) as log,
        contextlib.aclosing(log.tail(topics, from_beginning=from_beginning)) as records,
    ):
        async for stored in records:
            if not wanted.station(stored):
                continue
            event = readable(stored)
            if not wanted.type(str(event.get("type", ""))):
                continue
            typer.echo(msgspec.json.encode(event).decode() if as_json else _in_words(lines, stored, event))
            sys.stdout.flush()
            shown += 1
            if shown == count:
                return


def readable(stored: Stored) -> dict[str, Any]:
    """The record as a CloudEvent in structured JSON; one that is no event, with `problem` instead of a type."""
    record = stored.record
    try:
        event = structured(list(record.headers), record.value or b"")
        problem = "" if "type" in event else "no CloudEvents type"
    except ValueError as error:  # no UTF-8, no JSON
        problem = str(error)
    if problem:
        return {
            "problem": problem,
            "topic": stored.place.topic,
            "partition": stored.place.partition,
            "offset": stored.place.offset,
            "key": record.key,
            "headers": {
                name: None if value is None else value.decode("utf-8", "backslashreplace")
                for name, value in record.headers
            },
            "value": None if record.value is None else record.value.decode("utf-8", "backslashreplace"),
        }
    return event


def _in_words(lines: Lines, stored: Stored, event: dict[str, Any]) -> str:
    if "problem" not in event:
        return lines.line(event)
    topic, partition, offset = stored.place
    value = "tombstone" if event["value"] is None else printable(event["value"])
    return lines.oddity(f"{topic}[{partition}]@{offset}", stored.record.key, f"{event['problem']}: {value}")

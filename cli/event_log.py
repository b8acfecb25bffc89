"""Opening the event log for a command: the option that names it, and its faults in words."""

import asyncio
import contextlib
import os
import signal
import stat
import sys
from collections.abc import AsyncIterator, Awaitable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.faults import USAGE, fail
from eventlog.port import EventLog, LogUnavailable, RecordRefused
from eventlog.url import KAFKA, open_log, sqlite_path

if TYPE_CHECKING:
    from eventlog.kafka import KafkaSettings

DEFAULT = "sqlite:///./var/ocpp-events.db"

Address = Annotated[
    str,
    typer.Option(
        "--event-log",
        envvar="OCPP_EVENT_LOG",
        metavar="URL",
        help="sqlite:///./var/ocpp-events.db or kafka://host:9092,host:9092",
    ),
]


@contextlib.asynccontextmanager
async def opened(address: str, *, may_create: bool = False, code: int = 1) -> AsyncIterator[EventLog]:
    """The log, open while the block runs. Ends the program with a line that says what is wrong with it."""
    if not may_create:
        _must_exist(address, code)
    try:
        log = open_log(address, kafka=_kafka(address) if address.startswith(KAFKA) else None)
    except ValueError as error:
        fail(str(error), USAGE)
    try:
        await log.open()
        yield log
    except LogUnavailable as error:
        fail(f"cannot reach the event log {address}: {error}", code)
    except RecordRefused as error:
        fail(f"{error}; create what is missing: ocpp-gateway topics apply --event-log {address}", code)
    finally:
        await log.close(deadline_seconds=2)


def _kafka(address: str) -> "KafkaSettings | None":
    """How Kafka is reached, from the same variables that the gateway reads; imported only where it is needed."""
    from cli.families import loaded  # noqa: PLC0415
    from gateway.settings import GatewaySettings  # noqa: PLC0415

    return loaded(GatewaySettings, event_log=address).kafka()


def _must_exist(address: str, code: int) -> None:
    """Reading an address that was mistyped should not make an empty file there and wait for ever."""
    path = sqlite_path(address)
    if path is not None and not Path(path).exists():
        fail(
            f"there is no event log at {address} yet: start the gateway first, or name another --event-log",
            code,
        )


def run_quietly(work: Awaitable[None]) -> None:
    """Run until done, or until ctrl-C, SIGTERM or a reader who leaves: the usual ends, so no error and no words."""

    async def watched() -> None:
        task = asyncio.ensure_future(work)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, task.cancel)
        if stat.S_ISFIFO(os.fstat(sys.stdout.fileno()).st_mode):
            # The writing end of a pipe becomes "readable" only when nobody reads the other end any more.
            # Without this, `tail | head -1` would stay until the next event shows it the broken pipe.
            loop.add_reader(sys.stdout.fileno(), task.cancel)
        await task

    with contextlib.suppress(asyncio.CancelledError):
        asyncio.run(watched())

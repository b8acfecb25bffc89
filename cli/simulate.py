"""`ocpp-gateway simulate`: stations that behave like real ones, against any OCPP server."""

import asyncio
import json
import ssl
import sys
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer
from rich.console import Console
from rich.live import Live

from cli.faults import USAGE, fail
from cli.simulate_view import Progress, summary
from service.run import run_until_signal, settle
from simulator.facts import Version
from simulator.fleet import Fleet
from simulator.profiles import PROFILES, named
from simulator.settings import BUSY, FleetSettings, Habits, make_stations

REFRESH_SECONDS = 0.5
PROFILE_HELP = "Characters of the stations, taken in turn: " + ", ".join(PROFILES) + "; or all."


def simulate(
    *,
    url: Annotated[str, typer.Option(help="Where stations connect; the station id is appended.")],
    stations: Annotated[int, typer.Option(min=1, help="How many stations.")] = 10,
    versions: Annotated[str, typer.Option(help="OCPP versions, taken in turn.")] = "1.6,2.0.1,2.1",
    rate: Annotated[
        float | None,
        typer.Option(min=0.01, help="Messages a second of all stations together, by spacing meter values."),
    ] = None,
    seconds: Annotated[
        float | None,
        typer.Option(min=0.1, help="End transactions and leave after this time; else at ctrl-C."),
    ] = None,
    speed: Annotated[float, typer.Option(min=0.01, help="Station time against the wall's.")] = 1.0,
    seed: Annotated[int, typer.Option(help="The same seed makes the same stations and drivers.")] = 0,
    profiles: Annotated[str, typer.Option(help=PROFILE_HELP)] = "well-behaved",
    password: Annotated[str | None, typer.Option(help="Basic auth password of every station.")] = None,
    ca: Annotated[Path | None, typer.Option(help="Certificate (PEM) to trust for wss://.")] = None,
    meter_interval: Annotated[int, typer.Option(min=1, help="Station seconds between meter values.")] = 60,
    call_timeout: Annotated[float, typer.Option(min=0.1, help="Seconds to wait for an answer.")] = 30.0,
    retry_interval: Annotated[int, typer.Option(min=1, help="Seconds times tries before a retry.")] = 5,
    tolerate_errors: Annotated[bool, typer.Option(help="End with 0 although errors occurred.")] = False,
    quiet: Annotated[bool, typer.Option(help="No progress.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The summary as JSON.")] = False,
) -> None:
    """Let stations boot, charge and obey commands against any OCPP server; ends with a summary.

    It fails when nothing could connect, when a message was not answered well, or when one is left over.
    """
    if (address := urlsplit(url)).scheme not in ("ws", "wss") or not address.hostname:
        fail(f"--url {url}: write ws://host:port/path or wss://host:port/path", USAGE)
    try:
        configs = make_stations(stations, _versions(versions), named(profiles), seed=seed, password=password)
        tls = ssl.create_default_context(cafile=ca) if ca is not None else None
    except (ValueError, OSError) as fault:
        fail(str(fault), USAGE)
    settings = FleetSettings(
        url=url,
        stations=configs,
        seconds=seconds,
        speed=speed,
        rate=rate,
        seed=seed,
        habits=Habits() if rate is None else BUSY,
        meter_interval_seconds=meter_interval,
        call_timeout_seconds=call_timeout,
        retry_interval_seconds=retry_interval,
        tls=tls,
    )
    raise SystemExit(run_until_signal(lambda stop: _run(settings, stop, quiet, as_json, tolerate_errors)))


async def _run(
    settings: FleetSettings, stop: asyncio.Event, quiet: bool, as_json: bool, tolerate_errors: bool
) -> int:
    settle()  # thousands of stations are no garbage: looking for some costs 40 % of the messages' CPU time
    fleet = Fleet(settings)
    asked = asyncio.create_task(stop.wait())
    asked.add_done_callback(lambda _: fleet.stop())
    console = Console(stderr=True, highlight=False)
    living = asyncio.create_task(fleet.run())
    if quiet or not console.is_terminal:
        await asyncio.wait({living})
    else:
        await _show_until(living, fleet, console)
    asked.cancel()
    statistics = await living
    if as_json:
        print(json.dumps(statistics.as_dict(), indent=2))
    else:
        summary(Console(file=sys.stdout, highlight=False), statistics)
    if statistics.total.connections == 0:
        why = statistics.total.connect_failure or "there was no time for it"
        print(f"ocpp-gateway: no station could connect to {settings.url}: {why}", file=sys.stderr)
        return 1
    return 0 if tolerate_errors else int(statistics.total.failures + statistics.total.queued > 0)


async def _show_until(living: asyncio.Task[object], fleet: Fleet, console: Console) -> None:
    progress = Progress(fleet.statistics, fleet.settings.seconds)
    with Live(progress, console=console, refresh_per_second=1 / REFRESH_SECONDS, transient=True):
        await asyncio.wait({living})


def _versions(text: str) -> tuple[Version, ...]:
    """The versions of a comma-separated list; raises ValueError for one that does not exist."""
    try:
        return tuple(Version(word.strip()) for word in text.split(","))
    except ValueError:
        raise ValueError(f"--versions {text}: known are {', '.join(Version)}") from None

"""One run of the demo: a gateway, simulated stations and an event log in one process, and what can be seen.

What is shown is read from the event log, as any consumer would read it.
"""

import asyncio
import contextlib
import logging
import shlex
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console, RenderableType
from rich.live import Live

from cli.demo.picture import Picture
from cli.demo.place import fresh, own_address, program_path
from cli.demo.view import Feed, live, progress, summary
from cli.tail import readable
from contract.topics import FRAMES, TOPICS
from eventlog.port import EventLog
from eventlog.url import open_log
from gateway.app import Gateway
from gateway.settings import GatewaySettings
from service import logging as service_logging
from simulator.fleet import Fleet
from simulator.settings import FleetSettings, Habits, make_stations

SPEED = 240.0
"""Station time against the wall's: a session of half an hour is seen whole in 8 s."""

HABITS = Habits(first_arrival_seconds=(0, 300), idle_seconds=(120, 900), parking_seconds=(600, 2400))
ENDLESS = timedelta(days=30)
"""What a demo without an end may use up of station time: three hours of ours."""

CLOSING_SECONDS = 10.0
QUIET_SECONDS = 0.5
PROGRESS_SECONDS = 2.0


class Demo:
    """One run. It fails if anything did, or if a version had no whole session in the time it was given."""

    def __init__(self, settings: GatewaySettings, stations: int, seconds: float | None, file: Path) -> None:
        self._settings = settings
        self._seconds = seconds
        self._file = file
        self._configs = make_stations(stations)
        self._versions = tuple(sorted({config.version.value for config in self._configs}))
        self._picture = Picture()
        self._feed = Feed()
        self._console = Console(highlight=False)

    async def run(self, stop: asyncio.Event) -> int:
        """The exit code."""
        fresh(self._file)
        with self._logged() as gateway_errors:
            gateway = Gateway(self._settings)
            await gateway.start()
            self._say_how()
            fleet = Fleet(
                FleetSettings(
                    url=f"ws://127.0.0.1:{gateway.port}{self._settings.path}",
                    stations=self._configs,
                    seconds=self._seconds,
                    closing_seconds=CLOSING_SECONDS,
                    speed=SPEED,
                    origin=datetime.now(UTC) - self._station_time(),
                    habits=HABITS,
                    ramp_seconds=1.0,
                )
            )
            reading = open_log(self._settings.event_log)
            await reading.open()
            following = asyncio.create_task(self._follow(reading))
            running = asyncio.create_task(fleet.run())
            asked = asyncio.create_task(stop.wait())
            asked.add_done_callback(lambda _: fleet.stop())
            await self._show_until(running)
            interrupted = asked.done()
            asked.cancel()
            await gateway.stop()
            await self._until_quiet()
            if following.done():  # it reads until it is cancelled, unless something is wrong with the log
                self._picture.cannot_read(f"the log could not be followed: {following.exception()}")
            following.cancel()
            await asyncio.gather(following, asked, return_exceptions=True)
            await reading.close()
        errors = [*self._picture.complaints, *_errors_of(fleet), *gateway_errors]
        if not interrupted:
            errors += self._missing()
        summary(self._console, self._picture, self._versions, errors)
        return 1 if errors else 0

    def _station_time(self) -> timedelta:
        """How long ago the stations' clocks begin: they run fast, and a clock ahead of ours would be a fault."""
        return ENDLESS if self._seconds is None else timedelta(seconds=self._seconds * SPEED)

    def _say_how(self) -> None:
        self._console.print(
            f"Watch the events:  {self._program('tail')}\n"
            f"Who is connected:  {self._program('stations')}\n"
            f"Command a station: {self._program('command', self._configs[0].id, 'station.reset')}\n"
            f"Your own charger:  {self._url()}<station id>\n"
            f"The same by HTTP:  http://127.0.0.1:{self._settings.internal_port}/v1/openapi.json\n"
            f"Metrics:           http://127.0.0.1:{self._settings.internal_port}/metrics\n",
            soft_wrap=True,
        )

    def _program(self, *words: str) -> str:
        """A command of ours on this run's log, as it runs in any other terminal."""
        return shlex.join((program_path(), *words, "--event-log", self._settings.event_log))

    def _url(self) -> str:
        return f"ws://{own_address()}:{self._settings.port}{self._settings.path}/"

    async def _follow(self, log: EventLog) -> None:
        """Read the log from its beginning: it is this run's own."""
        topics = [name for name in TOPICS if name != FRAMES.name]
        async for stored in log.tail(topics, from_beginning=True):
            event = readable(stored)
            if "problem" in event:
                self._picture.cannot_read(f"{event['topic']}: {event['problem']}")
            else:
                self._picture.see(event)
                self._feed.add(event)

    async def _show_until(self, running: asyncio.Task[object]) -> None:
        began = time.monotonic()
        if self._console.is_terminal:
            with Live(console=self._console, auto_refresh=False, transient=True) as screen:
                while not running.done():
                    screen.update(self._screen(time.monotonic() - began), refresh=True)
                    await asyncio.wait({running}, timeout=0.25)
        else:
            while not running.done():
                print(progress(self._picture, self._versions, time.monotonic() - began), flush=True)
                await asyncio.wait({running}, timeout=PROGRESS_SECONDS)
        await running

    def _screen(self, seconds: float) -> RenderableType:
        heading = f"{len(self._configs)} stations, {seconds:.0f} s; station time runs {SPEED:g} times as fast"
        footing = f"{self._program('tail')}   {self._url()}<station id>   ctrl-C ends"
        return live(self._picture, self._feed, self._versions, heading, footing)

    async def _until_quiet(self) -> None:
        """Everything is in the log now; wait until it has been read."""
        seen = -1
        while seen != self._picture.events:
            seen = self._picture.events
            await asyncio.sleep(QUIET_SECONDS)

    def _missing(self) -> list[str]:
        return [
            f"no session of {row.version} was seen from start to end"
            for row in self._picture.rows(self._versions)
            if not row.started or not row.ended
        ]

    @contextlib.contextmanager
    def _logged(self) -> Iterator[list[str]]:
        """The gateway's own log goes into a file, away from the view; what it says of errors is kept."""
        errors: list[str] = []

        class Errors(logging.Handler):
            def emit(self, record: logging.LogRecord) -> None:
                errors.append(f"{record.name}: {record.getMessage()}")

        with self._file.with_suffix(".log").open("w") as stream:
            service_logging.configure(self._settings.log_level, "json", stream)
            logging.getLogger().addHandler(Errors(logging.ERROR))
            yield errors
        logging.getLogger().handlers.clear()


def _errors_of(fleet: Fleet) -> list[str]:
    """What the stations themselves had to complain of."""
    return [
        f"stations of {version} counted {count} {what.replace('_', ' ')}"
        for version, tally in fleet.statistics.by_version.items()
        for what in ("errors", "timeouts", "connects_failed", "dropped", "garbled")
        if (count := getattr(tally, what))
    ]

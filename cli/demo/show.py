"""One run of the demo: gateway, consumers, simulated stations and an event log in one process, and what can be seen.

What is shown is read from the event log, as any consumer would read it.
"""

import asyncio
import contextlib
import logging
import shlex
import time
from collections.abc import Container, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console, RenderableType
from rich.live import Live

from cli.demo.consumers import Consumers, register
from cli.demo.history import write_history
from cli.demo.mishaps import Mishaps
from cli.demo.outcome import Outcome
from cli.demo.picture import Picture
from cli.demo.place import fresh, own_address, program_path
from cli.demo.view import Feed, live, progress, summary
from cli.tail import readable
from contract.topics import ALERTS, CDRS, FRAMES, TOPICS
from eventlog.port import EventLog
from eventlog.url import open_log
from gateway.app import Gateway
from gateway.settings import GatewaySettings
from service import logging as service_logging
from simulator.facts import Version
from simulator.fleet import Fleet
from simulator.profiles import PROFILES
from simulator.settings import FleetSettings, Habits, StationConfig, make_stations, make_tokens
from simulator.wire import WebSocketDialer

HABITS = Habits(
    first_arrival_seconds=(0, 4),
    idle_seconds=(8, 30),
    parking_seconds=(10, 30),
    handling_seconds=(0.2, 0.8),
    fault_share=0.1,
    repair_seconds=(4, 10),
)
"""A visitor of a demo sees whole sessions: they last for seconds, at the power of real ones."""

METER_INTERVAL_SECONDS = 2
WRONG_CLOCK = "bogus-clock"
"""The habit of one station: its clock stands in 1970."""

MISHAP_SECONDS = 5.0
OUTAGE_SECONDS = 4.0
BILLED_SECONDS = 15.0

CLOSING_SECONDS = 10.0
QUIET_SECONDS = 0.5
PROGRESS_SECONDS = 2.0


class Demo:
    """One run. It fails if anything did, if a version had no whole session, or if one that ended has no record."""

    def __init__(
        self,
        settings: GatewaySettings,
        *,
        stations: int,
        seconds: float | None,
        history_days: int,
        file: Path,
        page_port: int,
    ) -> None:
        self._settings = settings
        self._seconds = seconds
        self._file = file
        self._configs = _fleet_of(stations)
        self._tokens = make_tokens(0)
        self._versions = tuple(sorted({config.version.value for config in self._configs}))
        self._picture = Picture()
        self._outcome = Outcome()
        self._feed = Feed()
        self._console = Console(highlight=False)
        self._until = datetime.now(UTC)
        self._since = self._until - timedelta(days=history_days)
        self._consumers = Consumers(settings, page_port, file, self._since)
        self.fleet: Fleet | None = None
        """The stations, once they live."""

    async def run(self, stop: asyncio.Event) -> int:
        """The exit code."""
        fresh(self._file)
        with self._logged() as logged_errors:
            past = await self._write_history()
            reading = open_log(self._settings.event_log)
            await reading.open()
            await register(reading, self._configs)
            await self._consumers.start()
            await self._consumers.caught_up()
            self._say_how()
            following = asyncio.create_task(self._follow(reading, past))
            gateway = Gateway(self._settings)
            await gateway.start()
            fleet, interrupted = await self._live(
                f"ws://127.0.0.1:{gateway.port}{self._settings.paths[0]}", stop
            )
            await gateway.stop()
            await self._until_quiet()
            await self._consumers.stop()
            if following.done():  # it reads until it is cancelled, unless something is wrong with the log
                self._picture.cannot_read(f"the log could not be followed: {following.exception()}")
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
            await reading.close()
        errors = [*self._picture.complaints, *_errors_of(fleet), *logged_errors, *self._unbilled()]
        if not interrupted:
            errors += self._missing()
        summary(self._console, self._picture, self._outcome, self._versions, errors)
        return 1 if errors else 0

    async def _live(self, url: str, stop: asyncio.Event) -> tuple[Fleet, bool]:
        """Let the stations live until their time is over; whether that was because somebody asked."""
        settings = FleetSettings(
            url=url,
            stations=self._configs,
            seconds=self._seconds,
            closing_seconds=CLOSING_SECONDS,
            habits=HABITS,
            meter_interval_seconds=METER_INTERVAL_SECONDS,
            tokens=self._tokens,
            ramp_seconds=1.0,
        )
        async with WebSocketDialer(settings) as dialer:
            mishaps = Mishaps(dialer.dial, every_seconds=MISHAP_SECONDS, outage_seconds=OUTAGE_SECONDS)
            fleet = self.fleet = Fleet(settings, dial=mishaps.dial)
            happening = asyncio.create_task(self._happen(mishaps))
            running = asyncio.create_task(fleet.run())
            asked = asyncio.create_task(stop.wait())
            asked.add_done_callback(lambda _: happening.cancel())
            asked.add_done_callback(lambda _: fleet.stop())
            await self._show_until(running)
            interrupted = asked.done()
            asked.cancel()
            # It ends by itself, or was cancelled when somebody asked: another cancellation would break off the
            # stop of the alerting.
            await asyncio.gather(asked, happening, return_exceptions=True)
        return fleet, interrupted

    async def _write_history(self) -> set[str]:
        """Write the days before; the ids of their transactions."""
        began = time.monotonic()
        past = await asyncio.to_thread(
            write_history,
            self._file,
            self._settings.gateway_id,
            self._configs,
            self._tokens,
            since=self._since,
            until=self._until,
        )
        took = time.monotonic() - began
        days = (self._until - self._since).days
        self._console.print(f"{days} days of history: {len(past)} sessions, written in {took:.1f} s.")
        return past

    async def _happen(self, mishaps: Mishaps) -> None:
        """Lines are cut, and mended before the end. That all stations leave then is nothing to alert anybody of."""
        until = None if self._seconds is None else max(0.0, self._seconds - OUTAGE_SECONDS)
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(until):
                    await mishaps.happen()
            await asyncio.sleep(min(OUTAGE_SECONDS, self._seconds or 0))
        finally:
            await self._consumers.stop("alerting")

    def _say_how(self) -> None:
        token = self._settings.api_token
        self._console.print(
            f"Watch the fleet:   {self._consumers.page}\n"
            f"Its commands want: {token.get_secret_value() if token else 'no token'}\n"
            f"Watch the events:  {self._program('tail')}\n"
            f"Who is connected:  {self._program('stations')}\n"
            f"Command a station: {self._program('command', self._configs[0].id, 'station.reset')}\n"
            f"Your own charger:  {self._url()}<station id>\n"
            f"The same by HTTP:  http://127.0.0.1:{self._settings.internal_port}/v1/openapi.json, with that token\n"
            f"Metrics:           http://127.0.0.1:{self._settings.internal_port}/metrics\n",
            soft_wrap=True,
        )

    def _program(self, *words: str) -> str:
        """A command of ours on this run's log, as it runs in any other terminal."""
        return shlex.join((program_path(), *words, "--event-log", self._settings.event_log))

    def _url(self) -> str:
        return f"ws://{own_address()}:{self._settings.port}{self._settings.paths[0]}/"

    async def _follow(self, log: EventLog, past: Container[str]) -> None:
        """Read from now on what the stations say. The records of the `past` transactions are no part of the picture."""
        topics = [*(name for name in TOPICS if name != FRAMES.name), CDRS.name, ALERTS.name]
        async for stored in log.tail(topics, from_beginning=False):
            event = readable(stored)
            if (event.get("data") or {}).get("transaction_id") in past:
                continue
            if "problem" in event:
                self._picture.cannot_read(f"{event['topic']}: {event['problem']}")
            elif stored.place.topic in TOPICS:
                self._picture.see(event)
                self._feed.add(event)
            else:
                self._outcome.see(event)
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
                print(
                    progress(self._picture, self._outcome, self._versions, time.monotonic() - began),
                    flush=True,
                )
                await asyncio.wait({running}, timeout=PROGRESS_SECONDS)
        await running

    def _screen(self, seconds: float) -> RenderableType:
        heading = f"{len(self._configs)} stations, {seconds:.0f} s"
        footing = f"{self._consumers.page}   {self._url()}<station id>   ctrl-C ends"
        return live(
            self._picture, self._outcome, self._feed, self._versions, heading=heading, footing=footing
        )

    async def _until_quiet(self) -> None:
        """All that stations said is in the log now; wait until it has been read, and each session has its record."""
        seen, until = -1, time.monotonic() + BILLED_SECONDS
        while seen != self._picture.events or (self._unbilled() and time.monotonic() < until):
            seen = self._picture.events
            await asyncio.sleep(QUIET_SECONDS)

    def _unbilled(self) -> list[str]:
        return [
            f"{station}: the session {transaction} ended, and has no record"
            for (station, transaction), session in self._picture.sessions.items()
            if session.ended and (station, transaction) not in self._outcome.sessions
        ]

    def _missing(self) -> list[str]:
        return [
            f"no session of {row.version} was seen from start to end"
            for row in self._picture.rows(self._versions)
            if not row.started or not row.ended
        ]

    @contextlib.contextmanager
    def _logged(self) -> Iterator[list[str]]:
        """The log of gateway and consumers goes into a file, away from the view; what it says of errors is kept."""
        errors: list[str] = []

        class Errors(logging.Handler):
            def emit(self, record: logging.LogRecord) -> None:
                errors.append(f"{record.name}: {record.getMessage()}")

        with self._file.with_suffix(".log").open("w") as stream:
            service_logging.configure(self._settings.log_level, "json", stream)
            logging.getLogger().addHandler(Errors(logging.ERROR))
            yield errors
        logging.getLogger().handlers.clear()


def _fleet_of(count: int) -> tuple[StationConfig, ...]:
    """Well-behaved stations of all versions, but for the wrong clock of the last one of 1.6."""
    configs = make_stations(count)
    odd = max(number for number, config in enumerate(configs) if config.version is Version.V16)
    wrong = replace(configs[odd], profile=PROFILES[WRONG_CLOCK])
    return (*configs[:odd], wrong, *configs[odd + 1 :])


def _errors_of(fleet: Fleet) -> list[str]:
    """What the stations themselves had to complain of."""
    return [
        f"stations of {version} counted {count} {what.replace('_', ' ')}"
        for version, tally in fleet.statistics.by_version.items()
        for what in ("errors", "timeouts", "connects_failed", "dropped", "garbled")
        if (count := getattr(tally, what))
    ]

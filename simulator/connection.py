"""How a station stays connected: dialling with back-off, booting until it is admitted, and heartbeats."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from simulator.chance import stream
from simulator.dialogue import Dialogue
from simulator.facts import BootReason
from simulator.profiles import Boots
from simulator.wire import ConnectFailed

if TYPE_CHECKING:
    from simulator.settings import FleetSettings
    from simulator.station import Station
    from simulator.wire import Dial, Wire

_DEFAULT_HEARTBEAT_SECONDS = 300
_BOOT_RETRY_SECONDS = 10
_TIMER_GRAIN_SECONDS = 0.001  # timers may fire a hair early; nobody waits again for less


class Connection:
    """Knows the dialogue of the moment (None: there is none), and which boot is due, if any."""

    def __init__(self, station: Station, settings: FleetSettings, dial: Dial) -> None:
        self.dialogue: Dialogue | None = None
        self._station = station
        self._settings = settings
        self._dial = dial
        self._chance = stream(station.config.seed, "connection")
        self._wire: Wire | None = None
        self._boot_due: BootReason | None = BootReason.POWER_UP
        self._restarting = False

    async def keep(self) -> None:
        """Connects, and connects again, for as long as the station lives."""
        failures = 0
        await asyncio.sleep(self._chance.random() * self._settings.ramp)
        while True:
            try:
                wire = await self._dial(self._station.config)
            except ConnectFailed as failure:
                self._station.tally.connects_failed += 1
                self._station.tally.connect_failure = str(failure)
                failures += 1
            else:
                failures = 0
                await self._converse(wire)
            if self._restarting:
                self._restarting = False
                await asyncio.sleep(self._settings.reboot_seconds)
            else:
                back_off = self._settings.back_off.seconds(max(1, failures), self._chance.random())
                await asyncio.sleep(back_off)

    async def beat(self) -> None:
        """Heartbeat after an interval of silence; other CALLs show as well that the station lives (1.6 §4.6)."""
        station = self._station
        while True:
            await station.online.wait()
            assert self.dialogue is not None
            interval = station.device.integer("HeartbeatInterval") or _DEFAULT_HEARTBEAT_SECONDS
            silence = station.clock.wall_seconds() - self.dialogue.last_sent_at
            if interval - silence > _TIMER_GRAIN_SECONDS:
                await asyncio.sleep(interval - silence)
            else:
                await station.call_message(station.dialect.heartbeat())

    async def restart(self, reason: BootReason) -> None:
        """Hangs up, and boots for this reason on the next connection."""
        self._boot_due = reason
        self._restarting = True
        if self.dialogue is not None:
            self.dialogue.hang_up()
        if self._wire is not None:
            await self._wire.close()

    def hung_up(self) -> None:
        """At once, whoever saw the end first: from here on nothing can be said."""
        self._station.online.clear()
        self.dialogue = None

    async def _converse(self, wire: Wire) -> None:
        """One connection, from the handshake to its end."""
        station, timeout_seconds = self._station, self._settings.call_timeout_seconds
        station.tally.connections += 1
        station.tally.connected += 1
        station.connected_again()
        self._wire = wire
        self.dialogue = Dialogue(wire, station, station.config, station.clock, timeout_seconds)
        greeting = station.carry_out(self._greet)
        try:
            await self.dialogue.listen()
        finally:
            greeting.cancel()
            station.tally.connected -= 1
            self._wire = None
            await wire.close()

    async def _greet(self) -> None:
        """Boots where a boot is due, and then lets the station work."""
        boots = self._station.config.profile.boots
        if boots is Boots.ON_EVERY_CONNECT and self._boot_due is None:
            self._boot_due = BootReason.POWER_UP
        if self._boot_due is not None and boots is not Boots.NEVER:
            await self._boot(self._boot_due)
        started, self._boot_due = self._boot_due is not None, None
        self._station.admit(started=started)

    async def _boot(self, reason: BootReason) -> None:
        """Asks to be admitted until it is, at the interval that the answers name (1.6 §4.2, 2.x B01 to B03)."""
        station = self._station
        while True:
            exchange = await station.call_message(station.dialect.boot(reason))
            answer = exchange.answer or {}
            interval = answer.get("interval")
            seconds = interval if isinstance(interval, int) and interval > 0 else None
            if answer.get("status") == "Accepted":
                station.tally.boots += 1
                if seconds is not None:
                    station.device.install("HeartbeatInterval", str(seconds))
                return
            await asyncio.sleep(seconds or _BOOT_RETRY_SECONDS)

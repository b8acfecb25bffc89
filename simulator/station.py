"""One station: it stays connected, boots, beats, keeps its word and lets its connectors live."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from simulator.chance import stream, uuid_text
from simulator.charging_profiles import ChargingProfiles
from simulator.connector import Connector
from simulator.controls import Controls
from simulator.device_model import DeviceModel
from simulator.dialects import dialect_of
from simulator.dialogue import Afterwards, Answer, Dialogue, Refusal
from simulator.facts import BootReason, Message, Payload, Token, Version
from simulator.journal import Exchange, Journal, Outcome, Watcher
from simulator.outbox import Kept, Outbox
from simulator.profiles import Boots, MessageIds, RetryId
from simulator.wire import ConnectFailed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulator.clock import Clock
    from simulator.settings import FleetSettings, Habits, StationConfig
    from simulator.statistics import Statistics
    from simulator.wire import Dial, Wire

_DEFAULT_HEARTBEAT_SECONDS = 300
_BOOT_RETRY_SECONDS = 10
_MOST_LAG_SECONDS = 5.0
_TIMER_GRAIN_SECONDS = 0.001  # timers may fire a hair early; nobody waits again for less
_BROKEN_FRAME = b'[2,"broken","Heartbeat",{'


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all stations of a fleet share."""

    settings: FleetSettings
    clock: Clock
    dial: Dial
    statistics: Statistics
    tokens: Sequence[Token]
    watch: Watcher | None = None


class Station:
    """Knows who it is and whether it is online. `online` means connected and admitted by a boot answer."""

    def __init__(self, config: StationConfig, surroundings: Surroundings) -> None:
        settings = surroundings.settings
        self.config = config
        self.clock = surroundings.clock
        self.tokens = surroundings.tokens
        self.tally = surroundings.statistics.by_version[config.version]
        self.tally.stations += 1
        self.journal: Journal | None = [] if settings.keep_journal else None
        self.online = asyncio.Event()
        self.admitted = asyncio.Event()
        """Set by the first boot that is accepted: from then on the station works, offline too."""
        self.device = DeviceModel(
            MeterValueSampleInterval=str(settings.meter_interval_seconds),
            MeterValuesSampledData=",".join(settings.measurands),
            TransactionMessageRetryInterval=str(settings.retry_interval_seconds),
            TransactionMessageAttempts=str(settings.attempts),
            NumberOfConnectors=str(config.connectors),
            **{"ChargingStation.Model": config.model, "ChargingStation.VendorName": config.vendor},
        )
        self.charging_profiles = ChargingProfiles(config.phases)
        self.connectors = [Connector(self, number) for number in range(1, config.connectors + 1)]
        self.outbox = Outbox(self)
        self.controls = Controls(self)
        self.dialect = dialect_of(self)
        self._settings = settings
        self._surroundings = surroundings
        self._chance = stream(config.seed, "station")
        self._ids = stream(config.seed, "message ids")
        self._id_count = 0
        self._dialogue: Dialogue | None = None
        self._wire: Wire | None = None
        self._boot_due: BootReason | None = BootReason.POWER_UP
        self._rebooting = False
        self._group: asyncio.TaskGroup | None = None
        self._errands: set[asyncio.Task[None]] = set()
        self._said = 0
        self._pace_from: float | None = None

    @property
    def habits(self) -> Habits:
        return self._settings.habits

    # -- its day

    async def run(self, ending: asyncio.Event) -> None:
        """Lives until `ending`; then ends its transactions, delivers what it holds, and hangs up."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            duties = [
                group.create_task(duty)
                for duty in (self._stay_connected(), self.outbox.deliver(), self._keep_beating())
            ]
            days = [group.create_task(connector.live()) for connector in self.connectors]
            await ending.wait()
            await self._close_down(days)
            for task in (*days, *duties, *self._errands):
                task.cancel()

    async def _close_down(self, days: list[asyncio.Task[None]]) -> None:
        if not self.admitted.is_set():
            return
        for connector in self.connectors:
            connector.leave()
        try:
            async with asyncio.timeout(self._settings.closing_seconds):
                await asyncio.wait(days)
                await self.outbox.emptied()
                if self._errands:
                    await asyncio.wait(self._errands)
        except TimeoutError:
            pass  # what is still held is counted as queued: that is the summary's business

    def carry_out(self, then: Afterwards) -> None:
        """Does something beside the rest, until it is done or the station ends."""
        assert self._group is not None
        errand = self._group.create_task(then())
        self._errands.add(errand)
        errand.add_done_callback(self._errands.discard)

    # -- the connection

    async def _stay_connected(self) -> None:
        failures = 0
        await asyncio.sleep(self._chance.random() * self._settings.ramp)
        while True:
            try:
                wire = await self._surroundings.dial(self.config)
            except ConnectFailed:
                self.tally.connects_failed += 1
                failures += 1
            else:
                failures = 0
                await self._converse(wire)
            if self._rebooting:
                self._rebooting = False
                await asyncio.sleep(self._settings.reboot_seconds)
            else:
                await asyncio.sleep(self._settings.back_off.seconds(max(1, failures), self._chance.random()))

    async def _converse(self, wire: Wire) -> None:
        """One connection, from the handshake to its end."""
        self.tally.connections += 1
        self.tally.connected += 1
        self._id_count = 0
        self._wire = wire
        config = self.config
        timeout_seconds = self._settings.call_timeout_seconds
        self._dialogue = dialogue = Dialogue(wire, self, config.id, config.version, timeout_seconds)
        greeting = asyncio.create_task(self._greet())
        try:
            await dialogue.listen()
        finally:
            greeting.cancel()
            await asyncio.wait([greeting])
            self.tally.connected -= 1
            self._wire = None
            await wire.close()

    async def _greet(self) -> None:
        """Boots where a boot is due, and then reports every connector whose status was not heard yet."""
        boots = self.config.profile.boots
        if boots is Boots.ON_EVERY_CONNECT and self._boot_due is None:
            self._boot_due = BootReason.POWER_UP
        if self._boot_due is not None and boots is not Boots.NEVER:
            await self._boot(self._boot_due)
        is_first = self._boot_due is not None
        self._boot_due = None
        self.online.set()
        self.admitted.set()
        if is_first:
            self.secure("StartupOfTheDevice")
            for connector in self.connectors:
                connector.told_status = None
        for connector in self.connectors:
            self.report(connector)

    async def _boot(self, reason: BootReason) -> None:
        """Asks to be admitted until it is, at the interval that the answers name (1.6 §4.2, 2.x B01 to B03)."""
        while True:
            exchange = await self.call_message(self.dialect.boot(reason))
            answer = exchange.answer or {}
            interval = answer.get("interval")
            seconds = interval if isinstance(interval, int) and interval > 0 else None
            if answer.get("status") == "Accepted":
                self.tally.boots += 1
                if seconds is not None:
                    self.device.install("HeartbeatInterval", str(seconds))
                return
            await asyncio.sleep(seconds or _BOOT_RETRY_SECONDS)

    async def _keep_beating(self) -> None:
        """Heartbeat after an interval of silence; other CALLs show as well that the station lives (1.6 §4.6)."""
        while True:
            await self.online.wait()
            interval = self.device.integer("HeartbeatInterval") or _DEFAULT_HEARTBEAT_SECONDS
            assert self._dialogue is not None
            quiet_for = interval - (self.clock.wall_seconds() - self._dialogue.last_sent_at)
            if quiet_for > _TIMER_GRAIN_SECONDS:
                await asyncio.sleep(quiet_for)
            else:
                await self.call_message(self.dialect.heartbeat())

    async def restart(self, reason: BootReason) -> None:
        """Drops the connection and boots again, as after a reset."""
        self._boot_due = reason
        self._rebooting = True
        self.charging_profiles.clear(purpose="TxProfile")
        if self._wire is not None:
            await self._wire.close()

    # -- talking

    async def call(
        self, action: str, payload: Payload, *, message_id: str | int, attempt: int = 1, kept: bool = False
    ) -> Exchange:
        """One CALL, in the manner of this station's profile."""
        if self._dialogue is None:
            now = self.clock.wall_seconds()
            return Exchange(
                self.config.id, message_id, action, payload, now, attempt, kept, Outcome.DISCONNECTED
            )
        profile = self.config.profile
        if profile.distort is not None:
            payload = profile.distort(self.config.version, action, payload)
        if profile.sends_broken_frames and self._chance.random() < 0.05:
            await self._break_a_frame(self._dialogue)
        return await self._dialogue.call(message_id, action, payload, attempt=attempt, kept=kept)

    async def call_message(self, message: Message) -> Exchange:
        return await self.call(message.action, message.payload, message_id=self.new_message_id())

    def tell(self, message: Message) -> None:
        """Says something that nobody waits for; lost when the station is offline."""

        async def say() -> None:
            await self.call_message(message)

        if self.online.is_set():
            self.carry_out(say)

    def report(self, connector: Connector) -> None:
        """Tells a connector's status if that is news; unheard ones are told after the next connect."""
        status = self.dialect.shown_status(connector)
        if self.config.profile.silent_status or not self.online.is_set() or connector.told_status == status:
            return
        connector.told_status = status

        async def say() -> None:
            for message in self.dialect.status(connector):
                exchange = await self.call_message(message)
                if exchange.outcome is Outcome.DISCONNECTED:
                    connector.told_status = None

        self.carry_out(say)

    def secure(self, kind: str) -> None:
        """Records a security event, which is kept until it is delivered (1.6 security §4.3, 2.x A04)."""
        message = self.dialect.security_event(kind, self.clock.timestamp())
        if message is not None:
            self.outbox.keep(Kept(message.action, lambda: message.payload))

    async def is_authorized(self, token: Token) -> bool:
        """Asks the central system; decides alone when that cannot be reached."""
        if self.online.is_set():
            exchange = await self.call_message(self.dialect.authorize(token))
            if exchange.outcome is Outcome.RESULT:
                return self.dialect.is_accepted(exchange.answer or {})
            if exchange.outcome is Outcome.ERROR:
                return False
        return self.controls.is_authorized_offline(token)

    @property
    def retries_get_new_ids(self) -> bool:
        match self.config.profile.retry_id:
            case RetryId.AS_STANDARD:
                return self.config.version is Version.V16
            case retry_id:
                return retry_id is RetryId.NEW

    def new_message_id(self) -> str | int:
        self._id_count += 1
        match self.config.profile.message_ids:
            case MessageIds.COUNTER:
                return str(self._id_count)
            case MessageIds.NUMBER:
                return self._id_count
            case MessageIds.LONG:
                return f"{self._ids.getrandbits(256):064x}"
            case _:
                return uuid_text(self._ids)

    def seconds_to_sample(self) -> float:
        """Station seconds until the next meter sample of a charging connector.

        At a wanted rate each station owes its share of messages since it was admitted; whatever else it
        said counts, and what waits in the outbox too, so that a slow server is not buried.
        """
        rate = self._settings.rate
        if rate is None:
            return float(self.device.integer("MeterValueSampleInterval") or 60)
        share = rate / len(self._settings.stations)
        now = self.clock.wall_seconds()
        if self._pace_from is None:
            self._pace_from = now - (self._said + self._chance.random()) / share
        due = self._pace_from + (self._said + len(self.outbox) + 1) / share
        if due < now - _MOST_LAG_SECONDS:
            self._pace_from += now - due - _MOST_LAG_SECONDS
        return max(0.0, due - now) * self.clock.speed

    async def _break_a_frame(self, dialogue: Dialogue) -> None:
        try:
            await dialogue.send_raw(_BROKEN_FRAME)
        except ConnectionError:
            return  # the call that follows finds that out by itself

    # -- what the dialogue tells (dialogue.Listener)

    def obey(self, action: str, payload: Payload) -> Answer | Refusal:
        self.tally.commands += 1
        try:
            return self.dialect.obey(action, payload)
        except (KeyError, TypeError, ValueError, AttributeError) as fault:
            code = "FormationViolation" if self.config.version is Version.V16 else "FormatViolation"
            return Refusal(code, f"{type(fault).__name__}: {fault}"[:255])

    def noted(self, exchange: Exchange) -> None:
        self._said += 1
        self.tally.sent += 1
        if self.journal is not None:
            self.journal.append(exchange)

    def settled(self, exchange: Exchange) -> None:
        self.tally.settle(exchange)
        if exchange.answered_at is not None and exchange.outcome in {Outcome.RESULT, Outcome.ERROR}:
            self._surroundings.statistics.latencies.add(exchange.answered_at - exchange.sent_at)
        if self._surroundings.watch is not None:
            self._surroundings.watch(exchange)

    def puzzled(self) -> None:
        self.tally.garbled += 1

    def hung_up(self) -> None:
        self.online.clear()
        self._dialogue = None

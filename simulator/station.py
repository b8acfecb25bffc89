"""One station: what it is made of, its day, and how its parts talk through it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from simulator.chance import stream, uuid_text
from simulator.charging_profiles import ChargingProfiles
from simulator.connection import Connection
from simulator.connector import Connector
from simulator.controls import Controls
from simulator.device_model import DeviceModel
from simulator.dialects import dialect_of
from simulator.dialogue import Afterwards, Answer, Dialogue, Refusal, malformed
from simulator.facts import BootReason, Message, Payload, Token, Version
from simulator.journal import Exchange, Journal, Outcome, TrueSession, Watcher
from simulator.outbox import Kept, Outbox
from simulator.pace import Pace
from simulator.profiles import MessageIds, RetryId

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulator.clock import Clock
    from simulator.settings import FleetSettings, Habits, StationConfig
    from simulator.statistics import Statistics
    from simulator.wire import Dial

_PARTING_SECONDS = 1.0
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
        self.sessions: list[TrueSession] | None = [] if settings.keep_journal else None
        """The sessions as they truly were, in the order of their starts; None where no journal is kept."""
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
        self.connection = Connection(self, settings, surroundings.dial)
        self._settings = settings
        self._surroundings = surroundings
        self._chance = stream(config.seed, "station")
        self._ids = stream(config.seed, "message ids")
        self._id_count = 0
        self._group: asyncio.TaskGroup | None = None
        self._errands: set[asyncio.Task[None]] = set()
        self._said = 0
        rate = settings.rate
        share = None if rate is None else rate / len(settings.stations)
        self._pace = None if share is None else Pace(share, self.clock, self._chance.random())

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
                for duty in (self.connection.keep(), self.connection.beat(), self.outbox.deliver())
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
                if self._errands:  # last words; what would take longer (a download) is broken off
                    await asyncio.wait(self._errands, timeout=_PARTING_SECONDS)
        except TimeoutError:
            pass  # what is still held is counted as queued: that is the summary's business

    def carry_out(self, then: Afterwards) -> asyncio.Task[None]:
        """Does something beside the rest, until it is done or the station ends. Its faults end the run."""
        assert self._group is not None
        errand = self._group.create_task(then())
        self._errands.add(errand)
        errand.add_done_callback(self._errands.discard)
        return errand

    # -- the connection

    def connected_again(self) -> None:
        """A new connection has opened; counters of message ids start again with it."""
        self._id_count = 0

    def admit(self, *, started: bool) -> None:
        """The central system lets us work. After a start every connector is news, later only what changed."""
        self.online.set()
        self.admitted.set()
        if started:
            self.secure("StartupOfTheDevice")
            if self.config.profile.sends_vendor_data:
                data = {"vendorId": f"com.example.{self.config.vendor}", "data": "started"}
                self.tell(Message("DataTransfer", data))
        for connector in self.connectors:
            if started:
                connector.told_status = None
            self.report(connector)

    async def restart(self, reason: BootReason) -> None:
        """Drops the connection and boots again, as after a reset."""
        await self.connection.restart(reason)

    # -- talking

    async def call(
        self, action: str, payload: Payload, *, message_id: str | int, attempt: int = 1, kept: bool = False
    ) -> Exchange:
        """One CALL, in the manner of this station's profile."""
        dialogue = self.connection.dialogue
        if dialogue is None:
            now = self.clock.wall_seconds()
            return Exchange(
                self.config.id, message_id, action, payload, now, attempt, kept, Outcome.DISCONNECTED
            )
        profile = self.config.profile
        if profile.distort is not None:
            payload = profile.distort(self.config.version, action, payload)
        if profile.sends_broken_frames and self._chance.random() < 0.05:
            await self._break_a_frame(dialogue)
        return await dialogue.call(message_id, action, payload, attempt=attempt, kept=kept)

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
        news = self.dialect.status(connector)  # as it is now; when it is said it may have changed again

        async def say() -> None:
            for message in news:
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
        """Station seconds until the next meter sample of a charging connector."""
        if self._pace is None:
            return float(self.device.integer("MeterValueSampleInterval") or 60)
        return self._pace.seconds_to_next(self._said + len(self.outbox)) * self.clock.speed

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
            return Refusal(malformed(self.config.version), f"{type(fault).__name__}: {fault}"[:255])

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
        self.connection.hung_up()

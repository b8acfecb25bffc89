"""One connector and its days: cars come, plug in, are authorized, charge, pause, stop and leave."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

from simulator.chance import stream
from simulator.facts import ChargingState, Status, StopCause, Token
from simulator.journal import TrueSession
from simulator.meter import Meter
from simulator.vehicle import arriving
from simulator.visit import Instruction, Reservation, Start, Stop, Visit

if TYPE_CHECKING:
    from simulator.station import Station
    from simulator.story import Story

_FAULTS = ("ConnectorLockFailure", "GroundFailure", "HighTemperature", "PowerMeterFailure", "ReaderFailure")
_LOCAL_ENDINGS = (StopCause.LOCAL,) * 7 + (StopCause.UNPLUGGED,) * 3 + (StopCause.EMERGENCY,)


class Connector:
    """Knows its status, its meter and who is there. `number` is the connector of 1.6 and the EVSE of 2.x."""

    def __init__(self, station: Station, number: int) -> None:
        self.station = station
        self.number = number
        self.status = Status.AVAILABLE
        self.operative = True
        self.fault: str | None = None
        """The error code of 1.6 while something is broken."""
        self.reservation: Reservation | None = None
        self.visit: Visit | None = None
        self.story: Story | None = None
        self.state = ChargingState.IDLE
        self.told_status: str | None = None
        self._truth: TrueSession | None = None
        config = station.config
        self._chance = stream(config.seed, "connector", number)
        self.meter = Meter(stream(config.seed, "meter", number), phases=config.phases)
        self._flowed_at = 0.0
        self._agreed_w = 0.0
        self.concluded = asyncio.Event()
        """Set while no transaction is open here."""
        self.concluded.set()
        self._instructions: deque[Instruction] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._leaving = False

    @property
    def transaction_is_open(self) -> bool:
        return self.story is not None and self.story.is_open

    def takes(self, token: Token) -> bool:
        """Whether a driver with this token would be let in: nobody charges, and nobody else has reserved."""
        if self.visit is not None:
            return self.visit.remote is None and self.status is Status.PREPARING
        return self._welcomes(token)

    def instruct(self, instruction: Instruction) -> None:
        """Interrupts what the connector waits for."""
        self._instructions.append(instruction)
        self._wake()

    def leave(self) -> None:
        """Ends the day: the open transaction is ended properly, and no other car comes."""
        self._leaving = True
        self._wake()

    def settle(self) -> None:
        """Takes the status of a connector without a car: broken, out of service, reserved or free."""
        if self.visit is not None:
            return
        if self.fault is not None:
            self._become(Status.FAULTED)
        elif not self.operative:
            self._become(Status.UNAVAILABLE)
        else:
            self._become(Status.RESERVED if self.reservation else Status.AVAILABLE)

    async def live(self) -> None:
        """Hosts one car after the other until the run ends."""
        habits = self.station.habits
        await self.station.admitted.wait()
        self._flowed_at = self.station.clock.station_seconds()
        seconds = self._chance.uniform(*habits.first_arrival_seconds)
        while (visit := await self._next_visit(seconds)) is not None:
            self.visit = visit
            self.concluded.clear()
            self.story = self.station.dialect.story(self, visit)
            cause = await self._begin(visit, self.story) or await self._charge(visit, self.story)
            await self._end(visit, self.story, cause)
            if self._chance.random() < habits.fault_share and not self._leaving:
                await self._break_down()
            seconds = self._chance.uniform(*habits.idle_seconds)

    # -- waiting

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def _pause(self, station_seconds: float) -> Instruction | None:
        """Waits, or returns the instruction that cut the wait short. Once leaving, nothing waits."""
        if not self._instructions and not self._leaving:
            self._waiter = asyncio.get_running_loop().create_future()
            wall_seconds = self.station.clock.to_wall(max(0.0, station_seconds))
            timer = asyncio.get_running_loop().call_later(wall_seconds, self._wake)
            try:
                await self._waiter
            finally:
                timer.cancel()
                self._waiter = None
        return self._instructions.popleft() if self._instructions else None

    async def _next_visit(self, seconds: float) -> Visit | None:
        """The next car: one whose driver came by, or one that was sent for. None when the run ends."""
        while not self._leaving:
            match await self._pause(seconds):
                case Start() as start if self.operative:
                    return self._arrival(start.token, start)
                case None if not self._leaving:
                    token = self._chance.choice(self.station.tokens)
                    if self.reservation is not None and self._chance.random() < 0.7:
                        token = self.reservation.token
                    if self._welcomes(token):
                        return self._arrival(token, None)
                    seconds = self._chance.uniform(*self.station.habits.idle_seconds)
        return None

    def _welcomes(self, token: Token) -> bool:
        works = self.operative and self.fault is None
        return works and (self.reservation is None or self.reservation.token.value == token.value)

    def _arrival(self, token: Token, remote: Start | None) -> Visit:
        vehicle = arriving(self._chance, direct_current=not self.station.config.phases)
        reservation, self.reservation = self.reservation, None
        return Visit(vehicle, token, remote, reservation.id if reservation else None)

    # -- a visit

    async def _begin(self, visit: Visit, story: Story) -> StopCause | None:
        """Plugging in and authorizing, in either order. Returns why it came to nothing, or None."""
        card_first = visit.remote is not None or self._chance.random() < 0.25
        steps = (self._authorize, self._plug_in) if card_first else (self._plug_in, self._authorize)
        for step in steps:
            match await self._pause(self._chance.uniform(*self.station.habits.handling_seconds)):
                case Stop(cause):
                    return cause
                case Start() as start:
                    visit.token, visit.remote = start.token, start
            if self._leaving:
                return StopCause.LOCAL
            failure = await step(visit, story)
            self._note_start(visit, story)
            if failure is not None:
                return failure
        return None

    async def _plug_in(self, visit: Visit, story: Story) -> StopCause | None:
        visit.plugged = True
        self.state = ChargingState.EV_CONNECTED
        self._become(Status.PREPARING)
        story.plugged_in()
        return None

    async def _authorize(self, visit: Visit, story: Story) -> StopCause | None:
        asks = visit.remote is None or self.station.device.flag("AuthorizeRemoteTxRequests")
        if asks and not await self.station.is_authorized(visit.token):
            return StopCause.DEAUTHORIZED
        self._become(Status.PREPARING)
        story.authorized()
        return None

    async def _charge(self, visit: Visit, story: Story) -> StopCause:
        """Lets energy flow, with a meter sample at each interval, until something ends it."""
        clock, station = self.station.clock, self.station
        self._flowed_at = clock.station_seconds()
        leaves_at = self._flowed_at + self._chance.uniform(*station.habits.parking_seconds)
        self._follow(visit, story)
        while not self._leaving:
            # Decided before the wait: a timer may fire a hair early, and the clock would still say "not yet".
            to_sample, to_leaving = station.seconds_to_sample(), leaves_at - clock.station_seconds()
            instruction = await self._pause(min(to_sample, to_leaving))
            self._flow(visit)
            match instruction:
                case Stop(cause):
                    return cause
                case None if to_leaving <= to_sample and not self._leaving:
                    return self._chance.choice(_LOCAL_ENDINGS)
                case None if not self._leaving:
                    story.metered("Sample.Periodic")
                    if not visit.vehicle.is_full:
                        visit.vehicle.resting = self._chance.random() < (
                            0.5 if visit.vehicle.resting else 0.02
                        )
            self._follow(visit, story)
        return StopCause.LOCAL

    async def _end(self, visit: Visit, story: Story, cause: StopCause) -> None:
        self.state = ChargingState.IDLE if cause is StopCause.UNPLUGGED else ChargingState.EV_CONNECTED
        self._note_end()
        story.ended(cause)
        self.concluded.set()
        self.station.charging_profiles.end_transaction(self.number)
        if visit.plugged and cause is not StopCause.UNPLUGGED:
            self._become(Status.FINISHING)
            await self._pause(self._chance.uniform(*self.station.habits.handling_seconds))
        self.state = ChargingState.IDLE
        self._agreed_w = 0.0
        self.meter.rest()
        self._instructions.clear()
        self.visit = None
        self.settle()

    async def _break_down(self) -> None:
        """Something breaks when the car has left, and is repaired after a while."""
        self.fault = self._chance.choice(_FAULTS)
        self.settle()
        await self._pause(self._chance.uniform(*self.station.habits.repair_seconds))
        self.fault = None
        self.settle()

    # -- the truth

    def _note_start(self, visit: Visit, story: Story) -> None:
        """Note the true start of a session, once, for those who compare what was made of it."""
        if story.is_open and self._truth is None and self.station.sessions is not None:
            self._truth = TrueSession(
                self.station.config.id,
                self.number,
                visit.token.value,
                self.station.clock.now(),
                self.meter.exact_wh,
            )
            self.station.sessions.append(self._truth)

    def _note_end(self) -> None:
        if self._truth is not None:
            self._truth.ended, self._truth.stop_wh = self.station.clock.now(), self.meter.exact_wh
            self._truth = None

    # -- energy and status

    def meter_now(self) -> None:
        """Brings the meter up to date for a reading between two samples."""
        if self.visit is not None and self.transaction_is_open:
            self._flow(self.visit)

    def _flow(self, visit: Visit) -> None:
        """Brings the meter up to now, at the power that was agreed when the interval began."""
        now = self.station.clock.station_seconds()
        seconds, self._flowed_at = now - self._flowed_at, now
        energy_wh = min(self._agreed_w * seconds / 3600, visit.vehicle.wants_wh())
        visit.vehicle.take(energy_wh)
        self.meter.flow(energy_wh, seconds)
        self.meter.state_of_charge = None if self.meter.phases else visit.vehicle.charge
        self.station.tally.energy_wh += energy_wh

    def _power_w(self, visit: Visit) -> float:
        limit_w = self.station.charging_profiles.limit_w(self.number, self.station.clock.now())
        offered_w = (
            self.station.config.power_w if limit_w is None else min(limit_w, self.station.config.power_w)
        )
        return min(offered_w, visit.vehicle.appetite_w())

    def _follow(self, visit: Visit, story: Story) -> None:
        """Agrees on the power that car and limits lead to, and tells when that changes the state."""
        self._agreed_w = self._power_w(visit)
        if visit.vehicle.appetite_w() <= 0:
            state = ChargingState.SUSPENDED_EV
        elif self._agreed_w <= 0:
            state = ChargingState.SUSPENDED_EVSE
        else:
            state = ChargingState.CHARGING
        if state is not self.state:
            self.state = state
            story.energy_became(state)
            self._become(state.status)

    def _become(self, status: Status) -> None:
        if status is not self.status:
            self.status = status
            self.station.report(self)

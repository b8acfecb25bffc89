"""The routers' group: whoever is assigned a partition routes its commands. The thin shell around `partition`.

One subscription to the commands, the presence and the routes gives the same numbers of all three to one
member. A partition that is assigned is restored up to the ends as they are then, before it acts. One that is
taken away is kept for a while: in Kafka a rebalance takes everything from everybody, and gives most of it back.
"""

import asyncio
import time
from functools import partial
from math import inf

import structlog

from contract.topics import COMMAND_RESULTS, COMMANDS, DELIVERIES, PRESENCE, ROUTES
from eventlog.port import (
    EventLog,
    LogUnavailable,
    Partition,
    RecordRefused,
    Stored,
    Subscription,
)
from gateway.metrics import GatewayMetrics
from gateway.routing.actions import Now
from gateway.routing.errands import Errands, future, present
from gateway.routing.living import Living
from gateway.routing.partition import RoutedPartition
from service.states import LoggedState

GROUP = "ocpp-gateway-routers"
ROUTED = (COMMANDS.name, PRESENCE.name, ROUTES.name)
FETCH_RECORDS = 500
FETCH_SECONDS = 0.1
TICK_SECONDS = 0.25
TIDY_SECONDS = 1.0
PARKED_SECONDS = 60.0
RETRY_SECONDS = 1.0
LAST_WORDS_SECONDS = 2.0

_log = structlog.get_logger(__name__)


class Restoring:
    """A partition that is being read up to where its topics ended when it was assigned."""

    def __init__(self) -> None:
        self.ends: dict[Partition, int] | None = None
        self.rewind_to: int | None = None
        """The first command that came too early, and is to be read again."""


class Router:
    """This process's member of the group, and the partitions that are its own."""

    def __init__(self, log: EventLog, gateway: str, living: Living, metrics: GatewayMetrics) -> None:
        self._log = log
        self._state = LoggedState(_log, "commands cannot be routed here just now")
        self._gateway = gateway
        self._living = living
        self._metrics = metrics
        self._tally = metrics.routing
        self._subscription: Subscription | None = None
        self._active: dict[int, RoutedPartition] = {}
        self._restoring: dict[int, Restoring] = {}
        self._parked: dict[int, tuple[RoutedPartition, float]] = {}
        self._errands = Errands(log, metrics)
        self._lost: frozenset[str] = frozenset()
        self._well_since = 0.0
        self._ticked_at = self._tidied_at = -inf

    @property
    def partitions(self) -> int:
        """How many partitions are routed here."""
        return sum(partition.is_live for partition in self._active.values())

    @property
    def open_commands(self) -> int:
        """How many commands here have no result yet."""
        return sum(partition.open_commands for partition in self._active.values())

    @property
    def stations_online(self) -> int:
        """How many stations of these partitions are online, wherever."""
        return sum(partition.online for partition in self._active.values())

    async def check(self) -> None:
        """Raises RecordRefused where the topics are not co-partitioned, LogUnavailable."""
        counts = {name: await self._log.partitions(name) for name in (*ROUTED, COMMAND_RESULTS.name)}
        if len(set(counts.values())) > 1:
            told = ", ".join(f"{name} has {count}" for name, count in counts.items())
            raise RecordRefused(f"these topics must have equally many partitions: {told}")

    async def run(self) -> None:
        """Be a member until cancelled."""
        self._count = await self._until_known(COMMANDS.name)
        self._inboxes = await self._until_known(DELIVERIES.name)
        while True:
            try:
                await self._take_part()
            except LogUnavailable as trouble:
                self._state.failed(trouble)
                await asyncio.sleep(RETRY_SECONDS)

    async def _until_known(self, topic: str) -> int:
        while True:
            try:
                return await self._log.partitions(topic)
            except LogUnavailable:
                await asyncio.sleep(RETRY_SECONDS)

    async def _take_part(self) -> None:
        for partition in self._active.values():
            partition.pause()  # what it had on its way may yet come back
        self._active.clear()
        self._restoring.clear()
        self._parked.clear()
        self._subscription = subscription = await self._log.subscribe(
            ROUTED, GROUP, self._assigned, self._revoked
        )
        try:
            while True:
                fetched = await subscription.fetch(FETCH_RECORDS, FETCH_SECONDS)
                self._state.works()
                now = present()
                for stored in fetched:
                    self._take(stored, now)
                if self._restoring:
                    await self._restore(subscription)
                await self._pass_time(subscription)
                await self._errands.room()
        finally:
            await subscription.close()
            self._subscription = None

    # Partitions come and go

    async def _assigned(self, partitions: frozenset[Partition]) -> None:
        for number in sorted({partition.number for partition in partitions}):
            if number in self._active:
                continue  # on the embedded log its topics may come one by one
            kept, _ = self._parked.pop(number, (None, 0.0))
            if kept is not None and self._subscription is not None:
                for partition, offset in kept.read_to.items():
                    self._subscription.seek(partition, offset)
            else:
                kept = RoutedPartition(
                    number,
                    self._gateway,
                    partitions=self._count,
                    inboxes=self._inboxes,
                    is_lost=self._is_lost,
                    heard=self._living.heard,
                    tally=self._tally,
                )
            self._active[number] = kept
            self._restoring[number] = Restoring()

    async def _revoked(self, partitions: frozenset[Partition]) -> None:
        numbers = {partition.number for partition in partitions}
        leaving = [self._active.pop(number) for number in sorted(numbers) if number in self._active]
        for partition in leaving:
            if self._restoring.pop(partition.number, None) is None:
                self._parked[partition.number] = (partition, time.monotonic())
        live = [partition for partition in leaving if partition.is_live]
        if live and self._subscription is not None:
            await self._say_last(self._subscription, live)
        for partition in leaving:
            partition.pause()

    async def _say_last(self, subscription: Subscription, leaving: list[RoutedPartition]) -> None:
        """What is settled, and how far: so that the next router has little to read."""
        now = present()
        notes = [action for partition in leaving for action in partition.tidy(now)]
        try:
            async with asyncio.timeout(LAST_WORDS_SECONDS):
                appends = [future(self._log.append(note.record)) for note in notes]
                await asyncio.gather(*appends, return_exceptions=True)
                await subscription.commit(_positions(leaving))
        except (LogUnavailable, TimeoutError) as trouble:
            _log.debug("partitions were left without last words", why=str(trouble))

    async def _restore(self, subscription: Subscription) -> None:
        """See whether what is being restored has reached its ends, and let it act."""
        try:
            await self._find_ends(subscription)
            for number, restoring in list(self._restoring.items()):
                if restoring.ends is None or number not in self._active:
                    continue
                positions = {p: await subscription.position(p) for p in restoring.ends}
                if all(positions[p] >= end for p, end in restoring.ends.items()):
                    await self._let_act(subscription, self._active[number], restoring)
        except LogUnavailable as trouble:
            _log.debug("not restored yet", why=str(trouble))
        except ValueError:
            pass  # taken away meanwhile

    async def _find_ends(self, subscription: Subscription) -> None:
        new = {number: each for number, each in self._restoring.items() if each.ends is None}
        if not new:
            return
        wanted = [Partition(topic, number) for number in new for topic in (PRESENCE.name, ROUTES.name)]
        ends = await subscription.ends(wanted)
        for number, restoring in new.items():
            restoring.ends = {p: end for p, end in ends.items() if p.number == number}

    async def _let_act(
        self, subscription: Subscription, partition: RoutedPartition, restoring: Restoring
    ) -> None:
        number = partition.number
        next_note = await subscription.position(Partition(ROUTES.name, number))
        commands = Partition(COMMANDS.name, number)
        next_command = await subscription.position(commands)
        # Asked for now: every note that has been read is about a command before this end.
        commands_end = (await subscription.ends([commands]))[commands]
        if self._restoring.get(number) is not restoring:
            return  # taken away meanwhile; if it was given again, it is restored anew
        del self._restoring[number]
        if restoring.rewind_to is not None:
            next_command = restoring.rewind_to
            subscription.seek(commands, next_command)
        self._errands.do(partition, partition.go_live(next_note, next_command, commands_end, present()))

    # Records and time

    def _take(self, stored: Stored, now: Now) -> None:
        number = stored.place.partition
        partition = self._active.get(number)
        if partition is None:
            return
        if not partition.is_live and stored.place.topic == COMMANDS.name:
            restoring = self._restoring[number]
            if restoring.rewind_to is None:
                restoring.rewind_to = stored.place.offset
            return
        self._errands.attempt(partition, partial(partition.take, stored, now))

    async def _pass_time(self, subscription: Subscription) -> None:
        now = present()
        if now.mono - self._ticked_at < TICK_SECONDS:
            return
        self._ticked_at = now.mono
        if self._log.trouble is not None:
            self._well_since = inf
        elif self._well_since == inf:
            self._well_since = now.mono
        self._judge(now)
        live = [partition for partition in self._active.values() if partition.is_live]
        for partition in live:
            self._errands.attempt(partition, partial(partition.tick, now, self._well_since))
        if self._well_since < inf:
            self._errands.insist_again(now, self._keeping)
        if now.mono - self._tidied_at >= TIDY_SECONDS:
            self._tidied_at = now.mono
            await self._tidy(subscription, live, now)

    async def _tidy(self, subscription: Subscription, live: list[RoutedPartition], now: Now) -> None:
        for partition in live:
            self._errands.attempt(partition, partial(partition.tidy, now))
            for gateway in partition.gateways:
                self._living.expect(gateway, now.mono)
        for number, (_, since) in list(self._parked.items()):
            if now.mono - since > PARKED_SECONDS:
                del self._parked[number]
        try:
            await subscription.commit(_positions(live))
        except LogUnavailable as trouble:
            _log.debug("the positions wait", why=str(trouble))

    def _judge(self, now: Now) -> None:
        """Which gateways are silent, and which are heard again."""
        for gateway in self._living.judge(now.mono):
            _log.warning("a gateway is silent: its stations are declared disconnected", gateway=gateway)
            self._metrics.gateways_lost.n += 1
        for gateway in self._lost - self._living.lost:
            for partition in self._active.values():
                if partition.is_live:
                    self._errands.do(partition, partition.gateway_found(gateway, now))
        self._lost = self._living.lost

    def _is_lost(self, gateway: str) -> bool:
        return gateway in self._living.lost

    def _keeping(self, partition: RoutedPartition) -> bool | None:
        if self._active.get(partition.number) is partition:
            return True
        kept, _ = self._parked.get(partition.number, (None, 0.0))
        return None if kept is partition else False


def _positions(partitions: list[RoutedPartition]) -> dict[Partition, int]:
    return {place: at for partition in partitions for place, at in partition.positions().items()}

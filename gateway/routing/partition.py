"""One routed partition: its records and the time in, what is to be done out. Pure.

The commands, the presence and the routes of a station have the same partition number (they are
co-partitioned), so whoever has this number has all that concerns its stations. Presence is read whole and the
routes from where the group stands; only then the commands, and only then anything is done.
"""

from collections.abc import Callable

from contract.deliveries import CloseConnection
from contract.presence import Presence
from contract.records import RecordReader, UnreadableRecord
from contract.topics import COMMANDS, ROUTES, partition_of
from eventlog.port import Partition, Place, Record, Stored
from gateway.routing import words
from gateway.routing.actions import Action, Done, Insist, Now, Propose, Published, Spent
from gateway.routing.holders import Holders
from gateway.routing.ledger import Ledger
from gateway.routing.tally import Tally

LETTER_SECONDS = 60.0
"""How long a letter to a gateway is worth sending."""
DECLARE_AT_ONCE = 500
DECLARE_AGAIN_SECONDS = 5.0
CLOSING_SECONDS = 3.0
"""A gateway that is heard so long after its connection was superseded was told to close it, and has told the end."""
SUPERSEDED_SECONDS = 60.0
"""By then its gateway was lost, or was not."""

_read_presence = RecordReader(Presence).read


class RoutedPartition:
    """Everything that a router knows of one partition number.

    `is_lost` tells of a gateway whether it is silent, `heard` when it was heard last (monotonic seconds, None where
    it never was); `partitions` is how many there are of each
    topic, `inboxes` of the deliveries.
    """

    def __init__(
        self,
        number: int,
        gateway: str,
        *,
        partitions: int,
        inboxes: int,
        is_lost: Callable[[str], bool],
        heard: Callable[[str], float | None],
        tally: Tally,
    ) -> None:
        self.number = number
        self._partitions = partitions
        self._inboxes = inboxes
        self._is_lost = is_lost
        self._heard = heard
        self._tally = tally
        self._holders = Holders()
        self._ledger = Ledger(gateway, number, inboxes, self, tally)
        self._declared: dict[str, float] = {}
        self._next: dict[str, int] = {}
        self._taken_early: set[int] = set()
        self.is_live = False

    @property
    def open_commands(self) -> int:
        """How many commands have no published result."""
        return self._ledger.open

    @property
    def online(self) -> int:
        """How many stations are online."""
        return self._holders.online

    @property
    def gateways(self) -> list[str]:
        """The gateways that hold stations of this partition."""
        return self._holders.gateways

    @property
    def read_to(self) -> dict[Partition, int]:
        """Behind the last record read of each topic: where to go on after an interruption."""
        return {Partition(topic, self.number): offset for topic, offset in self._next.items()}

    def take(self, stored: Stored, now: Now) -> list[Action]:
        """The next record of one of the three topics. Commands are taken only when live."""
        topic, offset = stored.place.topic, stored.place.offset
        if topic == ROUTES.name and offset in self._taken_early:
            self._taken_early.discard(offset)
            return []
        self._next[topic] = offset + 1
        if topic == COMMANDS.name:
            return self._take_command(stored, now)
        if topic == ROUTES.name:
            return self._ledger.read_note(stored, now)
        return self._take_presence(stored, now)

    def written(self, record: Record, place: Place, now: Now) -> list[Action]:
        """A note that was proposed here stands there. When all before it is known, nobody need wait to read it back.

        It saves a command one of its three waits for the log.
        """
        if not self.is_live or place.topic != ROUTES.name or place.offset != self._next.get(place.topic):
            return []
        try:
            return self.take(Stored(record, place, now.wall_ms), now)
        finally:
            self._taken_early.add(place.offset)

    def go_live(self, next_note: int, next_command: int, commands_end: int, now: Now) -> list[Action]:
        """All that came before is read: from now on act. See `Ledger.go_live`."""
        self.is_live = True
        self._next[ROUTES.name] = next_note
        self._next[COMMANDS.name] = next_command
        return [*self._letters(now), *self._ledger.go_live(next_note, next_command, commands_end, now)]

    def pause(self) -> None:
        """The partition was taken away. If it comes back, it is read on from `read_to` to its ends, and is live."""
        self.is_live = False
        self._taken_early.clear()
        self._ledger.pause()

    def tick(self, now: Now, well_since: float) -> list[Action]:
        """A little time has passed. `well_since`: since when the log has been well, infinite while it is not."""
        return self._ledger.tick(now, well_since) if self.is_live else []

    def tidy(self, now: Now) -> list[Action]:
        """About a second has passed."""
        if not self.is_live:
            return []
        return [*self._declare_lost(now), *self._end_superseded(now), *self._ledger.tidy(now)]

    def gateway_found(self, gateway: str, now: Now) -> list[Action]:
        """A gateway that was lost is heard again."""
        self._holders.found(gateway)
        return self._letters(now)

    def done(self, what: Done, now: Now) -> None:
        """The log has taken what was insisted on."""
        if isinstance(what, Published):
            self._ledger.published(what.command, now)
        else:
            self._ledger.spent(what.offset)

    def positions(self) -> dict[Partition, int]:
        """How far the group may commit. Not the presence: it is read whole each time."""
        return self._ledger.positions()

    def holding(self, station: str) -> tuple[str, str] | None:
        """The living gateway and the connection that hold the station."""
        held = self._holders.get(station)
        if held is None or self._is_lost(held.gateway):
            return None
        return held.gateway, held.connection

    def drop(self, station: str, connection: str) -> None:
        """This connection is no more, says its gateway."""
        self._holders.drop(station, connection)

    def _take_command(self, stored: Stored, now: Now) -> list[Action]:
        station = stored.record.key
        # A station whose presence is here is ours: that is told without a hash of its name.
        is_here = not station or self._holders.get(station) is not None
        number = self.number if is_here else partition_of(station, self._partitions)
        if number == self.number:
            return self._ledger.read_command(stored, now)
        # Its writer has another partitioner (librdkafka's default is CRC32): the station is routed elsewhere.
        if not self._ledger.begin(stored.place.offset):
            return []
        self._tally.moved.n += 1
        return [Insist(words.moved(stored, number), Spent(stored.place.offset))]

    def _take_presence(self, stored: Stored, now: Now) -> list[Action]:
        station, value = stored.record.key, stored.record.value
        try:
            said = None if value is None else _read_presence(value)
        except UnreadableRecord:
            self._holders.hide(station)
        else:
            self._holders.hear(station, said)
        if not self.is_live:
            return []
        return [*self._letters(now), *self._ledger.station_changed(station, now)]

    def _letters(self, now: Now) -> list[Action]:
        actions: list[Action] = []
        for gateway, letter in self._holders.letters():
            if isinstance(letter, CloseConnection):
                self._tally.closes.n += 1
            else:
                self._tally.repairs.n += 1
            record = words.delivery(gateway, letter, self._inboxes)
            actions.append(Insist(record, until=now.mono + LETTER_SECONDS))
        return actions

    def _declare_lost(self, now: Now) -> list[Action]:
        """Declare the stations of silent gateways disconnected, some at a time, until their presence says so."""
        actions: list[Action] = []
        lost = [gateway for gateway in self._holders.gateways if self._is_lost(gateway)]
        if not lost:
            self._declared.clear()
        for gateway in lost:
            for station, held in self._holders.of(gateway):
                if len(actions) >= 2 * DECLARE_AT_ONCE:
                    return actions
                if now.mono < self._declared.get(held.connection, 0.0):
                    continue
                self._tally.declared.n += held.connection not in self._declared
                self._declared[held.connection] = now.mono + DECLARE_AGAIN_SECONDS
                presence, event = words.declared_lost(station, held, now.wall_ms, self.number)
                actions += [Insist(event), Propose(presence)]
        return actions

    def _end_superseded(self, now: Now) -> list[Action]:
        """Declare the end of connections whose station came back elsewhere, and whose gateway can say it no more."""
        actions: list[Action] = []
        for station, held, at_ms in self._holders.superseded():
            age_seconds = (now.wall_ms - at_ms) / 1000
            heard = self._heard(held.gateway)
            lived_on = heard is not None and heard > now.mono - age_seconds + CLOSING_SECONDS
            if not lived_on and self._is_lost(held.gateway):
                self._tally.declared.n += 1
                _, event = words.declared_lost(station, held, at_ms, self.number)
                actions.append(Insist(event))
            elif not lived_on and age_seconds < SUPERSEDED_SECONDS:
                continue
            self._holders.settle(held.connection)
        return actions

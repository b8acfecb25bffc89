"""The open commands of one partition, and how each gets its one result. Pure.

A command's state is what its notes in `ocpp.routes.v1` say, in the log's order, and nothing else. What is
to happen next is proposed as a note, and done when that note is read back and counts. So routers that
overlap, repeat themselves or die half-way do no harm: the first of two notes wins, for all of them.

    open --Assigned--> assigned --Returned--> open ...
    either --a result--> ended --published--> settled

A proposal that does not come back is made again. Positions are committed only below what is not settled;
a command that stays open for long is carried, whole, to the end of the routes.
"""

import heapq
import sys
from collections import OrderedDict, deque

from contract.records import RecordReader, UnreadableRecord, header_text
from contract.routes import AFTER, Carried, Note, Returned, Settled, command_key
from contract.topics import COMMANDS, ROUTES
from eventlog.dead_letters import dead_letter
from eventlog.port import LATEST_MS, Partition, Record, Stored
from gateway.routing import requests, words
from gateway.routing.actions import Action, Insist, Now, Propose, Spent
from gateway.routing.command import Asked, Command, Ending, asked
from gateway.routing.offsets import Offsets
from gateway.routing.steps import RETRY_SECONDS, Stations, Steps
from gateway.routing.tally import Tally

PATIENCE_SECONDS = 2.0
"""How long a command that was returned looks for the station's next connection."""
CARRY_AFTER_SECONDS = 20.0
CARRY_AGAIN_SECONDS = 240.0
REMEMBER_SECONDS = 3_600.0
"""A command that is sent again within this time of its end is known; as long as the HTTP API looks for its result."""
REMEMBERED = 10_000
"""So many at the most, of one partition."""
NOTES_BACK = 20_000
"""So many notes are read again, at the most, by who takes the partition over; a command has three."""
OPEN_BYTES = 16 * 1024 * 1024
"""Of open commands of one partition, as they were asked for; what comes beyond is answered at once."""
UNASKED_SECONDS = 600.0
SETTLED_AT_ONCE = 2_000
AFTER_DIGITS = 18
RESULT_TYPE = b"ocpp.command.completed"

_notes: RecordReader[Note] = RecordReader(Note)  # type: ignore[arg-type]


class Ledger:
    """Every open command of one partition, by its key."""

    def __init__(self, gateway: str, number: int, inboxes: int, stations: Stations, tally: Tally) -> None:
        self._number = number
        self._tally = tally
        self._stations = stations
        self._steps = Steps(gateway, number, inboxes, stations)
        self._open: dict[str, Command] = {}
        self._of_station: dict[str, dict[str, Command]] = {}
        self._ended: OrderedDict[str, float] = OrderedDict()
        self._checks: list[tuple[float, str]] = []
        self._commands = Offsets()
        self._open_bytes = 0
        self._first_note = sys.maxsize
        self._next_note = 0
        self._past: deque[tuple[float, int]] = deque()
        self._noted: deque[tuple[int, int]] = deque()
        self._settled: list[str] = []
        self._spent: list[int] = []
        self._spent_before: set[int] = set()
        self._is_live = False
        self._well_since = 0.0
        self._restored_notes: tuple[int, int] | None = None
        self._restored_commands = 0

    @property
    def open(self) -> int:
        """How many commands have no published result."""
        return sum(command.asked is not None for command in self._open.values())

    # What is read

    def read_command(self, stored: Stored, now: Now) -> list[Action]:
        """The next record of the commands. Only when live: what the notes say must be known before."""
        offset, station = stored.place.offset, stored.record.key
        if not self.begin(offset):
            return []
        said = asked(offset, station, stored.record.value, requests.asked_ms(stored), now)
        if isinstance(said, requests.Unreadable):
            self._tally.unreadable.n += 1
            return [Insist(dead_letter(stored, said.why), Spent(offset))]
        key = command_key(station, said.id)
        command = self._open.get(key)
        if key in self._ended or (command is not None and command.asked is not None):
            # It is asked for twice, or carried and read once more.
            self.spent(offset)
            return []
        if command is None:
            command = self._open[key] = Command(key, self._next_note, now)
        if self._open_bytes + len(said.value) > OPEN_BYTES:
            said = said._replace(is_too_much=True)
        self._noted.append((offset, command.noted_at))
        self._begin(command, said, now)
        if command.is_settled:
            self._end(command, now)
            return []
        actions = self._check(command, now)
        if said.fault is not None:
            self._tally.invalid.n += 1
            actions.append(Insist(dead_letter(stored, said.fault)))
        return actions

    def begin(self, offset: int) -> bool:
        """A record of the commands is read; it is held until it is `spent`. False where it was spent before."""
        if offset in self._spent_before:
            self._spent_before.discard(offset)
            self._commands.skip(offset)
            return False
        self._commands.add(offset)
        return True

    def read_note(self, stored: Stored, now: Now) -> list[Action]:
        """The next record of the routes."""
        offset = stored.place.offset
        self._mark(offset, now)
        headers = dict(stored.record.headers)
        if headers.get("ce_type") == RESULT_TYPE:
            return self._read_result(headers, stored.record, offset, now)
        try:
            note = _notes.read(stored.record.value)
        except UnreadableRecord:
            return []  # none of ours: it says nothing of any command
        if isinstance(note, Settled):
            self._read_settled(note, now)
            return []
        if isinstance(note, Returned):
            self._stations.drop(stored.record.key, note.connection)
        command = self._known(note.command, offset, now)
        if command is None:
            return []
        if isinstance(note, Carried):
            self._read_carried(command, note, stored.record.key, now)
        else:
            command.hear(offset, note, now.mono + PATIENCE_SECONDS)
        return self._check(command, now)

    def _read_result(self, headers: dict[str, bytes], record: Record, offset: int, now: Now) -> list[Action]:
        after = headers.get(AFTER)
        if after is not None and not (after.isdigit() and len(after) <= AFTER_DIGITS):
            return []  # no router wrote it
        command = self._known(header_text(record.headers, "ce_id") or "", offset, now)
        if command is None:
            return []
        command.hear(offset, Ending(record, None if after is None else int(after)), 0.0)
        return self._check(command, now)

    def _read_carried(self, command: Command, note: Carried, station: str, now: Now) -> None:
        if command.asked is None:
            if note.read_to < self._first_note:
                return  # who knows what stood between: whoever relies on this has us begin before it
            asked_ms = min(max(int(note.asked_at.timestamp() * 1000), 0), LATEST_MS)
            said = asked(note.offset, station, note.request.encode(), asked_ms, now)
            if isinstance(said, requests.Unreadable):
                return  # not written by a router
            self._begin(command, said, now, note)
        elif note.after != command.after or command.result is not None:
            return  # it was overtaken
        command.carried_at = note.read_to
        command.carry_due = now.mono + CARRY_AGAIN_SECONDS
        self._commands.free(note.offset)

    def _read_settled(self, note: Settled, now: Now) -> None:
        for key in note.commands:
            command = self._open.get(key)
            if command is None:
                continue
            if self._is_live and command.asked is None:
                command.is_settled = (
                    True  # by another router, which is ahead of us: its record is still to come
                )
            else:
                self._end(command, now)
        for offset in note.offsets:
            if offset >= self._commands.next:
                self._spent_before.add(offset)
            self._commands.free(offset)

    def _mark(self, offset: int, now: Now) -> None:
        if not self._is_live and self._restored_notes is None:
            self._restored_notes = (offset, offset)
        if not self._past:
            self._past.append((now.mono, offset))
        self._first_note = min(self._first_note, offset)
        self._next_note = offset + 1

    def _known(self, key: str, offset: int, now: Now) -> Command | None:
        """The command that a note is about; None when it has ended."""
        if key in self._ended:
            return None
        command = self._open.get(key)
        if command is None:
            command = self._open[key] = Command(key, offset, now)
        return command

    def _begin(self, command: Command, said: Asked, now: Now, base: Carried | None = None) -> None:
        command.begin(said, base)
        command.carry_due = now.mono + CARRY_AFTER_SECONDS
        self._of_station.setdefault(said.station, {})[command.key] = command
        self._open_bytes += len(said.value)

    # What is to happen

    def go_live(self, next_note: int, next_command: int, commands_end: int, now: Now) -> list[Action]:
        """The notes are read, up to `next_note`: from now on act.

        Of the commands, those from `next_command` up to `commands_end` may have been read by others before.
        """
        self._is_live = True
        self._next_note = next_note
        self._commands.begin(next_command)
        self._restored_commands = commands_end
        if self._restored_notes is not None:
            self._restored_notes = (self._restored_notes[0], self._next_note)
        return [action for command in list(self._open.values()) for action in self._check(command, now)]

    def pause(self) -> None:
        """The partition is another's for now: read on later, act when live again."""
        self._is_live = False

    def station_changed(self, station: str, now: Now) -> list[Action]:
        """Who holds the station has changed."""
        waiting = self._of_station.get(station)
        if not waiting or not self._is_live:
            return []
        return [action for command in list(waiting.values()) for action in self._check(command, now)]

    def tick(self, now: Now, well_since: float) -> list[Action]:
        """Time has passed. `well_since`: since when the log has been well (infinite while it is not)."""
        self._well_since = well_since
        actions: list[Action] = []
        while self._checks and self._checks[0][0] <= now.mono:
            command = self._open.get(heapq.heappop(self._checks)[1])
            if command is not None:
                actions += self._check(command, now)
        return actions

    def tidy(self, now: Now) -> list[Action]:
        """About once a second: carry what stays open, note what is settled, forget what is old."""
        self._forget(now)
        actions: list[Action] = []
        for command in self._open.values():
            if command.asked is not None and command.result is None and now.mono >= command.carry_due:
                command.carry_due = now.mono + RETRY_SECONDS
                if command.asked.fault is None:
                    actions.append(self._steps.carry(command, command.asked, self._next_note))
        while self._settled or self._spent:
            settled = Settled(
                commands=tuple(self._settled[:SETTLED_AT_ONCE]), offsets=tuple(self._spent[:SETTLED_AT_ONCE])
            )
            del self._settled[:SETTLED_AT_ONCE], self._spent[:SETTLED_AT_ONCE]
            actions.append(Propose(words.note("", self._number, settled)))
        return actions

    def published(self, key: str, now: Now) -> None:
        """The result of this command is in the log."""
        command = self._open.get(key)
        if command is not None:
            self._end(command, now)
            self._settled.append(key)

    def spent(self, offset: int) -> None:
        """The record at this offset needs nothing more."""
        self._commands.free(offset)
        self._spent.append(offset)

    def positions(self) -> dict[Partition, int]:
        """How far the group may commit: who begins there knows all that is open, and what has ended lately."""
        commands = self._commands.first
        while self._noted and self._noted[0][0] < commands:
            self._noted.popleft()
        notes = self._past[0][1] if self._past else self._next_note
        notes = min(notes, min((noted_at for _, noted_at in self._noted), default=notes))
        for command in self._open.values():
            notes = min(notes, command.noted_at if command.carried_at is None else command.carried_at)
        if self._restored_notes is not None and commands < self._restored_commands:
            # Of what was read before us the notes may stand in another order than the commands.
            notes = min(notes, self._restored_notes[0])
        return {Partition(COMMANDS.name, self._number): commands, Partition(ROUTES.name, self._number): notes}

    def _check(self, command: Command, now: Now) -> list[Action]:
        """Take the next step of a command, if it is time for one."""
        if not self._is_live or command.asked is None:
            return []
        step = self._steps.next(command, command.asked, now, self._well_since)
        if step.look_at is not None:
            heapq.heappush(self._checks, (step.look_at, command.key))
        return step.actions

    # What is over

    def _end(self, command: Command, now: Now) -> None:
        del self._open[command.key]
        self._ended[command.key] = now.mono
        if command.asked is not None:
            self._open_bytes -= len(command.asked.value)
            waiting = self._of_station[command.asked.station]
            del waiting[command.key]
            if not waiting:
                del self._of_station[command.asked.station]
            self._commands.free(command.asked.offset)

    def _forget(self, now: Now) -> None:
        ended = self._ended
        while ended and (len(ended) > REMEMBERED or now.mono - next(iter(ended.values())) > REMEMBER_SECONDS):
            ended.popitem(last=False)
        self._past.append((now.mono, self._next_note))
        while self._past and (
            now.mono - self._past[0][0] > REMEMBER_SECONDS or self._next_note - self._past[0][1] > NOTES_BACK
        ):
            self._past.popleft()
        if self._commands.next >= self._restored_commands:
            self._spent_before.clear()
            restored = self._restored_notes[1] if self._restored_notes is not None else 0
            for command in list(self._open.values()):
                # Its record stands before all that was not settled, or it is a note that came far too late.
                is_old = command.noted_at < restored or now.mono - command.known_since > UNASKED_SECONDS
                if command.asked is None and is_old:
                    self._end(command, now)
            if self._restored_notes is not None and self._commands.first >= self._restored_commands:
                self._restored_notes = None

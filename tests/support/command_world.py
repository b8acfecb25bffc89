"""A small world for the routing core: a log in lists, routers that overlap and die, gateways, stations.

Nothing here waits and nothing has a clock of its own: a test says what happens next, one step at a time, so
that hypothesis can choose any interleaving. There is one partition of each topic.
"""

from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec

from contract.deliveries import CloseConnection, Delivery, RestatePresence, RunCommand
from contract.presence import Presence
from contract.results import CommandCompleted
from contract.routes import Returned, command_key
from contract.topics import COMMAND_RESULTS, COMMANDS, DELIVERIES, PRESENCE, ROUTES
from eventlog.port import Place, Record, Stored
from gateway.routing.actions import Action, Insist, Now, Propose
from gateway.routing.partition import RoutedPartition
from gateway.routing.tally import Tally

READ = (PRESENCE.name, ROUTES.name, COMMANDS.name)
START_MS = 1_800_000_000_000

_delivery = msgspec.json.Decoder(Delivery)


class Log:
    """Topics of one partition each, and one group's positions."""

    def __init__(self) -> None:
        self.topics: dict[str, list[Stored]] = {}
        self.committed: dict[str, int] = {}

    def append(self, record: Record, wall_ms: int) -> Place:
        stored = self.topics.setdefault(record.topic, [])
        place = Place(record.topic, 0, len(stored))
        stored.append(Stored(record, place, wall_ms))
        return place

    def end(self, topic: str) -> int:
        return len(self.topics.get(topic, ()))

    def read(self, topic: str, offset: int) -> Stored | None:
        stored = self.topics.get(topic, [])
        return stored[offset] if offset < len(stored) else None


class Router:
    """A router of the one partition, as the shell would run it; several may believe that it is theirs."""

    def __init__(self, world: "World", name: str) -> None:
        self._world = world
        self.partition = RoutedPartition(
            0,
            name,
            partitions=1,
            inboxes=1,
            is_lost=lambda gateway: gateway in world.lost,
            heard=world.heard,
            tally=Tally.new(),
        )
        log = world.log
        self.positions = {
            PRESENCE.name: 0,
            **{t: log.committed.get(t, 0) for t in (ROUTES.name, COMMANDS.name)},
        }
        self._ends = {topic: log.end(topic) for topic in READ}
        self.pending: deque[Action] = deque()
        self.written: deque[tuple[Record, Place]] = deque()

    def read(self, topic: str) -> bool:
        """Read one record of a topic, as far as it may be read; whether there was one."""
        if not self.partition.is_live and topic == COMMANDS.name:
            return self._go_live()
        stored = self._world.log.read(topic, self.positions[topic])
        if stored is None:
            return self._go_live()
        self.positions[topic] += 1
        self.pending.extend(self.partition.take(stored, self._world.now))
        self._go_live()
        return True

    def append(self, *, fails: bool = False) -> bool:
        """Do the first thing that is to be done, or fail at it; whether there was any."""
        if not self.pending:
            return False
        action = self.pending.popleft()
        now = self._world.now
        if isinstance(action, Insist) and fails:
            if action.until is None or action.until > now.mono:
                self.pending.append(action)
        elif not fails:
            place = self._world.log.append(action.record, now.wall_ms)
            if isinstance(action, Propose):
                self.written.append((action.record, place))
            elif action.done is not None:
                self.partition.done(action.done, now)
        return True

    def hear(self, *, lost: bool = False) -> bool:
        """The log says where the first of what was proposed stands, or its answer is lost; whether there was any."""
        if not self.written:
            return False
        record, place = self.written.popleft()
        if not lost:
            self.pending.extend(self.partition.written(record, place, self._world.now))
        return True

    def tick(self) -> None:
        self.pending.extend(self.partition.tick(self._world.now, 0.0))
        self.pending.extend(self.partition.tidy(self._world.now))

    def commit(self) -> None:
        if self.partition.is_live:
            for (topic, _), offset in self.partition.positions().items():
                self._world.log.committed[topic] = offset

    def interrupt(self) -> None:
        """The partition is taken away and comes back: what was read is kept, and what was insisted on."""
        self.partition.pause()
        for (topic, _), offset in self.partition.read_to.items():
            self.positions[topic] = offset
        self.pending = deque(action for action in self.pending if isinstance(action, Insist))
        self._ends = {topic: self._world.log.end(topic) for topic in READ}

    def _go_live(self) -> bool:
        notes, presence = self.positions[ROUTES.name], self.positions[PRESENCE.name]
        if self.partition.is_live or notes < self._ends[ROUTES.name] or presence < self._ends[PRESENCE.name]:
            return False
        self.pending.extend(
            self.partition.go_live(
                notes,
                self.positions[COMMANDS.name],
                self._world.log.end(COMMANDS.name),
                self._world.now,
            )
        )
        return True


@dataclass
class Pod:
    """A gateway's own side: its sessions, its inbox, the commands in its hands. It keeps what `orders` promises."""

    name: str
    inbox: int
    sessions: dict[str, str] = field(default_factory=dict)
    known: dict[str, Record | None] = field(default_factory=dict)
    queue: list[RunCommand] = field(default_factory=list)
    sent: list[RunCommand] = field(default_factory=list)


class World:
    def __init__(self) -> None:
        self.log = Log()
        self.lost: set[str] = set()
        self.killed: dict[str, float] = {}
        self.mono = 1_000.0
        self.routers: list[Router] = []
        self.pods: dict[str, Pod] = {}
        self.executed: Counter[str] = Counter()
        self.asked: dict[str, tuple[str, str]] = {}
        self._connections = 0

    @property
    def now(self) -> Now:
        return Now(self.mono, START_MS + int(self.mono * 1000))

    # Backends

    def ask(self, station: str, id_: str, *, seconds: float = 5.0, waits: bool = False) -> str:
        request: dict[str, Any] = {
            "id": id_,
            "command": "authorization.clear_cache",
            "deadlineSeconds": seconds,
        }
        if waits:
            request["whenOffline"] = "wait"
        self.say(COMMANDS.name, station, msgspec.json.encode(request))
        key = command_key(station, id_)
        self.asked[key] = station, id_
        return key

    def say(self, topic: str, key: str, value: bytes | None) -> None:
        self.log.append(Record(topic, key, value), self.now.wall_ms)

    # Gateways and stations

    def start_pod(self, name: str) -> Pod:
        self.pods[name] = Pod(name, self.log.end(DELIVERIES.name))
        return self.pods[name]

    def connect(self, station: str, pod: str) -> str:
        """The station's socket moves here; a connection that it had elsewhere is half-open until it is closed."""
        self._connections += 1
        connection = f"c{self._connections}"
        here = self.pods[pod]
        if station in here.sessions:
            self.disconnect(station, pod, announce=False)
        here.sessions[station] = connection
        self._present(here, station, connection, online=True)
        return connection

    def disconnect(self, station: str, pod: str, *, announce: bool = True) -> None:
        here = self.pods[pod]
        connection = here.sessions.pop(station)
        for run in [run for run in here.queue if run.connection == connection]:
            here.queue.remove(run)
            self._return(here, run)
        for run in [run for run in here.sent if run.connection == connection]:
            here.sent.remove(run)
            self._report(here, run, "failed")
        if announce:
            self._present(here, station, connection, online=False)

    def kill(self, pod: str, *, is_noticed: bool = True) -> None:
        """SIGKILL: nothing more is said."""
        del self.pods[pod]
        self.killed[pod] = self.mono
        if is_noticed:
            self.lost.add(pod)

    def heard(self, pod: str) -> float | None:
        """When it beat last: the living do all the time."""
        return self.mono if pod in self.pods else self.killed.get(pod)

    def read_inbox(self, pod: str) -> bool:
        here = self.pods[pod]
        stored = self.log.read(DELIVERIES.name, here.inbox)
        if stored is None:
            return False
        here.inbox += 1
        if ("gateway", pod.encode()) not in stored.record.headers:
            return True
        said = _delivery.decode(stored.record.value or b"")
        connection = here.sessions.get(said.station)
        match said:
            case RunCommand():
                self._take(here, said)
            case CloseConnection():
                if connection == said.connection:
                    self.disconnect(said.station, pod)
            case RestatePresence():
                if connection == said.connection:
                    self._present(here, said.station, connection, online=True, restated=True)
        return True

    def send(self, pod: str) -> bool:
        """The first waiting command goes to its station, which does what it is told."""
        here = self.pods[pod]
        if not here.queue:
            return False
        run = here.queue.pop(0)
        here.sent.append(run)
        self.executed[command_key(run.station, run.request["id"])] += 1
        return True

    def answer(self, pod: str) -> bool:
        """The station's answer comes."""
        here = self.pods[pod]
        if not here.sent:
            return False
        self._report(here, here.sent.pop(0), "accepted")
        return True

    def _take(self, here: Pod, run: RunCommand) -> None:
        key = command_key(run.station, run.request["id"])
        if key in here.known:
            known = here.known[key]
            if known is not None:
                self.log.append(known, self.now.wall_ms)
        elif here.sessions.get(run.station) != run.connection:
            self._return(here, run)
        else:
            here.known[key] = None
            here.queue.append(run)

    def _return(self, here: Pod, run: RunCommand) -> None:
        key = command_key(run.station, run.request["id"])
        here.known.pop(key, None)
        returned = Returned(command=key, connection=run.connection)
        self.log.append(Record(ROUTES.name, run.station, msgspec.json.encode(returned)), self.now.wall_ms)

    def _report(self, here: Pod, run: RunCommand, status: str) -> None:
        key = command_key(run.station, run.request["id"])
        value = msgspec.json.encode({"status": status, "by": here.name, "at": self.now.wall_ms})
        headers = [("ce_type", b"ocpp.command.completed"), ("ce_id", key.encode())]
        record = here.known[key] = Record(ROUTES.name, run.station, value, headers)
        self.log.append(record, self.now.wall_ms)

    def _present(
        self, here: Pod, station: str, connection: str, *, online: bool, restated: bool = False
    ) -> None:
        said = Presence(
            online=online,
            gateway=here.name,
            connection=connection,
            version="2.1",
            since=datetime.fromtimestamp(self.now.wall_ms / 1000, UTC),
            restated=restated,
        )
        self.say(PRESENCE.name, station, msgspec.json.encode(said))

    # Time and the end of it

    def start_router(self, name: str = "r") -> Router:
        self.routers.append(Router(self, name))
        return self.routers[-1]

    def settle(self, seconds: float = 20.0) -> None:
        """Everybody does what there is to do, until nobody has anything left, for so long."""
        until = self.mono + seconds
        while self.mono < until:
            self.mono += 0.5
            for router in self.routers:
                router.tick()
            while self._work():
                pass
            for router in self.routers:
                router.commit()

    def route(self) -> bool:
        """Routers and gateways do what there is to do now, and send nothing; whether there was anything."""
        worked, at_work = False, True
        while at_work:
            at_work = False
            for router in self.routers:
                for topic in READ:
                    at_work |= router.read(topic)
                at_work |= router.append()
                at_work |= router.hear()
            for pod in list(self.pods):
                at_work |= self.read_inbox(pod)
            worked |= at_work
        return worked

    def _work(self) -> bool:
        worked = self.route()
        for pod in list(self.pods):
            worked |= self.send(pod) | self.answer(pod)
        return worked

    # What became of it

    def results(self) -> dict[str, list[tuple[bytes | None, tuple[tuple[str, bytes], ...]]]]:
        """Every published result of each command."""
        found: dict[str, list[tuple[bytes | None, tuple[tuple[str, bytes], ...]]]] = {}
        for stored in self.log.topics.get(COMMAND_RESULTS.name, []):
            key = dict(stored.record.headers)["ce_id"].decode()
            found.setdefault(key, []).append((stored.record.value, tuple(stored.record.headers)))
        return found

    def status(self, key: str) -> str:
        """The status of a command's one result."""
        [(value, _), *rest] = self.results()[key]
        assert not [other for other, _ in rest if other != value]
        status: str = msgspec.json.decode(value or b"")["status"]
        return status

    def result(self, key: str) -> CommandCompleted:
        """The one result, where the router has given it."""
        [(value, _)] = self.results()[key]
        return msgspec.json.decode(value or b"", type=CommandCompleted)

"""The ways of a command, one by one: from its record to its result, through every turn it can take."""

import msgspec
import pytest

from contract.events import StationDisconnected
from contract.presence import GATEWAY_LOST
from contract.routes import Settled, command_key
from contract.topics import COMMANDS, DEAD_LETTERS, DELIVERIES, PRESENCE, ROUTES, STATIONS, partition_of
from eventlog.port import Partition, Place, Record, Stored
from gateway.routing import ledger
from gateway.routing.actions import Insist, Now
from gateway.routing.partition import RoutedPartition
from gateway.routing.tally import Tally
from tests.support.command_world import READ, World


@pytest.fixture
def world() -> World:
    made = World()
    made.start_pod("A")
    made.start_pod("B")
    made.start_router()
    return made


def test_a_connected_station_is_asked(world: World) -> None:
    world.connect("S", "A")
    key = world.ask("S", "1")
    world.settle(1)
    assert world.status(key) == "accepted"
    assert world.executed == {key: 1}


def test_a_station_that_is_not_connected_is_offline_at_once(world: World) -> None:
    key = world.ask("S", "1")
    world.settle(1)
    result = world.result(key)
    assert (result.status, result.command_id, result.request["id"]) == ("offline", "1", "1")
    assert world.mono < 1_002


def test_a_command_that_waits_is_delivered_when_the_station_comes(world: World) -> None:
    keys = [world.ask("S", str(n), waits=True, seconds=60) for n in range(3)]
    world.settle(10)
    assert not world.results()
    world.connect("S", "B")
    world.settle(1)
    assert [world.status(key) for key in keys] == ["accepted"] * 3
    runs = [stored.record.value or b"" for stored in world.log.topics[DELIVERIES.name]]
    assert [msgspec.json.decode(run)["request"]["id"] for run in runs] == ["0", "1", "2"]


def test_a_command_that_waits_in_vain_is_offline_at_its_deadline(world: World) -> None:
    key = world.ask("S", "1", waits=True, seconds=5)
    world.settle(4.5)
    assert not world.results()
    world.settle(1.5)
    assert world.status(key) == "offline"


def test_a_command_that_is_too_old_is_expired(world: World) -> None:
    world.connect("S", "A")
    key = world.ask("S", "1", seconds=5)
    world.mono += 6
    world.settle(1)
    assert world.status(key) == "expired"
    assert not world.executed


def test_a_command_from_the_future_has_no_longer_than_its_deadline(world: World) -> None:
    """The sender's clock may be an hour ahead."""
    value = msgspec.json.encode({"id": "1", "deadlineSeconds": 5, "whenOffline": "wait"})
    world.log.append(Record(COMMANDS.name, "S", value), world.now.wall_ms + 3_600_000)
    world.settle(6)
    assert world.status(command_key("S", "1")) == "offline"


def test_a_note_is_taken_when_it_is_written_where_nothing_stands_between(world: World) -> None:
    world.connect("S", "A")
    world.ask("S", "1")
    router = world.routers[0]
    for topic in READ:
        while router.read(topic):
            pass
    router.append()  # the assignment
    router.hear()
    assert any(action.record.topic == DELIVERIES.name for action in router.pending), (
        "it waits to read it back"
    )
    waiting = len(router.pending)
    assert router.read(ROUTES.name)
    assert len(router.pending) == waiting, "it was taken twice"


def test_a_note_is_read_where_another_stands_between(world: World) -> None:
    world.connect("S", "A")
    key = world.ask("S", "1")
    router = world.routers[0]
    for topic in READ:
        while router.read(topic):
            pass
    rival = Settled(commands=("another",))
    world.say(ROUTES.name, "S", msgspec.json.encode(rival))
    router.append()
    router.hear()
    assert not router.pending
    world.settle(1)
    assert world.status(key) == "accepted"


def test_nobody_says_what_became_of_it(world: World) -> None:
    world.connect("S", "A")
    key = world.ask("S", "1", seconds=5)
    router = world.routers[0]
    world.route()
    world.send("A")  # and no answer
    world.mono += 8.4
    router.tick()
    world.route()
    assert not world.results()
    world.mono += 0.2
    router.tick()
    world.route()
    assert world.status(key) == "timed_out"
    world.answer("A")
    world.settle(5)
    assert world.status(key) == "timed_out", "what comes late changes nothing"


def test_what_is_too_much_is_answered_at_once_and_makes_room_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = world.ask("S", "0", waits=True, seconds=60)
    size = len(world.log.topics[COMMANDS.name][0].record.value or b"")
    monkeypatch.setattr(ledger, "OPEN_BYTES", 3 * size)
    keys = [first, *(world.ask("S", str(n), waits=True, seconds=60) for n in range(1, 5))]
    world.settle(1)
    assert set(world.results()) == set(keys[3:])
    assert world.result(keys[3]).status == "failed"
    world.connect("S", "A")
    world.settle(1)
    assert [world.status(key) for key in keys[:3]] == ["accepted"] * 3
    again = world.ask("S", "again", waits=True, seconds=60)
    world.settle(1)
    assert world.status(again) == "accepted"


def test_while_the_log_is_not_well_nobody_is_judged(world: World) -> None:
    world.connect("S", "A")
    world.ask("S", "1", seconds=5)
    world.route()
    partition = world.routers[0].partition
    world.mono += 60
    assert partition.tick(world.now, float("inf")) == []
    well_since = world.mono
    world.mono += 3
    assert partition.tick(world.now, well_since) == []
    world.mono += 1
    [proposed] = partition.tick(world.now, well_since)
    assert b"timed_out" in (proposed.record.value or b"")


def test_the_same_command_again_is_the_same_command(world: World) -> None:
    world.connect("S", "A")
    key = world.ask("S", "1")
    world.ask("S", "1")
    world.settle(2)
    world.ask("S", "1")
    world.settle(2)
    assert len(world.results()[key]) == 1
    assert world.executed == {key: 1}


def test_the_same_id_for_another_station_is_another_command(world: World) -> None:
    world.connect("S", "A")
    world.connect("T", "B")
    keys = {world.ask("S", "1"), world.ask("T", "1")}
    world.settle(1)
    assert world.executed == dict.fromkeys(keys, 1)


def test_what_was_not_sent_goes_to_the_next_connection(world: World) -> None:
    world.connect("S", "A")
    key = world.ask("S", "1", seconds=30)
    world.route()
    world.disconnect("S", "A")  # before anything was sent
    world.route()
    assert not world.results()
    world.mono += 1
    world.connect("S", "B")
    world.settle(1)
    assert world.status(key) == "accepted"
    assert world.executed == {key: 1}


def test_what_was_not_sent_is_offline_when_the_station_does_not_come_back(world: World) -> None:
    world.connect("S", "A")
    key = world.ask("S", "1", seconds=30)
    world.route()
    world.disconnect("S", "A")
    world.settle(4)
    assert world.status(key) == "offline"


def test_what_was_sent_is_never_sent_again(world: World) -> None:
    world.connect("S", "A")
    key = world.ask("S", "1", seconds=5)
    world.route()
    world.send("A")
    world.kill("A")
    world.lost.clear()  # nobody has noticed yet
    world.connect("S", "B")
    world.routers.clear()
    world.start_router("next")
    world.settle(20)
    assert world.status(key) == "timed_out"
    assert world.executed == {key: 1}


def test_a_lost_gateway_is_not_asked(world: World) -> None:
    world.connect("S", "A")
    world.route()
    world.kill("A")
    key = world.ask("S", "1")
    world.settle(1)
    assert world.status(key) == "offline"


def test_the_stations_of_a_lost_gateway_are_declared_disconnected(world: World) -> None:
    connections = {station: world.connect(station, "A") for station in ("S", "T")}
    world.connect("U", "B")
    world.route()
    world.kill("A")
    world.settle(10)
    ends = [
        msgspec.json.decode(stored.record.value or b"", type=StationDisconnected)
        for stored in world.log.topics[STATIONS.name]
    ]
    assert {(end.station.id, end.reason) for end in ends} == {("S", GATEWAY_LOST), ("T", GATEWAY_LOST)}
    headers = [dict(stored.record.headers) for stored in world.log.topics[STATIONS.name]]
    assert {header["ce_connection"].decode() for header in headers} == set(connections.values())
    assert len({header["ce_id"] for header in headers}) == 2
    assert {header["ce_source"] for header in headers} == {b"/gateways/A"}
    assert world.routers[0].partition.gateways == ["B"]
    assert world.routers[0].partition.online == 1


def ends_declared(world: World) -> list[tuple[str, str]]:
    """The connection of each end that routers have declared, with its gateway."""
    headers = [dict(stored.record.headers) for stored in world.log.topics.get(STATIONS.name, [])]
    return [(header["ce_connection"].decode(), header["ce_source"].decode()) for header in headers]


@pytest.mark.parametrize("router_dies", [False, True])
def test_a_connection_of_a_lost_gateway_ends_also_when_its_station_is_back_elsewhere(
    world: World, *, router_dies: bool
) -> None:
    old = world.connect("S", "A")
    world.route()
    world.kill("A", is_noticed=False)
    world.mono += 2
    new = world.connect("S", "B")
    world.route()
    if router_dies:
        world.routers.clear()
        world.start_router("r2")
        world.route()
    world.settle(8)
    assert ends_declared(world) == []
    world.lost.add("A")
    world.settle(80)
    assert ends_declared(world) == [(old, "/gateways/A")]
    assert world.routers[0].partition.holding("S") == ("B", new)


def test_an_end_that_its_own_gateway_has_told_is_not_declared(world: World) -> None:
    world.connect("S", "A")
    world.route()
    world.connect("S", "B")
    world.settle(5)
    world.kill("A")
    world.settle(80)
    assert ends_declared(world) == []


def test_a_gateway_that_comes_back_says_which_stations_it_still_has(world: World) -> None:
    connection = world.connect("S", "A")
    world.connect("T", "A")
    world.route()
    world.lost.add("A")
    world.settle(10)
    world.pods["A"].sessions.pop("T")  # it left while A could say nothing
    assert world.routers[0].partition.online == 0
    world.lost.clear()
    world.routers[0].pending.extend(world.routers[0].partition.gateway_found("A", world.now))
    world.settle(2)
    assert world.routers[0].partition.holding("S") == ("A", connection)
    assert world.routers[0].partition.holding("T") is None


def test_an_old_connection_elsewhere_is_closed(world: World) -> None:
    world.connect("S", "A")
    world.route()
    new = world.connect("S", "B")
    world.settle(2)
    assert "S" not in world.pods["A"].sessions
    assert world.routers[0].partition.holding("S") == ("B", new)


@pytest.mark.parametrize("value", [None, b"no json", b"{}", b"[1, 2]", b"x" * 300_000])
def test_what_nobody_can_read_is_a_dead_letter_and_holds_up_nothing(
    world: World, value: bytes | None
) -> None:
    headers = [("trace", b"7")]
    world.log.append(Record(COMMANDS.name, "S", value, headers), world.now.wall_ms)
    world.connect("S", "A")
    key = world.ask("S", "1")
    world.settle(1)
    assert world.status(key) == "accepted"
    [letter] = [stored.record for stored in world.log.topics[DEAD_LETTERS.name]]
    assert (letter.key, letter.value) == ("S", value)
    said = dict(letter.headers)
    assert said["trace"] == b"7"
    assert said["kafka_dlt-original-topic"] == COMMANDS.name.encode()
    assert int.from_bytes(said["kafka_dlt-original-partition"], "big") == 0
    assert int.from_bytes(said["kafka_dlt-original-offset"], "big") == 0
    assert (
        int.from_bytes(said["kafka_dlt-original-timestamp"], "big")
        == world.log.topics[COMMANDS.name][0].appended_ms
    )
    assert said["kafka_dlt-exception-message"]
    assert world.log.committed[COMMANDS.name] == 2


def test_a_wrong_command_is_answered_and_kept(world: World) -> None:
    world.say(COMMANDS.name, "S", b'{"id": "1", "deadlineSeconds": "soon", "correlationId": "c"}')
    world.settle(1)
    result = world.result(command_key("S", "1"))
    assert (result.status, result.correlation_id) == ("invalid", "c")
    assert "deadlineSeconds" in (result.why or "")
    assert len(world.log.topics[DEAD_LETTERS.name]) == 1


@pytest.mark.parametrize("levels", [100, 600])
def test_a_command_that_is_nested_too_deep_is_answered_whoever_holds_the_station(
    world: World, levels: int
) -> None:
    value = b'{"id": "%d", "arguments": ' + b"[" * levels + b"]" * levels + b', "whenOffline": "wait"}'
    world.connect("S", "A")
    for number, station in enumerate("ST"):
        world.say(COMMANDS.name, station, value % number)
    world.settle(1)
    for number, station in enumerate("ST"):
        assert "nested" in (world.result(command_key(station, str(number))).why or "")
    world.settle(2)
    assert world.log.committed[COMMANDS.name] == 2


@pytest.mark.parametrize(
    ("headers", "asked_ms"),
    [([("ocpp-asked-at", b"9" * 30)], 0), ([("ocpp-asked-at", b"9" * 15)], 0), ([], 2**62)],
)
def test_a_command_from_beyond_all_time_is_one_of_now(
    world: World, headers: list[tuple[str, bytes]], asked_ms: int
) -> None:
    value = msgspec.json.encode({"id": "1", "deadlineSeconds": 5, "whenOffline": "wait"})
    world.log.append(Record(COMMANDS.name, "S", value, headers), asked_ms or world.now.wall_ms)
    world.settle(2)
    world.connect("S", "A")
    world.settle(2)
    assert world.status(command_key("S", "1")) == "accepted"


def test_a_command_for_nobody_is_invalid(world: World) -> None:
    world.say(COMMANDS.name, "", b'{"id": "1"}')
    world.settle(1)
    assert "key" in (world.result(command_key("", "1")).why or "")


def test_a_letter_that_the_log_would_not_take_is_cut(world: World) -> None:
    world.say(COMMANDS.name, "S", b"x" * 1_000_000)
    world.settle(1)
    [letter] = [stored.record for stored in world.log.topics[DEAD_LETTERS.name]]
    assert len(letter.value or b"") == 800_000
    assert b"cut to its first 800000 of 1000000 bytes" in dict(letter.headers)["kafka_dlt-exception-message"]


def test_what_is_no_presence_and_no_note_says_nothing(world: World) -> None:
    world.connect("S", "A")
    for topic in (PRESENCE.name, ROUTES.name):
        for value in (None, b"no json", b'{"kind": "other"}', b"\xff"):
            world.say(topic, "T", value)
    world.log.append(Record(ROUTES.name, "T", b"{}", [("ce_type", b"ocpp.command.completed")]), 0)
    key = world.ask("S", "1")
    world.settle(1)
    assert world.status(key) == "accepted"


def test_a_command_in_the_wrong_partition_is_moved_with_its_time() -> None:
    """Librdkafka's usual partitioner is another than Java's."""
    here = 1 - partition_of("S", 2)
    tally = Tally.new()
    partition = RoutedPartition(
        here, "r", partitions=2, inboxes=1, is_lost=lambda _: False, heard=lambda _: None, tally=tally
    )
    partition.go_live(0, 0, 0, Now(0.0, 0))
    headers = [("trace", b"7")]
    stored = Stored(Record(COMMANDS.name, "S", b"{}", headers), Place(COMMANDS.name, here, 0), 4_000)
    [moved] = partition.take(stored, Now(0.0, 9_000))
    assert isinstance(moved, Insist)
    assert moved.record == Record(COMMANDS.name, "S", b"{}", [*headers, ("ocpp-asked-at", b"4000")], 1 - here)
    commands = Partition(COMMANDS.name, here)
    assert partition.positions()[commands] == 0
    assert moved.done is not None
    partition.done(moved.done, Now(0.0, 9_000))
    assert partition.positions()[commands] == 1
    assert tally.moved.n == 1


def test_nothing_is_committed_beyond_what_is_open(world: World) -> None:
    world.connect("S", "A")
    waiting = world.ask("T", "1", waits=True, seconds=60)
    for number in range(5):
        world.ask("S", str(number))
    world.settle(2)
    assert world.log.committed[COMMANDS.name] == 0
    assert len(world.results()) == 5
    world.connect("T", "A")
    world.settle(2)
    assert world.log.committed[COMMANDS.name] == 6
    assert world.status(waiting) == "accepted"


def test_a_command_that_waits_for_long_holds_up_no_position(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "NOTES_BACK", 1_000)
    key = world.ask("T", "1", waits=True, seconds=3_600)
    world.connect("S", "A")
    for number in range(1_000):
        world.ask("S", str(number))
        world.settle(1)
    assert world.log.committed[COMMANDS.name] >= 999
    assert world.log.committed[ROUTES.name] > world.log.end(ROUTES.name) // 2
    world.routers.clear()
    router = world.start_router("next")
    read = router.positions[ROUTES.name]
    world.settle(1)
    assert router.partition.open_commands == 1
    world.connect("T", "B")
    world.settle(1)
    assert world.status(key) == "accepted"
    assert read > 1_000, "it did not read back to the beginning"


def test_who_takes_over_publishes_nothing_twice_that_is_settled(world: World) -> None:
    world.connect("S", "A")
    keys = [world.ask("S", str(number)) for number in range(5)]
    world.ask("T", "w", waits=True, seconds=60)
    world.settle(3)
    world.routers.clear()
    world.start_router("next")
    world.settle(3)
    assert [len(world.results()[key]) for key in keys] == [1] * 5


def test_who_takes_over_knows_what_has_ended(world: World) -> None:
    world.connect("S", "A")
    key = world.ask("S", "1")
    world.settle(3)
    world.routers.clear()
    world.start_router("next")
    world.ask("S", "1")
    world.settle(3)
    assert len(world.results()[key]) == 1
    assert world.executed == {key: 1}


@pytest.mark.parametrize("router_dies", [False, True])
def test_what_has_ended_is_known_for_an_hour(world: World, *, router_dies: bool) -> None:
    """Also when the gateway that knows what it did no longer holds the station."""
    world.connect("S", "A")
    key = world.ask("S", "1")
    world.settle(3)
    world.connect("S", "B")
    world.mono += 3_000
    world.settle(3)
    if router_dies:
        world.routers.clear()
        world.start_router("next")
    world.ask("S", "1")
    world.settle(3)
    assert world.executed == {key: 1}
    assert len(world.results()[key]) == 1


@pytest.mark.parametrize("lost", [1, 2, 3, 4, 5])
def test_whatever_append_fails_first_is_made_again(lost: int) -> None:
    """The note, the delivery, the result, the note that it is settled: each may not reach the log."""
    world = World()
    world.start_pod("A")
    router = world.start_router()
    world.connect("S", "A")
    key = world.ask("S", "1", seconds=30)
    appended = 0
    for _ in range(40):
        world.mono += 0.5
        router.tick()
        for topic in (PRESENCE.name, ROUTES.name, COMMANDS.name):
            router.read(topic)
        while router.pending:
            appended += 1
            router.append(fails=appended == lost)
        world.read_inbox("A")
        world.send("A")
        world.answer("A")
        router.commit()
    assert world.status(key) == "accepted"
    assert world.executed == {key: 1}
    assert world.log.committed[COMMANDS.name] == 1

"""When ticks come, whether the program is started anew, and what is said twice changes nothing that alerts do."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from consumers.alerting.engine import Engine
from consumers.alerting.reading import read_rules
from consumers.alerting.station import Station
from contract.events import FirmwareStatus, SecurityEvent
from tests.consumers.alerting.fleet import Charger, Watched, ms

A = Charger("A")
RULES = """
rules:
- {name: Offline, kind: station_offline, for: 10m, after_our_outage: 30m}
- {name: Flapping, kind: station_flapping, disconnects: 3, within: 1h}
- {name: Faulted, kind: connector_faulted, for: 5m}
- {name: Unavailable, kind: connector_unavailable, for: 0s, resolve_after: 20m}
- {name: Quiet, kind: connector_quiet, at_least: 30m, factor: 1, sessions: 2}
- {name: Silent, kind: session_silent, for: 15m}
- {name: Powerless, kind: session_without_power, for: 15m}
- {name: Jump, kind: energy_jump, resolve_after: 10m}
- {name: Firmware, kind: firmware_failed, resolve_after: 30m}
- {name: Security, kind: security_event, times: 2, within: 20m, resolve_after: 15m}
"""

ENGINE = Engine(read_rules(RULES))
OF_SESSIONS = Engine(
    read_rules(
        """
rules:
- {name: Offline, kind: station_offline, for: 10m}
- {name: Silent, kind: session_silent, for: 15m}
- {name: Powerless, kind: session_without_power, for: 15m}
- {name: Jump, kind: energy_jump, resolve_after: 10m}
"""
    )
)

REASONS = st.sampled_from(["lost", "ping_timeout", "drain", "gateway_lost"])
STATUSES = st.sampled_from(["Available", "Occupied", "Faulted", "Unavailable"])
NAMES = st.sampled_from(["T", "U"])


def deed(kind: str, **more: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[str, dict[str, Any]]]:
    return st.tuples(st.just(kind), st.fixed_dictionaries(more))


DEEDS = st.one_of(
    deed("connects"),
    deed("leaves", reason=REASONS),
    deed("beats"),
    deed(
        "status",
        status=STATUSES,
        evse=st.integers(1, 2),
        code=st.sampled_from(["GroundFailure", "OverVoltage"]),
    ),
    deed("starts", name=NAMES, evse=st.integers(1, 2)),
    deed("meters", name=NAMES, watts=st.sampled_from([0, 7000]), wh=st.sampled_from([1000, 2000, 99_999])),
    deed("ends", name=NAMES),
    deed("firmware", status=st.sampled_from(["Downloading", "DownloadFailed", "Installed"])),
    deed("security"),
)


class Said(NamedTuple):
    """What happens in which minute; over which connection, and its id."""

    minute: int
    deed: tuple[str, dict[str, Any]]
    connection: str
    id: str

    def event(self) -> Any:
        kind, more = self.deed
        if kind == "firmware":
            return A.says(FirmwareStatus, self.minute, **more)
        if kind == "security":
            return A.says(SecurityEvent, self.minute, type="Tamper")
        return getattr(A, kind)(self.minute, **more)


@st.composite
def histories(draw: st.DrawFn) -> list[Said]:
    minute, connection, said = 0, 0, []
    for number, (wait, done) in enumerate(draw(st.lists(st.tuples(st.integers(0, 25), DEEDS), max_size=25))):
        minute += wait
        connection += done[0] == "connects"
        said.append(Said(minute, done, f"c{connection}", f"e{number}"))
    return said


def played(history: Iterable[Said], ticks: Iterable[float], restarts: Iterable[int] = ()) -> list[Any]:
    """What becomes of alerts until a while after the last event, in the order of their times."""
    it, history, restarts = Watched(ENGINE), list(history), set(restarts)
    end = max((said.minute for said in history), default=0)
    happenings: list[tuple[float, int, Said | None]] = [(said.minute, 0, said) for said in history]
    happenings += [(tick, 1, None) for tick in ticks if tick <= end]
    happenings += [(minute, -1, None) for minute in range(0, end + 100, 5)]  # the shard's other stations
    happenings += [(end + after, 1, None) for after in range(1, 100)]
    for number, (minute, order, said) in enumerate(sorted(happenings, key=lambda one: one[:2])):
        if order < 0:
            it.time = it.time.hear(ms(minute))
        elif said is None:
            it.tick(minute)
        else:
            it.hear(said.event(), connection=said.connection, name=said.id)
        if number in restarts:
            it.station = msgspec.msgpack.decode(msgspec.msgpack.encode(it.station), type=Station)
    return sorted(it.changes, key=lambda one: (one.at_ms, one.alert.fingerprint))


TICKS = st.lists(st.integers(0, 300), max_size=20)


@settings(max_examples=150, deadline=None)
@given(histories(), TICKS, st.lists(st.integers(0, 60), max_size=5))
def test_ticks_and_restarts_change_nothing(
    history: list[Said], ticks: list[int], restarts: list[int]
) -> None:
    watched_closely = played(history, range(1000))
    assert played(history, ticks, restarts) == watched_closely


@settings(max_examples=100, deadline=None)
@given(histories(), st.data())
def test_what_the_log_holds_twice_counts_once(history: list[Said], data: st.DataObject) -> None:
    """A record that was appended again, at once: what it says anew is what it said."""
    twice = [said for said in history for _ in range(data.draw(st.integers(1, 2)))]
    ticks = range(600)
    alerts = [(one.became, one.at_ms, one.alert.rule) for one in played(history, ticks)]
    assert [(one.became, one.at_ms, one.alert.rule) for one in played(twice, ticks)] == alerts


@settings(max_examples=100, deadline=None)
@given(histories())
def test_every_alert_is_raised_and_then_resolved_once(history: list[Said]) -> None:
    standing: dict[str, int] = {}
    for change in played(history, ()):
        name = change.alert.fingerprint
        match change.became:
            case "raised":
                assert name not in standing
                assert change.alert.revision == 0
                standing[name] = 0
            case _:
                standing[name] += 1
                assert change.alert.revision == standing[name]
                assert change.alert.raised_ms <= change.at_ms
        if change.became == "resolved":
            del standing[name]


def standing_at_the_end(said: list[Said]) -> set[tuple[str, str]]:
    """The alerts that stand a day after these events, which are read in this order and without a tick between."""
    it = Watched(OF_SESSIONS)
    for one in said:
        it.hear(one.event(), connection=one.connection, name=one.id)
    end = max((one.minute for one in said), default=0)
    for minute in range(end, end + 1440, 5):
        it.time = it.time.hear(ms(minute))  # the shard's other stations
        it.tick(minute)
    standing: set[tuple[str, str]] = set()
    for change in it.changes:
        name = (change.alert.rule, change.alert.fingerprint)
        standing = standing - {name} if change.became == "resolved" else standing | {name}
    return standing


@st.composite
def days(draw: st.DrawFn) -> list[Said]:
    """Sessions at one connector, each with readings at its start and at the minute of its end."""
    minute, said = 0, [Said(0, ("connects", {}), "c1", "e0")]

    def say(kind: str, **more: Any) -> None:
        said.append(Said(minute, (kind, more), "c1", f"e{len(said)}"))

    for number in range(draw(st.integers(1, 6))):
        minute += draw(st.integers(1, 60))
        say("starts", name=f"T{number}", evse=1)
        for wait in draw(st.lists(st.integers(1, 12), max_size=5)):
            minute += wait
            say("meters", name=f"T{number}", watts=7000, wh=minute * 100)
        minute += draw(st.integers(1, 12))
        say("ends", name=f"T{number}")
        say("meters", name=f"T{number}", watts=0, wh=minute * 100)
    if draw(st.booleans()):
        minute += 1
        say("leaves", reason="lost")
    return said


@settings(max_examples=150, deadline=None)
@given(days(), st.data())
def test_topics_that_are_read_at_different_speeds_leave_the_same_alerts(
    history: list[Said], data: st.DataObject
) -> None:
    topics: dict[str, list[Said]] = {}
    for said in history:
        topics.setdefault(said.event().TOPIC.name, []).append(said)
    rows = list(topics.values())
    interleaved: list[Said] = []
    while rows := [row for row in rows if row]:
        interleaved.append(rows[data.draw(st.integers(0, len(rows) - 1))].pop(0))
    is_away = history[-1].deed[0] == "leaves"
    standing = standing_at_the_end(interleaved)
    assert {rule for rule, _ in standing} == ({"Offline"} if is_away else set())
    assert standing == standing_at_the_end(history)

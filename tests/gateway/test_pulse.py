"""Pings with jitter, and the judgement on who does not answer: on a clock and a wheel that the test turns."""

import itertools
from collections.abc import Callable
from types import SimpleNamespace
from typing import cast

import pytest

from gateway.pulse import Pulse
from gateway.settings import GatewaySettings
from service.wheel import Entry, Wheel
from tests.support.memory_transport import MemoryTransport
from tests.support.pod import limits

PING, TIMEOUT = 60.0, 20.0


class Clock:
    """Time that passes when told to; it is the wheel and `time.monotonic` in one."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.due: list[tuple[float, Entry]] = []

    def monotonic(self) -> float:
        return self.now

    def after(self, seconds: float, callback: Callable[[], None]) -> Entry:
        entry = Entry(callback)
        self.due.append((self.now + seconds, entry))
        return entry

    def pass_by(self, seconds: float) -> None:
        end = self.now + seconds
        while due := sorted((at, entry) for at, entry in self.due if at <= end):
            at, entry = due[0]
            self.due.remove((at, entry))
            self.now = at
            if entry.callback is not None:
                entry.callback()
        self.now = end


class Listened:
    """A pulse with its surroundings."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.transport = MemoryTransport()
        self.transport.heard_at = clock.now
        self.deaths = 0
        self.paused = False
        self.pulse = Pulse(
            self.transport,
            limits(ping_seconds=PING, ping_timeout_seconds=TIMEOUT),
            cast("Wheel", clock),
            paused=lambda: self.paused,
            dead=self._die,
        )

    def _die(self) -> None:
        self.deaths += 1

    def until_pinged(self, times: int = 1) -> None:
        while self.transport.pings < times:
            self.clock.pass_by(1)

    def hears(self) -> None:
        self.transport.heard_at = self.clock.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr("gateway.pulse.time", SimpleNamespace(monotonic=made.monotonic))
    return made


@pytest.fixture
def listened(clock: Clock) -> Listened:
    return Listened(clock)


def test_a_silent_station_is_pinged_within_the_interval(clock: Clock, listened: Listened) -> None:
    listened.until_pinged()
    assert clock.now <= 1000 + PING
    assert listened.deaths == 0


def test_who_does_not_answer_in_time_is_dead_once(clock: Clock, listened: Listened) -> None:
    listened.transport.answers_pings = False
    clock.pass_by(PING + TIMEOUT + 1)
    assert listened.deaths == 1
    clock.pass_by(10 * PING)
    assert listened.deaths == 1


def test_any_sign_of_life_is_an_answer_and_the_next_ping_comes(clock: Clock, listened: Listened) -> None:
    for expected in range(1, 20):
        listened.until_pinged(expected)
        listened.hears()
    assert listened.deaths == 0
    assert clock.now <= 1000 + 19 * (PING + TIMEOUT)


def test_no_connection_is_without_traffic_for_longer_than_the_interval(
    clock: Clock, listened: Listened
) -> None:
    """Each ping counts from the one before it, also where the pong takes nearly all of its time."""
    pinged_at = []
    for number in range(1, 30):
        listened.until_pinged(number)
        pinged_at.append(clock.now)
        clock.pass_by((0.1, TIMEOUT - 1)[number % 2])
        listened.hears()
    gaps = [later - earlier for earlier, later in itertools.pairwise(pinged_at)]
    assert max(gaps) <= PING + 1  # `until_pinged` looks once a second
    assert len({round(gap, 1) for gap in gaps}) > 1, "with jitter"
    assert listened.deaths == 0


def test_the_default_interval_is_below_the_usual_timeout_of_proxies() -> None:
    """nginx, and most load balancers, cut a connection that is silent for 60 seconds."""
    assert GatewaySettings.model_fields["ping_seconds"].default <= 30


def test_a_busy_station_is_not_pinged(clock: Clock, listened: Listened) -> None:
    for _ in range(1000):
        clock.pass_by(1)
        listened.hears()
    assert listened.transport.pings == 0
    clock.pass_by(PING + 1)
    assert listened.transport.pings == 1


def test_nobody_is_judged_while_we_do_not_listen(clock: Clock, listened: Listened) -> None:
    listened.transport.answers_pings = False
    listened.paused = True
    clock.pass_by(10 * PING)
    assert listened.transport.pings == 1
    assert listened.deaths == 0
    listened.paused = False
    clock.pass_by(TIMEOUT)
    assert listened.deaths == 1


def test_a_stopped_pulse_is_still(clock: Clock, listened: Listened) -> None:
    listened.pulse.stop()
    clock.pass_by(10 * PING)
    assert listened.transport.pings == 0


def test_a_pulse_stopped_after_its_ping_judges_nobody(clock: Clock, listened: Listened) -> None:
    listened.until_pinged()
    listened.pulse.stop()
    clock.pass_by(10 * PING)
    assert listened.deaths == 0


def test_stations_that_came_together_are_not_pinged_together(clock: Clock) -> None:
    crowd = [Listened(clock) for _ in range(200)]
    pinged = []
    for _ in range(60):
        clock.pass_by(1)
        pinged.append(sum(one.transport.pings for one in crowd))
    assert pinged[-1] == 200
    assert all(pinged[second] - pinged[second - 1] < 40 for second in range(1, 60))

"""The charging sessions that a simulated station had in the days before the demo. Pure: drawn from the station's seed.

They are those of the same drivers, cars and meters that charge afterwards: one after the other at each connector,
mostly by day, at the power that station and car allow. Each meter ends where the simulated station's meter begins.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import NamedTuple

from simulator.chance import stream, uuid_text
from simulator.facts import Token
from simulator.meter import Meter
from simulator.settings import StationConfig
from simulator.vehicle import arriving

BUSY_HOURS = range(6, 22)
"""Hours (UTC) in which cars arrive."""

IDLE_HOURS = (2.0, 8.0)
STAY_HOURS = (0.4, 2.0)


class PastSession(NamedTuple):
    """A session that is over. The car took `power_w` all along; the register stood at `start_wh` at its start."""

    transaction: str
    evse: int
    began: datetime
    ended: datetime
    power_w: float
    start_wh: float
    token: Token

    def register_wh(self, at: datetime) -> float:
        """What the register showed at a time within the session."""
        return self.start_wh + self.power_w * (at - self.began).total_seconds() / 3600

    @property
    def energy_wh(self) -> float:
        """What the car took."""
        return self.register_wh(self.ended) - self.start_wh


def past_sessions(
    config: StationConfig, tokens: Sequence[Token], since: datetime, until: datetime
) -> list[PastSession]:
    """The sessions of a station that began after `since` and ended before `until` (UTC), connector by connector."""
    return [
        session
        for number in range(1, config.connectors + 1)
        for session in _metered(config, number, list(_drawn(config, number, tokens, since, until)))
    ]


def _drawn(
    config: StationConfig, number: int, tokens: Sequence[Token], since: datetime, until: datetime
) -> Iterator[PastSession]:
    """The sessions of one connector, in the order of time, as if its register had stood at 0 before each."""
    chance = stream(config.seed, "past", number)
    at = since + timedelta(hours=chance.uniform(0, IDLE_HOURS[1]))
    while True:
        at = _by_day(at, chance)
        vehicle = arriving(chance, direct_current=not config.phases)
        power_w = float(min(config.power_w, vehicle.peak_w))
        hours = min(chance.uniform(*STAY_HOURS), vehicle.wants_wh() / power_w)
        ended = at + timedelta(hours=hours)
        if ended > until:
            return
        yield PastSession(uuid_text(chance), number, at, ended, power_w, 0.0, chance.choice(tokens))
        at = ended + timedelta(hours=chance.uniform(*IDLE_HOURS))


def _metered(config: StationConfig, number: int, sessions: list[PastSession]) -> Iterator[PastSession]:
    """The sessions with the register's true values: after the last it stands where the simulated meter begins."""
    meter = Meter(stream(config.seed, "meter", number), phases=config.phases)
    register_wh = meter.exact_wh - sum(session.energy_wh for session in sessions)
    for session in sessions:
        yield session._replace(start_wh=register_wh)
        register_wh += session.energy_wh


def _by_day(at: datetime, chance: Random) -> datetime:
    """The time of an arrival, put off to the morning where it falls into the night."""
    while at.hour not in BUSY_HOURS:
        at = (at + timedelta(hours=1)).replace(minute=chance.randrange(60), second=chance.randrange(60))
    return at

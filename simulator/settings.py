"""What a fleet is told: where to connect, which stations there are, and how busy their days are."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import cycle, islice
from typing import TYPE_CHECKING

from simulator.chance import stream
from simulator.facts import Token, Version
from simulator.meter import MEASURANDS
from simulator.profiles import WELL_BEHAVED, Profile

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from ssl import SSLContext

_MODELS_AC = (
    ("Kurbel", "Wallbox 11", 11_000),
    ("Kurbel", "Wallbox 22", 22_000),
    ("Voltwerk", "Post Duo", 22_000),
)
_MODELS_DC = (("Blitz", "Hyper 50", 50_000), ("Blitz", "Hyper 150", 150_000))


@dataclass(frozen=True, slots=True)
class StationConfig:
    """One station: its identity, character and hardware. `phases` 0 means direct current."""

    id: str
    version: Version
    profile: Profile = WELL_BEHAVED
    seed: str = "0"
    connectors: int = 1
    power_w: int = 22_000
    phases: int = 3
    vendor: str = "Kurbel"
    model: str = "Wallbox 22"
    password: str | None = None
    status_by_event: bool = False
    """2.x: tell a connector's status by NotifyEvent, as 2.1 prefers it, and not by StatusNotification."""


@dataclass(frozen=True, slots=True)
class Habits:
    """How drivers use the stations, in station seconds; each pair is drawn from evenly."""

    first_arrival_seconds: tuple[float, float] = (0, 60)
    idle_seconds: tuple[float, float] = (120, 1800)
    parking_seconds: tuple[float, float] = (900, 5400)
    handling_seconds: tuple[float, float] = (3, 20)
    """Between plugging in, showing the card and pulling the cable."""
    fault_share: float = 0.02
    """How many visits leave a broken connector behind."""
    repair_seconds: tuple[float, float] = (120, 900)


BUSY = Habits((0, 1), (0.5, 2), (3600, 7200), (0.1, 0.5))
"""For load: a car is always there, so that meter values can carry the wanted rate."""


@dataclass(frozen=True, slots=True)
class BackOff:
    """2.x RetryBackOffWaitMinimum, -RepeatTimes and -RandomRange (part 4 §5.3), in wall seconds."""

    wait_minimum_seconds: float = 1.0
    repeat_times: int = 5
    random_range_seconds: float = 2.0

    def seconds(self, attempt: int, share: float) -> float:
        """The wait before attempt number `attempt` (1 is the first); `share` in 0..1 picks the jitter."""
        factor: int = 2 ** min(attempt - 1, self.repeat_times)
        return self.wait_minimum_seconds * factor + share * self.random_range_seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetSettings:
    """Everything a fleet needs to run. Times are wall seconds unless they say station seconds."""

    url: str
    stations: Sequence[StationConfig]
    seconds: float | None = None
    """How long the stations live before they end their transactions and leave; None: until stopped."""
    closing_seconds: float = 15.0
    """At the end: how long stations may take to deliver what they hold."""
    speed: float = 1.0
    rate: float | None = None
    """Messages a second that the whole fleet aims at, by spacing its meter values; None: by the interval."""
    seed: int = 0
    origin: datetime | None = None
    """What the stations' clocks show at the start; None: the wall's time."""
    habits: Habits = field(default_factory=Habits)
    meter_interval_seconds: int = 60
    """Station seconds; the default of MeterValueSampleInterval / TxUpdatedInterval."""
    measurands: tuple[str, ...] = MEASURANDS
    tokens: tuple[Token, ...] = ()
    """What drivers identify with; empty: forty tokens made up from the seed."""
    call_timeout_seconds: float = 30.0
    retry_interval_seconds: int = 5
    """The default of TransactionMessageRetryInterval / MessageAttemptInterval."""
    attempts: int = 0
    """The default of TransactionMessageAttempts / MessageAttempts; 0: kept until it is answered."""
    back_off: BackOff = field(default_factory=BackOff)
    reboot_seconds: float = 2.0
    ramp_seconds: float | None = None
    """Over how long the first connections are spread; None: 500 stations a second."""
    keep_journal: bool = False
    tls: SSLContext | None = None

    @property
    def ramp(self) -> float:
        return len(self.stations) / 500 if self.ramp_seconds is None else self.ramp_seconds


def make_stations(
    count: int,
    versions: Sequence[Version] = tuple(Version),
    profiles: Sequence[Profile] = (WELL_BEHAVED,),
    *,
    seed: int = 0,
    password: str | None = None,
) -> tuple[StationConfig, ...]:
    """Stations of mixed hardware, the versions and each version's profiles taken in turn.

    Raises:
        ValueError: no profile fits one of the versions.
    """
    turns = {version: cycle(_fitting(profiles, version)) for version in versions}
    numbers = dict.fromkeys(versions, 0)
    stations = []
    for version in islice(cycle(versions), count):
        numbers[version] += 1
        station_id = f"SIM-{version.tag}-{numbers[version]:05d}"
        chance = stream(seed, station_id, "hardware")
        direct_current = chance.random() < 0.3
        vendor, model, power_w = chance.choice(_MODELS_DC if direct_current else _MODELS_AC)
        stations.append(
            StationConfig(
                id=station_id,
                version=version,
                profile=next(turns[version]),
                seed=f"{seed}:{station_id}",
                connectors=chance.choice((1, 1, 2)),
                power_w=power_w,
                phases=0 if direct_current else 3,
                vendor=vendor,
                model=model,
                password=password,
                status_by_event=version is Version.V21 and numbers[version] % 2 == 1,
            )
        )
    return tuple(stations)


def make_tokens(seed: int, count: int = 40) -> tuple[Token, ...]:
    """The cards of the drivers: UIDs of seven bytes, as on most RFID cards."""
    chance = stream(seed, "tokens")
    return tuple(Token(f"{0x04 << 48 | chance.getrandbits(48):014X}") for _ in range(count))


def _fitting(profiles: Iterable[Profile], version: Version) -> list[Profile]:
    if fitting := [profile for profile in profiles if version in profile.versions]:
        return fitting
    raise ValueError(f"none of the profiles {', '.join(p.name for p in profiles)} exists for {version}")

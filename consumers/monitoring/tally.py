"""What a batch changes beside the stations themselves: rows to write, and sums to add to. Pure.

Trends are kept as differences: for each step of time by how much a level rose in it (`carry`), and how much of the
step the new level lasted (`area`, level times milliseconds). So a fact about the past changes the one step it
falls in, whatever came after, and nothing must be written when a step begins. All of it is whole numbers, so that
the sums do not depend on the order of adding.
"""

from collections import defaultdict
from typing import Final, NamedTuple

from consumers.monitoring.state import STATUSES
from consumers.monitoring.tracks import Transition

LEVELS: Final = ("connected", *(status.lower() for status in STATUSES), "usable", "sessions", "power_w")
"""What has a height at each moment: stations, connectors by status and those that can be used, sessions, W."""
COUNTS: Final = ("energy_wh", "sessions_started", "sessions_ended", "faults")
"""What happens at a moment."""
FACETS: Final = ("status", "version", "vendor", "model", "firmware", "site")
STEPS_MS: Final = (60_000, 3_600_000, 86_400_000)

Sums = dict[str, int]


class Place(NamedTuple):
    """Which thing of a station: its link, a connector's status, an EVSE's charging."""

    kind: str
    evse: int = 0
    connector: int = 0


class Recent(NamedTuple):
    """An event or a command for a station's list: its number in it, and the JSON of it."""

    kind: str
    number: int
    body: bytes


class Point(NamedTuple):
    """What the meter of an EVSE said at a time."""

    evse: int
    at_ms: int
    power_w: int | None
    register_wh: float | None
    soc_percent: float | None


class StationTally:
    """What the events of one station changed."""

    def __init__(self, shard: "ShardTally") -> None:
        self.shard = shard
        self.transitions: dict[tuple[Place, int], Transition] = {}
        self.recent: list[Recent] = []
        self.points: list[Point] = []

    def transition(self, place: Place, transition: Transition | None) -> None:
        """A thing changed; of two changes at one time the later said holds."""
        if transition is not None:
            self.transitions[place, transition.at_ms] = transition


class ShardTally:
    """What the events of one shard changed in sum."""

    def __init__(self) -> None:
        self.totals: Sums = defaultdict(int)
        self.trends: dict[tuple[int, int], Sums] = defaultdict(lambda: defaultdict(int))
        """By the length of the step and its beginning: `<level>_carry`, `<level>_area`, and the counts."""
        self.facets: dict[tuple[str, str], int] = defaultdict(int)

    def level(self, name: str, at_ms: int, change: int) -> None:
        """From then on a level is so much higher."""
        if not change:
            return
        self.totals[name] += change
        for step_ms in STEPS_MS:
            began_ms = at_ms - at_ms % step_ms
            sums = self.trends[step_ms, began_ms]
            sums[f"{name}_carry"] += change
            sums[f"{name}_area"] += change * (began_ms + step_ms - at_ms)

    def count(self, name: str, at_ms: int, number: int = 1) -> None:
        """It happened then."""
        if number:
            for step_ms in STEPS_MS:
                self.trends[step_ms, at_ms - at_ms % step_ms][name] += number

    def facet(self, name: str, was: str | None, became: str | None) -> None:
        """A station's fact is another; None where there was no station."""
        if was == became:
            return
        if was is not None:
            self.facets[name, was] -= 1
        if became is not None:
            self.facets[name, became] += 1

"""What a consumer knows of a fleet from the events alone: stations, sessions, energy, and how much happens.

Nothing here looks into the gateway or the simulator: whoever reads the topics can draw the same picture.
"""

import time
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Json = Mapping[str, Any]

RATE_SECONDS = 5
REGISTER = "Energy.Active.Import.Register"
COMPLAINTS = ("station.frame_rejected", "station.unknown_action")
"""Events that say that something was wrong with what a station sent."""


@dataclass
class Session:
    """One charging transaction; the energy is the way its register has gone."""

    version: str
    lowest_wh: float | None = None
    highest_wh: float | None = None
    started: bool = False
    ended: bool = False

    @property
    def energy_wh(self) -> float:
        if self.lowest_wh is None or self.highest_wh is None:
            return 0.0
        return self.highest_wh - self.lowest_wh

    def register_stood_at(self, wh: float) -> None:
        self.lowest_wh = wh if self.lowest_wh is None else min(self.lowest_wh, wh)
        self.highest_wh = wh if self.highest_wh is None else max(self.highest_wh, wh)


@dataclass(frozen=True)
class Row:
    """The sums of the stations of one version."""

    version: str
    connected: int
    running: int
    started: int
    ended: int
    energy_wh: float
    events: int


@dataclass
class Picture:
    """Grows by `see`, event by event."""

    connected: dict[str, str] = field(default_factory=dict)
    """The version of each station that is connected, by station."""
    sessions: dict[tuple[str, str], Session] = field(default_factory=dict)
    """By station and transaction id."""
    by_type: Counter[str] = field(default_factory=Counter)
    by_version: Counter[str] = field(default_factory=Counter)
    complaints: list[str] = field(default_factory=list)
    per_second: deque[tuple[int, int]] = field(default_factory=lambda: deque(maxlen=60))
    """Events in each of the last seconds (monotonic) in which there were any."""

    def see(self, event: Json) -> None:
        """Take one structured CloudEvent into the picture."""
        name = str(event.get("type", "")).removeprefix("ocpp.")
        station, version = str(event.get("subject", "")), str(event.get("ocppversion", ""))
        data = event.get("data")
        self.by_type[name] += 1
        self.by_version[version] += 1
        self._count_second()
        if name == "station.connected":
            self.connected[station] = version
        elif name == "station.disconnected":
            self.connected.pop(station, None)
        elif name in COMPLAINTS:
            self.complaints.append(f"{station}: {name}")
        if isinstance(data, dict) and (transaction := (data.get("transaction") or {}).get("id")):
            self._see_session(self.sessions.setdefault((station, transaction), Session(version)), name, data)

    def cannot_read(self, problem: str) -> None:
        """A record that is no event."""
        self.complaints.append(problem)

    @property
    def events(self) -> int:
        return self.by_type.total()

    @property
    def events_per_second(self) -> float:
        """Over the last seconds that are complete."""
        now = int(time.monotonic())
        return sum(n for second, n in self.per_second if now - RATE_SECONDS <= second < now) / RATE_SECONDS

    def rows(self, versions: tuple[str, ...]) -> Iterator[Row]:
        for version in versions:
            sessions = [session for session in self.sessions.values() if session.version == version]
            yield Row(
                version=version,
                connected=sum(of == version for of in self.connected.values()),
                running=sum(session.started and not session.ended for session in sessions),
                started=sum(session.started for session in sessions),
                ended=sum(session.ended for session in sessions),
                energy_wh=sum(session.energy_wh for session in sessions),
                events=self.by_version[version],
            )

    def _see_session(self, session: Session, name: str, data: Json) -> None:
        session.started |= name == "transaction.started"
        session.ended |= name == "transaction.ended"
        for border in (data.get("meter") or {}).values():
            session.register_stood_at(float(border))
        for sample in data.get("samples") or ():
            if sample.get("measurand") == REGISTER and "value" in sample and "phase" not in sample:
                session.register_stood_at(float(sample["value"]))

    def _count_second(self) -> None:
        second = int(time.monotonic())
        if self.per_second and self.per_second[-1][0] == second:
            self.per_second[-1] = (second, self.per_second[-1][1] + 1)
        else:
            self.per_second.append((second, 1))


def total(rows: list[Row]) -> Row:
    """The last line under the rows."""
    return Row(
        version="all",
        connected=sum(row.connected for row in rows),
        running=sum(row.running for row in rows),
        started=sum(row.started for row in rows),
        ended=sum(row.ended for row in rows),
        energy_wh=sum(row.energy_wh for row in rows),
        events=sum(row.events for row in rows),
    )

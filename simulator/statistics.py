"""What a fleet counts while it runs: plain integers per version, and one histogram of answer times."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any

from simulator.facts import Version
from simulator.journal import Exchange, Outcome

_GROWTH = math.log(1.05)  # each bucket is 5 % wider than the one before: that is the error of a percentile
_SHORTEST_SECONDS = 1e-5


class Latencies:
    """The times from CALL to answer, as counts in buckets of geometric width."""

    def __init__(self) -> None:
        self._buckets: dict[int, int] = {}
        self._count = 0

    def add(self, seconds: float) -> None:
        bucket = int(math.log(max(seconds, _SHORTEST_SECONDS) / _SHORTEST_SECONDS) / _GROWTH)
        self._buckets[bucket] = self._buckets.get(bucket, 0) + 1
        self._count += 1

    def percentile_ms(self, percent: float) -> float | None:
        """The answer time in milliseconds that `percent` of the CALLs stayed under; None without any."""
        wanted = self._count * percent / 100
        seen = 0
        for bucket in sorted(self._buckets):
            seen += self._buckets[bucket]
            if seen >= wanted:
                return round(_SHORTEST_SECONDS * math.exp((bucket + 1) * _GROWTH) * 1000, 3)
        return None


@dataclass(slots=True)
class Tally:
    """The counts of the stations of one version; `connected` and `queued` move both ways."""

    stations: int = 0
    connected: int = 0
    queued: int = 0
    connections: int = 0
    connects_failed: int = 0
    connect_failure: str = ""
    """Why the last connect that failed did."""
    boots: int = 0
    sessions_started: int = 0
    sessions_ended: int = 0
    sent: int = 0
    answered: int = 0
    errors: int = 0
    timeouts: int = 0
    disconnected: int = 0
    dropped: int = 0
    commands: int = 0
    garbled: int = 0
    energy_wh: float = 0.0
    error_codes: dict[str, int] = field(default_factory=dict)

    @property
    def charging(self) -> int:
        """Sessions that go on right now."""
        return self.sessions_started - self.sessions_ended

    @property
    def failures(self) -> int:
        """CALLs that were not answered well, and messages that were given up."""
        return self.errors + self.timeouts + self.dropped

    def settle(self, exchange: Exchange) -> None:
        match exchange.outcome:
            case Outcome.RESULT:
                self.answered += 1
            case Outcome.ERROR:
                self.errors += 1
                code = exchange.error_code or ""
                self.error_codes[code] = self.error_codes.get(code, 0) + 1
            case Outcome.TIMEOUT:
                self.timeouts += 1
            case _:
                self.disconnected += 1

    def __add__(self, other: Tally) -> Tally:
        total = Tally()
        for name, value in asdict(self).items():
            if name not in ("error_codes", "connect_failure"):
                setattr(total, name, value + getattr(other, name))
        total.connect_failure = other.connect_failure or self.connect_failure
        codes = total.error_codes
        for counts in (self.error_codes, other.error_codes):
            for code, count in counts.items():
                codes[code] = codes.get(code, 0) + count
        return total


class Statistics:
    """Everything a fleet counted."""

    def __init__(self) -> None:
        self.by_version = {version: Tally() for version in Version}
        self.latencies = Latencies()

    @property
    def total(self) -> Tally:
        return sum(self.by_version.values(), Tally())

    def as_dict(self) -> dict[str, Any]:
        """The summary as plain data, versions without a station left out."""
        return {
            "versions": {
                version.value: _rounded(tally) for version, tally in self.by_version.items() if tally.stations
            },
            "total": _rounded(self.total),
            "answer_ms": {f"p{percent}": self.latencies.percentile_ms(percent) for percent in (50, 99)},
        }


def _rounded(tally: Tally) -> dict[str, Any]:
    return {**asdict(tally), "energy_wh": round(tally.energy_wh)}

"""The charging profiles that a central system has set, and the power they leave to a connector.

Written in the shape of 2.x (`id`, a list of schedules); the 1.6 side turns its own into it. The limit of an
instant is the smallest of the station's maximum and the transaction's profile, where TxProfile goes before
TxDefaultProfile and the higher stack level before the lower (1.6 §3.13.2, 2.x K01).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulator.facts import Payload

_NOMINAL_VOLTS = 230
_MAXIMUM_PURPOSES = {
    "ChargePointMaxProfile",
    "ChargingStationMaxProfile",
    "ChargingStationExternalConstraints",
}
_TRANSACTION_PURPOSES = ("TxProfile", "TxDefaultProfile")  # in order of precedence


@dataclass(frozen=True, slots=True)
class Installed:
    """One profile at one EVSE (0: the whole station), with the time it was received for relative ones."""

    evse: int
    profile: Payload
    received: datetime

    @property
    def purpose(self) -> str:
        return str(self.profile["chargingProfilePurpose"])

    @property
    def stack_level(self) -> int:
        return int(self.profile["stackLevel"])


class ChargingProfiles:
    """The installed profiles of one station."""

    def __init__(self, phases: int) -> None:
        self._volts = _NOMINAL_VOLTS * max(1, phases)
        self._installed: dict[int, Installed] = {}

    def install(self, evse: int, profile: Payload, now: datetime) -> None:
        """Adds a profile; one with the same id, or of the same place, purpose and level, is replaced.

        Raises:
            KeyError, ValueError, TypeError: it is malformed. It is evaluated once, so that it fails here.
        """
        new = Installed(evse, profile, now)
        self._limit_of(new, now)
        place = (evse, new.purpose, new.stack_level)
        self._installed = {
            number: old
            for number, old in self._installed.items()
            if (old.evse, old.purpose, old.stack_level) != place
        }
        self._installed[profile["id"]] = new

    def matching(self, **criteria: Any) -> list[Installed]:
        """The profiles that meet every criterion given: number, evse, purpose, stack_level."""
        wanted = {name: value for name, value in criteria.items() if value is not None}
        return [
            installed
            for number, installed in self._installed.items()
            if all(
                value == (number if name == "number" else getattr(installed, name))
                for name, value in wanted.items()
            )
        ]

    def clear(self, **criteria: Any) -> bool:
        """Removes what `matching` finds; says whether there was anything."""
        found = self.matching(**criteria)
        for installed in found:
            del self._installed[installed.profile["id"]]
        return bool(found)

    def end_transaction(self, evse: int) -> None:
        """A TxProfile lives as long as its transaction (1.6 §3.13.1)."""
        self.clear(evse=evse, purpose="TxProfile")

    def limit_w(self, evse: int, now: datetime) -> float | None:
        """The most that may flow at this EVSE now; None without a limit."""
        if not self._installed:
            return None
        maxima = [self._limit_of(i, now) for i in self._installed.values() if i.purpose in _MAXIMUM_PURPOSES]
        limits = [limit for limit in (*maxima, self._transaction_limit(evse, now)) if limit is not None]
        return min(limits, default=None)

    def schedule(self, evse: int, start: datetime, seconds: int, unit: str, most_w: float) -> list[Payload]:
        """The composite schedule from `start`, a period for each change of the limit, in A or W."""
        periods: list[Payload] = []
        divisor = self._volts if unit == "A" else 1
        for offset in range(0, max(1, seconds), 60):
            limit_w = self.limit_w(evse, start + timedelta(seconds=offset))
            limit = round(min(most_w, most_w if limit_w is None else limit_w) / divisor, 1)
            if not periods or periods[-1]["limit"] != limit:
                periods.append({"startPeriod": offset, "limit": limit})
        return periods

    def _transaction_limit(self, evse: int, now: datetime) -> float | None:
        for purpose in _TRANSACTION_PURPOSES:
            fitting = [i for i in self._installed.values() if i.purpose == purpose and i.evse in {0, evse}]
            for installed in sorted(fitting, key=lambda i: i.stack_level, reverse=True):
                if (limit := self._limit_of(installed, now)) is not None:
                    return limit
        return None

    def _limit_of(self, installed: Installed, now: datetime) -> float | None:
        profile = installed.profile
        if not _is_valid(profile, now):
            return None
        schedule = profile["chargingSchedule"][0]
        start = _moment(schedule.get("startSchedule")) or installed.received
        elapsed = (now - start).total_seconds()
        if recurrence := {"Daily": 86400, "Weekly": 604800}.get(profile.get("recurrencyKind", "")):
            elapsed %= recurrence
        if elapsed < 0 or elapsed >= schedule.get("duration", float("inf")):
            return None
        begun = [
            p for p in schedule["chargingSchedulePeriod"] if p["startPeriod"] <= elapsed and "limit" in p
        ]
        if not begun:
            return None
        limit = float(begun[-1]["limit"])
        return limit * self._volts if schedule["chargingRateUnit"] == "A" else limit


def _is_valid(profile: Payload, now: datetime) -> bool:
    begins, ends = _moment(profile.get("validFrom")), _moment(profile.get("validTo"))
    return (begins is None or begins <= now) and (ends is None or now < ends)


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

"""The account of the commands of one measurement: when each was due, reached its station, and ended. Pure.

Whatever is not exactly one CALL at its station and exactly one accepted result is a fault.
"""

from array import array
from collections import Counter


class Account:
    """Every command by its id. Times are of `time.monotonic`, but for those of results: ms since 1970."""

    def __init__(self) -> None:
        self._stations: dict[str, str] = {}
        self._due: dict[str, float] = {}
        self._reached: dict[str, float] = {}
        self._results: Counter[str] = Counter()
        self.result_seconds = array("d")
        """From when each command was due to its result in the log."""
        self.faults: Counter[str] = Counter()

    def __len__(self) -> int:
        """How many commands were asked for."""
        return len(self._due)

    def asked(self, command: str, station: str, due: float) -> None:
        """It is written now, and was to be written at `due`."""
        self._stations[command] = station
        self._due[command] = due

    def reached(self, command: str, station: str, at: float) -> None:
        """The station has received the CALL."""
        if self._stations.get(command) != station:
            self.faults["a CALL that nobody asked this station for"] += 1
        elif command in self._reached:
            self.faults["a command that reached its station twice"] += 1
        else:
            self._reached[command] = at

    def ended(self, command: str, status: str, at_ms: int, clock: float) -> None:
        """A result stands in the log. `clock` is the time since 1970 at the monotonic clock's zero, in seconds."""
        if command not in self._due:
            return  # of another measurement
        self._results[command] += 1
        if status != "accepted":
            self.faults[f"a result that is {status}"] += 1
        self.result_seconds.append(at_ms / 1000 - clock - self._due[command])

    @property
    def open(self) -> int:
        """How many commands have no result."""
        return len(self._due) - len(self._results)

    def seconds(self) -> list[float]:
        """From when each command was due to its CALL at the station."""
        return [at - self._due[command] for command, at in self._reached.items()]

    def behind(self, seconds: float) -> int:
        """How many had not reached their station so long after the last was due."""
        until = max(self._due.values()) + seconds
        return len(self._due) - sum(reached <= until for reached in self._reached.values())

    def judge(self) -> Counter[str]:
        """What is wrong, once no more can come."""
        faults = Counter(self.faults)
        faults["a command that never reached its station"] += len(self._due) - len(self._reached)
        faults["a command without a result"] += self.open
        faults["a command with more results than one"] += sum(n > 1 for n in self._results.values())
        return +faults

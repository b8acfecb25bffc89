"""What is to happen next with one command, told from its state, the time, and who holds its station. Pure."""

from math import inf
from typing import NamedTuple, Protocol

import msgspec

from contract.deliveries import RunCommand
from contract.results import Status
from contract.routes import Assigned, Carried
from eventlog.port import Record
from gateway.routing import words
from gateway.routing.actions import Action, Insist, Now, Propose, Published
from gateway.routing.command import Asked, Command

GRACE_SECONDS = 3.5
"""After its deadline, whoever holds a command has this long to say what became of it."""
RETRY_SECONDS = 2.0
"""A proposal that has not come back by then is made again."""


class Stations(Protocol):
    """Who holds which station."""

    def holding(self, station: str) -> tuple[str, str] | None:
        """The gateway and the connection that hold the station; None when nobody does."""

    def drop(self, station: str, connection: str) -> None:
        """This connection is no more."""


class Step(NamedTuple):
    """What is to be done now, and when (monotonic seconds) to look again."""

    actions: list[Action]
    look_at: float | None = None


class Steps:
    """Knows which partition it decides for, and who holds the stations."""

    def __init__(self, gateway: str, number: int, inboxes: int, stations: Stations) -> None:
        self._gateway = gateway
        self._number = number
        self._inboxes = inboxes
        self._stations = stations

    def next(self, command: Command, said: Asked, now: Now, well_since: float) -> Step:
        """The next step, if it is time for one. `well_since`: since when the log has been well."""
        if command.result is not None:
            if command.is_publishing:
                return Step([])
            command.is_publishing = True
            return Step([Insist(words.published(command.result, self._number), Published(command.key))])
        if command.connection is None:
            return self._unassigned(command, said, now)
        return self._assigned(command, said, command.connection, now, well_since)

    def carry(self, command: Command, said: Asked, read_to: int) -> Action:
        """Write the command down anew, whole, as the routes up to `read_to` have made it."""
        carried = Carried(
            command=command.key,
            after=command.after,
            read_to=read_to,
            offset=said.offset,
            request=said.value.decode(),
            asked_at=words.moment(said.asked_ms),
            gateway=None if command.connection is None else command.gateway,
            connection=command.connection,
        )
        return Propose(words.note(said.station, self._number, carried))

    def _assigned(self, command: Command, said: Asked, connection: str, now: Now, well_since: float) -> Step:
        delivered: list[Action] = []
        if command.delivered_to != connection:
            # Again after a change of routers: the gateway knows a command that it has in hand.
            command.delivered_to = connection
            delivered = [self._deliver(command, said, connection, now)]
        # While the log is not well nobody can say anything.
        over = max(said.due, well_since) + GRACE_SECONDS
        if now.mono < over:
            return Step(delivered, over if over < inf else now.mono + RETRY_SECONDS)
        why = "nobody said in time what became of it; whether the station acted is unknown"
        step = self._conclude(command, said, "timed_out", why, now)
        return Step(delivered + step.actions, step.look_at)

    def _unassigned(self, command: Command, said: Asked, now: Now) -> Step:
        if said.fault is not None:
            return self._conclude(command, said, "invalid", said.fault, now)
        if said.is_too_much:
            why = "too many commands of stations like this one are open already; nothing was sent"
            return self._conclude(command, said, "failed", why, now)
        holding = self._stations.holding(said.station)
        if now.mono >= said.due:
            if said.waits and holding is None:
                why = "the station was not connected until the deadline"
                return self._conclude(command, said, "offline", why, now)
            return self._conclude(command, said, "expired", "the deadline came before it was sent", now)
        if holding is not None:
            gateway, connection = holding
            note = Assigned(command=command.key, after=command.after, gateway=gateway, connection=connection)
            return self._propose(command, words.note(said.station, self._number, note), now)
        if said.waits:
            return Step([], said.due)
        if now.mono < command.patient_until:
            return Step([], min(said.due, command.patient_until))
        return self._conclude(command, said, "offline", "the station is not connected", now)

    def _deliver(self, command: Command, said: Asked, connection: str, now: Now) -> Insist:
        run = RunCommand(
            station=said.station,
            connection=connection,
            request=msgspec.Raw(said.value),
            asked_at=words.moment(said.asked_ms),
            deadline_at=words.moment(now.wall_ms + int((said.due - now.mono) * 1000)),
        )
        record = words.delivery(command.gateway, run, self._inboxes)
        return Insist(record, until=said.due, asked_ms=said.asked_ms)

    def _conclude(self, command: Command, said: Asked, status: Status, why: str, now: Now) -> Step:
        record = words.result(
            gateway=self._gateway,
            station=said.station,
            command_id=said.id,
            status=status,
            why=why,
            after=command.after,
            request=said.value,
            asked_at_ms=said.asked_ms,
            at_ms=now.wall_ms,
            partition=self._number,
            correlation_id=said.correlation_id,
        )
        return self._propose(command, record, now)

    def _propose(self, command: Command, record: Record, now: Now) -> Step:
        """Once: until it is read back, or has had the time to be."""
        if command.proposed_at is not None and now.mono < command.proposed_at + RETRY_SECONDS:
            return Step([], command.proposed_at + RETRY_SECONDS)
        command.proposed_at = now.mono
        return Step([Propose(record)], now.mono + RETRY_SECONDS)

"""Commands that fail, and promises to drivers that are not kept."""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any, Final

from consumers.alerting.kinds.kind import Count, Duration, Globs, Judged, Kind, Occurred, Parameters, Verdict
from consumers.alerting.station import Reservation, evse_key
from contract.events import ConnectorStatusChanged, ReservationUpdated, TransactionStarted
from contract.results import CommandCompleted
from contract.topics import COMMAND_RESULTS, STATIONS

MINUTE: Final = 60_000


class Failures(Parameters, frozen=True, kw_only=True):
    """So many `times` one of `commands` ends in one of `statuses`, `within` that time."""

    commands: Globs = ("*",)
    statuses: Globs = ("failed", "timed_out", "rejected")
    times: Count = 5
    within: Duration = 30 * MINUTE


def _judge_failures(judged: Judged) -> Iterator[Verdict]:
    event, asked = judged.heard.event, judged.parameters
    assert isinstance(event, CommandCompleted)
    request: Any = event.request if isinstance(event.request, dict) else {}
    command = str(request.get("command") or request.get("action") or "unknown")
    if event.status in asked.statuses and any(fnmatchcase(command, pattern) for pattern in asked.commands):
        detail = {"command": command, "status": event.status}
        yield Occurred("", event.command_id, detail, asked.times, asked.within)


class NotHonoured(Parameters, frozen=True, kw_only=True):
    """It has none of its own."""


def _judge_reservation(judged: Judged) -> Iterator[Verdict]:
    event, at_ms = judged.heard.event, judged.heard.at_ms
    open_ones = {name: kept for name, kept in judged.station.reservations.items() if kept.expires_ms > at_ms}
    match event:
        case ReservationUpdated(reservation_id=int() as number, status="Removed"):
            if kept := open_ones.get(str(number)):
                yield _broken(judged, str(number), kept, "the station removed it")
        case TransactionStarted():
            if event.reservation_id is not None and str(event.reservation_id) in open_ones:
                return
            token = event.id_token.value if event.id_token else None
            for name, kept in open_ones.items():
                if kept.evse and kept.evse == evse_key(event.evse) and token not in (None, kept.token):
                    yield _broken(judged, name, kept, "somebody else charges there")
        case ConnectorStatusChanged(status="Faulted" | "Unavailable"):
            for name, kept in open_ones.items():
                if kept.evse and kept.evse == evse_key(event.evse):
                    yield _broken(judged, name, kept, f"its EVSE is {event.status.lower()}")


def _broken(judged: Judged, name: str, kept: Reservation, why: str) -> Occurred:
    detail = {"reservation": name, "why": why, "evse": kept.evse}
    return Occurred(f"reservation {name}", judged.heard.id, detail, 1, 0)


KINDS = (
    Kind(
        name="command_failures",
        about="Commands to a station fail again and again.",
        parameters=Failures,
        feed=COMMAND_RESULTS,
        hears=(CommandCompleted,),
        judge=_judge_failures,
        summary="{count} commands to {station} failed, last {command}: {status}",
        says=("command", "status", "count"),
    ),
    Kind(
        name="reservation_not_honoured",
        about="A reservation that the station accepted is broken before it expires.",
        parameters=NotHonoured,
        feed=STATIONS,
        hears=(ReservationUpdated, TransactionStarted, ConnectorStatusChanged),
        judge=_judge_reservation,
        summary="Reservation {reservation} at {place} is not honoured: {why}",
        says=("reservation", "why", "evse"),
        resolve_after_ms=60 * MINUTE,
    ),
)

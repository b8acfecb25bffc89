"""What of an event is worth to be listed at its station, and how. Pure.

A table says which fields of an event are shown; an event that is not in it is shown by its name alone. What comes
all the time (heartbeats, meter values) is in the state and the series, and would push everything else out.
"""

from typing import Any, Final
from zlib import crc32

import msgspec

from consumers.monitoring.api.station_answers import RecentCommand, RecentEvent
from consumers.monitoring.moments import moment, when
from consumers.monitoring.state import Kept
from consumers.monitoring.tally import Recent, StationTally
from consumers.monitoring.words import harmless, text, token
from contract import events
from contract.events import Event, TransactionFact
from contract.model import IdToken
from contract.results import CommandCompleted, CommandLateResult
from contract.secrets import redacted

EVENT, COMMAND = "event", "command"
REMEMBERED: Final = 16
"""So many ids are remembered of each station: a fact that stands in the log twice stands there soon again."""
LONGEST_BODY_BYTES: Final = 4096

_TRANSACTION = ("triggerReason", "idToken", "transaction.chargingState")

SHOWN: dict[type[Event], tuple[str, ...]] = {
    events.StationConnected: ("version", "remote", "tls"),
    events.StationDisconnected: ("reason", "code", "connectedSeconds"),
    events.FrameRejected: ("kind", "sizeBytes"),
    events.UnknownAction: ("action",),
    events.StationBooted: ("reason", "hardware.vendor", "hardware.model", "hardware.firmwareVersion"),
    events.ConnectorStatusChanged: ("status", "detail", "fault.code", "fault.info", "fault.vendorCode"),
    events.AuthorizationRequested: ("idToken", "decision.status"),
    events.TransactionStarted: _TRANSACTION,
    events.TransactionUpdated: _TRANSACTION,
    events.TransactionEnded: ("stoppedReason", *_TRANSACTION),
    events.DataTransferReceived: ("vendorId", "messageId"),
    events.FirmwareStatus: ("status", "requestId"),
    events.LogStatus: ("kind", "status", "requestId"),
    events.ReservationUpdated: ("reservationId", "status"),
    events.SecurityEvent: ("type", "techInfo"),
    events.CertificateSigningRequested: ("certificateType",),
    CommandLateResult: ("commandId", "errorCode"),
}
"""The fields that are shown, as the JSON spells them."""

UNLISTED: Final = (events.StationHeartbeat, events.MeterSampled, CommandCompleted)
PERIODIC: Final = frozenset({"MeterValuePeriodic", "MeterValueClock"})


def _snake(path: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in path)


_READ = {
    kind: tuple((path.rpartition(".")[2], _snake(path).split(".")) for path in paths)
    for kind, paths in SHOWN.items()
}
"""The same, as they are read: the name that is shown, and the attributes on the way."""


LATE_MS: Final = 60_000
"""An event that the gateway heard of so much after it happened is marked as late."""


def is_new(kept: Kept, event_id: str) -> bool:
    """Whether this id is not among the latest; it is from now on."""
    digest = crc32(event_id.encode())
    if digest in kept.seen_ids:
        return False
    kept.seen_ids = [*kept.seen_ids[1 - REMEMBERED :], digest]
    return True


def noted(kept: Kept, event: Event, tally: StationTally) -> None:
    """The event goes into the station's list, where it is worth it."""
    if isinstance(event, CommandCompleted):
        _command(kept, event, tally)
        return
    if isinstance(event, UNLISTED) or (
        isinstance(event, TransactionFact) and event.trigger_reason in PERIODIC
    ):
        return
    at_ms, received_ms = when(event)
    kept.events += 1
    shown = RecentEvent(
        number=kept.events,
        name=event.NAME,
        at=moment(at_ms),
        received_at=moment(received_ms),
        late=received_ms - at_ms > LATE_MS,
        evse=event.evse.id if event.evse else None,
        connector=event.evse.connector_id if event.evse else None,
        transaction_id=text(event.transaction.id) if event.transaction else None,
        data=_data(event) or None,
    )
    tally.recent.append(Recent(EVENT, kept.events, _body(shown)))


def _data(event: Event) -> dict[str, Any]:
    found = {}
    for name, way in _READ.get(type(event), ()):
        value: Any = event
        for attribute in way:
            value = None if value is None else getattr(value, attribute)
        if isinstance(value, IdToken):
            value = token(value)
        if value is not None:
            found[name] = text(value) if isinstance(value, str) else value
    return found


def _command(kept: Kept, event: CommandCompleted, tally: StationTally) -> None:
    request = event.request if isinstance(event.request, dict) else {}
    given = request.get("arguments", request.get("payload"))
    kept.commands += 1
    shown = RecentCommand(
        number=kept.commands,
        id=text(event.command_id) or "",
        command=text(str(request.get("command") or request.get("action") or "")) or "",
        status=event.status,
        asked_at=event.timings.asked_at,
        completed_at=event.received_at,
        arguments=harmless(redacted(given)) if isinstance(given, dict) else None,
        answer=text(event.answer.status) if event.answer else None,
        why=text(event.why),
    )
    tally.recent.append(Recent(COMMAND, kept.commands, _body(shown)))


def _body(shown: RecentEvent | RecentCommand) -> bytes:
    body = msgspec.json.encode(shown)
    if len(body) <= LONGEST_BODY_BYTES:
        return body
    field = "data" if isinstance(shown, RecentEvent) else "arguments"
    return msgspec.json.encode(msgspec.structs.replace(shown, **{field: None}))

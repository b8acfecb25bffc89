"""What stations say of attacks and certificates, and certificates that end."""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any, Final

from consumers.alerting.durations import date_text
from consumers.alerting.kinds.kind import (
    Count,
    Duration,
    Globs,
    Holds,
    Judged,
    Kind,
    Occurred,
    Parameters,
    Verdict,
)
from consumers.alerting.validity import ends_ms
from contract.events import SecurityEvent
from contract.results import CommandCompleted
from contract.topics import COMMAND_RESULTS, SECURITY

HOUR: Final = 3_600_000
DAY: Final = 24 * HOUR


class Security(Parameters, frozen=True, kw_only=True):
    """`types` are the security events that are meant, `times` how many of one type `within` that time."""

    types: Globs = ("*",)
    except_types: Globs = ()
    times: Count = 1
    within: Duration = HOUR


def _judge_security(judged: Judged) -> Iterator[Verdict]:
    event, asked = judged.heard.event, judged.parameters
    assert isinstance(event, SecurityEvent)
    if _any(asked.types, event.type) and not _any(asked.except_types, event.type):
        detail = {"type": event.type, "info": event.tech_info or ""}
        yield Occurred(event.type, judged.heard.id, detail, asked.times, asked.within)


class Expiring(Parameters, frozen=True, kw_only=True):
    """`before` is how long before its end."""

    before: Duration = 30 * DAY


_GIVEN: Final = {
    "certificate.deliver_signed": ("certificateChain", "ChargingStationCertificate"),
    "certificate.install": ("certificate", "root"),
}
"""The commands that give a station a certificate: the argument it is in, and what it is where that is not said."""


def _judge_expiring(judged: Judged) -> Iterator[Verdict]:
    event = judged.heard.event
    assert isinstance(event, CommandCompleted)
    request: Any = event.request
    if event.status != "accepted" or not isinstance(request, dict) or request.get("command") not in _GIVEN:
        return
    field, usual = _GIVEN[request["command"]]
    arguments: Any = request.get("arguments") or {}
    end_ms = ends_ms(str(arguments.get(field)))
    if end_ms is None:
        return
    subject = str(arguments.get("certificateType") or usual)
    at_ms = judged.heard.at_ms
    after_ms = max(0, end_ms - judged.parameters.before - at_ms)
    yield Holds(subject, at_ms, {"certificate": subject, "ends": date_text(end_ms)}, after_ms, anew=True)


def _any(patterns: tuple[str, ...], text: str) -> bool:
    return any(fnmatchcase(text, pattern) for pattern in patterns)


KINDS = (
    Kind(
        name="security_event",
        about="A station tells a security event.",
        parameters=Security,
        feed=SECURITY,
        hears=(SecurityEvent,),
        judge=_judge_security,
        summary="{station} tells {type} ({count}) {info}",
        says=("type", "info", "count"),
        resolve_after_ms=HOUR,
    ),
    Kind(
        name="certificate_expiring",
        about="A certificate that a station was given by command ends soon, and no newer one was given.",
        parameters=Expiring,
        feed=COMMAND_RESULTS,
        hears=(CommandCompleted,),
        judge=_judge_expiring,
        summary="The {certificate} of {station} ends on {ends}",
        says=("certificate", "ends"),
    ),
)

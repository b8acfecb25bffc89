"""Connectors that are broken, out of service, or strangely quiet."""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Final

from consumers.alerting.durations import duration_text
from consumers.alerting.kinds.kind import (
    Amount,
    Count,
    Duration,
    Ended,
    Globs,
    Holds,
    Judged,
    Kind,
    Parameters,
    Verdict,
)
from consumers.alerting.station import evse_key
from contract.events import ConnectorStatusChanged, TransactionEnded, TransactionStarted
from contract.model import Evse
from contract.topics import STATIONS, TRANSACTIONS

MINUTE: Final = 60_000
HOUR: Final = 60 * MINUTE


def connector_key(evse: Evse | None) -> str:
    """The subject of a connector: its EVSE, and its number where that has one; empty for the whole station."""
    if evse is None:
        return ""
    return str(evse.id) if evse.connector_id is None else f"{evse.id}/{evse.connector_id}"


def _where(evse: Evse | None) -> dict[str, str]:
    if evse is None:
        return {}
    connector = {} if evse.connector_id is None else {"connector": str(evse.connector_id)}
    return {"evse": str(evse.id), **connector}


class Faulted(Parameters, frozen=True, kw_only=True):
    """`codes` are the fault codes that are meant, as a 1.6 station says them; `except_codes` those that are not."""

    codes: Globs = ("*",)
    except_codes: Globs = ()


def _judge_faulted(judged: Judged) -> Iterator[Verdict]:
    event = judged.heard.event
    assert isinstance(event, ConnectorStatusChanged)
    subject = connector_key(event.evse)
    code = (event.fault.code if event.fault else None) or "unknown"
    info = (event.fault.info if event.fault else None) or ""
    asked = judged.parameters
    if event.status == "Faulted" and _any(asked.codes, code) and not _any(asked.except_codes, code):
        yield Holds(subject, judged.heard.at_ms, {"code": code, "info": info, **_where(event.evse)})
    else:
        yield Ended(subject)


class Unavailable(Parameters, frozen=True, kw_only=True):
    """It has none of its own."""


def _judge_unavailable(judged: Judged) -> Iterator[Verdict]:
    event = judged.heard.event
    assert isinstance(event, ConnectorStatusChanged)
    subject = connector_key(event.evse)
    if event.status == "Unavailable":
        yield Holds(subject, judged.heard.at_ms, _where(event.evse))
    else:
        yield Ended(subject)


class Quiet(Parameters, frozen=True, kw_only=True):
    """Quiet for `factor` times the longest usual break, and no less than `at_least`.

    What is usual is learnt from `sessions` and more; the longest break fades by a fiftieth with each session.
    """

    at_least: Duration = 24 * HOUR
    factor: Amount = 2.0
    sessions: Count = 20


def _judge_quiet(judged: Judged) -> Iterator[Verdict]:
    event = judged.heard.event
    name = event.transaction.id if event.transaction else None
    session = judged.station.sessions.get(name or "")
    subject = evse_key(event.evse) or (session.evse if session else "")
    if not subject:
        return
    if isinstance(event, TransactionStarted):
        if session is None or session.ended_ms is None:
            yield Ended(subject)
        return
    if session is not None and session.ended_ms is not None:
        return  # it is said again
    place, asked = judged.station.place(subject), judged.parameters
    if place.sessions >= asked.sessions:
        patience_ms = max(asked.at_least, int(place.longest_ms * asked.factor))
        detail = {"usual": duration_text(place.longest_ms), "evse": subject}
        yield Holds(subject, judged.heard.at_ms, detail, patience_ms, anew=True)


def _any(patterns: tuple[str, ...], text: str) -> bool:
    return any(fnmatchcase(text, pattern) for pattern in patterns)


KINDS = (
    Kind(
        name="connector_faulted",
        about="A connector, or the whole station, says that it is faulted, for longer than `for`.",
        parameters=Faulted,
        feed=STATIONS,
        hears=(ConnectorStatusChanged,),
        judge=_judge_faulted,
        summary="{place} is faulted: {code} {info}",
        says=("code", "info"),
        for_ms=5 * MINUTE,
    ),
    Kind(
        name="connector_unavailable",
        about="A connector, or the whole station, is out of service, for longer than `for`.",
        parameters=Unavailable,
        feed=STATIONS,
        hears=(ConnectorStatusChanged,),
        judge=_judge_unavailable,
        summary="{place} is out of service since {since}",
        for_ms=60 * MINUTE,
    ),
    Kind(
        name="connector_quiet",
        about="No session on a connector that usually has them; what is usual is learnt from its sessions.",
        parameters=Quiet,
        feed=TRANSACTIONS,
        hears=(TransactionStarted, TransactionEnded),
        judge=_judge_quiet,
        summary="No session at {place} since {since}; its longest usual break is {usual}",
        says=("usual",),
    ),
)

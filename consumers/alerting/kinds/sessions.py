"""Sessions that are stuck, and meters that cannot be right."""

from collections.abc import Iterator
from typing import Final

from consumers.alerting.kinds.kind import (
    Amount,
    Ended,
    Flag,
    Holds,
    Judged,
    Kind,
    Occurred,
    Parameters,
    Verdict,
)
from consumers.alerting.station import Session, evse_key, reading, sampled_ms, transaction_of
from consumers.charging.samples import POWER, REGISTER
from contract.events import (
    ConnectorStatusChanged,
    Event,
    MeterSampled,
    TransactionEnded,
    TransactionFact,
    TransactionStarted,
    TransactionUpdated,
)
from contract.topics import METER_VALUES

MINUTE: Final = 60_000
HOUR_MS: Final = 3_600_000
CHARGING: Final = "Charging"

SESSION: Final = "session "
"""How the subject of a session begins; its transaction follows."""


class Silent(Parameters, frozen=True, kw_only=True):
    """With `from_start` a session that never told any is silent too."""

    from_start: Flag = True


def _judge_silent(judged: Judged) -> Iterator[Verdict]:
    event = judged.heard.event
    name, session = _session(judged)
    if name is None or judged.station.is_over(name, judged.heard.at_ms):
        return
    subject = SESSION + name
    evse = evse_key(event.evse) or (session.evse if session else "")
    yield from _superseded(judged, name)
    if isinstance(event, TransactionEnded):
        yield Ended(subject)
    elif isinstance(event, MeterSampled) or (session is None and judged.parameters.from_start):
        yield _holds(judged, name, evse, anew=isinstance(event, MeterSampled))


class Powerless(Parameters, frozen=True, kw_only=True):
    """`below_watts` is what counts as no power."""

    below_watts: Amount = 50.0


def _judge_powerless(judged: Judged) -> Iterator[Verdict]:
    event = judged.heard.event
    if isinstance(event, ConnectorStatusChanged):
        if event.evse is not None and (event.detail or CHARGING) != CHARGING:
            yield from (Ended(SESSION + name) for name in _running_at(judged, str(event.evse.id)))
        return
    name, session = _session(judged)
    if name is None or judged.station.is_over(name, judged.heard.at_ms):
        return
    yield from _superseded(judged, name)
    if isinstance(event, MeterSampled):
        evse = evse_key(event.evse) or (session.evse if session else "")
        flows = _flows(judged, session)
        if flows is False and _is_charging(judged, session, evse):
            yield _holds(judged, name, evse)
        elif flows:
            yield Ended(SESSION + name)
    elif isinstance(event, TransactionEnded) or _pauses(event):
        yield Ended(SESSION + name)


def _superseded(judged: Judged, name: str) -> Iterator[Ended]:
    """A session that begins at an EVSE shows that those before it are over, though their ends were lost."""
    event, sessions = judged.heard.event, judged.station.sessions
    if isinstance(event, TransactionStarted) and event.evse is not None:
        for other in _running_at(judged, str(event.evse.id)):
            if other != name and sessions[other].began_ms < judged.heard.at_ms:
                yield Ended(SESSION + other)


def _pauses(event: Event) -> bool:
    state = event.transaction.charging_state if event.transaction else None
    return state is not None and state != CHARGING


def _running_at(judged: Judged, evse: str) -> list[str]:
    sessions = judged.station.sessions.items()
    return [name for name, session in sessions if session.evse == evse and session.ended_ms is None]


def _flows(judged: Judged, session: Session | None) -> bool | None:
    """Whether energy flows: by the power that is told, else by the register; None where neither tells."""
    event = judged.heard.event
    assert isinstance(event, MeterSampled)
    watts = reading(event.samples, POWER)
    if watts is not None:
        return watts > float(judged.parameters.below_watts)
    register_wh = reading(event.samples, REGISTER)
    if register_wh is None or session is None or session.register_wh is None:
        return None
    return register_wh > session.register_wh


def _is_charging(judged: Judged, session: Session | None, evse: str) -> bool:
    """Whether the station means to charge: a car that is full or a schedule that pauses is no fault."""
    if session is not None and session.charging_state is not None:
        return session.charging_state == CHARGING
    place = judged.station.evses.get(evse)
    return place is None or place.detail is None or place.detail in (CHARGING, "Occupied")


class Jump(Parameters, frozen=True, kw_only=True):
    """A step of the register that needs more than `above_watts`; with `backwards`, also one that goes back."""

    above_watts: Amount = 500_000.0
    backwards: Flag = True


def _judge_jump(judged: Judged) -> Iterator[Verdict]:
    event, heard = judged.heard.event, judged.heard
    assert isinstance(event, MeterSampled)
    now_wh = reading(event.samples, REGISTER)
    name, session = _session(judged)
    evse = evse_key(event.evse) or (session.evse if session else "")
    place = judged.station.evses.get(evse)
    if now_wh is None or place is None or place.register_wh is None:
        return
    at_ms = sampled_ms(heard, event.samples)
    if at_ms is None or at_ms <= place.register_ms:
        return  # of an unknown time, late, or said again
    if name is not None and (session is None or not session.is_metered):
        return  # a meter may begin anew with each session
    span_ms = at_ms - place.register_ms
    step_wh = now_wh - place.register_wh
    watts = step_wh * HOUR_MS / max(span_ms, 1000)
    asked = judged.parameters
    if watts > asked.above_watts or (asked.backwards and step_wh < 0):
        detail = {"step": f"{step_wh:+.0f}", "seconds": f"{span_ms / 1000:.0f}", "evse": evse}
        yield Occurred(evse, heard.id, detail, 1, 0)


def _session(judged: Judged) -> tuple[str | None, Session | None]:
    name = transaction_of(judged.station, judged.heard)
    return name, judged.station.sessions.get(name) if name else None


def _holds(judged: Judged, name: str, evse: str, *, anew: bool = False) -> Holds:
    """The session's condition holds now, no longer than up to its end where that was read first."""
    at_ms, session = judged.heard.at_ms, judged.station.sessions.get(name)
    is_late = isinstance(judged.heard.event, MeterSampled) and judged.station.is_forgotten(name, at_ms)
    ended_ms = session.ended_ms if session is not None else None
    return Holds(SESSION + name, at_ms, _of(name, evse), anew=anew, only_renews=is_late, closes_ms=ended_ms)


def _of(name: str, evse: str) -> dict[str, str]:
    return {"transaction": name, "evse": evse}


_LIFE: Final[tuple[type[TransactionFact], ...]] = (TransactionStarted, TransactionUpdated, TransactionEnded)

KINDS = (
    Kind(
        name="session_silent",
        about="A session runs, and no meter value of it comes for longer than `for`.",
        parameters=Silent,
        feed=METER_VALUES,
        hears=(TransactionStarted, TransactionEnded, MeterSampled),
        judge=_judge_silent,
        summary="No meter values of the session at {place} since {since}",
        says=("transaction", "evse"),
        for_ms=30 * MINUTE,
        is_silence=True,
    ),
    Kind(
        name="session_without_power",
        about="A session says that it charges, and no power flows for longer than `for`.",
        parameters=Powerless,
        feed=METER_VALUES,
        hears=(*_LIFE, MeterSampled, ConnectorStatusChanged),
        judge=_judge_powerless,
        summary="The session at {place} charges without power since {since}",
        says=("transaction", "evse"),
        for_ms=30 * MINUTE,
        is_silence=True,
    ),
    Kind(
        name="energy_jump",
        about="A step of the energy register that no such charger can have made, or one backwards.",
        parameters=Jump,
        feed=METER_VALUES,
        hears=(MeterSampled,),
        judge=_judge_jump,
        summary="The register at {place} stepped by {step} Wh in {seconds} s",
        says=("step", "seconds", "evse"),
        resolve_after_ms=HOUR_MS,
    ),
)

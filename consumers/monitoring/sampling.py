"""What meters say: the latest readings, a session's power and energy, and points for the charts. Pure."""

import math
from typing import Final

from consumers.charging.samples import POWER, REGISTER, STATE_OF_CHARGE, periodic, total_of
from consumers.monitoring.charging import place_of, powered, session_of
from consumers.monitoring.moments import When, believed, when
from consumers.monitoring.registers import metered
from consumers.monitoring.state import Evse, Kept, Reading, Session
from consumers.monitoring.statuses import evse_of
from consumers.monitoring.tally import Point, StationTally
from consumers.monitoring.words import text
from contract.events import MeterSampled
from contract.model import DEFAULT_LOCATION, Sample

MOST_READINGS: Final = 40
LARGEST_W: Final = 1_000_000_000


def sampled(kept: Kept, event: MeterSampled, tally: StationTally) -> None:
    """Samples of an EVSE, or of the station's main meter (number 0) where they name neither EVSE nor transaction."""
    _, received_ms = when(event)
    named = event.transaction is not None and event.transaction.id is not None
    number = place_of(kept, event) if named or event.evse is not None else 0
    evse = None if number is None else evse_of(kept, number)
    if number is None or evse is None:
        return
    by_time: dict[int, list[Sample]] = {}
    for sample in event.samples:
        at_ms = believed(sample.at or event.occurred_at, received_ms)
        if sample.value is not None and math.isfinite(sample.value):
            by_time.setdefault(at_ms, []).append(sample)
            _note(evse, sample, at_ms)
    session = evse.session
    if event.transaction is not None and event.transaction.id is not None:
        session = session_of(kept, evse, event, When(min(by_time, default=received_ms), received_ms), tally)
    for at_ms, samples in sorted(by_time.items()):
        within = periodic(samples)
        power_w, register_wh, soc = (_total(within, one) for one in (POWER, REGISTER, STATE_OF_CHARGE))
        power = None if power_w is None or abs(power_w) > LARGEST_W else round(power_w)
        point = Point(number, at_ms, power, register_wh, soc)
        if session is not None and at_ms >= session.started_ms:
            point = _advance(session, point, tally)
        if point[2:] != (None, None, None):
            tally.points.append(point)


def _advance(session: Session, point: Point, tally: StationTally) -> Point:
    """What the samples of one time say of the session; with its power then, said or told by the register."""
    power_w, at_ms = point.power_w, point.at_ms
    session.says_power = session.says_power or power_w is not None
    told_w = None if point.register_wh is None else metered(session, point.register_wh, at_ms, tally)
    if power_w is None and not session.says_power and told_w is not None and told_w <= LARGEST_W:
        power_w = told_w
    if power_w is not None:
        powered(session, power_w, at_ms, tally)
    if point.soc_percent is not None and at_ms >= session.power_ms:
        session.soc_percent = point.soc_percent
    return point._replace(power_w=power_w)


def _note(evse: Evse, sample: Sample, at_ms: int) -> None:
    name = text(sample.measurand if sample.phase is None else f"{sample.measurand}/{sample.phase}") or ""
    held = evse.readings.get(name)
    if held is None and len(evse.readings) >= MOST_READINGS:
        return
    if held is None or at_ms >= held.at_ms:
        evse.readings[name] = Reading(float(sample.value or 0), at_ms, text(sample.unit))


def _total(samples: list[Sample], measurand: str) -> float | None:
    """The quantity as a whole: at the outlet, else at the first other place that tells it."""
    places = [DEFAULT_LOCATION, *(sample.location for sample in samples if sample.measurand == measurand)]
    for place in places:
        if (value := total_of(samples, measurand, place)) is not None:
            return float(value)
    return None

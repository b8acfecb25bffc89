"""The energy of a session that goes on, from a register that rises, is reset, or says 0 for a while. Pure."""

from typing import Final

from consumers.monitoring.state import Session
from consumers.monitoring.tally import StationTally

LARGEST_W: Final = 1_000_000
"""More than any charger delivers: a register that rises faster has not counted that."""
SHORTEST_MS: Final = 60_000
"""Clocks are coarse: no rise is judged as if it had taken less time."""
LARGEST_REGISTER_WH: Final = 1e15
"""A register that says more, or no number, says nothing."""


def is_register(wh: float | None) -> bool:
    """Whether a meter can show that."""
    return wh is not None and abs(wh) <= LARGEST_REGISTER_WH


def is_plausible(risen_wh: float, took_ms: int) -> bool:
    """Whether so much energy (Wh) can be delivered in that time."""
    return risen_wh >= 0 and risen_wh * 3_600_000 <= LARGEST_W * max(took_ms, SHORTEST_MS)


def metered(session: Session, register_wh: float, at_ms: int, tally: StationTally) -> int | None:
    """Take in a reading; the power (W) that it tells since the reading before, where it tells any."""
    before_wh, before_ms = session.register_wh, session.register_ms
    if not is_register(register_wh):
        return None
    if before_wh is None:
        session.start_wh = register_wh if session.start_wh is None else session.start_wh
        before_wh, before_ms = session.start_wh, session.started_ms
    elif at_ms < before_ms or (at_ms == before_ms and register_wh <= before_wh):
        return None
    if _is_dip(session, register_wh, before_wh):
        return None
    counted_wh = session.energy_wh or 0
    risen_wh, took_ms = register_wh - before_wh, at_ms - before_ms
    if session.dip_last_wh is not None and session.dip_first_wh is not None and risen_wh < 0:
        # It was reset, and has risen since: what was charged before stays.
        session.start_wh = (session.start_wh or 0) + session.dip_first_wh - before_wh
        risen_wh = register_wh - session.dip_first_wh
    elif not is_plausible(risen_wh, took_ms):
        risen_wh = 0
    session.dip_first_wh = session.dip_last_wh = None
    if risen_wh == 0:
        session.start_wh = register_wh - counted_wh
    session.register_wh, session.register_ms = register_wh, at_ms
    # The difference of whole sums, so that what is rounded off a hundred readings is not lost.
    tally.shard.count("energy_wh", at_ms, (session.energy_wh or 0) - counted_wh)
    return round(risen_wh * 3_600_000 / took_ms) if took_ms > 0 else None


def stopped(session: Session, stop_wh: float, at_ms: int, tally: StationTally) -> None:
    """The register at the end. Stop minus start is the energy, where both were told plausibly."""
    told_wh = session.told_start_wh
    if (
        told_wh is None
        or not is_register(stop_wh)
        or not is_plausible(stop_wh - told_wh, at_ms - session.started_ms)
    ):
        metered(session, stop_wh, at_ms, tally)
        return
    if stop_wh == told_wh and session.energy_wh:
        return  # the station does not know its register at start and end
    counted_wh = session.energy_wh or 0
    tally.shard.count("energy_wh", at_ms, round(stop_wh - told_wh) - counted_wh)
    session.start_wh, session.register_wh, session.register_ms = (
        told_wh,
        stop_wh,
        max(at_ms, session.register_ms),
    )


def _is_dip(session: Session, register_wh: float, before_wh: float) -> bool:
    """Whether the register has fallen, and it is not known yet whether it was reset or goes on where it was."""
    first, last = session.dip_first_wh, session.dip_last_wh
    if register_wh >= before_wh:
        goes_on = last is None or register_wh - before_wh < register_wh - last
        if not goes_on:
            return False
        session.dip_first_wh = session.dip_last_wh = None
        return False
    if first is None or last is None or register_wh < last:
        session.dip_first_wh = session.dip_last_wh = register_wh
        return True
    return register_wh == last

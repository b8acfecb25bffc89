"""When what was so: a thing's state over time, from facts that may come late. Pure.

A fact that was heard later counts, as stations say things in their order. There is one exception: a station that
comes back online may say how things are now, and only then what it had queued before. Such a fact, older than what
is held and heard long after it happened, goes before it: the present stays what it is, and the past becomes what
it was. One that is older than even the state before that is not believed.
"""

from typing import Final, NamedTuple

from consumers.monitoring.state import Trace

QUEUED_MS: Final = 60_000
"""A fact that is heard of so long after it happened was queued by its station."""


class Transition(NamedTuple):
    """From `at_ms` on a thing was `state`; before, `was` (empty where nothing was known)."""

    at_ms: int
    state: str
    was: str


class Turned(NamedTuple):
    """What a fact made of a trace. `moved`: by time, which state ended and which began (empty: none)."""

    trace: Trace
    transition: Transition | None = None
    moved: tuple[tuple[int, str, str], ...] = ()
    is_present: bool = True


def turn(trace: Trace | None, state: str, at_ms: int, received_ms: int) -> Turned:
    """The thing is said to be in this state since then."""
    at_ms = min(at_ms, received_ms)
    if trace is None:
        made = Trace(state, at_ms, received_ms)
        return Turned(made, Transition(at_ms, state, ""), ((at_ms, "", state),))
    if at_ms < trace.since_ms:
        if received_ms - at_ms >= QUEUED_MS and trace.received_ms - trace.since_ms < QUEUED_MS:
            return _before(trace, state, at_ms)
        if received_ms < trace.received_ms:
            return Turned(trace, is_present=False)
        at_ms = max(received_ms, trace.since_ms)  # its clock was set back: the gateway's tells the time
    if state == trace.state:
        return Turned(trace)
    made = Trace(state, at_ms, received_ms, trace.state, trace.since_ms)
    return Turned(made, Transition(at_ms, state, trace.state), ((at_ms, trace.state, state),))


def _before(trace: Trace, state: str, at_ms: int) -> Turned:
    """Between what was before and what is now there was this."""
    if at_ms < trace.before_ms or state == trace.before:
        return Turned(trace, is_present=False)
    was = trace.before
    made = Trace(trace.state, trace.since_ms, trace.received_ms, state, at_ms)
    moved = ((at_ms, was, state), (trace.since_ms, state, was))
    return Turned(made, Transition(at_ms, state, was), moved, is_present=False)

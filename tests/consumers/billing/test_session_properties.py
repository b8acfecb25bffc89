"""However a session's events come (split, late, repeated, in any order) it is the same session."""

from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from consumers.billing.sessions.assembly import Session, assembled
from consumers.billing.sessions.closing import Case, closing
from consumers.billing.sessions.facts import Facts, joined
from consumers.billing.sessions.hearing import heard
from consumers.billing.sessions.measured import ms
from consumers.billing.sessions.progress import Progress, taken
from contract.events import Event, MeterSampled
from tests.consumers.billing.saying import RULES, Saying, at, register, seen, session

T = Saying()
STATES = st.sampled_from(["Charging", "SuspendedEV", "SuspendedEVSE", "EVConnected"])


@dataclass
class Told:
    events: list[Event]


@st.composite
def tellings(draw: st.DrawFn) -> Told:
    """A session with registers that may be odd, as one station might tell it in order."""
    events: list[Event] = [T.started(0, draw(st.sampled_from([0, 1000])), seq_no=0)]
    minutes = sorted(
        draw(st.one_of(st.sets(st.integers(1, 400), max_size=9), st.just(set(range(1, 200, 2)))))
    )
    wh = 1000
    for number, minute in enumerate(minutes, start=1):
        wh = draw(st.sampled_from([wh, wh + 7, wh + 7, wh + 90, 5]))
        if draw(st.booleans()):
            events.append(T.updated(minute, wh, state=draw(STATES), seq_no=number))
        else:
            events.append(T.sampled(minute, wh, register(minute, wh // 2, phase="L1")))
    if draw(st.booleans()):
        events.append(T.ended(401, draw(st.sampled_from([None, wh, wh + 100])), seq_no=len(minutes) + 1))
    return Told(events)


def split(event: Event) -> list[Event]:
    """The same readings in messages of their own."""
    if isinstance(event, MeterSampled) and len(event.samples) > 1:
        return [replace(event, samples=(sample,)) for sample in event.samples]
    return [event]


@given(told=tellings(), data=st.data())
@settings(deadline=None, max_examples=40)
def test_order_and_repetition_and_splitting_change_nothing(told: Told, data: st.DataObject) -> None:
    whole = outcome(session(*told.events))
    again = data.draw(st.lists(st.sampled_from(told.events), max_size=10))
    parts = [part for event in (*told.events, *again) for part in split(event)]
    assert outcome(session(*data.draw(st.permutations(parts)))) == whole


@given(told=tellings(), data=st.data())
@settings(deadline=None, max_examples=30)
def test_facts_add_up_the_same_in_any_grouping(told: Told, data: st.DataObject) -> None:
    facts = [made.facts for event in told.events if (made := heard(event, seen(event))) and made.facts]
    grouped = list(facts)
    while len(grouped) > 1:
        place = data.draw(st.integers(0, len(grouped) - 2))
        grouped[place : place + 2] = [joined(grouped[place], grouped[place + 1])]
    grown = outcome(_assembled(grouped[0]))
    assert grown == outcome(_assembled(_in_order(facts))) == outcome(session(*told.events))
    assert outcome(_assembled(joined(grouped[0], grouped[0]))) == grown


@given(told=tellings(), data=st.data())
@settings(deadline=None, max_examples=20)
def test_what_comes_before_it_is_due_is_settled_together(told: Told, data: st.DataObject) -> None:
    """Between the end and the time to settle, the order does not matter either."""
    facts = [made.facts for event in told.events if (made := heard(event, seen(event))) and made.facts]
    progress = Progress()
    now = ms(at(401))
    for one in data.draw(st.permutations(facts)):
        progress = taken(progress, replace(one, seen_ms=now), RULES)
    assert len(progress.pending) == 1
    ended = any(one.end for one in facts)
    assert progress.due_ms == (ms(at(401)) + RULES.settle_ms if ended else now + RULES.silence_ms)


def _in_order(facts: list[Facts]) -> Facts:
    whole = Facts()
    for one in facts:
        whole = joined(whole, one)
    return whole


def _assembled(facts: Facts) -> Session:
    case = Case("t1", facts)
    closed = closing(case, ms(at(10_000)), RULES)
    assert closed is not None
    return assembled(case, closed, RULES)


def outcome(made: Session) -> tuple[object, ...]:
    """All but the facts, of which more or fewer may be kept."""
    return made.metered, made.flags, made.stop_reason

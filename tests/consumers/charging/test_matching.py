"""An end without a transaction belongs to the session that its connector, token and register fit."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumers.charging.matching import NamelessEnd, OpenSession, best_match

POWER_W = 1_000_000
HOUR = 3_600_000


def opened(
    evse: int | None = 1, wh: int | None = 1000, token: str | None = "A", began: int = 0
) -> OpenSession:
    return OpenSession(began, evse, None if wh is None else Decimal(wh), token)


def ended(evse: int | None = None, wh: int | None = None, token: str | None = None) -> NamelessEnd:
    return NamelessEnd(HOUR, evse, None if wh is None else Decimal(wh), token)


@pytest.mark.parametrize(
    ("sessions", "end", "expected"),
    [
        ({"a": opened()}, ended(), "a"),
        ({"a": opened(evse=1), "b": opened(evse=2)}, ended(evse=2), "b"),
        ({"a": opened(evse=1)}, ended(evse=2), None),
        ({"a": opened(wh=1000), "b": opened(wh=5000)}, ended(wh=6000), "b"),
        ({"a": opened(wh=1000), "b": opened(wh=5000)}, ended(wh=4000), "a"),
        ({"a": opened(wh=1000)}, ended(wh=900), None),
        ({"a": opened(wh=1000)}, ended(wh=9_000_000), None),
        ({"a": opened(wh=1000, token="A"), "b": opened(wh=5000, token="B")}, ended(wh=6000, token="A"), "a"),
        ({"a": opened(wh=None), "b": opened(wh=5000)}, ended(wh=6000), "b"),
        ({"a": opened(began=0), "b": opened(began=1000)}, ended(), "b"),
        ({"a": opened(began=2 * HOUR)}, ended(), None),
        ({"a": OpenSession(None)}, ended(), None),
        ({}, ended(), None),
    ],
)
def test_the_best_of_all_evidence(
    sessions: dict[str, OpenSession], end: NamelessEnd, expected: str | None
) -> None:
    assert best_match(sessions.items(), end, POWER_W) == expected


SESSIONS = st.dictionaries(
    st.text("abcdef", min_size=1, max_size=1),
    st.builds(
        opened,
        st.sampled_from([None, 1, 2]),
        st.sampled_from([None, 0, 1000, 5000]),
        st.sampled_from([None, "A", "B"]),
        st.sampled_from([0, 1000]),
    ),
)
ENDS = st.builds(
    ended,
    st.sampled_from([None, 1, 2]),
    st.sampled_from([None, 1000, 6000]),
    st.sampled_from([None, "A", "B"]),
)


@given(SESSIONS, ENDS, st.randoms())
def test_the_order_of_the_sessions_changes_nothing(
    sessions: dict[str, OpenSession], end: NamelessEnd, chance: object
) -> None:
    listed = list(sessions.items())
    chance.shuffle(listed)  # type: ignore[attr-defined]
    assert best_match(listed, end, POWER_W) == best_match(sessions.items(), end, POWER_W)


@given(SESSIONS, ENDS)
def test_an_end_with_a_token_never_goes_past_its_driver(
    sessions: dict[str, OpenSession], end: NamelessEnd
) -> None:
    """Where a session of this token can have ended so, no other driver's session gets the end."""
    found = best_match(sessions.items(), end, POWER_W)
    own = {key: one for key, one in sessions.items() if end.token is not None and one.token == end.token}
    if best_match(own.items(), end, POWER_W) is not None:
        assert found in own

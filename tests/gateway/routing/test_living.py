"""A gateway is lost when it is silent and others are not; never because the log was."""

from gateway.routing.living import FORGET_SECONDS, SILENCE_SECONDS, Living


def beat(living: Living, gateways: str, start: float, seconds: float) -> set[str]:
    """These gateways beat every two seconds; everybody who was found lost on the way."""
    lost: set[str] = set()
    at = start
    while at <= start + seconds:
        for gateway in gateways:
            living.hear(gateway, at)
        lost |= living.judge(at)
        at += 2.0
    return lost


def test_who_falls_silent_is_lost_once() -> None:
    living = Living("A")
    assert beat(living, "ABC", 0, 20) == set()
    assert beat(living, "AC", 22, SILENCE_SECONDS - 4) == set()
    assert beat(living, "AC", 30, 20) == {"B"}
    assert living.lost == {"B"}
    assert beat(living, "AC", 52, 20) == set()


def test_who_is_heard_again_is_not_lost() -> None:
    living = Living("A")
    beat(living, "AB", 0, 10)
    beat(living, "A", 12, 20)
    assert living.lost == {"B"}
    living.hear("B", 34)
    assert living.lost == frozenset()
    assert beat(living, "AB", 34, 20) == set()


def test_an_outage_of_the_log_is_nobodys_silence() -> None:
    living = Living("A")
    beat(living, "ABC", 0, 10)
    assert living.judge(70) == frozenset()
    assert beat(living, "A", 71, 8) == set(), "the others have as long as ever"
    assert beat(living, "ABC", 80, 20) == set()


def test_who_stays_silent_after_an_outage_is_lost() -> None:
    living = Living("A")
    beat(living, "ABC", 0, 10)
    assert beat(living, "AB", 70, 20) == {"C"}


def test_who_hears_not_even_itself_judges_nobody() -> None:
    living = Living("A")
    beat(living, "AB", 0, 10)
    for second in range(12, 60):
        living.hear("C", second)
        assert living.judge(second) == frozenset()


def test_before_the_first_beat_of_our_own_nobody_is_lost() -> None:
    living = Living("A")
    living.hear("B", 0)
    assert living.judge(1_000) == frozenset()


def test_who_is_only_named_has_its_time_to_be_heard() -> None:
    living = Living("A")
    beat(living, "A", 0, 100)
    living.expect("B", 100)
    living.expect("B", 105)
    assert beat(living, "A", 102, SILENCE_SECONDS - 4) == set()
    assert beat(living, "A", 110, 4) == {"B"}


def test_a_farewell_is_no_silence() -> None:
    living = Living("A")
    beat(living, "AB", 0, 10)
    living.forget("B")
    assert beat(living, "A", 12, 40) == set()


def test_what_is_lost_for_long_may_be_forgotten() -> None:
    living = Living("A")
    beat(living, "AB", 0, 10)
    beat(living, "A", 12, 20)
    assert living.forgettable(30) == []
    assert living.forgettable(10 + FORGET_SECONDS + 1) == ["B"]
    living.forget("B")
    assert living.lost == frozenset()
    living.forget("A")
    assert beat(living, "A", 700, 20) == set()

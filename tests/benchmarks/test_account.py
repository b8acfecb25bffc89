"""The judge of the benchmark of commands: whatever is not one CALL and one accepted result is seen."""

from collections.abc import Callable

import pytest

from benchmarks.commands.account import Account

CLOCK = 1_000.0


def answered() -> Account:
    """Two commands, as they should be: due at 1 and 2, at their stations at 1.010 and 2.030."""
    account = Account()
    account.asked("a", "CP-1", 1.0)
    account.asked("b", "CP-2", 2.0)
    account.reached("a", "CP-1", 1.010)
    account.reached("b", "CP-2", 2.030)
    account.ended("a", "accepted", 1_001_020, CLOCK)
    account.ended("b", "accepted", 1_002_050, CLOCK)
    return account


def test_what_is_as_it_should_be_has_no_fault() -> None:
    account = answered()
    assert account.judge() == {}
    assert (len(account), account.open) == (2, 0)
    assert account.seconds() == pytest.approx([0.010, 0.030])
    assert list(account.result_seconds) == pytest.approx([0.020, 0.050])


@pytest.mark.parametrize(
    ("happens", "fault"),
    [
        (lambda account: account.asked("c", "CP-1", 3.0), "a command that never reached its station"),
        (lambda account: account.asked("c", "CP-1", 3.0), "a command without a result"),
        (lambda account: account.reached("a", "CP-1", 3.0), "a command that reached its station twice"),
        (lambda account: account.reached("a", "CP-2", 3.0), "a CALL that nobody asked this station for"),
        (lambda account: account.reached("x", "CP-1", 3.0), "a CALL that nobody asked this station for"),
        (lambda account: account.ended("a", "accepted", 0, CLOCK), "a command with more results than one"),
        (lambda account: account.ended("b", "timed_out", 0, CLOCK), "a result that is timed_out"),
    ],
)
def test_whatever_else_happens_is_a_fault(happens: Callable[[Account], None], fault: str) -> None:
    account = answered()
    happens(account)
    assert account.judge()[fault] == 1


def test_results_of_other_measurements_are_none_of_ours() -> None:
    account = answered()
    account.ended("x", "offline", 0, CLOCK)
    assert account.judge() == {}


def test_who_is_behind_had_not_arrived_so_long_after_the_last_was_due() -> None:
    account = answered()
    assert [account.behind(seconds) for seconds in (0.03, 0.02, -0.99, -1.0)] == [0, 1, 1, 2]

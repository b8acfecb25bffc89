"""Topics are applied from code, again and again, and what was done is said."""

from contract.topics import EVERY_TOPIC
from tests.cli.conftest import Ran


def test_apply_creates_and_then_leaves_alone(run: Ran) -> None:
    first = run("topics", "apply", "--partitions", "3", "--event-log", "sqlite:///x.db")
    assert first.returncode == 0
    assert [line.split() for line in first.stdout.splitlines()] == [[name, "created"] for name in EVERY_TOPIC]
    again = run("topics", "apply", "--partitions", "3", OCPP_EVENT_LOG="sqlite:///x.db")
    assert [line.split() for line in again.stdout.splitlines()] == [
        [name, "unchanged"] for name in EVERY_TOPIC
    ]


def test_apply_never_changes_partitions_and_says_so(run: Ran) -> None:
    run("topics", "apply", "--partitions", "3", "--event-log", "sqlite:///x.db")
    done = run("topics", "apply", "--partitions", "6", "--event-log", "sqlite:///x.db")
    assert done.returncode == 0
    assert all("3 partitions, not 6" in line for line in done.stdout.splitlines())


def test_list_says_what_stands_in_each(run: Ran) -> None:
    done = run("topics", "list")
    for topic, line in zip(EVERY_TOPIC.values(), done.stdout.splitlines(), strict=True):
        assert line.startswith(topic.name)
        assert f"{topic.partitions} partitions" in line
        assert line.endswith(topic.about)


def test_no_partitions_at_all_is_a_usage_error(run: Ran) -> None:
    assert run("topics", "apply", "--partitions", "0").returncode == 2

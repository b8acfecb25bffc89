"""A state is logged when it begins and when it has ended, however often it is met."""

import structlog
from structlog.testing import capture_logs

from service.states import LoggedState


def test_one_line_a_state() -> None:
    with capture_logs() as lines:
        state = LoggedState(structlog.get_logger(), "it cannot be read just now", partition=3)
        state.works()
        for _ in range(963):
            state.failed(OSError("no broker"))
        state.works()
        state.works()
        state.failed("again")
    assert [(line["event"], line["log_level"]) for line in lines] == [
        ("it cannot be read just now", "warning"),
        ("over: it cannot be read just now", "info"),
        ("it cannot be read just now", "warning"),
    ]
    assert (lines[0]["why"], lines[0]["partition"], lines[1]["attempts"]) == ("no broker", 3, 963)

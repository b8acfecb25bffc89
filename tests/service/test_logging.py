"""One event, one line; the libraries' loggers in the same form; nobody outside can forge a line."""

import io
import json
import logging
import warnings
from collections.abc import Callable, Iterator

import pytest
import structlog

from service.logging import Format, Repeats, configure

Written = Callable[[], list[str]]


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


@pytest.fixture
def written() -> Written:
    stream = io.StringIO()
    configure("info", "json", stream)
    return lambda: stream.getvalue().splitlines()


def test_an_event_is_one_json_line_with_its_values(written: Written) -> None:
    structlog.get_logger("bakery").info("sold", loaves=3)
    (line,) = written()
    said = json.loads(line)
    assert (said["event"], said["loaves"], said["level"], said["logger"]) == ("sold", 3, "info", "bakery")
    assert said["timestamp"].endswith("Z")


def test_a_librarys_logger_goes_the_same_way(written: Written) -> None:
    logging.getLogger("aiohttp.server").warning("bad request from %s", "10.0.0.1")
    (line,) = written()
    said = json.loads(line)
    assert (said["event"], said["level"]) == ("bad request from 10.0.0.1", "warning")


def test_an_exception_stays_in_its_line(written: Written) -> None:
    key_of_the_door = "s3cret"
    try:
        int(key_of_the_door[1:])
    except ValueError:
        structlog.get_logger().exception("the oven failed")
    (line,) = written()
    assert "s3cret" not in line  # no local variables
    said = json.loads(line)
    assert said["exception"][0]["exc_type"] == "ValueError"


def test_levels_below_are_not_written(written: Written) -> None:
    structlog.get_logger().debug("whispered")
    logging.getLogger("aiokafka").debug("whispered")
    assert written() == []


@pytest.mark.parametrize("form", ["json", "console"])
def test_a_peer_cannot_forge_a_line(form: Format) -> None:
    stream = io.StringIO()
    configure("info", form, stream)
    structlog.get_logger().info("refused", station="A\n2026-01-01 [info] all is well\x1b[2J")
    assert len(stream.getvalue().splitlines()) == 1
    assert "\x1b" not in stream.getvalue()


def test_warnings_are_logged(written: Written) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("old oven", stacklevel=1)
    assert "old oven" in written()[0]


def test_a_library_that_repeats_itself_is_heard_once(written: Written) -> None:
    for number in range(50):
        logging.getLogger("aiokafka.conn").error("no broker at attempt %s", number)
    structlog.get_logger("bakery").error("ours")
    structlog.get_logger("bakery").error("ours")
    assert [json.loads(line)["event"] for line in written()] == ["no broker at attempt 0", "ours", "ours"]


def test_after_a_while_the_repeated_message_says_how_many_were_held_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = [100.0]
    monkeypatch.setattr("service.logging.time.monotonic", lambda: clock[0])
    repeats = Repeats("aiokafka")
    record = logging.LogRecord("aiokafka", logging.ERROR, "", 0, "no broker", None, None)
    assert [repeats.filter(record) for _ in range(4)] == [True, False, False, False]
    clock[0] += 11
    again = logging.LogRecord("aiokafka", logging.ERROR, "", 0, "no broker", None, None)
    assert repeats.filter(again)
    assert again.__dict__["held_back"] == 3

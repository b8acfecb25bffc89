"""A process starts, stops on the first signal within its bounds, and ends at once on the second."""

import signal
import subprocess
import sys
import textwrap
import time

import pytest

PROGRAM = """
import asyncio, gc, sys
from service import logging
from service.run import run

logging.configure(stream=sys.stderr)

class Service:
    def __init__(self):
        print("loop", type(asyncio.get_running_loop()).__module__, flush=True)
    async def start(self):
        {start}
        print("started", flush=True)
    async def stop(self):
        print("stopping", gc.get_freeze_count() > 0, flush=True)
        {stop}
        print("stopped", flush=True)

sys.exit(run(Service))
"""


def started(start: str = "pass", stop: str = "pass") -> subprocess.Popen[str]:
    program = textwrap.dedent(PROGRAM).format(start=start, stop=stop)
    return subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def wait_for(process: subprocess.Popen[str], word: str) -> None:
    assert process.stdout
    for line in process.stdout:
        if line.startswith(word):
            return
    raise AssertionError(f"never said {word!r}: {process.communicate()}")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_cleanly(number: signal.Signals) -> None:
    process = started()
    wait_for(process, "started")
    time.sleep(0.1)
    process.send_signal(number)
    output, _ = process.communicate(timeout=10)
    assert process.returncode == 0
    assert output.splitlines() == ["stopping True", "stopped"]  # what was there at the start was frozen


def test_it_runs_on_uvloop() -> None:
    process = started()
    wait_for(process, "loop uvloop")
    wait_for(process, "started")
    process.terminate()
    process.communicate(timeout=10)


def test_the_second_signal_ends_it_at_once() -> None:
    process = started(stop="await asyncio.sleep(60)")
    wait_for(process, "started")
    process.send_signal(signal.SIGTERM)
    wait_for(process, "stopping")
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=5)
    assert process.returncode == 128 + signal.SIGTERM
    assert output == ""


def test_a_start_that_fails_as_expected_is_told_in_one_line() -> None:
    process = started(start="raise OSError('port 9000 is taken')")
    output, errors = process.communicate(timeout=10)
    assert process.returncode == 1
    assert '"reason": "port 9000 is taken"' in errors
    assert "exc_type" not in errors
    assert "stopped" in output


def test_a_start_that_fails_by_a_bug_shows_where() -> None:
    process = started(start="raise KeyError('a bug')")
    _, errors = process.communicate(timeout=10)
    assert process.returncode == 1
    assert '"exc_type": "KeyError", "exc_value": "\'a bug\'"' in errors
    assert '"name": "start"' in errors


def test_a_signal_breaks_off_a_start_that_hangs() -> None:
    process = started(start="await asyncio.sleep(60)")
    wait_for(process, "loop")
    time.sleep(0.1)
    process.terminate()
    output, _ = process.communicate(timeout=10)
    assert process.returncode == 0
    assert "started" not in output
    assert "stopped" in output

"""`ocpp-gateway serve` as its users run it: a process of its own, on free ports, until SIGTERM."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tests.support.validation import check_line

PROGRAM = Path(sys.executable).with_name("ocpp-gateway")
START_SECONDS = 60
STOP_SECONDS = 15
"""The drain takes a second; a busy machine may need some more."""


class Served(NamedTuple):
    """A gateway that is up: where stations connect, and the log in which their events stand."""

    url: str
    log_url: str
    pid: int

    def memory_bytes(self) -> int:
        """The resident memory of its process."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def events(self, station: str, count: int) -> list[dict[str, Any]]:
        """The first events of a station, as `tail` prints them, each judged."""
        told = run(
            "tail",
            "--from-beginning",
            "--json",
            "--station",
            station,
            "--count",
            str(count),
            log_url=self.log_url,
        )
        return [check_line(line) for line in told.splitlines()]


class Launched(NamedTuple):
    """The process of a gateway, and the file of what it logs."""

    process: subprocess.Popen[bytes]
    served: Served
    errors: Path

    def kill(self) -> None:
        """SIGKILL: nobody is told."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """It must stop by itself on SIGTERM, and never have logged an exception."""
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        assert code == 0, self.errors.read_text()
        self.check()

    def check(self) -> None:
        """It has logged no exception."""
        said = self.errors.read_text()
        assert "Traceback" not in said, said
        assert '"exception":' not in said, said  # how an exception stands in the log's JSON lines


@contextlib.contextmanager
def serving(log_url: str, errors: Path, settings: Mapping[str, str] | None = None) -> Iterator[Served]:
    """Run a gateway, and stop it."""
    launched = launch(log_url, errors, settings)
    try:
        yield launched.served
    finally:
        launched.stop()


def launch(log_url: str, errors: Path, settings: Mapping[str, str] | None = None) -> Launched:
    """Start a gateway and wait until it is ready."""
    port, internal_port = _free_port(), _free_port()
    more = {
        "OCPP_HOST": "127.0.0.1",
        "OCPP_PORT": str(port),
        "OCPP_INTERNAL_HOST": "127.0.0.1",
        "OCPP_INTERNAL_PORT": str(internal_port),
        "OCPP_DRAIN_GRACE_SECONDS": "0",
        "OCPP_DRAIN_SECONDS": "1",
        **(settings or {}),
    }
    with errors.open("wb") as log:
        process = subprocess.Popen(
            [PROGRAM, "serve"], env=_environment(log_url, more), stdout=log, stderr=log
        )
    try:
        _await_ready(process, f"http://127.0.0.1:{internal_port}/ready", errors)
    except BaseException:
        process.kill()
        process.wait()
        raise
    return Launched(process, Served(f"ws://127.0.0.1:{port}/ocpp", log_url, process.pid), errors)


def run(*arguments: str, log_url: str) -> str:
    """What a command of the program prints. Raises when it fails or does not end in time."""
    done = subprocess.run(
        [PROGRAM, *arguments],
        env=_environment(log_url),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def _environment(log_url: str, more: Mapping[str, str] | None = None) -> dict[str, str]:
    inherited = {name: text for name, text in os.environ.items() if not name.startswith("OCPP_")}
    return {**inherited, "OCPP_EVENT_LOG": log_url, **(more or {})}


def _await_ready(process: subprocess.Popen[bytes], url: str, errors: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with (
            contextlib.suppress(urllib.error.URLError, ConnectionError),
            urllib.request.urlopen(url, timeout=5),
        ):
            return
        time.sleep(0.1)
    raise AssertionError(f"the gateway is not ready: {errors.read_text()}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port

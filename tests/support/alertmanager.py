"""A real Alertmanager on the loopback interface, in a folder of its own. Debian's."""

import contextlib
import json
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.support.debian import program

PACKAGE = "prometheus-alertmanager"
START_SECONDS = 30.0
CONFIGURATION = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n"


class RealAlertmanager:
    """One Alertmanager. All methods block."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        (folder / "alertmanager.yml").write_text(CONFIGURATION)
        self.port = _free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it with what it has on disk; alerts it keeps in memory only."""
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    program("prometheus-alertmanager", PACKAGE),
                    f"--config.file={self._folder / 'alertmanager.yml'}",
                    f"--storage.path={self._folder / 'data'}",
                    f"--web.listen-address=127.0.0.1:{self.port}",
                    "--cluster.listen-address=",
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        until = time.monotonic() + START_SECONDS
        while not self._is_ready():
            if time.monotonic() > until or self._process.poll() is not None:
                raise TimeoutError(
                    f"Alertmanager did not start:\n{(self._folder / 'log').read_text()[-4000:]}"
                )
            time.sleep(0.05)

    def kill(self) -> None:
        """It is gone at once, and with it every alert."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._process = None

    def alerts(self) -> dict[str, dict[str, Any]]:
        """The alerts that are active, by name and station."""
        with urllib.request.urlopen(f"{self.address}/api/v2/alerts?active=true", timeout=5) as answer:
            found = json.load(answer)
        return {
            f"{one['labels']['alertname']} {one['labels'].get('station', '')}".strip(): one for one in found
        }

    def _is_ready(self) -> bool:
        with (
            contextlib.suppress(OSError),
            urllib.request.urlopen(f"{self.address}/-/ready", timeout=1) as answer,
        ):
            return bool(answer.status == 200)
        return False


@contextlib.contextmanager
def running() -> Iterator[RealAlertmanager]:
    """One for the length of a block."""
    with tempfile.TemporaryDirectory(prefix="alertmanager-") as folder:
        server = RealAlertmanager(Path(folder))
        try:
            server.start()
            yield server
        finally:
            server.kill()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

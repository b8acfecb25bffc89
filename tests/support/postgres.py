"""A real PostgreSQL on the loopback interface, in a folder of its own; not the machine's, and gone with the tests.

    python -m tests.support.postgres     prints postgresql+asyncpg://..., runs until SIGTERM

PostgreSQL refuses to run as root, so where we are root it runs as Debian's user `postgres`. It does not outlive
its parent: the kernel kills it when the thread that started it dies, so start it from the main thread.
"""

import atexit
import contextlib
import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from tests.support.debian import program
from tests.support.parent import die_with_parent

PACKAGE = "postgresql"
USER = "postgres"
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",  # the tests kill processes, never the machine
    "shared_buffers": "32MB",
    "max_connections": "100",
    "log_min_messages": "warning",
}
START_SECONDS = 30.0


class Postgres:
    """One server. All methods block."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="postgres-"))
        self._data = self._folder / "data"
        self._log = self._folder / "server.log"
        self._log.touch()
        self._user = USER if os.geteuid() == 0 else None
        self.port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._names = itertools.count(1)

    def start(self) -> None:
        """Make its data and start it."""
        atexit.register(self.stop)
        if self._user is not None:
            shutil.chown(self._folder, self._user)
        self._run(
            "initdb",
            *("-D", str(self._data), "--username", USER, "--auth", "trust", "--no-sync"),
            *("--encoding", "UTF8", "--locale", "C"),
        )
        self.resurrect()

    def resurrect(self) -> None:
        """Start it over what it has; wait until it serves."""
        until = time.monotonic() + START_SECONDS
        while True:
            self._process = self._spawn()
            if self._serves(until):
                return
            # The last backends of the one that was killed may hold its memory for a moment yet.
            if time.monotonic() > until:
                raise TimeoutError(f"PostgreSQL did not start:\n{self._log.read_text()[-4000:]}")
            time.sleep(0.1)

    def url(self, database: str) -> str:
        """The address of one of its databases."""
        return f"postgresql+asyncpg://{USER}@127.0.0.1:{self.port}/{database}"

    def new(self) -> str:
        """The address of a new and empty database."""
        name = f"test_{next(self._names)}"
        self._run("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", USER, name)
        return self.url(name)

    def kill(self) -> None:
        """SIGKILL to all of it, in the middle of whatever it does."""
        process = self._ended_process()
        for pid in (process.pid, *_children(process.pid)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait(10)

    def restart(self) -> None:
        """As an operator restarts it: clients are cut off with a message, and it is back."""
        process = self._ended_process()
        process.send_signal(signal.SIGINT)  # "fast" shutdown
        process.wait(20)
        self.resurrect()

    def stop(self) -> None:
        """End it and forget its data."""
        atexit.unregister(self.stop)
        if self._process is not None:
            self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _ended_process(self) -> subprocess.Popen[bytes]:
        process, self._process = self._process, None
        assert process is not None, "it does not run"
        return process

    def _spawn(self) -> subprocess.Popen[bytes]:
        settings = [f"-c{name}={value}" for name, value in SETTINGS.items()]
        with self._log.open("ab") as log:
            return subprocess.Popen(
                [program("postgres", PACKAGE), "-D", self._data, "-p", str(self.port), *settings],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self._folder,
                start_new_session=True,  # a Ctrl-C in the terminal is ours to handle
                user=self._user,
                group=self._group,
                extra_groups=[] if self._user else None,
                preexec_fn=die_with_parent,  # noqa: PLW1509 nothing of Python runs in it but one system call
            )

    def _run(self, name: str, *arguments: str) -> None:
        subprocess.run(
            [program(name, PACKAGE), *arguments],
            check=True,
            timeout=60,
            cwd=self._folder,
            stdout=subprocess.DEVNULL,
            user=self._user,
            group=self._group,
            extra_groups=[] if self._user else None,
        )

    @property
    def _group(self) -> int | None:
        return pwd.getpwnam(self._user).pw_gid if self._user else None

    def _serves(self, until: float) -> bool:
        """Whether it has come up; False when it ended instead."""
        while self._process is not None and self._process.poll() is None and time.monotonic() < until:
            ready = subprocess.run(
                [program("pg_isready", PACKAGE), "-q", "-h", "127.0.0.1", "-p", str(self.port)],
                check=False,
                timeout=10,
            )
            if ready.returncode == 0:
                return True
            time.sleep(0.05)
        return False


@contextlib.contextmanager
def running() -> Iterator[Postgres]:
    """A server for the length of a block."""
    server = Postgres()
    try:
        server.start()
        yield server
    finally:
        server.stop()


def _children(pid: int) -> list[int]:
    with contextlib.suppress(FileNotFoundError):
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _main() -> None:
    enough = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: enough.set())
    with running() as server:
        print(server.new(), flush=True)  # noqa: T201 a program that prints
        enough.wait()


if __name__ == "__main__":
    _main()

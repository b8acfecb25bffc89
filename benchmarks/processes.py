"""Child processes pinned to one core, and what the kernel says they cost."""

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.support.parent import die_with_parent

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
STOP_SECONDS = 20.0


class ServerFailed(Exception):
    """A program under measure did not start, or died."""


@contextmanager
def pinned_to(core: int) -> Iterator[None]:
    """Processes that are started in this block run on that core only."""
    own = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, own)


def cpu_seconds(pid: int) -> float:
    """User and system time of all threads of the process (proc(5), fields 14 and 15 of stat)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND


def resident_kb(pid: int) -> int:
    """The resident set, from smaps_rollup: exact, where statm's counters lag behind."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Rss:"):
            return int(line.split()[1])
    raise ServerFailed(f"process {pid} has no resident set")


def peak_kb(pid: int) -> int:
    """The largest resident set so far (proc(5), VmHWM). Not getrusage's: that one counts who started the program."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1])
    raise ServerFailed(f"process {pid} has no resident set")


def descendants(pid: int) -> list[int]:
    """The process and all below it: a broker is the child of the program that starts it."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += descendants(int(child))
    return found


class Program:
    """A program that runs on one core, its output in a file."""

    def __init__(self, name: str, command: Sequence[str], core: int, folder: Path) -> None:
        self.name, self.command, self.core = name, list(command), core
        self.output = folder / f"{name}.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    def start(self, environment: Mapping[str, str] | None = None) -> None:
        with self.output.open("ab") as output, pinned_to(self.core):
            self._process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(environment or {})},
                start_new_session=True,  # an interrupt at the terminal is ours to handle
                preexec_fn=die_with_parent,  # noqa: PLW1509 nothing of Python runs in it but one system call
            )

    async def until_listening(self, port: int, seconds: float = 30.0) -> None:
        """Until something accepts connections on the port."""
        end = time.monotonic() + seconds
        while True:
            self.check()
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                if time.monotonic() > end:
                    raise ServerFailed(f"{self.name} does not listen\n{self.last_words()}") from None
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return

    def check(self) -> None:
        """Raise ServerFailed when the program has ended."""
        if self._process is not None and self._process.poll() is not None:
            raise ServerFailed(f"{self.name} ended with {self._process.returncode}\n{self.last_words()}")

    def wait(self, seconds: float) -> int | None:
        """Block until the program has ended by itself; its exit code, None when it has not by then."""
        assert self._process is not None
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def last_words(self) -> str:
        return "\n".join(self.output.read_text(errors="replace").splitlines()[-15:])

    def cpu_seconds(self) -> float:
        return sum(cpu_seconds(pid) for pid in descendants(self.pid))

    def resident_kb(self) -> int:
        return resident_kb(self.pid)

    def terminate(self) -> None:
        """Ask the program to end."""
        if self._process is not None and self.is_running:
            self._process.send_signal(signal.SIGTERM)

    def stop(self) -> None:
        """Ask the program to end, then make it."""
        self.terminate()
        if self._process is None:
            return
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            for pid in descendants(self.pid):
                os.kill(pid, signal.SIGKILL)
            self._process.wait()

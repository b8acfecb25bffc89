"""A real Apache Kafka on the loopback interface: one node, or three to kill some of.

    python -m tests.support.kafka run --nodes 1     prints kafka://127.0.0.1:PORT, runs until SIGTERM
    python -m tests.support.kafka fetch             gets the broker's jars (also done when they are missing)

The jars are Maven's (deploy/kafka/pom.xml). No broker outlives its parent: each is killed by the
kernel when the thread that started it dies, so start brokers from the main thread.
"""

import argparse
import atexit
import contextlib
import shutil
import signal
import socket
import string
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from tests.support.parent import die_with_parent

ROOT = Path(__file__).parents[2]
RECIPE = ROOT / "deploy" / "kafka"
JARS = ROOT / ".cache" / "kafka"
CLUSTER_ID = "b2NwcC1nYXRld2F5LWRldg"  # any 16 bytes in base64
JAVA = ["java", "-Xmx512m", "-XX:+UseSerialGC", "-Dlog4j2.level=INFO"]
SHORT_LIVED = ["-XX:TieredStopAtLevel=1"]
"""Compiled at once and not well: a broker of a test lives for seconds, in production for months."""
STARTED = "Kafka Server started"
START_SECONDS = 60.0


def fetch_jars() -> Path:
    """The folder with the broker's jars, fetched once per version of the recipe."""
    stamp = JARS / "pom.xml"
    recipe = RECIPE / "pom.xml"
    if not stamp.exists() or stamp.read_bytes() != recipe.read_bytes():
        shutil.rmtree(JARS, ignore_errors=True)
        subprocess.run(
            ["mvn", "-q", "-B", "-f", recipe, "dependency:copy-dependencies", f"-DoutputDirectory={JARS}"],
            check=True,
            timeout=600,
        )
        shutil.copy(recipe, stamp)
    return JARS


class KafkaNode:
    """One broker process and its folder."""

    def __init__(self, number: int, folder: Path, *, lasting: bool = False) -> None:
        self.number = number
        self._java = JAVA if lasting else JAVA + SHORT_LIVED
        self.port, self.controller_port = _free_port(), _free_port()
        self._folder = folder / str(number)
        self._folder.mkdir()
        self._log = self._folder / "broker.log"
        self._log.touch()
        self._log_began = 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None else None

    def format(self, voters: str, replicas: int) -> None:
        """Write its settings and make its storage."""
        settings = string.Template((RECIPE / "server.properties").read_text()).substitute(
            node=self.number,
            voters=voters,
            port=self.port,
            controller_port=self.controller_port,
            data=self._folder / "data",
            replicas=replicas,
        )
        (self._folder / "server.properties").write_text(settings)
        self._run("kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "--ignore-formatted", "-c").wait(60)

    def start(self) -> None:
        self._log_began = self._log.stat().st_size
        self._process = self._run("kafka.Kafka")

    def started(self) -> bool:
        """Whether it serves; raises with the end of its log when it has died."""
        with self._log.open("rb") as log:
            log.seek(self._log_began)
            said = log.read().decode(errors="replace")
        if self._process is None or self._process.poll() is not None:
            raise RuntimeError(f"Kafka node {self.number} has ended:\n{said[-4000:]}")
        return STARTED in said

    def log_tail(self) -> str:
        return self._log.read_text(errors="replace")[-4000:]

    def signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)

    def stop(self, *, kill: bool = False) -> None:
        """SIGTERM and then, if need be, SIGKILL; or SIGKILL at once."""
        process, self._process = self._process, None
        if process is None:
            return
        if not kill:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.send_signal(signal.SIGCONT)
                process.terminate()
                process.wait(10)
        process.kill()
        process.wait(10)

    def _run(self, main: str, *arguments: str) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as log:
            return subprocess.Popen(
                [
                    *self._java,
                    "-cp",
                    f"{fetch_jars()}/*",
                    main,
                    *arguments,
                    str(self._folder / "server.properties"),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # a Ctrl-C in the terminal is ours to handle
                preexec_fn=die_with_parent,  # noqa: PLW1509 nothing of Python runs in it but one system call
            )


class KafkaCluster:
    """One or three nodes. All methods block; nodes are numbered from 1. `lasting`: see SHORT_LIVED."""

    def __init__(self, nodes: int = 1, *, lasting: bool = False) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="kafka-"))
        self._nodes = [KafkaNode(number, self._folder, lasting=lasting) for number in range(1, nodes + 1)]

    @property
    def bootstrap(self) -> str:
        return ",".join(f"127.0.0.1:{node.port}" for node in self._nodes)

    @property
    def url(self) -> str:
        return f"kafka://{self.bootstrap}"

    def start(self) -> None:
        """Start all nodes and wait until they serve."""
        atexit.register(self.stop)
        voters = ",".join(f"{node.number}@127.0.0.1:{node.controller_port}" for node in self._nodes)
        for node in self._nodes:
            node.format(voters, replicas=len(self._nodes))
        for node in self._nodes:
            node.start()
        self.wait_ready()

    def wait_ready(self, seconds: float = START_SECONDS) -> None:
        """Wait until every node that is not killed serves."""
        until = time.monotonic() + seconds
        for node in self._nodes:
            while node.pid is not None and not node.started():
                if time.monotonic() > until:
                    raise TimeoutError(f"Kafka node {node.number} did not start:\n{node.log_tail()}")
                time.sleep(0.05)

    def kill(self, number: int) -> None:
        """SIGKILL: nothing is flushed, nobody is told."""
        self._nodes[number - 1].stop(kill=True)

    def restart(self, number: int) -> None:
        """Start a killed node again over what it left; `wait_ready` waits for it."""
        self._nodes[number - 1].start()

    def pause(self, number: int) -> None:
        """SIGSTOP: it is connected, and silent."""
        self._nodes[number - 1].signal(signal.SIGSTOP)

    def resume(self, number: int) -> None:
        self._nodes[number - 1].signal(signal.SIGCONT)

    def stop(self) -> None:
        """End all nodes and forget their data."""
        atexit.unregister(self.stop)
        for node in self._nodes:
            node.stop(kill=True)  # the data goes too, so there is nothing to save
        shutil.rmtree(self._folder, ignore_errors=True)


@contextlib.contextmanager
def running(nodes: int = 1, *, lasting: bool = False) -> Iterator[KafkaCluster]:
    """A cluster for the length of a block."""
    cluster = KafkaCluster(nodes, lasting=lasting)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()


_given_ports: set[int] = set()


def _free_port() -> int:
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        if port not in _given_ports:
            _given_ports.add(port)
            return port


def _main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.support.kafka", description="A real Kafka, locally."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("fetch", help="get the broker's jars")
    run = commands.add_parser("run", help="run brokers until SIGTERM")
    run.add_argument("--nodes", type=int, choices=(1, 3), default=1)
    run.add_argument("--lasting", action="store_true", help="let Java compile well what runs for long")
    arguments = parser.parse_args()
    if arguments.command == "fetch":
        print(fetch_jars())  # noqa: T201 a program that prints
        return
    enough = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: enough.set())
    with running(arguments.nodes, lasting=arguments.lasting) as cluster:
        print(cluster.url, flush=True)  # noqa: T201
        enough.wait()


if __name__ == "__main__":
    _main()

"""The servers under measure: the gateway on each event log, and what it is compared with."""

import asyncio
import re
import socket
import sqlite3
import sys
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import aiohttp

from benchmarks.load import Target
from benchmarks.processes import Program, ServerFailed
from benchmarks.tls import Identity

GATEWAY = str(Path(sys.executable).with_name("ocpp-gateway"))
READY_SECONDS = 20.0


class Surroundings(NamedTuple):
    """What a server needs to run here."""

    core: int
    folder: Path
    kafka: str | None  # kafka://host:port


class Contestant(NamedTuple):
    """One server under measure."""

    name: str
    about: str
    module: str | None  # a program of `benchmarks.references`; the gateway where None
    log: str | None = None  # "kafka" or "sqlite": what it answers is durable there

    @property
    def echoes(self) -> bool:
        return self.module == "echo"

    @property
    def is_gateway(self) -> bool:
        return self.module is None

    @property
    def is_chargepoint(self) -> bool:
        """It speaks 1.6 only, without TLS, and is too slow for the fixed rate of the latency test."""
        return self.module == "chargepoint"


ECHO = Contestant("echo", "aiohttp + uvloop, sends back what it is sent", "echo")
CHARGEPOINT = Contestant("chargepoint", "ocpp.v16.ChargePoint on websockets", "chargepoint")
CHARGEPOINT_KAFKA = Contestant(
    "chargepoint-kafka", "the same, each message to Kafka before its answer", "chargepoint", log="kafka"
)
GATEWAY_KAFKA = Contestant("gateway-kafka", "ocpp-gateway serve, event log on Kafka", None, log="kafka")
GATEWAY_SQLITE = Contestant("gateway-sqlite", "ocpp-gateway serve, embedded event log", None, log="sqlite")
CONTESTANTS = (ECHO, CHARGEPOINT, CHARGEPOINT_KAFKA, GATEWAY_KAFKA, GATEWAY_SQLITE)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Server:
    """A contestant that runs."""

    def __init__(
        self, contestant: Contestant, surroundings: Surroundings, identity: Identity | None = None
    ) -> None:
        self.contestant = contestant
        self._surroundings, self._identity = surroundings, identity
        self._port, self._internal_port = free_port(), free_port()
        if contestant.module is None:
            command = [GATEWAY, "serve"]
        else:
            command = [sys.executable, "-m", f"benchmarks.references.{contestant.module}", *self._arguments()]
        name = contestant.name + ("-tls" if identity else "")
        self.program = Program(name, command, surroundings.core, surroundings.folder)

    @property
    def _database(self) -> Path:
        return self._surroundings.folder / f"{self.program.name}.db"

    def embedded_records(self) -> int:
        """How many records the gateway's embedded log has taken, read from beside it."""
        with closing(sqlite3.connect(f"file:{self._database}?mode=ro", uri=True)) as database:
            (count,) = database.execute("SELECT coalesce(sum(next_offset), 0) FROM partitions").fetchone()
        return int(count)

    @property
    def target(self) -> Target:
        tls = self._identity.trusted() if self._identity else None
        return Target(self._port, self.contestant.echoes, tls)

    @property
    def _internal(self) -> str:
        return f"http://127.0.0.1:{self._internal_port}"

    async def gauge(self, name: str) -> float:
        """A number that the gateway itself tells: a metric without labels, as of now."""
        async with aiohttp.ClientSession() as probe:
            text = await (await probe.get(f"{self._internal}/metrics")).text()
        found = re.search(rf"^ocpp_gateway_{name} (\S+)$", text, re.MULTILINE)
        if found is None:
            raise ServerFailed(f"{self.program.name} has no metric {name}")
        return float(found[1])

    def _arguments(self) -> list[str]:
        arguments = ["--port", str(self._port)]
        if self.contestant.log == "kafka":
            assert self._surroundings.kafka is not None
            arguments += ["--kafka", self._surroundings.kafka]
        if self._identity:
            arguments += ["--certificate", str(self._identity.certificate), "--key", str(self._identity.key)]
        return arguments

    def _settings(self) -> Mapping[str, str]:
        log = self._surroundings.kafka
        if self.contestant.log == "sqlite":
            log = f"sqlite:///{self._database}"
        assert log is not None
        settings = {
            "OCPP_HOST": "127.0.0.1",
            "OCPP_PORT": str(self._port),
            "OCPP_INTERNAL_PORT": str(self._internal_port),
            "OCPP_EVENT_LOG": log,
            # 100 stations that ask as fast as they are answered are beyond any sensible rate limit.
            "OCPP_MESSAGES_PER_SECOND": "100000",
            "OCPP_BYTES_PER_SECOND": "1000000000",
            "OCPP_PROCESSING_MS_PER_SECOND": "100000",
            # Nobody has to learn gently of the end.
            "OCPP_DRAIN_GRACE_SECONDS": "0",
            "OCPP_DRAIN_SECONDS": "0",
        }
        if self._identity:
            settings["OCPP_TLS_CERTIFICATE"] = str(self._identity.certificate)
            settings["OCPP_TLS_KEY"] = str(self._identity.key)
        return settings

    async def start(self) -> None:
        """Start it, and wait until it takes connections."""
        if not self.contestant.is_gateway:
            self.program.start()
            await self.program.until_listening(self._port)
            return
        self.program.start(self._settings())
        await self.program.until_listening(self._internal_port)
        end = time.monotonic() + READY_SECONDS
        async with aiohttp.ClientSession() as probe:
            while (answer := await probe.get(f"{self._internal}/ready")).status != 200:
                self.program.check()
                if time.monotonic() > end:
                    raise ServerFailed(f"{self.program.name} is not ready: {await answer.text()}")
                await asyncio.sleep(0.1)
